"""The token strip: the same chips on every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from ui.components.core import linked, pack, renderer
from ui.tokens import Chip


def token_strip(
    chips: Sequence[Chip],
    *,
    key: str,
    values: Sequence[float] | np.ndarray | None = None,
    words: Sequence[str] | None = None,
    scale: str = "sequential",
    limit: float | None = None,
    pick: bool = False,
    picked: int | None = None,
    colour_by: str = "none",
    marks: Mapping[int, str] | None = None,
    sentence: str | None = None,
    label: str = "",
) -> int | None:
    """Draw tokens as chips; return the position of the chip that was clicked last.

    Args:
        chips: what ``ui.tokens.chips`` made.
        values: one number for each chip, shown as its colour on ``scale`` ("sequential" 0..limit or "diverging" -limit..limit).
        words: one sentence for each chip, shown under the strip while the pointer is on it.
        pick: chips are buttons that choose a token; ``picked`` is the one chosen at first.
        colour_by: "none", or "group" for alternating tints that show where tokens begin and end.
        sentence: whose tokens these are (``Reading.scope``): they light up with every other component that shows them.
        label: what the strip shows, in one phrase; with it the strip can be taken away as picture and table.
        marks: position -> palette name ("query", "key", ...) of a frame around that chip.
    """
    header = {
        "chips": [chip.to_dict() for chip in chips],
        "words": list(words) if words is not None else None,
        "scale": scale,
        "pick": pick,
        "colourBy": colour_by,
        "label": label,
        "tools": bool(label),
        **linked(sentence),
        "marks": {str(position): hue for position, hue in (marks or {}).items()},
    }
    arrays = {}
    if values is not None:
        numbers = np.asarray(values, dtype=np.float32)
        header["limit"] = float(limit if limit is not None else max(float(np.abs(numbers).max(initial=0.0)), 1e-9))
        arrays["values"] = numbers
    stored = st.session_state.get(key) or {}
    header["picked"] = (picked if sentence else stored.get("picked", picked)) if pick else None
    result = renderer("tokens")(data=pack(header, **arrays), key=key, default={"picked": picked}, on_picked_change=lambda: None)
    chosen = (picked if sentence else result.picked) if pick else None
    return int(chosen) if chosen is not None and 0 <= int(chosen) < len(chips) else picked
