"""Every number: any array of the trace as a matrix, and beside it what made the cell that is locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from llm.interpret.origin_parts import Index, split
from llm.trace import point_shapes
from ui import page as page_parts
from ui import snippets_layers as snippets
from ui import ways
from ui.components.matrix import matrix
from ui.layers.spot import WIDE, Spot
from ui.origin import view as origin
from ui.origin.words import BY_HEAD, TWO_TOKENS
from ui.text import load
from ui.tokens import token_label

WHAT = "layers-numbers-what"  # session key: the chosen point's name inside a layer
LINKED = "layers-numbers-linked"  # session key: the cell that a link asked for, and the token that it was asked with
COLUMNS = 64  # channels of one picture
CANDIDATES = 24  # next tokens whose scores are shown
TOKENS = 64  # rows of one picture
HUES = {"attn.q": "query", "attn.k": "key", "attn.v": "value", "attn.z": "value"}


@dataclass(frozen=True)
class Sheet:
    """A part of one array of the trace: its numbers, the names of rows and columns, and where each column stands in the trace."""

    point: str
    values: np.ndarray
    rows: Sequence[str]
    columns: Sequence[str]
    places: Sequence[int]
    head: int | None
    first_row: int

    def cell(self, row: int, column: int) -> Index:
        """The index in the trace of a cell of the picture."""
        inside = (self.first_row + row, self.places[column])
        return inside if self.head is None else (self.head, *inside)


def show(spot: Spot) -> None:
    words = load("origin")
    browse = words["browse"]
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("layers-numbers", browse["title"], browse["caption"]):
        _follow(spot)
        sheet = _choose(spot, words)
        cell = _draw(spot, words, sheet)
        page_parts.provenance(spot.now)
        _take_away(spot, sheet)
    with right, page_parts.card("layers-numbers-where"):
        origin.show(spot.now, sheet.point, sheet.cell(*cell), key="layers-numbers-where", whole=cell != _start(spot, sheet))


def _follow(spot: Spot) -> None:
    """Choose the array, the head and the channels of the cell that a link begins with."""
    if not ways.linked():
        return
    cell = point, index = ways.linked()[0]
    name = split(point)[1]
    if name not in points(spot) or not origin.has(spot.trace, cell):
        return
    st.session_state[WHAT], st.session_state[LINKED] = name, (cell, spot.position)
    if name in BY_HEAD:
        st.session_state[f"layers-numbers-head-{spot.now.config.n_heads}"] = index[0] + 1
    elif name != "logits":
        st.session_state[f"layers-numbers-from-{spot.trace[point].shape[-1]}"] = index[-1] - index[-1] % COLUMNS


def points(spot: Spot) -> list[str]:
    """The names of all arrays that this model has, in the order in which they are made."""
    names = dict.fromkeys(split(point)[1] for point in point_shapes(spot.now.config, 1))
    return list(names)


def _choose(spot: Spot, words: Mapping[str, Any]) -> Sheet:
    browse, config = words["browse"], spot.now.config
    names = points(spot)
    if st.session_state.get(WHAT) not in names:
        st.session_state[WHAT] = "mlp.post"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(browse["what"], names, format_func=lambda n: words["names"][n], key=WHAT, width=260)
        head = None
        if name in BY_HEAD:
            heads = list(range(1, config.n_heads + 1))
            head = st.selectbox(browse["head"], heads, key=f"layers-numbers-head-{config.n_heads}", width=90) - 1
        in_block = any(point.endswith(f".{name}") for point in point_shapes(config, 1) if point.startswith("blocks."))
        point = f"blocks.{spot.layer}.{name}" if in_block else name
        array = spot.trace[point] if head is None else spot.trace[point][head]
        places = _places(spot, words, name, array)
    first = max(0, min(spot.position - TOKENS // 2, len(spot.now.ids) - TOKENS))
    rows = spot.now.labels[first : first + TOKENS]
    return Sheet(point, array[first : first + TOKENS][:, places], rows, _columns(spot, name, places), places, head, first)


def _places(spot: Spot, words: Mapping[str, Any], name: str, array: np.ndarray) -> list[int]:
    """Which columns are drawn: tokens around the chosen one, the best candidates, or a range of channels."""
    count = array.shape[1]
    if name == "logits":
        return [int(i) for i in np.argsort(-array[spot.position], kind="stable")[:CANDIDATES]]
    if name in TWO_TOKENS:
        first = max(0, min(spot.position - TOKENS // 2, count - TOKENS))
        return list(range(first, min(count, first + TOKENS)))
    if count <= COLUMNS:
        return list(range(count))
    browse, starts = words["browse"], list(range(0, count, COLUMNS))
    one = 1 if name.startswith("mlp.") and name != "mlp.out" else 0
    start = st.selectbox(
        browse["channels"], starts, key=f"layers-numbers-from-{count}", width=150,
        format_func=lambda s: browse["range"].format(first=s + one, last=min(count, s + COLUMNS) - 1 + one),
    )  # fmt: skip
    return list(range(start, min(count, start + COLUMNS)))


def _columns(spot: Spot, name: str, places: Sequence[int]) -> list[str]:
    if name == "logits":
        return [token_label(spot.now.tokenizer, i) for i in places]
    if name in TWO_TOKENS:
        return [spot.now.labels[i] for i in places]
    return [str(i + 1) if name.startswith("mlp.") and name != "mlp.out" else str(i) for i in places]


def _draw(spot: Spot, words: Mapping[str, Any], sheet: Sheet) -> tuple[int, int]:
    browse, name = words["browse"], split(sheet.point)[1]
    kind = "candidate" if name == "logits" else "token" if name in TWO_TOKENS else "neuron" if _neurons(name) else "channel"
    start = _linked(spot, sheet) or _start(spot, sheet)
    finite = np.abs(sheet.values[np.isfinite(sheet.values)])
    share = name == "attn.pattern"
    limit = 1.0 if share else max(float(np.quantile(finite, 0.995)) if finite.size else 0.0, 1e-9)
    square = kind == "token"  # its locked pair is the page's, whichever token the page is about
    key = spot.key(f"numbers-{sheet.point}-{sheet.head}-{sheet.places[0]}-{'' if square else spot.position}")
    picked = matrix(
        sheet.values, sheet.rows, sheet.columns, key=key,
        label=browse["picture"].format(name=words["names"][name], where=_where(browse, sheet)),
        words=browse["words"], hint=browse["hint"], rows_are=browse["tokens"], columns_are=browse[f"columns_{kind}"],
        scale="sequential" if share else "diverging", limit=limit, square=square,
        name_columns=kind in ("token", "candidate"),
        row_colour="query" if kind == "token" else HUES.get(name, "accent"), column_colour="key" if kind == "token" else "ink",
        pick=True, rest=start, sentence=spot.now.scope, first=sheet.first_row, report=False,
        space="stream" if len(sheet.places) == spot.now.config.d_model and kind == "channel" else "",
    )  # fmt: skip
    if name == "logits":
        st.caption(browse["candidates"].format(n=len(sheet.places)))
    return start if picked is None else picked


def _where(browse: Mapping[str, Any], sheet: Sheet) -> str:
    """The layer and head of the array, for the picture's name: taken away, it stands alone."""
    block = split(sheet.point)[0]
    if block < 0:
        return ""
    head = None if sheet.head is None else sheet.head + 1
    return browse["in_layer" if head is None else "in_head"].format(layer=block + 1, head=head)


