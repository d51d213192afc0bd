"""How many steps the quickest recipe takes: from the model's shape, the tokenizer and the loss that is to be reached.

The rule was fitted to runs on characters and byte pairs of Tiny Shakespeare. Another text needs other numbers, so a budget is
where the rate has fallen for the first time, not the end: training goes on until the target is met (``cycle_steps``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from llm.config import ModelConfig

TOKENS_PER_STEP = 1024  # of the batch that learns most in a second, early in training
USUAL_LOSS = 1.88  # nats per character; the steps below are for it
STEPS = {1: 200, 2: 165, 3: 150}  # by layers, at 128 wide on characters; from there on LAST
LAST = 140
TOKENS_PER_NAT = 7.2  # tokens grow by this power of e for each nat per character less
BATCH_SHARE = 0.42  # of the growth (on a logarithmic scale) goes into larger batches, the rest into more steps
LEAST, MOST = 0.2, 100.0  # growth beyond which the rule says nothing


@dataclass(frozen=True)
class Budget:
    """Steps over which the rate falls, and windows in each."""

    steps: int
    batch_size: int


def budget_for(model: ModelConfig, target: float, characters_per_token: float) -> Budget:
    """For a target in nats per token."""
    growth = math.exp(TOKENS_PER_NAT * (USUAL_LOSS - target / characters_per_token))
    return _spread(model, min(max(growth, LEAST), MOST), characters_per_token)


def budget_in(model: ModelConfig, seconds: float, step_seconds: float, characters_per_token: float) -> Budget:
    """For a time. ``step_seconds`` is what a step of the usual batch takes (see ``usual_batch``)."""
    affordable = seconds / step_seconds / _spread(model, 1.0, characters_per_token).steps
    found = _spread(model, max(affordable, LEAST), characters_per_token)
    fits = seconds / (step_seconds * found.batch_size / usual_batch(model))
    return Budget(max(1, int(fits)), found.batch_size)


def usual_batch(model: ModelConfig) -> int:
    """Windows of a step early in training."""
    return max(1, round(TOKENS_PER_STEP / model.context_length))


def _spread(model: ModelConfig, growth: float, characters_per_token: float) -> Budget:
    """``growth`` times the tokens that the usual loss takes, over steps and batch."""
    narrow = math.sqrt(128 / model.d_model) if model.d_model < 128 else 1.0
    steps = STEPS.get(model.n_layers, LAST) * narrow / max(1.0, characters_per_token)
    batch = max(1, round(usual_batch(model) * growth**BATCH_SHARE))
    return Budget(max(10, round(steps * growth ** (1 - BATCH_SHARE))), batch)
