"""How fast the tokenizers train and encode, beside the plain algorithm and Hugging Face's `tokenizers` in the same run.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_tokenizers.py

Text: Tiny Shakespeare from ../shared/data if it is there, else generated words. Each figure is the best of three runs, in
processor time.
`tokenizers` (Rust) is held to one thread, with the same split and vocabulary size; it breaks ties in its own way.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

# Before the import of the libraries that read it.
os.environ.update(RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import regex  # noqa: E402

from llm.tokenizers import GPT4_PATTERN, CharTokenizer, Merge, WordTokenizer, load_tokenizer, train_bpe  # noqa: E402
from llm.tokenizers.bytelevel import apply_merge  # noqa: E402

SHAKESPEARE = ROOT.parent / "shared" / "data" / "tinyshakespeare.txt"
VOCAB_SIZE = 1024
SMALL_TEXT, SMALL_VOCAB_SIZE = 100_000, 320


def corpus() -> tuple[str, str]:
    """A text of about 1 MB and what it is."""
    if SHAKESPEARE.exists():
        return SHAKESPEARE.read_text(encoding="utf-8"), "Tiny Shakespeare"
    rng = random.Random(0)
    words = ["".join(rng.choices("etaoinshrdlucm", k=rng.randint(1, 9))) for _ in range(12_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    return " ".join(rng.choices(words, weights, k=190_000)), "generated words with Zipf's frequencies"


def seconds(work: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """The shortest of some runs, and the result. One thread, so processor time: the same on a busy machine."""
    best, result = float("inf"), None
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def plain_training(text: str, n_merges: int) -> int:
    """BPE as it is written in textbooks: count every pair of the text anew for every merge."""
    chunks = [list(chunk.encode("utf-8")) for chunk in regex.findall(GPT4_PATTERN, text)]
    for rank in range(n_merges):
        counts = Counter(pair for chunk in chunks for pair in pairwise(chunk))
        left, right = min(counts, key=lambda pair: (-counts[pair], pair))
        merge = Merge(left, right, 256 + rank)
        chunks = [apply_merge(chunk, merge) for chunk in chunks]
    return sum(map(len, chunks))


def hugging_face(text: str, vocab_size: int) -> Any:
    """A byte-level BPE of the same size and split, trained by the `tokenizers` library; None if it is not installed."""
    try:
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
    except ImportError:
        return None
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(GPT4_PATTERN.replace("?+", "?").replace("++", "+")), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size - 1, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def row(what: str, ours: float, reference: str = "", theirs: float | None = None, megabytes: float = 0.0) -> None:
    speed = f"{megabytes / ours:8.1f} MB/s" if megabytes else " " * 13
    compared = f"{reference}: {theirs:.3f} s, ratio {theirs / ours:.2f}" if theirs is not None else ""
    print(f"{what:<46}{ours:9.3f} s {speed}   {compared}")


def main() -> None:
    text, title = corpus()
    megabytes = len(text.encode("utf-8")) / 1e6
    print(f"{title}, {megabytes:.2f} MB; a ratio above 1 means that ours is faster\n")

    small = text[:SMALL_TEXT]
    ours, _ = seconds(lambda: train_bpe(small, SMALL_VOCAB_SIZE))
    plain, _ = seconds(lambda: plain_training(small, SMALL_VOCAB_SIZE - 257), repeats=1)
    row(f"train BPE {SMALL_VOCAB_SIZE} on {SMALL_TEXT / 1e6:.1f} MB", ours, "plain algorithm", plain)

    for size in (VOCAB_SIZE, 8192):
        ours, bpe = seconds(lambda size=size: train_bpe(text, size))
        theirs, rust = seconds(lambda size=size: hugging_face(text, size))
        row(f"train BPE {size} on the text", ours, "tokenizers (Rust)", theirs if rust else None, megabytes)
        ours, ids = seconds(lambda bpe=bpe: bpe.encode(text))
        theirs = seconds(lambda rust=rust: rust.encode(text).ids, repeats=1)[0] if rust else None
        row(f"encode with BPE {size}, {len(ids):,} ids", ours, "tokenizers (Rust)", theirs, megabytes)
        row(f"decode with BPE {size}", seconds(lambda bpe=bpe, ids=ids: bpe.decode(ids))[0], megabytes=megabytes)

    for name in ("gpt2", "cl100k_base", "o200k_base"):
        loading, tokenizer = seconds(lambda name=name: load_tokenizer(name), repeats=1)
        row(f"load {name}, the first time", loading)
        raw, _ = seconds(lambda tokenizer=tokenizer: tokenizer._encoding.encode_ordinary(text))
        ours, ids = seconds(lambda tokenizer=tokenizer: tokenizer.encode(text))
        row(f"encode with {name}, {len(ids):,} ids", ours, "tiktoken alone", raw, megabytes)

    for kind in (CharTokenizer, WordTokenizer):
        ours, tokenizer = seconds(lambda kind=kind: kind.train(text))
        row(f"train {tokenizer.kind}, {tokenizer.vocab_size:,} ids", ours, megabytes=megabytes)
        row(f"encode with {tokenizer.kind}", seconds(lambda tokenizer=tokenizer: tokenizer.encode(text))[0], megabytes=megabytes)

    for length in (100, 2000):
        row(f"merge steps of {length:,} characters", seconds(lambda length=length: bpe.merge_steps(text[:length]))[0])


if __name__ == "__main__":
    main()
