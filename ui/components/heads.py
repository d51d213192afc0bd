"""Layers x heads as thumbnails of their attention patterns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import streamlit as st

from ui.components.core import linked, pack, renderer


def head_grid(
    patterns: np.ndarray,
    labels: Sequence[Sequence[str]],
    *,
    key: str,
    label: str,
    picked: tuple[int, int],
    off: Collection[tuple[int, int]] = (),
    tokens: Sequence[str],
    sentence: str | None = None,
    words: str = "",
    words_head: str = "",
    hint: str = "",
    on_pick: Callable[[int, int], None] | None = None,
) -> tuple[int, int] | None:
    """Draw every head; return the (layer, head) that was clicked in this run, counted from 0.

    Args:
        patterns: (L, H, T, T) attention patterns; they travel as bytes (a picture, not numbers to read).
        labels: what a detector measured for each head, by layer; empty text where nothing stands out.
        picked: the head that is shown large elsewhere; ``off``: heads that are switched off.
        tokens: the sentence's tokens (``sentence`` is ``Reading.scope``): each thumbnail shows the row and cell pointed at.
        words: what a cell of a thumbnail says, with ``{layer}``, ``{head}``, ``{row}`` and ``{column}``; no numbers, as these are
            bytes. ``words_head`` says the same of a whole head, ``hint`` stands there while nothing is pointed at.
        on_pick: called with layer and head before the page runs again, so that it can set the bench's widgets.
    """
    header = {
        "name": key,
        "labels": [list(row) for row in labels],
        "label": label,
        "picked": list(picked),
        "tokens": list(tokens),
        "words": words,
        "wordsHead": words_head,
        "hint": hint,
        **linked(sentence),
        "off": [list(pair) for pair in off],
    }
    picture = np.clip(np.rint(patterns * 255), 0, 255).astype(np.uint8)

    def picked_now() -> None:
        clicked = (st.session_state.get(key) or {}).get("picked")
        if on_pick is not None and clicked:
            on_pick(int(clicked[0]), int(clicked[1]))

    result = renderer("heads")(data=pack(header, patterns=picture), key=key, on_picked_change=picked_now)
    return (int(result.picked[0]), int(result.picked[1])) if result.picked else None
