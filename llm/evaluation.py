"""The loss of a model over a whole text or an even sample of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from llm.model import Transformer
from llm.objectives import IGNORED, Batch, NextToken, Objective, token_loss


def evaluate(
    model: Transformer,
    ids: Tensor,
    batch_size: int = 32,
    objective: Objective | None = None,
    progress: Callable[[float], None] | None = None,
) -> float:
    """Mean loss in nats over all of ``ids`` (N,).

    The text is cut into consecutive windows of the model's context; the last may be shorter and counts with its number of
    tokens. For next tokens (the default) every token but the first is predicted exactly once; for masked tokens the places are
    chosen by a fixed seed, and only they count. ``progress`` is told now and then which part of 1 is done.

    Raises:
        ValueError: when there is too little to predict.
    """
    windows = (objective or NextToken()).windows(ids, model.config.context_length)
    return mean_loss(model, windows, batch_size, progress)


def mean_loss(
    model: Transformer, windows: list[Batch], batch_size: int = 32, progress: Callable[[float], None] | None = None
) -> float:
    """Mean loss in nats over all targets that count, whatever the sizes of the windows."""
    device, total = model.token_embedding.weight.device, 0.0
    size, done = sum(inputs.numel() for inputs, _ in windows), 0
    with torch.inference_mode():
        for inputs, targets in windows:  # (N, T) each
            for x, y in zip(inputs.split(batch_size), targets.split(batch_size), strict=True):
                total += token_loss(model(x.to(device)), y.to(device), reduction="sum").item()
                done += x.numel()
                if progress is not None:
                    progress(done / size)
    return total / counted(windows)


def counted(windows: list[Batch]) -> int:
    """How many targets count."""
    return sum(int((targets != IGNORED).sum()) for _, targets in windows)


def sample_windows(windows: list[Batch], tokens: int | None) -> list[Batch]:
    """Evenly spaced full windows with about ``tokens`` tokens; all windows when these are not more."""
    inputs, targets = windows[0]  # (N, T)
    n, length = inputs.shape
    wanted = n if tokens is None else max(1, tokens // length)
    if wanted >= n:
        return windows
    chosen = torch.arange(wanted) * n // wanted
    return [(inputs[chosen], targets[chosen])]


def bits_per_byte(loss: float, places: int, size: int) -> float | None:
    """A loss in nats per token as bits per byte of UTF-8, for a text of ``size`` bytes with so many places to predict.

    It compares models with different vocabularies. None where the size of the text is not known.
    """
    return loss * places / size / math.log(2) if size else None
