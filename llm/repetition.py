"""Where a text has fallen into a loop: the same tokens over and over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Loop:
    """``length`` tokens from ``start`` on that repeat the first ``period`` of them."""

    start: int
    period: int
    length: int

    @property
    def times(self) -> int:
        """Whole rounds."""
        return self.length // self.period


def find_loop(ids: Sequence[int], least_times: int = 3, least_tokens: int = 12) -> Loop | None:
    """The longest loop in ``ids`` (of equally long ones that with the shortest round, then the first), or None.

    A loop has at least ``least_times`` whole rounds and ``least_tokens`` tokens, so that "very very" is none.
    """
    ids = list(ids)
    best: Loop | None = None
    for period in range(1, len(ids) // least_times + 1):
        needed = max(least_times * period, least_tokens)
        start = 0
        for end in range(period, len(ids) + 1):  # ids[start:end] repeats with this period
            if end < len(ids) and ids[end] == ids[end - period]:
                continue
            length = end - start
            if length >= needed and (best is None or length > best.length):
                best = Loop(start, period, length)
            start = end - period + 1
    return best


def distinct_share(ids: Sequence[int], size: int = 2) -> float:
    """Share of the runs of ``size`` neighbouring tokens that occur for the first time (distinct-n, Li et al. 2016)."""
    runs = [tuple(ids[i : i + size]) for i in range(len(ids) - size + 1)]
    return len(set(runs)) / len(runs) if runs else 1.0
