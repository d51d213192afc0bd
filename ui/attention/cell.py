"""What the Attention page says about one cell: pure functions from a head's steps to lines, formulas and bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from llm.config import ModelConfig
from llm.interpret.attention_steps import HeadSteps
from ui.components.ledger import Line, Span, spans
from ui.components.vectors import VectorRow
from ui.numbers import digits, latex

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


def sentence(words: Words, steps: HeadSteps, labels: Sequence[str], cell: tuple[int, int]) -> tuple[Span, ...]:
    """Who gives how much attention to whom."""
    row, column = cell
    tokens = {"query": (labels[row], "query"), "key": (labels[column], "key")}
    if not np.isfinite(steps.masked[cell]):
        return spans(words["why"]["hidden"], **tokens)
    return spans(words["why"]["sentence"], value=(digits(float(steps.pattern[cell])), "strong"), **tokens)


def product_rows(words: Words, steps: HeadSteps, labels: Sequence[str], cell: tuple[int, int]) -> list[VectorRow]:
    """Query, key, and their products channel by channel."""
    row, column = cell
    q, k = steps.q[row], steps.k[column]
    why = words["why"]
    return [
        VectorRow(why["query_of"], q, token=labels[row], hue="query"),
        VectorRow(why["key_of"], k, token=labels[column], hue="key"),
        VectorRow(why["products"], q * k),
    ]


def lines(words: Words, steps: HeadSteps, labels: Sequence[str], cell: tuple[int, int], *, causal: bool) -> list[Line]:
    """The way from the products to the weight, one line a step, with the real numbers."""
    why, (row, column) = words["why"], cell
    width, score = steps.q.shape[1], float(steps.masked[cell])
    made = [
        Line(spans(why["sum"], d=str(width)), digits(float(steps.products[cell]))),
        Line(spans(why["root"], d=str(width), root=digits(width**0.5)), digits(float(steps.scaled[cell]))),
    ]
    if steps.bias is not None:
        distance = abs(row - column)
        slope = digits(float(steps.bias[cell]) / distance if distance else 0.0)
        made.append(
            Line(spans(why["bias"], distance=str(distance), slope=slope), digits(float(steps.scaled[cell] + steps.bias[cell])))
        )
    tokens = {"query": (labels[row], "query"), "key": (labels[column], "key")}
    if not np.isfinite(score):
        gone = Line(spans(why["power"], score=digits(score)), "0", result=True)
        return [*made, Line(spans(why["dropped"], **tokens), digits(score)), gone]
    kind = "unmasked" if not causal else "itself" if row == column else "kept"
    total, seen = row_sum(steps, row)
    share = spans(why["share" if seen > 1 else "share_one"], n=str(seen), total=digits(total))
    return [
        *made,
        Line(spans(why[kind], **tokens), digits(score)),
        Line(spans(why["power"], score=digits(score)), digits(float(np.exp(np.float64(score))))),
        Line(share, digits(float(steps.pattern[cell])), result=True),
    ]


def row_sum(steps: HeadSteps, row: int) -> tuple[float, int]:
    """The sum of e^score over the tokens that this query can see, and how many these are."""
    seen = np.isfinite(steps.masked[row])
    return float(np.exp(steps.masked[row][seen].astype(np.float64)).sum()), int(seen.sum())


def formulas(steps: HeadSteps, cell: tuple[int, int]) -> list[str]:
    """The same calculation as formulas with the numbers put in (LaTeX)."""
    width, score = steps.q.shape[1], float(steps.masked[cell])
    penalty = 0.0 if steps.bias is None else float(steps.bias[cell])
    bias = "" if steps.bias is None else f" - {latex(abs(penalty), 1)}"
    quotient = rf"\frac{{{latex(float(steps.products[cell]), 1)}}}{{\sqrt{{{width}}}}}"
    scaled = rf"\frac{{q\cdot k}}{{\sqrt{{D}}}} = {quotient}{bias} = {latex(float(steps.scaled[cell]) + penalty, 1)}"
    if not np.isfinite(score):
        return [scaled, r"e^{-\infty} = 0"]
    total, _ = row_sum(steps, cell[0])
    power, share = latex(float(np.exp(np.float64(score))), 1), latex(float(steps.pattern[cell]), 1)
    return [
        scaled,
        rf"\small\textstyle\sum_j e^{{s_j}} = {_summed(steps, cell)} = {latex(total, 1)}",
        rf"\frac{{e^{{{latex(score, 1)}}}}}{{\sum_j e^{{s_j}}}} = \frac{{{power}}}{{{latex(total, 1)}}} = {share}",
    ]


def _summed(steps: HeadSteps, cell: tuple[int, int], shown: int = 3) -> str:
    """e^a + e^b + ... over the row, at most ``shown`` terms, the cell's own among them."""
    row, column = cell
    seen = [int(j) for j in np.flatnonzero(np.isfinite(steps.masked[row]))]
    kept = seen if len(seen) <= shown else sorted({seen[0], column, seen[-1]})
    made: list[str] = []
    for before, j in zip([None, *kept[:-1]], kept, strict=True):
        made += [r"\cdots"] if before is not None and seen.index(j) > seen.index(before) + 1 else []
        made.append(f"e^{{{latex(float(steps.masked[row, j]))}}}")
    return " + ".join(made)


def carried_rows(words: Words, steps: HeadSteps, labels: Sequence[str], row: int) -> list[VectorRow]:
    """The strongest values with their weights, what is left, and their sum z."""
    carried, parts = words["carried"], steps.weighted_values(row)
    seen = [int(j) for j in np.argsort(-steps.pattern[row], kind="stable") if steps.pattern[row, j] > 0]
    shown, rest = (seen, []) if len(seen) <= CARRIED + 1 else (seen[:CARRIED], seen[CARRIED:])
    names = [carried["part"].format(weight=digits(float(steps.pattern[row, j]))) for j in shown]
    rows = [VectorRow(name, parts[j], token=labels[j], hue="value", height=34) for name, j in zip(names, shown, strict=True)]
    if rest:
        rows.append(VectorRow(carried["others"].format(n=len(rest)), parts[rest].sum(axis=0), height=34))
    return [*rows, VectorRow(carried["total"], steps.z[row], token=labels[row], hue="query", height=40, rule=True)]
