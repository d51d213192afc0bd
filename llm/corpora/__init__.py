"""Text to learn from: generated corpora with a known structure, and the reader's own files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from llm.corpora.asides import FACTS
from llm.corpora.stories import make_stories

__all__ = ["CORPORA", "FACTS", "Corpus", "CorpusInfo", "generate"]


@dataclass(frozen=True)
class Corpus:
    """Documents to train on; training puts the tokenizer's `<|end|>` after each."""

    name: str
    documents: tuple[str, ...]
    seed: int
    size: int  # the size asked for, in characters

    @property
    def text(self) -> str:
        """All documents, one a line."""
        return "\n".join(self.documents)


@dataclass(frozen=True)
class CorpusInfo:
    """What a select box needs to know about a corpus, and how to make it."""

    name: str
    title: str
    description: str
    default_size: int  # characters
    make: Callable[..., tuple[str, ...]]  # make(size, seed, **knobs) -> documents


CORPORA = MappingProxyType({
    info.name: info for info in (
        CorpusInfo("stories", "Stories", "Short children's stories with people, animals, objects, feelings and dialogue.",
                   3_000_000, make_stories),
    )
})


def generate(name: str, size: int | None = None, seed: int = 0, **knobs: object) -> Corpus:
    """The named corpus, of at least `size` characters; the same seed gives the same text in every process.

    Raises ValueError for an unknown corpus, a size below 1, or a knob out of range.
    """
    if name not in CORPORA:
        raise ValueError(f"There is no corpus {name!r}; choose one of: {', '.join(CORPORA)}.")
    info = CORPORA[name]
    size = info.default_size if size is None else size
    if size < 1:
        raise ValueError(f"size ({size}) must be at least 1 character.")
    return Corpus(name, info.make(size, seed, **knobs), seed, size)
