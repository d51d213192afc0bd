"""What the Attention page says about one cell: pure functions from a head's steps to lines, formulas and bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from llm.config import ModelConfig
from llm.interpret.attention_steps import HeadSteps
from ui.components.vectors import VectorRow
from ui.numbers import digits
from ui.state import Reading

Words = Mapping[str, Any]
SQUARE_STEPS = ("products", "scaled", "bias", "mask", "softmax")  # query by key; the other steps are tokens by channels
CARRIED = 5  # values drawn one by one; the rest is added up


def step_names(config: ModelConfig) -> list[str]:
    """The steps that a model of this configuration has, in order."""
    bias = ["bias"] if config.position == "alibi" else []
    return ["q", "k", "products", "scaled", *bias, "mask", "softmax", "v", "values"]


def step_values(steps: HeadSteps, name: str, row: int) -> np.ndarray:
    """The numbers of one step: (T, T), (T, D), or for ``values`` (T + 1, D) with the sum in the last row.

    In ``softmax`` a hidden cell is NaN, so that it is drawn empty and not as a small number.
    """
    if name == "values":
        return np.vstack([steps.weighted_values(row), steps.z[row]])
    if name == "softmax":
        return np.where(np.isfinite(steps.masked), steps.pattern, np.nan)
    if name == "bias":
        return steps.scaled + steps.bias
    return steps.masked if name == "mask" else getattr(steps, name)


def about(words: Words, name: str, steps: HeadSteps, config: ModelConfig, *, causal: bool) -> str:
    """One sentence or two on a step, with this head's numbers."""
    width = steps.q.shape[1]
    slope = "" if steps.bias is None or len(steps.bias) < 2 else digits(float(-steps.bias[1, 0]))
    key = f"mask_{'causal' if causal else 'none'}" if name == "mask" else name
    text = words["about"][key].format(d=width, root=digits(width**0.5), slope=slope or digits(0))
    notes = [words["about"]["qk_norm"]] if config.qk_norm else []
    notes += [words["about"]["rope"]] if config.position == "rope" else []
    return " ".join([text, *notes]) if name in ("q", "k") else text


def target(now: Reading, name: str, cell: tuple[int, int], vector: tuple[int, int] | None) -> tuple[str, tuple[int, ...]]:
    """The point and the place in the trace of what is chosen: a cell of query by key, or a number of a token's vector.

    ``name`` is the step; in ``values`` every row leads to the sum that it is part of.
    """
    block = f"blocks.{now.layer}.attn"
    if name in SQUARE_STEPS or vector is None:
        weight = name == "softmax" or name not in SQUARE_STEPS
        return f"{block}.{'pattern' if weight else 'scores'}", (now.head, *cell)
    row, channel = vector
    return (f"{block}.z", (now.head, cell[0], channel)) if name == "values" else (f"{block}.{name}", (now.head, row, channel))


def carried_rows(words: Words, steps: HeadSteps, labels: Sequence[str], row: int) -> list[VectorRow]:
    """The strongest values with their weights, what is left, and their sum z."""
    carried, parts = words["carried"], steps.weighted_values(row)
    seen = [int(j) for j in np.argsort(-steps.pattern[row], kind="stable") if steps.pattern[row, j] > 0]
    shown, rest = (seen, []) if len(seen) <= CARRIED + 1 else (seen[:CARRIED], seen[CARRIED:])
    names = [carried["part"].format(weight=digits(float(steps.pattern[row, j]))) for j in shown]
    rows = [
        VectorRow(name, parts[j], token=labels[j], hue="value", height=34, place={"query": row, "key": j})
        for name, j in zip(names, shown, strict=True)
    ]
    if rest:
        rows.append(VectorRow(carried["others"].format(n=len(rest)), parts[rest].sum(axis=0), height=34))
    return [
        *rows,
        VectorRow(carried["total"], steps.z[row], token=labels[row], hue="query", height=40, rule=True, place={"token": row}),
    ]
