"""What changes from step to step by plan: the learning rate, and how many layers train. By the step alone, never by time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from llm.config import ModelConfig, TrainConfig

RESTART = 0.5  # later cycles start from this part of the rate, and the first of them is this part of the first cycle


@dataclass(frozen=True)
class Cycle:
    """Steps over which the rate falls once: ``length`` of them after the first ``start``, from the part ``top`` of the rate."""

    start: int
    length: int
    top: float = 1.0

    @property
    def end(self) -> int:
        """The number of steps after which it is over."""
        return self.start + self.length

    def next(self) -> Cycle:
        """Warm restart: from half the rate, at first over half as many steps, then over twice as many each time."""
        length = 2 * self.length if self.start else max(1, round(RESTART * self.length))
        return Cycle(self.end, length, RESTART)


def cycle_at(config: TrainConfig, step: int) -> Cycle | None:
    """The cycle that a step belongs to (the first step is 0); None where the rate does not fall."""
    length = config.cycle_steps or config.steps
    if config.schedule == "constant" or length is None:
        return None
    cycle = Cycle(0, length)
    while config.cycle_steps is not None and step >= cycle.end:
        cycle = cycle.next()
    return cycle


def rate_fraction(config: TrainConfig, step: int) -> float:
    """What the learning rates are multiplied with in ``step`` (the first step is 0): warm-up, then the schedule."""
    warm = (step + 1) / (config.warmup_steps + 1)
    cycle = cycle_at(config, step)
    if cycle is None:
        return min(warm, 1.0)
    progress = min((step - cycle.start) / cycle.length, 1.0)
    fall = 1 - progress if config.schedule == "linear" else (1 + math.cos(math.pi * progress)) / 2
    return min(warm, cycle.top * (config.final_lr_fraction + (1 - config.final_lr_fraction) * fall))


def depth_at(config: TrainConfig, step: int) -> int | None:
    """How many layers ``step`` trains (the first step is 0): one during ``shallow_fraction``, then None, which is all of them."""
    length = config.cycle_steps or config.steps
    shallow = length is not None and step < round(config.shallow_fraction * length)
    return 1 if shallow else None


def starts_as_identity(model: ModelConfig) -> bool:
    """Whether a layer that has not been trained yet passes on what it gets, so that it may join later."""
    return model.zero_init and model.residual and model.norm_position == "pre"
