"""A text in the tokens of one tokenizer, made ready for the screen."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import regex

from llm.tokenizers import Tokenizer, pieces
from llm.tokenizers.base import show_bytes
from llm.tokenizers.spans import Span, spans
from ui.components.cuts import CutToken
from ui.tokens import visible

MOST_CHIPS = 400
_LONGEST_TEXT = 40
_LONGEST_HEX = 16
_SIGNS = regex.compile(r"\X")


@dataclass(frozen=True)
class TextCut:
    """The first tokens as chips, the number of all, and what had to become ``<unk>`` (each different piece once)."""

    chips: tuple[CutToken, ...]
    count: int
    unknown: tuple[str, ...]
    unknown_tokens: int
    vocab_size: int


def cut_text(tokenizer: Tokenizer, text: str) -> TextCut:
    """Cut a text; at most 400 tokens become chips."""
    found = spans(tokenizer, text)
    unknown = [show_bytes(span.bytes) for span in found if not span.known]
    return TextCut(
        chips=_chips(tokenizer, found[:MOST_CHIPS]),
        count=len(found),
        unknown=tuple(dict.fromkeys(unknown)),
        unknown_tokens=len(unknown),
        vocab_size=tokenizer.vocab_size,
    )


def sizes(text: str) -> dict[str, int]:
    """How long a text is: signs (what the eye counts), Unicode characters, and bytes in UTF-8."""
    return {"signs": len(_SIGNS.findall(text)), "characters": len(text), "bytes": len(text.encode("utf-8"))}


def chip_text(text: str) -> str:
    """A token's text for a chip: gaps made visible, signs without a shape of their own by number, cut where it is long."""
    if text and all(unicodedata.category(c) in ("Cf", "Mn", "Me", "Cn", "Co") for c in text):
        return " ".join(f"U+{ord(c):04X}" for c in text[:3]) + ("…" if len(text) > 3 else "")
    return visible(shorten(text))


def shorten(text: str) -> str:
    """At most 40 characters, an ellipsis where more were there."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def hex_bytes(data: bytes) -> str:
    """Bytes in hexadecimal, the first sixteen."""
    return data[:_LONGEST_HEX].hex(" ").upper() + (" …" if len(data) > _LONGEST_HEX else "")


def _chips(tokenizer: Tokenizer, found: list[Span]) -> tuple[CutToken, ...]:
    chips: list[CutToken] = []
    for piece in pieces(tokenizer, [span.id for span in found]):
        size = piece.end - piece.start
        for span in found[piece.start : piece.end]:
            text = chip_text(piece.text if span.known else show_bytes(span.bytes))
            chips.append(CutToken(text, span.id, span.start, span.end, piece.start, size, hex_bytes(span.bytes), span.known))
    return tuple(chips)
