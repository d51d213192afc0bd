"""Byte-pair encoding, one merge at a time, stepped in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from llm.tokenizers.merging import MergeState
from ui.components.core import pack, renderer


def merges(
    states: Sequence[MergeState],
    texts: Mapping[int, str],
    *,
    key: str,
    label: str,
    run: str,
    learns: bool,
    words: Mapping[str, str],
) -> None:
    """Draw the text before the first merge, with buttons, a slider and arrow keys to go through all of them.

    Args:
        states: what ``llm.tokenizers.merging`` made; only the first one's ids travel, the browser merges them itself.
        texts: id -> text of every token that occurs.
        run: what distinguishes these states from others; a new one starts from the first.
        learns: whether numbers of candidates are counts in the text (learning) or ranks (applying).
        words: the component's texts.
    """
    first = states[0]
    header = {
        "name": key,
        "label": label,
        "run": run,
        "learns": learns,
        "ids": list(first.ids),
        "ends": list(first.chunk_ends),
        "candidates": [[[c.left, c.right, c.new, c.count] for c in state.candidates] for state in states],
        "texts": {str(token): text for token, text in texts.items()},
        "words": dict(words),
    }
    renderer("merges")(data=pack(header), key=key)
