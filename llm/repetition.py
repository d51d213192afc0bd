"""Where a text has fallen into a loop: the same tokens over and over to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Loop:
    """Tokens ``start`` to the end of a text repeat the first ``period`` of them; ``times`` counts whole rounds."""

    start: int
    period: int
    times: int


def find_loop(ids: Sequence[int], least_times: int = 2, least_tokens: int = 8) -> Loop | None:
    """The shortest loop in which ``ids`` end, or None.

    A loop is at least ``least_times`` whole rounds and ``least_tokens`` tokens long, so that "very very" is none.
    """
    ids = list(ids)
    for period in range(1, len(ids) // least_times + 1):
        start = len(ids) - period
        while start > 0 and ids[start - 1] == ids[start - 1 + period]:
            start -= 1
        length = len(ids) - start
        if length >= max(least_times * period, least_tokens):
            return Loop(start, period, length // period)
    return None


def distinct_share(ids: Sequence[int], size: int = 2) -> float:
    """Share of the runs of ``size`` neighbouring tokens that occur for the first time (distinct-n, Li et al. 2016)."""
    runs = [tuple(ids[i : i + size]) for i in range(len(ids) - size + 1)]
    return len(set(runs)) / len(runs) if runs else 1.0
