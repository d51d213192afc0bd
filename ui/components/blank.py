"""A sentence in which any token can be hidden, with two models' guesses for the hidden place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from llm.interpret.blanks import Guesses
from ui.components.core import pack, renderer
from ui.tokens import Chip


@dataclass(frozen=True)
class Side:
    """One model's part: its heading, what it reads in words, whether that is both sides, and its guesses at every place."""

    title: str
    reads: str
    both: bool
    guesses: Guesses


def blank(
    chips: Sequence[Chip],
    sides: tuple[Side, Side],
    name: Callable[[int], str],
    words: Mapping[str, Any],
    *,
    key: str,
    label: str,
    mask_id: int,
    picked: int,
) -> int:
    """Draw the sentence and both models' most probable tokens; return the place that is hidden.

    All places are sent at once, so that pressing another token answers in the browser.

    Args:
        sides: first the model that reads both sides, then the one that reads the left.
        name: a vocabulary entry as it is written on the screen.
        words: texts (``assets/text/en/objectives.toml``, ``[blank]``).
        key: belongs to one sentence, so that another one starts with ``picked`` hidden.
        label: one sentence for readers who do not see the picture.
    """
    stored = (st.session_state.get(key) or {}).get("picked")
    if stored is None or not 0 <= int(stored) < len(chips):
        stored = picked
    guesses = [side.guesses for side in sides]
    header = {
        "label": label, "mask": mask_id, "picked": int(stored), "words": dict(words),
        "chips": [chip.to_dict() for chip in chips], "most": guesses[0].best.shape[1],
        "models": [
            {"title": side.title, "reads": side.reads, "both": side.both,
             "best": [[name(int(i)) for i in row] for row in side.guesses.best]}
            for side in sides
        ],
    }  # fmt: skip
    arrays = {field: np.stack([getattr(one, field) for one in guesses]) for field in ("chances", "own", "rank")}
    renderer("blank")(data=pack(header, **arrays), key=key, default={"picked": None}, on_picked_change=lambda: None)
    return int(stored)
