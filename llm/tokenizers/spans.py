"""Where each token stands in its text: what links one tokenizer's cut to another's."""

from __future__ import annotations

from dataclasses import dataclass

from llm.tokenizers.base import Tokenizer
from llm.tokenizers.bytelevel import ByteLevelTokenizer


@dataclass(frozen=True)
class Span:
    """One token: its id, its bytes `start` (inclusive) to `end` (exclusive) of the text in UTF-8, and those bytes.

    `known` is False for a stretch that became `<unk>`; its bytes are then those of the text, not of the name.
    """

    id: int
    start: int
    end: int
    bytes: bytes
    known: bool = True


def spans(tokenizer: Tokenizer, text: str) -> list[Span]:
    """The tokens of `text` in order, without gaps; the ids are those of `encode`."""
    if isinstance(tokenizer, ByteLevelTokenizer):
        parts = [(token, tokenizer.token_bytes(token), True) for token in tokenizer.encode(text)]
    else:
        chunks = tokenizer.explain(text).chunks
        parts = [(token, chunk.text.encode("utf-8"), chunk.known) for chunk in chunks for token in chunk.ids]
    found, place = [], 0
    for token, data, known in parts:
        found.append(Span(token, place, place + len(data), data, known))
        place += len(data)
    return found
