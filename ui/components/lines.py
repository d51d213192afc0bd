"""Attention as lines between two columns of tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ui.components.core import linked, pack, renderer


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
    rest: tuple[int, int] | None = None,
    sentence: str | None = None,
) -> None:
    """Draw weights (R, N) as lines. A click locks a row and its strongest other column, on the right side a column.

    ``words``, ``rest`` and ``sentence`` are those of ``ui.components.matrix``; what is locked is reported as ``cell``.
    """
    values = np.asarray(weights, dtype=np.float32)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(f"weights has shape {values.shape}, but there are {len(rows)} rows and {len(columns)} columns")
    header = {
        "name": key,
        "rows": list(rows),
        "columns": list(columns),
        "label": label,
        "words": words,
        "rowsAre": rows_are,
        "columnsAre": columns_are,
        "hint": hint,
        "rest": list(rest) if rest else None,
        **linked(sentence),
    }
    renderer("lines")(data=pack(header, values=values), key=key, default={"cell": None}, on_cell_change=lambda: None)
