"""What the model sees of a growing text: a window of at most ``context_length`` tokens, with or without a key/value cache."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from llm.model import KVCache, Transformer

Ids = Sequence[int] | Tensor


class Window:
    """What the model sees of growing sequences: at most ``context_length`` tokens, a quarter of them dropped at a time.

    Dropping a quarter and not one token makes rebuilding the cache rare; where the window starts depends on the length
    alone, so that it is the same with and without a cache.
    """

    def __init__(self, model: Transformer, use_cache: bool) -> None:
        self.model = model
        self.device = model.token_embedding.weight.device
        self.cache = KVCache(model) if use_cache else None
        self.start = 0
        self.moved = False

    def read(self, rows: list[list[int]]) -> Tensor:
        """Logits (B, V) after each of B sequences of equal length; with a cache only their new tokens are computed."""
        start = window_start(len(rows[0]), self.model.config.context_length)
        self.moved = start != self.start
        self.start = start
        # inside the step, never around a yield: the mode belongs to the thread, and the thread goes on between steps
        with torch.inference_mode():
            if self.moved and self.cache is not None:
                self.cache = KVCache(self.model, len(rows))
            known = self.cache.length if self.cache is not None else 0
            new = torch.tensor([row[start + known :] for row in rows], device=self.device)
            last = self.model(new, cache=self.cache)[:, -1]  # (B, V)
            return last if new.shape[1] == 1 else last.clone()  # a view would keep the logits of all tokens alive

    def select(self, parents: list[int]) -> None:
        """Go on with copies of these rows of the last ``read``."""
        if self.cache is not None and parents != list(range(self.cache.k.shape[1])):
            with torch.inference_mode():
                self.cache = self.cache.select(parents)


def window_start(length: int, context_length: int) -> int:
    """Index of the first of ``length`` tokens that the model still sees."""
    slide = max(1, context_length // 4)
    return max(0, -(-(length - context_length) // slide)) * slide


def checked_ids(model: Transformer, ids: Ids) -> list[int]:
    """Plain integers; no ids, or ids outside the vocabulary, are a ``ValueError``."""
    ids = [int(i) for i in ids]
    V = model.config.vocab_size
    if not ids:
        raise ValueError("there is nothing to continue; give at least one token")
    if min(ids) < 0 or max(ids) >= V:
        wrong = min(ids) if min(ids) < 0 else max(ids)
        raise ValueError(f"token id {wrong} is outside the model's vocabulary of {V}; use the model's own tokenizer")
    return ids