def _neurons(name: str) -> bool:
    return name in ("mlp.pre", "mlp.gate", "mlp.post")


def _linked(spot: Spot, sheet: Sheet) -> tuple[int, int] | None:
    """Where in the picture the cell of the link stands, if it does."""
    (point, index), position = st.session_state.get(LINKED, ((None, ()), None))
    if point != sheet.point or position != spot.position or (sheet.head is not None and sheet.head != index[0]):
        return None
    row = index[-2] - sheet.first_row
    return (row, sheet.places.index(index[-1])) if 0 <= row < len(sheet.rows) and index[-1] in sheet.places else None


def _start(spot: Spot, sheet: Sheet) -> tuple[int, int]:
    """The largest number in the row of the chosen token."""
    row = min(max(0, spot.position - sheet.first_row), len(sheet.rows) - 1)
    sizes = np.where(np.isfinite(sheet.values[row]), np.abs(sheet.values[row]), -1.0)
    return row, int(sizes.argmax())


def _take_away(spot: Spot, sheet: Sheet) -> None:
    rows = [[label, *map(float, values)] for label, values in zip(sheet.rows, sheet.values, strict=True)]
    header = ["token", *(f"{i} {name}" for i, name in zip(sheet.places, sheet.columns, strict=True))]
    code = snippets.numbers_code(spot.now, sheet.point, sheet.head)
    page_parts.take_away(spot.page, "numbers", header=header, rows=rows, code=code)
