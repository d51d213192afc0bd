"""``python -m llm eval``: the loss of a model on a text."""

from __future__ import annotations

import math
import time
from argparse import Namespace

import torch

from llm.cli.progress import Progress, wanted
from llm.cli.setup import open_model, read_text, use_threads
from llm.data import split_text
from llm.evaluation import bits_per_byte, evaluate
from llm.objectives import usual_objective
from llm.tokenizers import UNKNOWN


def run(args: Namespace) -> dict[str, object]:
    """Measure, print for a reader (without ``--json``) and return the figures."""
    use_threads(args.threads)
    text = read_text(args.text)
    train, val = split_text(text)
    part = {"val": val, "train": train, "all": text}[args.part]
    checkpoint = open_model(args)
    ids = torch.tensor(checkpoint.tokenizer.encode(part), dtype=torch.long)
    if len(ids) < 2:
        raise ValueError(f"the part of {args.text} to measure has {len(ids)} tokens, but it needs at least 2; give more text")
    start = time.perf_counter()
    objective = usual_objective(checkpoint.config, checkpoint.tokenizer.special)
    bar = Progress(wanted(None))
    loss = evaluate(checkpoint.model, ids, objective=objective, progress=lambda done: bar.update(done, f"{len(ids):,} tokens"))
    bar.close()
    unknown = int((ids == checkpoint.tokenizer.special.get(UNKNOWN, -1)).sum())
    tokens, size = objective.places(ids), len(part.encode(errors="replace"))
    result = {
        "val_loss": round(loss, 6),
        "perplexity": round(math.exp(loss), 4),
        "bits_per_byte": round(bits_per_byte(loss, tokens, size), 6),
        "tokens": tokens,
        "unknown_tokens": unknown,
        "bytes": size,
        "part": args.part,
        "seconds": round(time.perf_counter() - start, 3),
    }
    if not args.json:
        print(f"{loss:.4f} nats per token over {tokens:,} tokens ({args.part} of {args.text})")
        print(f"perplexity {result['perplexity']:,}; {result['bits_per_byte']:.4f} bits per byte")
        if unknown:
            share = f"{unknown:,} of {len(ids):,} tokens ({unknown / len(ids):.1%})"
            print(f"{share} are not in the vocabulary and were read as {UNKNOWN}")
    return result
