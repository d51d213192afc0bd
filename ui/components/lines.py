"""Attention as lines between two columns of tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from ui.components.core import pack, renderer


def attention_lines(
    weights: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    key: str,
    label: str,
    words: str,
    rows_are: str,
    columns_are: str,
    hint: str = "",
    cell: tuple[int, int] | None = None,
) -> tuple[int, int] | None:
    """Draw weights (R, N) as lines; return the (row, column) that was chosen last.

    A click on a token of the left side chooses that row and its strongest other column, a click on the right side a column.
    ``words`` and ``cell`` are those of ``ui.components.matrix``.
    """
    values = np.asarray(weights, dtype=np.float32)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(f"weights has shape {values.shape}, but there are {len(rows)} rows and {len(columns)} columns")
    chosen = (st.session_state.get(key) or {}).get("cell", cell)
    header = {
        "name": key,
        "rows": list(rows),
        "columns": list(columns),
        "label": label,
        "words": words,
        "rowsAre": rows_are,
        "columnsAre": columns_are,
        "hint": hint,
        "cell": list(chosen) if chosen else None,
    }
    result = renderer("lines")(data=pack(header, values=values), key=key, default={"cell": cell}, on_cell_change=lambda: None)
    if not result.cell or int(result.cell[0]) >= len(rows) or int(result.cell[1]) >= len(columns):
        return None
    return int(result.cell[0]), int(result.cell[1])
