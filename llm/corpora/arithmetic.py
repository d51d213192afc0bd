"""Sums of two numbers below 100, one a line, with pairs that training never shows.

The format is `27+58=580`: both numbers with two digits, the answer with three, **units first** (27 + 58 =
085, read backwards). Written so, each answer digit depends only on two digits and the carry from the answer
digit just before it, which is how people add on paper; the usual order asks for the hundreds before the carry
is known. Small transformers learn the reversed form from far fewer examples (Lee et al. 2023, "Teaching
Arithmetic to Small Transformers"). Fixed widths put each digit at the same distance from its partners.
`reverse=False` writes `27+58=085`.
"""

from __future__ import annotations

import random

Pair = tuple[int, int]


def write_sum(a: int, b: int, reverse: bool = True) -> str:
    """The line of one sum: `write_sum(27, 58)` is `27+58=580`."""
    answer = f"{a + b:03d}"
    return f"{a:02d}+{b:02d}={answer[::-1] if reverse else answer}"


def read_answer(line: str, reverse: bool = True) -> int | None:
    """The number that a (generated) line gives as its answer, or None if there are not three digits after
    `=`.
    """
    digits = line.partition("=")[2].strip()[:3]
    if len(digits) != 3 or not (digits.isascii() and digits.isdigit()):
        return None
    return int(digits[::-1] if reverse else digits)


def arithmetic_split(seed: int = 0, holdout: float = 0.1) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """All 100 x 100 ordered pairs in two disjoint parts: (train, test), `holdout` the share of test.

    27+58 and 58+27 always stand on the same side: else a test pair could be answered by its twin.
    """
    if not 0 < holdout < 1:
        raise ValueError(f"holdout ({holdout}) must lie between 0 and 1, both excluded; 0.1 keeps a tenth unseen.")
    unordered = [(a, b) for a in range(100) for b in range(a, 100)]
    random.Random(seed).shuffle(unordered)
    parts: tuple[list[Pair], list[Pair]] = ([], [])
    wanted = round(holdout * 10_000)
    for a, b in unordered:
        part = parts[1] if len(parts[1]) < wanted else parts[0]
        part.extend({(a, b), (b, a)})
    return tuple(sorted(parts[0])), tuple(sorted(parts[1]))


def make_sums(size: int, seed: int, *, holdout: float = 0.1, reverse: bool = True) -> tuple[str, ...]:
    """Lines of together at least `size` characters, from the training pairs only, in shuffled rounds."""
    train, _ = arithmetic_split(seed, holdout)
    rng = random.Random(seed)
    lines: list[str] = []
    while len(lines) * len("27+58=580\n") < size:
        lines += [write_sum(a, b, reverse) for a, b in rng.sample(train, len(train))]
    return tuple(lines[: -(-size // len("27+58=580\n"))])
