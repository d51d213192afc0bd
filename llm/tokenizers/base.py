"""What every tokenizer has: ids for a text, the text of ids, and special tokens that typing can never produce."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

END = "<|end|>"
UNKNOWN = "<unk>"
MASK = "[MASK]"
# A document ends with the first of these that the tokenizer has; the second is the name OpenAI's encodings use.
END_NAMES = (END, "<|endoftext|>")

# Invisible characters that turn the reading direction of what follows; shown by number so that they cannot upset a page.
_DIRECTION_MARKS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# What "surrogateescape" makes of a byte that is not part of a whole character.
_STRAY_BYTES = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Merge:
    """One rule of byte-pair encoding: `left` followed by `right` becomes `new`.

    `count` is how often the pair stood in the training text at that moment; None where it was never published.
    """

    left: int
    right: int
    new: int
    count: int | None = None


@dataclass(frozen=True)
class MergeStep:
    """The state after one merge: all `ids` of the text, and where each chunk ends among them (exclusive index).

    `merge` is None in the first state, where every byte is still a token of its own.
    """

    merge: Merge | None
    ids: tuple[int, ...]
    chunk_ends: tuple[int, ...]


@dataclass(frozen=True)
class Chunk:
    """A stretch of text that is encoded on its own: one word or character, or one chunk of the split of a BPE.

    `known` is False for a piece that became `<unk>`; `steps` are the merges inside the chunk, byte-level tokenizers only.
    """

    text: str
    ids: tuple[int, ...]
    known: bool = True
    steps: tuple[MergeStep, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """How a text became ids: its chunks in order, each with its ids and the work behind them."""

    text: str
    chunks: tuple[Chunk, ...]

    @property
    def ids(self) -> list[int]:
        return [token for chunk in self.chunks for token in chunk.ids]


class Tokenizer(ABC):
    """Turns text into ids and ids into text.

    `special` maps the names of special tokens to ids that no text can produce (`<unk>` stands for what is not in the
    vocabulary, and only for that: typing the five characters `<unk>` gives the ids of those characters or words).
    `note` is one sentence for the reader when training could not do all it was asked for, else None.
    """

    kind: ClassVar[str]
    name: str
    special: dict[str, int]
    note: str | None = None

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """The number of ids a model needs: the highest id plus one."""

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """The ids of `text`. Lone surrogates become U+FFFD (see `clean_text`); the empty text has no ids."""

    @abstractmethod
    def explain(self, text: str) -> Explanation:
        """The same ids as `encode`, with the work that led to them."""

    @abstractmethod
    def token_bytes(self, token: int) -> bytes:
        """The UTF-8 bytes that one id stands for; for a special token those of its name."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """All that is needed to rebuild the tokenizer, as plain JSON values."""

    @property
    def end_id(self) -> int | None:
        """The id that ends a document, or None."""
        return next((self.special[name] for name in END_NAMES if name in self.special), None)

    def ends_sentence(self, token: int) -> bool:
        """Whether its text ends with a full stop, also before a closing quote, or with ! or ? (after `?"` comes "she asked")."""
        return self.token_bytes(token).rstrip().endswith((b".", b"!", b"?", b'."'))

    def encode_document(self, text: str) -> list[int]:
        """The ids of one whole document of a corpus: `encode` and the end id, where there is one."""
        ids = self.encode(text)
        return ids if self.end_id is None else [*ids, self.end_id]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; bytes that make no whole character become U+FFFD.

        Raises:
            ValueError: an id is outside the vocabulary.
        """
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", errors="replace")

    def token_text(self, token: int) -> str:
        """One id as text that is safe to show by itself: a byte that is no whole character is shown as `⟨E2⟩`."""
        text = show_bytes(self.token_bytes(token))
        # An accent without its letter would be drawn over whatever stands before it.
        return "◌" + text if text and unicodedata.category(text[0]).startswith("M") else text

    def unknown_pieces(self, text: str) -> list[str]:
        """The different words or characters of `text` that are not in the vocabulary, in order of appearance."""
        return list(dict.fromkeys(chunk.text for chunk in self.explain(text).chunks if not chunk.known))

    def fingerprint(self) -> str:
        """The SHA-256 of the JSON form, in hexadecimal: tokenizers with the same fingerprint give the same ids."""
        data = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(data.encode("ascii")).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokenizer) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.kind, self.name, self.vocab_size))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}, {self.vocab_size:,} ids>"

    def _outside(self, token: object) -> ValueError:
        return ValueError(
            f"Token id {token!r} stands for nothing in the tokenizer {self.name!r} (ids 0 to {self.vocab_size - 1}); "
            "use the tokenizer that the ids were made with."
        )


def clean_text(text: str) -> str:
    """`text` as valid Unicode: halves of a surrogate pair that stand side by side are joined, a lone half becomes U+FFFD.

    Python strings can hold such halves (from JSON or file names), UTF-8 cannot. tiktoken repairs them in the same way.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def training_text(text: str) -> str:
    """`clean_text` of a corpus, which must not be empty."""
    if not text:
        raise ValueError("The training text is empty: give at least one character to build a vocabulary from.")
    return clean_text(text)


def check_special(names: Sequence[str]) -> tuple[str, ...]:
    """The names of special tokens as a tuple; each must be a non-empty text and occur once."""
    names = tuple(names)
    if len(set(names)) < len(names) or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"Special tokens need different, non-empty names, but these were given: {list(names)!r}.")
    return names


def check_vocab_size(vocab_size: int, least: int, why: str) -> None:
    """Raises a sentence unless `vocab_size` is a whole number of at least `least`; `why` names what fills those places."""
    if isinstance(vocab_size, bool) or not isinstance(vocab_size, int):
        raise ValueError(f"vocab_size must be a whole number, but {vocab_size!r} was given.")
    if vocab_size < least:
        raise ValueError(f"vocab_size ({vocab_size}) is too small: {why} already need {least}; choose {least} or more.")


def show_bytes(data: bytes) -> str:
    """UTF-8 as text for the eye: stray bytes and controls as `⟨E2⟩`, direction marks as `⟨U+202E⟩`, the rest as it is."""
    text = data.decode("utf-8", errors="surrogateescape")
    text = _STRAY_BYTES.sub(lambda match: f"⟨{ord(match[0]) - 0xDC00:02X}⟩", text)
    text = _CONTROLS.sub(lambda match: f"⟨{ord(match[0]):02X}⟩", text)
    return _DIRECTION_MARKS.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)
