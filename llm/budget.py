"""How many steps the quickest recipe takes: from the model's shape, the tokenizer and the loss that is to be reached.

The rule was fitted to runs on characters and byte pairs of Tiny Shakespeare. Another text needs other numbers, so a budget is
where the rate has fallen for the first time, not the end: training goes on until the target is met (``cycle_steps``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from llm.config import ModelConfig
from llm.schedule import starts_as_identity

TOKENS_PER_STEP = 1024  # of the batch that learns most in a second, early in training
USUAL_LOSS = 1.88  # nats per character; the steps below are for it
STEPS = 188  # at 128 wide on characters
SHALLOW = 0.8  # of the steps train the first layer alone, where there are more and they can join later
TOKENS_PER_NAT = 7.2  # tokens grow by this power of e for each nat per character less
BATCH_SHARE = 0.42  # of the growth (on a logarithmic scale) goes into larger batches, the rest into more steps
LEAST, MOST = 0.2, 100.0  # growth beyond which the rule says nothing


@dataclass(frozen=True)
class Budget:
    """Steps over which the rate falls, windows in each, and the part of the steps that trains the first layer alone."""

    steps: int
    batch_size: int
    shallow_fraction: float = 0.0


def budget_for(model: ModelConfig, target: float, characters_per_token: float) -> Budget:
    """For a target in nats per token."""
    growth = math.exp(TOKENS_PER_NAT * (USUAL_LOSS - target / characters_per_token))
    return _spread(model, min(max(growth, LEAST), MOST), characters_per_token)


def budget_in(model: ModelConfig, seconds: float, step_seconds: tuple[float, float], characters_per_token: float) -> Budget:
    """For a time. ``step_seconds`` is what a step of the usual batch (see ``usual_batch``) takes with one layer, and with all."""
    share = shallow_fraction(model)
    mean = share * step_seconds[0] + (1 - share) * step_seconds[1]
    affordable = seconds / mean / _spread(model, 1.0, characters_per_token).steps
    found = _spread(model, max(affordable, LEAST), characters_per_token)
    fits = seconds / (mean * found.batch_size / usual_batch(model))
    return replace(found, steps=max(1, int(fits)))


def shallow_fraction(model: ModelConfig) -> float:
    """The part of the steps that trains the first layer alone: none where there is no other, or where the others cannot wait."""
    return SHALLOW if model.n_layers > 1 and starts_as_identity(model) else 0.0


def usual_batch(model: ModelConfig) -> int:
    """Windows of a step early in training."""
    return max(1, round(TOKENS_PER_STEP / model.context_length))


def _spread(model: ModelConfig, growth: float, characters_per_token: float) -> Budget:
    """``growth`` times the tokens that the usual loss takes, over steps and batch."""
    narrow = math.sqrt(128 / model.d_model) if model.d_model < 128 else 1.0
    steps = STEPS * narrow / max(1.0, characters_per_token)
    batch = max(1, round(usual_batch(model) * growth**BATCH_SHARE))
    return Budget(max(10, round(steps * growth ** (1 - BATCH_SHARE))), batch, shallow_fraction(model))
