"""How tokens look: the text of a chip, with spaces and line ends made visible, and which chips belong to one glyph."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from llm.tokenizers import pieces

_VISIBLE = {" ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍"}


def visible(text: str) -> str:
    """Text with its spaces as ``·`` and its line ends as ``⏎``; control characters as their picture."""
    return "".join(_VISIBLE.get(c) or (chr(0x2400 + ord(c)) if ord(c) < 32 else c) for c in text)


def _turns(text: str) -> bool:
    """Whether a text has letters that are written from right to left."""
    return any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)


@dataclass(frozen=True)
class Chip:
    """One token on the screen: what it shows, its id, its position, and its glyph group.

    Tokens that only together make up a character (an emoji of four tokens) share ``group`` and the text of the whole.
    """

    text: str
    id: int
    position: int
    group: int
    group_size: int

    @property
    def label(self) -> str:
        """Text for an axis: the glyph, and which part of it when it is made of several tokens."""
        if self.group_size == 1:
            return self.text
        text = f"\u2068{self.text}\u2069" if _turns(self.text) else self.text  # else the part would stand before the letter
        return f"{text} {self.position - self.group + 1}/{self.group_size}"

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "label": self.label}


def chips(tokenizer: Any, ids: Sequence[int]) -> tuple[Chip, ...]:
    """One chip for each id, in order."""
    made: list[Chip] = []
    for piece in pieces(tokenizer, list(ids)):
        size = piece.end - piece.start
        for position in range(piece.start, piece.end):
            made.append(Chip(visible(piece.text), ids[position], position, piece.start, size))
    return tuple(made)


def token_label(tokenizer: Any, token_id: int) -> str:
    """One vocabulary entry as it is written on bars and tables."""
    return visible(tokenizer.token_text(token_id))
