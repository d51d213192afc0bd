"""Two attention patterns beside each other: a cell that is pressed is answered for, in both where they have the same tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from ui.components.matrix import place
from ui.origin import view
from ui.state import Reading
from ui.text import plain

Place = tuple[int, int]


def pressed(keys: Sequence[str], sizes: Sequence[int], *, shared: bool) -> list[Place | None]:
    """The cell that is locked in each of the matrices; where they are ``shared``, the last one of any."""
    said = [(st.session_state.get(key) or {}).get("cell") for key in keys]
    if shared:
        said = [max(said, key=_number)] * len(keys)
    return [place(each, (size, size)) for each, size in zip(said, sizes, strict=True)]


def _number(said: Any) -> int:
    """Reports of a browser are numbered: the third of ``[row, column, n]``. One that frees the cell counts too."""
    try:
        return int(said[2])
    except (TypeError, ValueError, OverflowError, KeyError, IndexError):
        return -1 if said is None else 0


def made(readings: Sequence[Reading], names: Sequence[str], cells: Sequence[Place | None], *, key: str) -> None:
    """What made each cell: an attention weight of the layer and head that the reading has chosen. Nothing without a cell."""
    if not any(cells):
        return
    for column, reading, name, cell, which in zip(
        st.columns(len(cells), gap="medium"), readings, names, cells, range(len(cells)), strict=True
    ):  # fmt: skip
        with column:
            if cell is not None:
                st.caption(plain(name))
                point = f"blocks.{reading.layer}.attn.pattern"
                view.show(reading, point, (reading.head, *cell), key=f"{key}-{which}", in_link=False)
