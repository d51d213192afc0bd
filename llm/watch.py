"""When a training run looks at the validation part, on how much of it, and whether the loss still falls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm.config import TrainConfig
from llm.evaluation import counted, mean_loss, sample_windows
from llm.model import Transformer
from llm.objectives import Batch
from llm.schedule import cycle_at

LATE = (0.7, 0.85, 0.92, 0.96, 1.0)  # parts of a falling schedule after which to look: most is gained at its end
NEAR = 0.03  # nats above the target from which on it is looked at often


@dataclass(frozen=True)
class Look:
    """A loss in nats per token, how many tokens it is the mean of, and whether these were all of the validation part."""

    loss: float
    tokens: int
    whole: bool


class ValidationWatch:
    """Decides when to evaluate, and on how much: a whole evaluation can cost as much as fifty steps.

    On the way a fixed sample of evenly spaced windows is enough. With a target loss, the sample is looked at more often the
    nearer the target is, and the whole part only when the sample, corrected by how far off it was the last time, says that
    the target is met. With ``cycle_steps`` the rate falls towards the target: then the looks come late, and the last of them
    is at all the text, because after it the rate would rise again. All of it follows from steps and losses, never from time,
    so a resumed run looks at the same steps.
    """

    def __init__(self, windows: list[Batch], config: TrainConfig) -> None:
        self.windows, self.config = windows, config
        self.sample = sample_windows(windows, config.eval_tokens)
        self.correction = 0.0  # whole minus sample, as last measured
        self.every = config.eval_every if config.stop_at_val_loss is None else min(config.eval_every, 20)
        self.falls = config.cycle_steps is not None and config.stop_at_val_loss is not None  # towards the target
        self.next_step = self._late(0) if self.falls else self.every
        self.seen: tuple[int, float] | None = None  # step and loss of the last look
        self.best: float | None = None  # lowest loss of the sample
        self.since_best = 0  # looks

    def due(self, step: int, last: bool) -> bool:
        """Whether the step is one after which to evaluate; after the last one always."""
        return last or step >= self.next_step

    def look(self, model: Transformer, step: int, last: bool) -> Look:
        """The loss after a step: of the sample, or of everything where the run may end here."""
        target = self.config.stop_at_val_loss
        loss = mean_loss(model, self.sample)
        found = Look(loss, counted(self.sample), self.sample is self.windows)
        self._compare(loss)
        met = target is not None and loss + self.correction <= target
        low = self.falls and step == cycle_at(self.config, step - 1).end  # the rate will rise
        if not found.whole and (last or met or low or self.on_plateau):
            found = Look(mean_loss(model, self.windows), counted(self.windows), True)
            self.correction = found.loss - loss
        self._plan(step, loss + self.correction)
        return found

    @property
    def on_plateau(self) -> bool:
        """Whether the loss has not fallen for as many looks as the configuration waits."""
        patience = self.config.plateau_evaluations
        return patience is not None and self.since_best >= patience

    def state(self) -> dict[str, Any]:
        """What later looks depend on, as plain values."""
        seen = None if self.seen is None else list(self.seen)
        plan = {"correction": self.correction, "next_step": self.next_step, "seen": seen}
        return plan | {"best": self.best, "since_best": self.since_best}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state`` was taken."""
        self.correction, self.next_step = state["correction"], state["next_step"]
        self.seen = None if state["seen"] is None else tuple(state["seen"])
        self.best, self.since_best = state["best"], state["since_best"]

    def _compare(self, loss: float) -> None:
        falls = self.best is None or loss < self.best
        self.best, self.since_best = (loss, 0) if falls else (self.best, self.since_best + 1)

    def _plan(self, step: int, loss: float) -> None:
        """The next look: after ``eval_every`` steps, or earlier when the loss is about to reach the target."""
        wait = self._late(step, loss) if self.falls else self._before_target(step, loss)
        self.seen, self.next_step = (step, loss), step + wait

    def _before_target(self, step: int, loss: float) -> int:
        """Steps to wait at a steady rate: a part of those that the loss will need as it fell since the last look."""
        target = self.config.stop_at_val_loss
        if target is None or (self.seen is None and loss > target):
            return self.every
        if loss <= target:
            return 5
        fallen = self.seen[1] - loss  # since the last look; loss falls about as the logarithm of the step
        if fallen <= 0:
            return self.every
        slope = fallen / math.log(step / self.seen[0])
        expected = step * (math.exp(min((loss - target) / slope, 5.0)) - 1)
        return min(self.every, max(5, round(0.7 * expected)))

    def _late(self, step: int, loss: float = math.inf) -> int:
        """Steps to wait while the rate falls: to the next part of ``LATE``, or fewer when the target is near."""
        cycle = cycle_at(self.config, step)
        ends = [cycle.start + max(1, round(part * cycle.length)) for part in LATE]
        wait = min(end - step for end in ends if end > step)
        near = loss <= self.config.stop_at_val_loss + NEAR
        return min(wait, max(3, cycle.length // 25)) if near else wait
