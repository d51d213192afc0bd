"""Has a run exploded? Its loss is no number any more, or far above what guessing costs for many steps in a row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

REASON = "exploded"  # of a run that ended so
FAR = 0.1  # nats above guessing; up to there it may be chance


class Exploded(ValueError):
    """The loss, or its gradient, is no number any more."""


class ExplosionWatch:
    """Follows the loss of each step; all of it can be stored, so a resumed run sees the same.

    A run that begins with a loss above guessing (its first weights are too large) has not exploded while it is below its start.
    """

    def __init__(self, vocab_size: int, patience: int | None) -> None:
        """``patience``: so many steps in a row far above guessing are an explosion; None: no number of them is."""
        self.guess = math.log(vocab_size)  # each token gets the same probability
        self.patience = patience
        self.first: float | None = None  # loss of the first step
        self.best = self.last = math.inf
        self.since: int | None = None  # the first of the steps in a row that are far above guessing

    def see(self, step: int, loss: float) -> bool:
        """Take in the loss of one step; True when it is one step too many."""
        self.first = loss if self.first is None else self.first
        self.best, self.last = min(self.best, loss), loss
        if loss <= max(self.guess, self.first) + FAR:
            self.since = None
            return False
        self.since = step if self.since is None else self.since
        return self.patience is not None and step - self.since + 1 >= self.patience

    @property
    def good(self) -> bool:
        """Whether one can go back to the weights of the last loss: it is nearer to the lowest so far than to guessing."""
        return self.last <= max(self.best, (self.best + self.guess) / 2)

    def state(self) -> dict[str, Any]:
        """What later steps depend on, as plain values."""
        seen = [] if self.first is None else [self.first, self.best, self.last]
        return {"seen": seen, "since": self.since}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state`` was taken."""
        if state["seen"]:
            self.first, self.best, self.last = state["seen"]
        self.since = state["since"]
