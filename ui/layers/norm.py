"""The norm: one token's vector before and after, with every number on the way."""

from __future__ import annotations

import numpy as np
import streamlit as st

from llm.interpret.norms import NormSteps, norm_input, norm_points, norm_steps
from ui import page as page_parts
from ui import snippets_layers as snippets
from ui import ways
from ui.components.before_after import before_after
from ui.components.vectors import VectorRow, vectors
from ui.layers.spot import WIDE, Spot, asked, norm
from ui.origin import view as origin

WHICH = "layers-norm-which"  # session key: which of this layer's norms, or the last one
TOKENS = 10  # whose sizes are compared
TALL = 92  # pixels of a row of bars


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
        after = spot.trace[point][spot.position]  # the model's own numbers; the steps are computed again, to more digits
        rows = _rows(spot, steps, after)
        short = "channel" if len(rows) == 4 else "channel_short"
        vectors(
            rows,
            key="layers-norm-vectors",
            label=words["label"],
            words=words[short],
            hint=words["hint"],
            sentence=spot.now.scope,
            space="stream",
        )
        page_parts.prose(words[spot.now.config.norm_position])
        page_parts.provenance(spot.now)
        _take_away(spot, steps, after, point)
    with left, page_parts.card("layers-norm-sizes", words["sizes"]):
        _sizes(spot, point)
    with right:
        with page_parts.card("layers-norm-numbers"):
            first = _options(spot)[0]
            index = (spot.position, _example(steps))
            origin.show(spot.now, point, index, key="layers-norm", whole=point != _point(spot, first))
        square = float(np.mean(steps.normalised**2))
        page_parts.predict(spot.page, "unit", 1, spot.page["unit.reveal"], square=square)


def _choose(spot: Spot) -> str:
    """The point of one of this layer's norms, or of the last one."""
    words, options = spot.page["norm"], _options(spot)
    if ways.asked() is not None or st.session_state.get(WHICH) not in options:
        cell = asked(spot)
        points = {_point(spot, option): option for option in options}
        st.session_state[WHICH] = points.get(cell[0] if cell else "", options[0])
    chosen = st.segmented_control(
        words["which"], options, format_func=lambda o: words[o], required=True, key=WHICH, label_visibility="collapsed",
        on_change=ways.pressed, persist_state="session",
    )  # fmt: skip
    return _point(spot, chosen)


def _options(spot: Spot) -> list[str]:
    where = spot.now.config.norm_position
    return [f"norm1_{where}", f"norm2_{where}"] + ["final_norm"] * ("final_norm" in norm_points(spot.now.model))


def _point(spot: Spot, option: str) -> str:
    return option if option == "final_norm" else f"blocks.{spot.layer}.{option.split('_')[0]}"


def _rows(spot: Spot, steps: NormSteps, after: np.ndarray) -> list[VectorRow]:
    words = spot.page["norm"]
    rows = [
        VectorRow(words["before"], steps.before, hue="ink", height=TALL),
        VectorRow(words[f"normalised_{steps.kind}"], steps.normalised, height=TALL),
    ]
    if np.any(steps.shift):
        rows.append(VectorRow(words["scaled"], steps.normalised * steps.scale, height=TALL))
        return [*rows, VectorRow(words["output"], after, hue="accent", height=TALL)]
    return [*rows, VectorRow(words["scaled_last"], after, hue="accent", height=TALL)]


def _example(steps: NormSteps) -> int:
    """The channel that stands out most: the norm is easiest to follow there."""
    return int(np.abs(steps.before).argmax())


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


def _take_away(spot: Spot, steps: NormSteps, after: np.ndarray, point: str) -> None:
    columns = (steps.before, steps.normalised, steps.scale, steps.shift, after)
    rows = [[c, *map(float, numbers)] for c, numbers in enumerate(zip(*columns, strict=True))]
    header = ["channel", "before", "normalised", "scale", "shift", "after"]
    code = snippets.norm_code(spot.now, spot.position, point)
    page_parts.take_away(spot.page, "norm", header=header, rows=rows, code=code)
