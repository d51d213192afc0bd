"""With and without: what switching heads off does to the next token and to the loss."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from llm.interpret.ablation import ablation
from llm.model import Tap, Transformer, identity
from llm.objectives import IGNORED


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, in float64."""
    weights = np.exp(np.asarray(logits, dtype=np.float64) - np.max(logits, axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def shown_position(ids: Collection[int], causal: bool, mask_id: int | None) -> int:
    """The position whose probabilities say most: the last; in a model that fills blanks, the first ``[MASK]`` if there is one."""
    ids = list(ids)
    return ids.index(mask_id) if not causal and mask_id in ids else len(ids) - 1


def text_loss(model: Transformer, ids: Collection[int], *, edit: Tap = identity, mask_id: int | None = None) -> float:
    """Nats per token of one text: each token from those before it; in a model that fills blanks, each hidden in turn.

    NaN where there is nothing to predict: a single token, or a model without causal mask and without ``[MASK]``.
    """
    row = torch.tensor(list(ids), dtype=torch.long)
    if model.config.causal:
        return loss(model, row[None, :-1], row[None, 1:], edit=edit) if len(row) > 1 else math.nan
    if mask_id is None:
        return math.nan
    hidden = torch.eye(len(row), dtype=torch.bool)  # (T, T), one copy of the text for each token
    return loss(model, row.masked_fill(hidden, mask_id), torch.where(hidden, row, IGNORED), edit=edit)


def loss(model: Transformer, inputs: Tensor, targets: Tensor, *, edit: Tap = identity, batch_size: int = 16) -> float:
    """Mean cross-entropy in nats of ``targets`` (B, T) given ``inputs`` (B, T); targets of -100 do not count."""
    total = 0.0
    with torch.inference_mode():
        for rows, wanted in zip(inputs.split(batch_size), targets.split(batch_size), strict=True):
            logits = model(rows, edit)
            total += float(F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED, reduction="sum"))
    return total / int((targets != IGNORED).sum())


def loss_by_head(model: Transformer, inputs: Tensor, targets: Tensor) -> np.ndarray:
    """(L, H) loss with each head switched off alone."""
    shape = model.config.n_layers, model.config.n_heads
    losses = np.zeros(shape, dtype=np.float32)
    for layer, head in np.ndindex(shape):
        losses[layer, head] = loss(model, inputs, targets, edit=ablation(heads=[(layer, head)]))
    return losses


def top_changes(before: np.ndarray, after: np.ndarray, count: int = 8) -> list[int]:
    """The token ids to compare: the most probable before and after, in the order of the larger of both."""
    best = set(np.argsort(-before)[:count]) | set(np.argsort(-after)[:count])
    return [int(i) for i in sorted(best, key=lambda i: (-max(before[i], after[i]), i))[:count]]
