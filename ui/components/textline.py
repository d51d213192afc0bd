"""The text so far: prompt and chosen tokens as chips, with buttons that let it grow and go back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ui.components.core import linked, pack, renderer
from ui.tokens import Chip


def textline(
    chips: Sequence[Chip],
    own: Sequence[float],
    under: Sequence[str],
    words: Sequence[str],
    *,
    key: str,
    label: str,
    hint: str,
    buttons: Mapping[str, str] | None = None,
    marked: tuple[int, int] = (0, 0),
    outside: int = 0,
    ended: bool = False,
    full: bool = False,
    greedy: bool = False,
    sentence: str | None = None,
) -> None:
    """Draw the text. A request of the reader is left in ``st.session_state[key]["act"]``: draw, rewind or greedy.

    Args:
        chips: prompt and chosen tokens; the last ``len(own)`` are chosen ones.
        own: a number from 0 to 1 for each chosen token, its colour; ``under``: what stands below it.
        words: one sentence for each chip, shown while the pointer is on it; ``hint`` stands there else.
        buttons: the words on step, ten, play, pause, greedy, back and over; None for a strip that is only read.
        marked: first and last (exclusive) chip that get a frame.
        outside: how many of the first tokens the model no longer sees.
        ended, full: nothing more can be drawn; ``greedy``: the best token is taken each time.
        sentence: the first chips are this sentence's tokens (``Reading.scope``), and light up with them.
    """
    header = {
        "chips": [chip.to_dict() for chip in chips], "under": list(under), "words": list(words), "label": label, "hint": hint,
        "buttons": dict(buttons) if buttons else None, "marked": list(marked),
        "prompt": len(chips) - len(own), "chosen": len(own), "outside": outside, "ended": ended,
        "full": full, "greedy": greedy, **linked(sentence),
    }  # fmt: skip
    renderer("textline")(
        data=pack(header, own=np.asarray(own, dtype=np.float32)), key=key, default={"act": None}, on_act_change=lambda: None
    )
