"""What a corpus is: documents, and how they came about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Corpus:
    """Documents to train on; training puts the tokenizer's `<|end|>` after each."""

    name: str
    documents: tuple[str, ...]
    seed: int
    size: int  # the size asked for, in characters; for a file, its length
    notes: tuple[str, ...] = ()  # sentences for the reader, such as a guessed encoding

    @property
    def text(self) -> str:
        """All documents, joined by newlines."""
        return "\n".join(self.documents)
