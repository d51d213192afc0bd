"""Ids grouped for display: what the eye sees as one glyph stays together, however many tokens it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import regex

from llm.tokenizers.base import Tokenizer, show_bytes

_GRAPHEMES = regex.compile(r"\X")


@dataclass(frozen=True)
class Piece:
    """The ids `start` (inclusive) to `end` (exclusive) of a sequence, shown as one `text`.

    Usually one token; more where a glyph is spread over several (an emoji, an accent). `bytes` has the own bytes of
    each id. Bytes that make no whole character are shown as `⟨F0⟩`; spaces and line breaks are left as they are.
    """

    start: int
    end: int
    text: str
    ids: tuple[int, ...]
    bytes: tuple[bytes, ...]
    special: bool = False


def pieces(tokenizer: Tokenizer, ids: Sequence[int]) -> list[Piece]:
    """`ids` as the shortest pieces that begin and end both at a token and at a glyph; special tokens stand alone.

    Glyphs are the extended grapheme clusters of Unicode (UAX #29).

    Raises:
        ValueError: an id is outside the vocabulary.
    """
    ids = [int(token) for token in ids]
    data = [tokenizer.token_bytes(token) for token in ids]
    special = set(tokenizer.special.values())
    grouped, start = [], 0
    for end in range(len(ids) + 1):
        if end == len(ids) or ids[end] in special:
            bounds = [start + bound for bound in _shared_bounds(data[start:end])]
            grouped += [_piece(ids, data, *span) for span in zip([start, *bounds], bounds, strict=False)]
            if end < len(ids):
                grouped.append(_piece(ids, data, end, end + 1, special=True))
            start = end + 1
    return grouped


def _piece(ids: list[int], data: list[bytes], start: int, end: int, special: bool = False) -> Piece:
    own = tuple(data[start:end])
    return Piece(start, end, show_bytes(b"".join(own)), tuple(ids[start:end]), own, special)


def _shared_bounds(data: list[bytes]) -> Iterator[int]:
    """The numbers of tokens after which a glyph ends too."""
    # A stray byte becomes a character of its own here, so that no place in the bytes is lost.
    text = b"".join(data).decode("utf-8", errors="surrogateescape")
    glyph_lengths = (len(glyph[0].encode("utf-8", "surrogateescape")) for glyph in _GRAPHEMES.finditer(text))
    glyph_ends = set(accumulate(glyph_lengths))
    for count, place in enumerate(accumulate(map(len, data)), start=1):
        if place in glyph_ends:
            yield count
