"""``python -m llm trace``: what a model computes on the way from a text to its logits."""

from __future__ import annotations

from argparse import Namespace

import numpy as np

from llm.cli.setup import open_model, use_threads
from llm.trace import trace


def run(args: Namespace) -> dict[str, object]:
    """Print points and shapes, or the numbers of the points asked for; save them with ``--out``."""
    use_threads(args.threads)
    checkpoint = open_model(args)
    tokenizer = checkpoint.tokenizer
    ids = tokenizer.encode(args.prompt)
    if not ids:
        raise ValueError("the prompt is empty; give at least one character with --prompt")
    found = trace(checkpoint.model, ids, names=args.point)
    if args.out:
        with open(args.out, "wb") as file:  # numpy would add .npz to a name without it
            np.savez_compressed(file, ids=np.array(ids), **found)
    tokens = [tokenizer.token_text(i) for i in ids]
    if not args.json:
        print(f"{len(ids)} tokens: {' '.join(repr(token) for token in tokens)}")
        for name, array in found.items():
            print(f"{name:28s} {array.shape}")
            if args.point and not args.out:
                print(np.array2string(array, precision=4, suppress_small=True, threshold=2000, max_line_width=160))
    return {"ids": ids, "tokens": tokens, "shapes": {name: array.shape for name, array in found.items()}, "out": args.out}
