"""``python -m llm generate``: continue a prompt."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator

from llm.cli.setup import open_model, use_threads
from llm.config import ModelConfig, SamplingConfig
from llm.decoding import generate
from llm.tokenizers.base import clean_text
from llm.window import window_start


def run(args: Namespace) -> dict[str, object]:
    """Print the text as it grows (without ``--json``) and return it."""
    use_threads(args.threads)
    if args.tokens < 1:
        raise ValueError(f"tokens is {args.tokens}; it must be at least 1")
    sampling = SamplingConfig(
        temperature=args.temperature,
        top_k=args.top_k,
        top_p=args.top_p,
        min_p=args.min_p,
        repetition_penalty=args.repetition_penalty,
        seed=args.seed,
    )
    checkpoint = open_model(args)
    tokenizer = checkpoint.tokenizer
    prompt = clean_text(args.prompt or str(checkpoint.meta.get("default_text") or ""))
    ids = tokenizer.encode(prompt)
    if not ids:
        raise ValueError("the prompt is empty; give at least one character with --prompt")
    unknown = tokenizer.unknown_pieces(prompt)
    for note in _notes(args, prompt, unknown, checkpoint.config, len(ids)):
        print(note, file=sys.stderr)
    stops = () if tokenizer.end_id is None else (tokenizer.end_id,)
    start, new, shown = time.perf_counter(), [], len(tokenizer.decode(ids))
    if not args.json:
        sys.stdout.write(prompt)
    for step in generate(checkpoint.model, ids, sampling, args.tokens, stop_ids=stops):
        if step.token_id in stops:
            break
        new.append(step.token_id)
        if not args.json:
            shown = _write_new(tokenizer.decode(ids + new), shown)
    seconds = time.perf_counter() - start
    text = tokenizer.decode(ids + new)
    if not args.json:
        print(text[shown:])
    return {
        "text": text,
        "prompt": prompt,
        "continuation": tokenizer.decode(new),
        "tokens": len(new),
        "ended": len(new) < args.tokens,
        "unknown": unknown,
        "seconds": round(seconds, 4),
        "tokens_per_second": round(len(new) / seconds, 1),
    }


def _notes(args: Namespace, prompt: str, unknown: list[str], config: ModelConfig, length: int) -> Iterator[str]:
    """What was done to the prompt, and what the model is not made for, one sentence each."""
    if not config.causal:
        yield "This model fills blanks: it was trained with the tokens on both sides, not to continue a text."
    if not args.prompt:
        yield f"No prompt was given, so this continues the model's own: {prompt}"
    if unknown:
        yield f"Not in this model's vocabulary, and read as <unk>: {' '.join(map(repr, unknown))}"
    if (cut := window_start(length, config.context_length)) > 0:
        limit = f"{config.context_length:,}"
        yield f"The prompt has {length:,} tokens and the model's context {limit}, so its first {cut:,} are not seen."


def _write_new(text: str, shown: int) -> int:
    """Print what is new and whole; a character whose bytes are not all there yet waits."""
    if text.endswith("\ufffd"):
        return shown
    sys.stdout.write(text[shown:])
    sys.stdout.flush()
    return max(shown, len(text))
