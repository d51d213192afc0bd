"""A matrix of numbers as coloured cells, each of which says in words what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from ui.components.core import linked, pack, renderer


def matrix(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    key: str,
    label: str,
    words: str,
    empty_words: str = "",
    hint: str = "",
    rows_are: str = "",
    columns_are: str = "",
    scale: str = "sequential",
    limit: float | None = None,
    floor: float = 0.0,
    square: bool = True,
    numbers: bool = False,
    name_columns: bool = True,
    row_colour: str = "accent",
    column_colour: str = "ink",
    pick: bool = False,
    rest: tuple[int, int] | None = None,
    sentence: str | None = None,
    weights: bool = False,
    first: int = 0,
    space: str = "",
    report: bool = True,
) -> tuple[int, int] | None:
    """Draw a matrix; return the (row, column) that the reader locked, if any.

    Args:
        values: (R, N) numbers; those that are not finite (a masked score) are drawn as empty cells.
        rows, columns: a label for each row and column.
        label: one sentence for readers who do not see the picture.
        words: what a cell says, with ``{row}``, ``{column}`` and ``{value}``, e.g.
            "{row} gives {value} of its attention to {column}".
        empty_words: the same for empty cells; ``hint``: what stands there while no cell is chosen.
        scale: "sequential" (0..limit) or "diverging" (-limit..limit); ``limit`` defaults to the largest size in ``values``.
        floor: where the sequential scale begins, for numbers that are all far from zero.
        square: square cells with names on both sides, or cells that fill the width (for vectors of many channels).
        numbers: print numbers into cells that are large enough (the chosen row always has them).
        row_colour, column_colour: palette names of the frames around the chosen row and cell (``query``, ``key``, ...).
        pick: a click locks a cell and reports it; ``rest`` is the cell shown while none is pointed at or locked.
        sentence: rows are this sentence's tokens (``Reading.scope``), columns too where ``square``: both light up elsewhere too,
            and a locked pair is that of ``ui.locked``.
        weights: the values are attention weights, which the sentence's tokens take on as their glow.
        first: the position in the sentence of the first row, and of the first column where ``square``.
        space: names what the channels are, as in ``vectors``.
        report: a locked pair is reported here (``cell``); else another component of the page does it.
    """
    values = np.asarray(values, dtype=np.float32)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(f"values has shape {values.shape}, but there are {len(rows)} rows and {len(columns)} columns")
    finite = np.abs(values[np.isfinite(values)])
    stored = st.session_state.get(key) or {}
    link = linked(sentence)
    shared = sentence is not None and square  # a pair of tokens is locked on the whole page
    chosen = (link["lock"] if shared else stored.get("cell")) if pick else None
    reach = float(limit if limit is not None else max(float(finite.max(initial=0.0)), 1e-9))
    header = {
        "beyond": bool(finite.max(initial=0.0) > reach * 1.001),
        "name": key,
        "rows": list(rows),
        "columns": [str(c) for c in columns],
        "label": label,
        "words": words,
        "emptyWords": empty_words,
        "hint": hint,
        "rowsAre": rows_are,
        "columnsAre": columns_are,
        "scale": scale,
        "square": square,
        "numbers": numbers,
        "nameColumns": name_columns,
        "rowColour": row_colour,
        "columnColour": column_colour,
        "pick": pick,
        "limit": reach,
        "floor": floor,
        "cell": list(chosen[:2]) if chosen else None,
        "rest": list(rest) if rest else None,
        "weights": weights,
        "first": first,
        "space": space or key,
        "report": pick and report,
        **link,
    }
    result = renderer("matrix")(data=pack(header, values=values), key=key, default={"cell": None}, on_cell_change=lambda: None)
    chosen = (chosen if shared else result.cell) if pick else None
    return place(chosen, (len(rows), len(columns)), first if shared else 0)


def place(said: Any, shape: tuple[int, int], first: int = 0) -> tuple[int, int] | None:
    """The (row, column) that a browser said, counted from ``first``; None unless it is a cell of a matrix of this shape."""
    try:
        row, column = (int(i) - first for i in said[:2])
    except (TypeError, ValueError, OverflowError, KeyError):
        return None
    return (row, column) if 0 <= row < shape[0] and 0 <= column < shape[1] else None
