"""How long a run will take, from its size and what this machine was measured to do."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heapreplace
from statistics import median

from llm.config import mean_length
from llm.runs.limits import Limits
from llm.runs.spec import RunSpec
from llm.runs.status import Status

USUAL_SPEED = 3e10  # operations a second, until a run was measured: one core of a laptop
OVERHEAD = 3.0  # seconds to start, and to write the finished model
RECENT = 5  # runs whose speed counts


def operations_per_token(spec: RunSpec) -> float:
    """Multiplications and additions of one training step for each token, about: 6 for each weight, and attention."""
    model = spec.model_config(spec.data.likely_vocabulary())
    C, F = model.d_model, model.mlp_width
    weights = model.n_layers * (4 * C * C + (3 if model.activation == "swiglu" else 2) * C * F) + model.vocab_size * C
    return 6.0 * weights + 12.0 * model.n_layers * model.context_length * C


def measured_speed(runs: Iterable[tuple[RunSpec, Status]]) -> float:
    """Operations a second, the median of the most recently active runs."""
    known = [(status.updated, spec, status.tokens_per_second) for spec, status in runs if status.tokens_per_second]
    newest = sorted(known, key=lambda item: item[0], reverse=True)[:RECENT]
    return median(operations_per_token(spec) * speed for _, spec, speed in newest) if newest else USUAL_SPEED


def duration(spec: RunSpec, speed: float, limits: Limits) -> float:
    """Seconds that the whole run will take at most, about."""
    train = spec.train_config()
    most = min(train.max_seconds or limits.seconds, limits.seconds)
    if train.steps is None:
        return most + OVERHEAD
    window = mean_length(spec.model_config(1).context_length, train.short_window_fraction)
    tokens = train.steps * train.batch_size * window
    return min(tokens * operations_per_token(spec) / speed, most) + OVERHEAD


def seconds_to_start(left: Iterable[float], before: Iterable[float], slots: int) -> float:
    """When a place becomes free for the next, with ``left`` seconds of those at work and the durations of those ``before`` it."""
    free = sorted(left)[-slots:]
    free = [0.0] * (slots - len(free)) + free
    heapify(free)
    for seconds in before:
        heapreplace(free, free[0] + seconds)
    return free[0]
