"""One head's attention, one step after the other, from a trace: what a page or a notebook shows on the way to the pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from llm.config import ModelConfig
from llm.model import alibi_slopes
from llm.trace import Trace


@dataclass(frozen=True)
class HeadSteps:
    """Every step of one head for T tokens, in order. ``q``, ``k``, ``v``, ``masked``, ``pattern`` and ``z`` are the trace's own.

    Shapes: ``q``, ``k``, ``v``, ``z`` (T, D); all others (T, T), query by key.
    """

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    products: np.ndarray  # q k^T
    scaled: np.ndarray  # divided by sqrt(D)
    bias: np.ndarray | None  # ALiBi's penalty for distance; None for other position schemes
    masked: np.ndarray  # scaled + bias, -inf where the query may not see the key
    pattern: np.ndarray  # softmax of each row
    z: np.ndarray  # pattern times v

    def weighted_values(self, row: int) -> np.ndarray:
        """(T, D): the value of each token times its weight for this query; their sum is ``z[row]``."""
        return self.pattern[row][:, None] * self.v


def head_steps(trace: Trace, layer: int, head: int) -> HeadSteps:
    """The steps of one head (layer and head counted from 0) from a trace with its ``attn`` points."""
    parts = {name: trace[f"blocks.{layer}.attn.{name}"][head] for name in ("q", "k", "v", "scores", "pattern", "z")}
    products = parts["q"] @ parts["k"].T
    return HeadSteps(
        q=parts["q"],
        k=parts["k"],
        v=parts["v"],
        products=products,
        scaled=products / np.float32(np.sqrt(trace.config.d_head)),
        bias=position_bias(trace.config, head, len(trace.ids)),
        masked=parts["scores"],
        pattern=parts["pattern"],
        z=parts["z"],
    )


def position_bias(config: ModelConfig, head: int, length: int) -> np.ndarray | None:
    """(T, T) what ALiBi adds to the scaled scores of one head (Press et al. 2021), without the mask."""
    if config.position != "alibi":
        return None
    place = np.arange(length)
    return -float(alibi_slopes(config)[head]) * np.abs(place[:, None] - place[None, :]).astype(np.float32)


def strongest_other(pattern: np.ndarray, row: int) -> tuple[int, int]:
    """(row, column) of the largest weight of a query on another token than itself; on itself for a single token."""
    weights = np.where(np.arange(pattern.shape[1]) == row, -1.0, pattern[row])
    return (row, int(weights.argmax())) if pattern.shape[1] > 1 else (0, 0)
