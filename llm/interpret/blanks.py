"""Each token of a text as a blank: what a model that reads both sides gives for it, and one that reads only the left.

Legend: T tokens, V vocabulary, L layers, H heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from llm.model import Transformer

_BATCH = 16  # sequences at once


@dataclass(frozen=True)
class Guesses:
    """For every place of a text what a model gives for its token.

    ``best`` (T, k) are the most probable ids, ``chances`` (T, k) their probabilities; ``own`` (T,) is the probability of the
    token that really stands there and ``rank`` (T,) its place among all tokens, from 1.
    """

    best: np.ndarray
    chances: np.ndarray
    own: np.ndarray
    rank: np.ndarray

    @property
    def surprise(self) -> np.ndarray:
        """(T,) −ln p of each token, in nats."""
        return -np.log(self.own)


def from_both_sides(model: Transformer, ids: Sequence[int], mask_id: int, k: int = 8) -> Guesses:
    """Hide each token alone behind ``mask_id`` and read the model there: T sequences of T tokens."""
    hidden = torch.tensor(ids).repeat(len(ids), 1).fill_diagonal_(mask_id)  # (T, T)
    places = torch.arange(len(ids))
    with torch.inference_mode():
        rows = [model(part)[range(len(part)), at] for part, at in zip(hidden.split(_BATCH), places.split(_BATCH), strict=True)]
    return _guesses(torch.cat(rows), ids, k)


def from_the_end(model: Transformer, ids: Sequence[int], mask_id: int, k: int = 8) -> Guesses:
    """Hide each token behind ``mask_id`` and cut the text off after it: a model that reads both sides is left with one."""
    with torch.inference_mode():
        rows = [model(torch.tensor([[*ids[:place], mask_id]]))[0, -1] for place in range(len(ids))]
    return _guesses(torch.stack(rows), ids, k)


def from_the_left(model: Transformer, ids: Sequence[int], end_id: int, k: int = 8) -> Guesses:
    """What a causal model gives for each token after those before it; the first comes after the end mark of a text before."""
    with torch.inference_mode():
        first = model(torch.tensor([[end_id]]))[0]  # (1, V)
        rest = model(torch.tensor([list(ids)]))[0, :-1]  # (T - 1, V)
    return _guesses(torch.cat((first, rest)), ids, k)


def later_share(patterns: np.ndarray) -> np.ndarray:
    """The share of attention that goes to later tokens, the mean over all but the last token: (..., T, T) -> (...).

    The last token has none after it. NaN for a single token.
    """
    later = np.triu(patterns.astype(np.float64), 1).sum(-1)[..., :-1]  # (..., T - 1)
    return later.mean(-1) if later.shape[-1] else np.full(later.shape[:-1], np.nan)


def _guesses(logits: torch.Tensor, ids: Sequence[int], k: int) -> Guesses:
    """From logits (T, V)."""
    chances = logits.double().softmax(-1)
    wanted = torch.tensor(ids)[:, None]  # (T, 1)
    own = chances.gather(1, wanted)
    top = chances.topk(min(k, chances.shape[1]), dim=1)
    rank = (chances > own).sum(1) + 1
    return Guesses(top.indices.numpy(), top.values.numpy(), own[:, 0].numpy(), rank.numpy())
