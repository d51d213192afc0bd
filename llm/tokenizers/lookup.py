"""Tokenizers that look whole pieces up in a table: one id per word, or one per character."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Self

import regex

from llm.tokenizers.base import (
    END,
    UNKNOWN,
    Chunk,
    Explanation,
    Tokenizer,
    check_special,
    check_vocab_size,
    clean_text,
    training_text,
)

# A word with the space before it, one sign with the space before it, or one white space. Joined, they are the text again.
WORD_PATTERN = r" ?[\p{L}\p{M}\p{N}]+(?:['’]\p{L}+)*| ?(?!\s)\X|\s"
_WORDS = regex.compile(WORD_PATTERN)
# Always in a word vocabulary, so that the gaps of any text survive.
_GAPS = (" ", "\n")


class LookupTokenizer(Tokenizer):
    """One id per piece of `vocabulary`, in that order; then `<unk>`, then the special tokens."""

    def __init__(self, vocabulary: Sequence[str], special: Sequence[str] = (END,), name: str | None = None) -> None:
        names = check_special([UNKNOWN, *(token for token in special if token != UNKNOWN)])
        self.vocabulary = tuple(vocabulary)
        texts = all(isinstance(piece, str) and piece for piece in self.vocabulary)
        if not self.vocabulary or not texts or len(set(self.vocabulary)) < len(self.vocabulary):
            raise ValueError(f"A {self.kind} vocabulary needs at least one piece, each a non-empty text listed once.")
        self.name = name or self.kind
        self.special = {token: len(self.vocabulary) + place for place, token in enumerate(names)}
        self.unknown_id = self.special[UNKNOWN]
        self._ids = {piece: place for place, piece in enumerate(self.vocabulary)}
        self._texts = (*self.vocabulary, *names)

    @property
    def vocab_size(self) -> int:
        return len(self._texts)

    def encode(self, text: str) -> list[int]:
        return [token for _, token in self._look_up(clean_text(text))]

    def explain(self, text: str) -> Explanation:
        text = clean_text(text)
        found = ((piece, token, token != self.unknown_id) for piece, token in self._look_up(text))
        return Explanation(text, tuple(Chunk(piece, (token,), known) for piece, token, known in found))

    def decode(self, ids: Iterable[int]) -> str:
        return "".join(map(self._text, ids))

    def token_bytes(self, token: int) -> bytes:
        return self._text(token).encode("utf-8")

    def to_json(self) -> dict[str, Any]:
        special = [token for token in self.special if token != UNKNOWN]
        return {"kind": self.kind, "name": self.name, "special": special, "vocabulary": list(self.vocabulary)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Rebuilds a tokenizer from `to_json`."""
        return cls(data["vocabulary"], special=data["special"], name=data["name"])

    @abstractmethod
    def _look_up(self, text: str) -> Iterator[tuple[str, int]]:
        """The pieces of `text` and their ids: the one way from text to ids here."""

    def _text(self, token: int) -> str:
        try:
            if token >= 0:
                return self._texts[token]
        except (IndexError, TypeError):
            pass
        raise self._outside(token)


class CharTokenizer(LookupTokenizer):
    """One id per character (Unicode code point) of the training text, in code point order."""

    kind: ClassVar[str] = "char"

    @classmethod
    def train(cls, text: str, special: Sequence[str] = (END,), name: str | None = None) -> CharTokenizer:
        """The different characters of `text` as a vocabulary.

        Raises:
            ValueError: the text is empty.
        """
        return cls(sorted(set(training_text(text))), special, name)

    def _look_up(self, text: str) -> Iterator[tuple[str, int]]:
        ids, unknown = self._ids, self.unknown_id
        return ((character, ids.get(character, unknown)) for character in text)


class WordTokenizer(LookupTokenizer):
    """One id per word, sign or line break; a word and the space before it are one piece, as in GPT-2's vocabulary.

    A piece that is unknown together with its space is looked up without it, so that the space is kept:
    " Zorblax" becomes " " and `<unk>`, " dog" becomes " " and "dog" where only "dog" is known.
    """

    kind: ClassVar[str] = "word"

    @classmethod
    def train(cls, text: str, vocab_size: int = 2000, special: Sequence[str] = (END,), name: str | None = None) -> WordTokenizer:
        """The most frequent pieces of `text`, most frequent first, equal counts in code point order.

        `vocab_size` counts `<unk>`, the special tokens, the space and the line break too. A text with fewer different
        pieces gives a smaller vocabulary, and `note` says so.

        Raises:
            ValueError: the text is empty, or `vocab_size` leaves no room for a word.
        """
        counts = Counter(_WORDS.findall(training_text(text)))
        reserved = len({UNKNOWN, *check_special(special)}) + len(_GAPS)
        check_vocab_size(vocab_size, reserved + 1, "<unk>, the special tokens, the space, the line break and one word")
        words = sorted(counts.keys() - set(_GAPS), key=lambda piece: (-counts[piece], piece))
        tokenizer = cls([*_GAPS, *words[: vocab_size - reserved]], special, name)
        if tokenizer.vocab_size < vocab_size:
            tokenizer.note = (
                f"The vocabulary has {tokenizer.vocab_size:,} entries instead of the {vocab_size:,} asked for: "
                "the text has no more different words."
            )
        return tokenizer

    def _look_up(self, text: str) -> Iterator[tuple[str, int]]:
        ids, unknown = self._ids, self.unknown_id
        for match in _WORDS.finditer(text):
            piece = match[0]
            if piece not in ids and len(piece) > 1 and piece[0] == " ":
                yield " ", ids.get(" ", unknown)
                piece = piece[1:]
            yield piece, ids.get(piece, unknown)
