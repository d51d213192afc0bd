"""Text to learn from: generated corpora with a known structure, and the reader's own files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from types import MappingProxyType

from llm.corpora.arithmetic import arithmetic_split, make_sums, read_answer, write_sum
from llm.corpora.asides import FACTS
from llm.corpora.copying import COPY_WORDS, make_copies
from llm.corpora.corpus import Corpus
from llm.corpora.own_text import load_text_file
from llm.corpora.stories import make_stories

__all__ = [
    "COPY_WORDS",
    "CORPORA",
    "FACTS",
    "Corpus",
    "CorpusInfo",
    "arithmetic_split",
    "generate",
    "load_text_file",
    "read_answer",
    "write_sum",
]

MAX_SIZE = 50_000_000  # characters; more would only repeat what a small model already saw


@dataclass(frozen=True)
class CorpusInfo:
    """What a select box needs to know about a corpus, and how to make it."""

    name: str
    title: str
    description: str
    default_size: int  # characters
    make: Callable[..., tuple[str, ...]]  # make(size, seed, **knobs) -> documents

    @property
    def knobs(self) -> tuple[str, ...]:
        """The names of what `generate` may set beside size and seed."""
        return tuple(
            name for name, parameter in signature(self.make).parameters.items() if parameter.kind is parameter.KEYWORD_ONLY
        )


CORPORA = MappingProxyType(
    {
        info.name: info
        for info in (
            CorpusInfo(
                "stories",
                "Stories",
                "Short children's stories with people, animals, objects, feelings and dialogue.",
                3_000_000,
                make_stories,
            ),
            CorpusInfo(
                "copy",
                "Copy",
                "Random rows of words, each repeated: the second time can be predicted by looking back.",
                1_000_000,
                make_copies,
            ),
            CorpusInfo(
                "arithmetic",
                "Arithmetic",
                "Sums of two numbers below 100, units first: 27+58=580 says 085. A tenth is never shown.",
                90_000,
                make_sums,
            ),
        )
    }
)


def generate(name: str, size: int | None = None, seed: int = 0, **knobs: object) -> Corpus:
    """The named corpus, of at least `size` characters; the same arguments give the same text in every
    process.

    Raises ValueError for an unknown corpus or knob, a size outside 1 to 50 million, or a knob out of range.
    """
    if name not in CORPORA:
        raise ValueError(f"There is no corpus {name!r}; choose one of: {', '.join(CORPORA)}.")
    info = CORPORA[name]
    size = info.default_size if size is None else size
    if not 1 <= size <= MAX_SIZE:
        raise ValueError(f"size ({size}) must lie between 1 and {MAX_SIZE} characters.")
    for knob in knobs:
        if knob not in info.knobs:
            known = ", ".join(info.knobs) or "none"
            raise ValueError(f"The corpus {name!r} has no knob {knob!r}; it has: {known}.")
    return Corpus(name, info.make(size, seed, **knobs), seed, size)
