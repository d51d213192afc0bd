"""Where a run starts from: one size dial that sets width, depth, heads, context, rates and steps together, for each corpus.

Everything is a ``RunSpec`` of plain values, so each can be turned on its own afterwards. Of the quick recipe
(``llm/recipes.py``) it takes what has a switch of its own: ALiBi positions with the paper's slopes, an unembedding of its own,
output projections that start at zero, Muon, averaged weights. Everything else is the textbook's model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from llm.recipes import QUICK_TRAIN, steep_slopes
from llm.runs.spec import DataSpec, RunSpec

SMALL_VOCABULARY = 512  # for own texts that are too short for a larger one
SHORT_TEXT, MEDIUM_TEXT = 8_000, 150_000  # characters


@dataclass(frozen=True)
class Size:
    """One position of the dial. ``seconds`` is the longest that it trains."""

    n_layers: int
    n_heads: int
    d_model: int
    context_length: int
    learning_rate: float
    muon_learning_rate: float
    steps: int
    seconds: float
    batch_size: int = 16


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "tiny": Size(2, 4, 64, 64, 0.03, 0.03, 1000, 40),
        "small": Size(2, 4, 128, 64, 0.024, 0.03, 1000, 50),
        "medium": Size(4, 4, 128, 128, 0.024, 0.03, 1500, 240),
        "large": Size(4, 6, 192, 128, 0.02, 0.03, 2000, 600),
    }
)
DEFAULT_SIZE = "small"

MODEL: Mapping[str, Any] = MappingProxyType({"position": "alibi", "tie_embeddings": False, "zero_init": True})
TRAIN: Mapping[str, Any] = MappingProxyType(
    {
        **QUICK_TRAIN,
        "schedule": "linear",
        "average_fraction": 0.2,
        "document_start_fraction": 0.25,
        "eval_every": 50,
    }
)
# Tokenizer, sentence to watch, and what else differs, by corpus. Copying needs two heads that work together, and chance decides
# when they are found: with a head that sees the previous token from the start, next to no MLP and this seed after 250 steps.
CORPORA: Mapping[str, tuple[str, str, Mapping[str, Any], Mapping[str, Any]]] = MappingProxyType(
    {
        "stories": ("bpe", "The little dog was sad because", {}, {}),
        "copy": (
            "word",
            "moon cup tree fish lamp road key star moon cup tree",
            {"d_mlp": 1, "seed": 1},
            {"document_start_fraction": 0.5, "batch_size": 32, "seed": 1},
        ),
        "arithmetic": ("char", "27+58=", {"context_length": 40}, {"document_start_fraction": 1.0, "batch_size": 32}),
    }
)

# Part of the steps that reads short windows where tokens are hidden: the sentence to watch is one.
MASKED_SHORT_WINDOWS = 0.5

# The sentence to watch where tokens are hidden: the blank (``llm.runs.samples.BLANK``) is what is to be filled in.
BLANKS: Mapping[str, str] = MappingProxyType(
    {
        "stories": "The little dog was ___ because it was lost.",
        "copy": "moon cup tree fish lamp moon cup ___ fish lamp",
        "arithmetic": "27+58=5___0",
    }
)


def starter(corpus: str = "stories", size: str = DEFAULT_SIZE) -> RunSpec:
    """The run that the page starts when everything is left as it is, for a generated corpus and a size of the dial."""
    tokenizer, prompt, model, train = CORPORA[corpus]
    slopes = {"alibi_slopes": steep_slopes(SIZES[size].n_heads)} if corpus == "copy" else {}
    return RunSpec(
        data=DataSpec(corpus=corpus, tokenizer=tokenizer),
        model={**model_of(size), **model, **slopes},
        train={**train_of(size), **train},
        prompt=prompt,
    )


def starter_for_text(text: str, name: str, size: str = DEFAULT_SIZE) -> RunSpec:
    """The same for a text of one's own; short texts get a small vocabulary, and their first words are the sentence to watch."""
    tokenizer, vocabulary = vocabulary_for(len(text))
    data = DataSpec(kind="text", corpus="", name=name, tokenizer=tokenizer, vocab_size=vocabulary)
    spec = RunSpec(data=data, model=model_of(size), train=train_of(size) | {"document_start_fraction": 0.0}, prompt=opening(text))
    return spec.with_text(text)


def model_of(size: str) -> dict[str, Any]:
    """``ModelConfig``'s fields for a size of the dial."""
    chosen = SIZES[size]
    return {**MODEL, **{name: getattr(chosen, name) for name in ("n_layers", "n_heads", "d_model", "context_length")}}


def train_of(size: str) -> dict[str, Any]:
    """``TrainConfig``'s fields for a size of the dial."""
    chosen = SIZES[size]
    names = ("learning_rate", "muon_learning_rate", "steps", "batch_size")
    return {**TRAIN, **{name: getattr(chosen, name) for name in names}, "max_seconds": float(chosen.seconds)}


def vocabulary_for(characters: int) -> tuple[str, int | None]:
    """Tokenizer and vocabulary for a text of so many characters: letters for a page, then byte pairs, more of them for a book."""
    if characters < SHORT_TEXT:
        return "char", None
    return "bpe", SMALL_VOCABULARY if characters < MEDIUM_TEXT else None


def opening(text: str, longest: int = 40) -> str:
    """The first words of a text, as a sentence to continue."""
    words = text.split(maxsplit=12)[:12]
    found = ""
    for word in words:
        if found and len(found) + len(word) >= longest:
            break
        found = f"{found} {word}".strip()
    return found[:longest]
