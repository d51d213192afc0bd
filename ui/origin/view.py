"""The card's inside: one number of the trace, and the way back from it, number by number, in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from llm.interpret.origin_parts import Factor, Index, Origin, split
from llm.interpret.origins import origin
from llm.trace import Trace, point_shapes
from ui import ways
from ui.components.origin import Made, Row, origin_view
from ui.numbers import digits
from ui.origin import words as say
from ui.origin.code import code
from ui.origin.formula import formula
from ui.state import Reading
from ui.text import load
from ui.ways import Cell


def show(
    now: Reading,
    point: str,
    index: Index,
    *,
    key: str,
    causal: bool | None = None,
    n_layers: int | None = None,
    whole: bool = False,
    in_link: bool = True,
) -> Origin:
    """Draw where ``trace[point][index]`` comes from, or the number that the reader has gone back to from it.

    ``key`` is unique on the page; ``causal`` and ``n_layers`` are the mask and the number of layers, where they are not the
    model's own; ``whole`` puts also a number behind which nothing is opened into the link, and without ``in_link`` none is: one
    link holds one way, of the bench's model. Returns what is shown.
    """
    words, trace = load("origin"), _trace(now, causal, n_layers)
    base = (now.model_id, now.step, now.ids, trace.config.causal, trace.config.n_layers, point, index)
    way = ways.cells(key, base, (point, index), lambda cell: has(trace, cell), whole=whole, in_link=in_link)
    found = origin(now.model, trace, *way[-1])
    st.subheader(words["title"].format(value=digits(found.value)), anchor=False)
    crumbs = [_crumb(words, trace, cell) for cell in way] if len(way) > 1 else []
    origin_view(_made(words, found, now, crumbs), words, key=f"{key}-origin", on_go=lambda go: _go(key, found, go))
    if written := formula(found):
        st.latex(written)
    with st.expander(words["code"], key=f"{key}-code"):
        st.code(code(now, found, trace.config), language="python")
    return found


def _trace(now: Reading, causal: bool | None, n_layers: int | None) -> Trace:
    """The sentence's trace; the model's own has it in the cache already."""
    other = {name: value for name, value in (("causal", causal), ("n_layers", n_layers)) if value is not None}
    return now.trace(**{name: value for name, value in other.items() if value != getattr(now.config, name)})


def has(trace: Trace, cell: Cell) -> bool:
    """Whether a trace has this number."""
    point, index = cell
    shape = point_shapes(trace.config, len(trace.ids)).get(point, ())
    return len(index) == len(shape) > 0 and all(i < size for i, size in zip(index, shape, strict=True))


def _go(key: str, found: Origin, go: Mapping[str, int]) -> None:
    """Go on from ``found``; what a reader's browser sends is checked like anything typed."""
    cells = ways.change(key)
    if "crumb" in go:
        del cells[max(1, int(go["crumb"]) + 1) :]
        return
    cell = following(found, go)
    if cell is not None and len(cells) < ways.LONGEST:
        cells.append(cell)


def following(found: Origin, go: Mapping[str, int]) -> Cell | None:
    """The cell that a press leads to; None where there is none."""
    if "part" in go and 0 <= int(go["part"]) < len(found.parts):
        return found.parts[int(go["part"])].cell(0)
    if "sibling" in go and 0 <= int(go["sibling"]) < len(found.factors[0].values):
        return found.point, (*found.index[:-1], int(go["sibling"]))
    if "row" not in go or not 0 <= int(go["row"]) < len(found.factors):
        return None
    factor, along = found.factors[int(go["row"])], int(go.get("along", 0))
    inside = 0 <= along < len(factor.values)
    if factor.name == "heads" and inside:
        return _of_head(found, along)
    return factor.source.cell(along) if factor.source is not None and inside else None


def _of_head(found: Origin, along: int) -> Cell:
    """Heads side by side: which head's z stands at a place."""
    layer, _ = split(found.point)
    width = found.head_width
    return f"blocks.{layer}.attn.z", (along // width, found.index[0], along % width)


def _crumb(words: Mapping[str, Any], trace: Trace, cell: Cell) -> str:
    """``Layer 2 · neurons 5.64``"""
    return f"{say.point_name(words, cell[0])} {digits(float(trace[cell[0]][cell[1]]))}"


def _kind(found: Origin) -> str:
    names = {step.name for step in found.steps}
    if found.axis == "part":
        return "parts"
    if "squares" in names or "squares_rms" in names:
        return "squares" if "squares" in names else "squares_rms"
    return "products" if len(found.terms) else "row"


def _made(words: Mapping[str, Any], found: Origin, now: Reading, crumbs: list[str]) -> Made:
    count = len(found.factors[0].values) if found.factors else 0
    return Made(
        name=f"{found.point}-{'-'.join(map(str, found.index))}",
        place=say.place(words, found),
        sentence=say.sentence(words, found, now),
        rows=tuple(_row(words, factor, found, now) for factor in found.factors),
        terms=np.zeros(0) if found.axis == "part" else found.terms,
        kind=_kind(found),
        units=tuple(_units(words, found, now, count)),
        lines=tuple(say.lines(words, found, now)),
        exact=exact(found.value),
        marked=found.marked,
        parts=tuple(say.part_lines(words, found)),
        crumbs=tuple(crumbs),
        pair=_pair(found),
        sentence_of=now.scope,
    )


def _row(words: Mapping[str, Any], factor: Factor, found: Origin, now: Reading) -> Row:
    label, token = say.factor_label(words, factor, found, now)
    leads = factor.source is not None or factor.name == "heads"
    entry = found.index[1] if factor.name == "unembedding" else None
    return Row(label, factor.values, token, say.HUES.get(factor.name, "ink"), leads, say.factor_position(factor, found), entry)


def _pair(found: Origin) -> tuple[int, int] | None:
    """Query and key of a score or a weight; of a weighted sum over tokens the query, whose keys are the places."""
    names = {factor.name for factor in found.factors}
    if "key" in names:
        return found.index[1], found.index[2]
    return (say.position(found), -1) if found.axis == "token" else None


def _units(words: Mapping[str, Any], found: Origin, now: Reading, count: int) -> list[str]:
    if found.axis == "token":
        return now.labels
    first = 1 if found.axis == "neuron" else 0  # neurons are counted from 1 everywhere on the screen
    return [words["unit"][found.axis].format(i=i + first) for i in range(count)] if found.axis != "part" else []


def exact(value: float) -> str:
    """All digits of a float32, as Python and NumPy write them."""
    return str(np.float32(value)).replace("-", "−").replace("inf", "∞")
