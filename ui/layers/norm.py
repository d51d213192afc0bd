"""The norm: one token's vector before and after, with every number on the way."""

from __future__ import annotations

import numpy as np
import streamlit as st

from llm.interpret.norms import NormSteps, norm_input, norm_points, norm_steps
from ui import page as page_parts
from ui import snippets_layers as snippets
from ui.components.before_after import before_after
from ui.components.ledger import Line, ledger
from ui.components.vectors import VectorRow, vectors
from ui.layers.spot import WIDE, Spot, norm
from ui.numbers import digits, latex

TOKENS = 10  # whose sizes are compared
TALL = 92  # pixels of a row of bars
MORE = 2  # decimals beyond the usual, so that a reader who calculates along arrives at the same numbers


def show(spot: Spot) -> None:
    words, kind = spot.page["norm"], spot.now.config.norm
    if kind == "none":
        with page_parts.card("layers-norm", words["title"], words["caption_none"]):
            page_parts.provenance(spot.now)
        return
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("layers-norm", words["title"], words[f"caption_{kind}"]):
        point = _choose(spot)
        steps = norm_steps(spot.now.model, spot.trace, point, spot.position)
        rows = _rows(spot, steps)
        short = "channel" if len(rows) == 4 else "channel_short"
        vectors(rows, key="layers-norm-vectors", label=words["label"], words=words[short], hint=words["hint"])
        page_parts.prose(words[spot.now.config.norm_position])
        page_parts.provenance(spot.now)
        _take_away(spot, steps, point)
    with right:
        with page_parts.card("layers-norm-numbers", words["numbers"]):
            ledger(_lines(spot, steps), key="layers-norm-lines")
            st.latex(_formula(steps))
        square = float(np.mean(steps.normalised**2))
        page_parts.predict(spot.page, "unit", 1, spot.page["unit.reveal"], square=square)
        with page_parts.card("layers-norm-sizes", words["sizes"]):
            _sizes(spot, point)


def _choose(spot: Spot) -> str:
    """The point of one of this layer's norms, or of the last one."""
    words, where = spot.page["norm"], spot.now.config.norm_position
    options = [f"norm1_{where}", f"norm2_{where}"] + ["final_norm"] * ("final_norm" in norm_points(spot.now.model))
    chosen = st.segmented_control(
        words["which"], options, format_func=lambda o: words[o], default=options[0], required=True, key="layers-norm-which",
        label_visibility="collapsed",
    )  # fmt: skip
    chosen = chosen if chosen in options else options[0]
    return chosen if chosen == "final_norm" else f"blocks.{spot.layer}.{chosen.split('_')[0]}"


def _rows(spot: Spot, steps: NormSteps) -> list[VectorRow]:
    words = spot.page["norm"]
    rows = [
        VectorRow(words["before"], steps.before, hue="ink", height=TALL),
        VectorRow(words[f"normalised_{steps.kind}"], steps.normalised, height=TALL),
    ]
    if np.any(steps.shift):
        rows.append(VectorRow(words["scaled"], steps.normalised * steps.scale, height=TALL))
        return [*rows, VectorRow(words["output"], steps.output, hue="accent", height=TALL)]
    return [*rows, VectorRow(words["scaled_last"], steps.output, hue="accent", height=TALL)]


def _example(steps: NormSteps) -> int:
    """The channel that stands out most: the norm is easiest to follow there."""
    return int(np.abs(steps.before).argmax())


def _lines(spot: Spot, steps: NormSteps) -> list[Line]:
    words, c = spot.page["norm"], _example(steps)
    centred, shifted = steps.kind == "layernorm", np.any(steps.shift)
    channel = {
        "channel": str(c),
        "x": digits(steps.before[c], MORE),
        "mean": _in_sum(steps.mean),
        "spread": digits(steps.spread, MORE),
    }
    after = {"normalised": digits(steps.normalised[c], MORE), "scale": _in_sum(steps.scale[c]), "shift": _in_sum(steps.shift[c])}
    pairs = [
        *([(words["mean"].format(count=len(steps.before)), steps.mean)] if centred else []),
        (words["variance" if centred else "mean_square"], steps.variance),
        (words["spread" if centred else "spread_rms"].format(eps=f"{steps.eps:.12f}".rstrip("0")), steps.spread),
        (words["example" if centred else "example_rms"].format(**channel), steps.normalised[c]),
    ]
    lines = [Line(((label, ""),), digits(float(value), MORE)) for label, value in pairs]
    last = words["example_after" if shifted else "example_after_noshift"].format(**after)
    return [*lines, Line(((last, ""),), digits(float(steps.output[c]), MORE), result=True)]


def _in_sum(value: float) -> str:
    """A number behind a sign: negative ones in brackets."""
    return f"({digits(value, MORE)})" if value < 0 else digits(value, MORE)


def _formula(steps: NormSteps) -> str:
    """The norm's formula, and under it the same with the example channel's numbers."""
    c = _example(steps)
    x, spread, mean, scale, shift = (
        latex(steps.before[c], MORE),
        latex(steps.spread, MORE),
        *(f"({latex(v, MORE)})" if v < 0 else latex(v, MORE) for v in (steps.mean, steps.scale[c], steps.shift[c])),
    )
    general = r"\frac{x}{\sqrt{\overline{x^2}+\varepsilon}}\,\gamma"
    own = rf"\frac{{{x}}}{{{spread}}}\cdot {scale}"
    if steps.kind == "layernorm":
        general = r"\frac{x-\mu}{\sqrt{\sigma^2+\varepsilon}}\,\gamma"
        own = rf"\frac{{{x}-{mean}}}{{{spread}}}\cdot {scale}"
    if np.any(steps.shift):
        general, own = general + r"+\beta", rf"{own} + {shift}"
    return rf"\begin{{aligned}} y &= {general} \\[8pt] &= {own} \\[8pt] &= {latex(steps.output[c], MORE)} \end{{aligned}}"


def _sizes(spot: Spot, point: str) -> None:
    words, now = spot.page["norm"], spot.now
    first = max(0, min(spot.position - TOKENS // 2, len(now.ids) - TOKENS))
    shown = slice(first, first + TOKENS)
    before = [norm(v) for v in norm_input(now.model, spot.trace, point)[shown]]
    after = [norm(v) for v in spot.trace[point][shown]]
    before_after(
        now.labels[shown], np.array(before), np.array(after), key="layers-norm-bars", label=words["sizes"],
        names=(words["sizes_before"], words["sizes_after"]),
    )  # fmt: skip


def _take_away(spot: Spot, steps: NormSteps, point: str) -> None:
    columns = (steps.before, steps.normalised, steps.scale, steps.shift, steps.output)
    rows = [[c, *map(float, numbers)] for c, numbers in enumerate(zip(*columns, strict=True))]
    header = ["channel", "before", "normalised", "scale", "shift", "after"]
    code = snippets.norm_code(spot.now, spot.position, point)
    page_parts.take_away(spot.page, "norm", header=header, rows=rows, code=code)
