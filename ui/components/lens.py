"""The logit lens as a table: tokens down, stages across, the token that would be written in each cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ui.components.core import linked, pack, renderer


@dataclass(frozen=True)
class LensCell:
    """One cell: the most probable token, its probability, whether it is the model's final answer there, and all in words."""

    text: str
    probability: float
    same: bool
    words: str


def lens_table(
    cells: Sequence[Sequence[LensCell]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    key: str,
    label: str,
    key_colour: str,
    key_frame: str,
    brief: Sequence[str] = (),
    next_tokens: Sequence[str] = (),
    next_head: str = "",
    picked: int | None = None,
    stage: int | None = None,
    on_stage: Callable[[int], None] = lambda stage: None,
    sentence: str | None = None,
) -> None:
    """Draw the lens.

    Args:
        cells: by row (token of the sentence) and column (stage).
        key_colour, key_frame: what the colour and the frame of a cell mean.
        brief: shorter names of the columns, for a narrow screen.
        next_tokens: what really follows each token, as a last column under ``next_head``; empty leaves it out.
        picked: the row that is set in bold; ``stage``: the column whose cell in it is explained (None: the last).
        on_stage: called with another column that is pressed, before the page runs again.
        sentence: whose tokens the rows are (``Reading.scope``).
    """
    if len(cells) != len(rows) or any(len(row) != len(columns) for row in cells):
        raise ValueError(f"the lens needs {len(rows)} rows of {len(columns)} cells, not {[len(row) for row in cells]}")
    header = {
        "name": key,
        "label": label,
        "rows": list(rows),
        "columns": list(columns),
        "brief": list(brief or columns),
        "cells": [[cell.text for cell in row] for row in cells],
        "same": [[cell.same for cell in row] for row in cells],
        "words": [[cell.words for cell in row] for row in cells],
        "next": list(next_tokens),
        "nextHead": next_head,
        "keyColour": key_colour,
        "keyFrame": key_frame,
        "picked": picked,
        "stage": len(columns) - 1 if stage is None else stage,
        **linked(sentence),
    }
    chances = np.array([[cell.probability for cell in row] for row in cells], dtype=np.float32)

    def pressed() -> None:
        said = (st.session_state.get(key) or {}).get("stage")
        if isinstance(said, (int, float)) and 0 <= said < len(columns):
            on_stage(int(said))

    renderer("lens")(data=pack(header, probabilities=chances), key=key, on_stage_change=pressed)
