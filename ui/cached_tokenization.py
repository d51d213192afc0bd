"""What the Tokenization page computes, shared by all sessions."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from llm.corpora import generate
from llm.tokenizers import BPETokenizer, CharTokenizer, Tokenizer, WordTokenizer, load_tokenizer, train_bpe
from llm.tokenizers.base import clean_text
from llm.tokenizers.merging import MergeState, applying, learning
from ui import cached
from ui.tokenization.rows import TextCut, cut_text

CORPUS_CHARACTERS = 1_000_000  # of generated stories, from which word, character and live-trained vocabularies are made
WORD_VOCABULARY = 2_000
PUBLISHED = {"gpt2": "gpt2", "gpt4": "cl100k_base", "gpt4o": "o200k_base"}
ROWS = ("word", "char", "own", *PUBLISHED)  # in the order of the page
COMPARED = (512, 4096)  # vocabulary sizes of the question on the last view
STORIES = "stories"


@st.cache_resource(show_spinner=False)
def corpus() -> str:
    """Stories to learn a vocabulary from."""
    return generate("stories", CORPUS_CHARACTERS).text


@st.cache_resource(show_spinner=False)
def unseen_stories() -> str:
    """Other stories of the same kind, to measure on."""
    return generate("stories", 20_000, seed=1).text


def bench_kind(model_id: str) -> str:
    """What kind of tokenizer a model reads through: word, char, bpe or tiktoken."""
    return cached.checkpoint(model_id, None).tokenizer.kind


@st.cache_resource(show_spinner=False, max_entries=32)
def own_bpe_id(model_id: str) -> str | None:
    """The model on the bench if it reads through a BPE trained by this project, else the first model that does."""
    listed = [model_id, *(info.id for info in cached.models())]
    return next((name for name in listed if bench_kind(name) == "bpe"), None)


@st.cache_resource(show_spinner=False, max_entries=32)
def own_bpe(model_id: str) -> tuple[str, Tokenizer]:
    """The title and tokenizer of ``own_bpe_id``; without such a model one learned from the stories."""
    found = own_bpe_id(model_id)
    if found is None:
        return STORIES, train_bpe(corpus(), 1024, name="own")
    return cached.model_info(found).title, cached.checkpoint(found, None).tokenizer


@st.cache_resource(show_spinner=False)
def _looked_up(kind: str) -> Tokenizer:
    return CharTokenizer.train(corpus()) if kind == "char" else WordTokenizer.train(corpus(), WORD_VOCABULARY)


def tokenizer_of(row: str, model_id: str) -> Tokenizer:
    """The tokenizer of one row. Word and character are the bench model's own where it has one of that kind."""
    if row in PUBLISHED:
        return load_tokenizer(PUBLISHED[row])
    if row == "own":
        return own_bpe(model_id)[1]
    own = cached.checkpoint(model_id, None).tokenizer
    return own if own.kind == row else _looked_up(row)


def reads(row: str, model_id: str) -> bool:
    """Whether this row is the tokenizer that the model on the bench reads through."""
    own, other = cached.checkpoint(model_id, None).tokenizer, tokenizer_of(row, model_id)
    return own is other or (own.kind == other.kind == "tiktoken" and own == other)


@st.cache_resource(show_spinner=False, max_entries=96)
def cut(row: str, model_id: str, text: str) -> TextCut:
    """A text in the tokens of one row."""
    return cut_text(tokenizer_of(row, model_id), text)


def problem() -> str | None:
    """One sentence when a published vocabulary cannot be read, else None."""
    try:
        for name in PUBLISHED.values():
            load_tokenizer(name)
    except ValueError as error:
        return str(error)
    return None


def warm_up() -> None:
    """Before the first visitor of the page: the rank files, the corpus and the vocabularies made from it."""
    if problem() is None:
        for kind in ("char", "word"):
            _looked_up(kind)
        for size in COMPARED:
            compression(None, size, None)


@st.cache_resource(show_spinner=False, max_entries=24)
def learned(text: str, n_merges: int) -> tuple[BPETokenizer, list[MergeState]]:
    """A small BPE learned from the text, and every state on the way."""
    return learning(text, n_merges)


@st.cache_resource(show_spinner=False, max_entries=24)
def applied(row: str, model_id: str, text: str, n_merges: int) -> list[MergeState]:
    """The states of the text while a finished tokenizer's merges are applied."""
    return applying(tokenizer_of(row, model_id), text, n_merges)


@dataclass(frozen=True)
class Trained:
    """A BPE trained on this server, and how long that took."""

    tokenizer: BPETokenizer
    seconds: float
    characters: int


@st.cache_resource(show_spinner=False, max_entries=32)
def trained(own_text: str | None, vocab_size: int) -> Trained:
    """Train a BPE on the stories (None) or on a text of the reader."""
    text = corpus() if own_text is None else own_text
    start = time.perf_counter()
    tokenizer = train_bpe(text, vocab_size)
    return Trained(tokenizer, time.perf_counter() - start, len(text))


@st.cache_data(show_spinner=False, max_entries=128)
def compression(own_text: str | None, vocab_size: int, sample: str | None) -> float:
    """Characters per token of a sample (None: unseen stories) in the BPE trained with this size."""
    text = unseen_stories() if sample is None else clean_text(sample)
    return len(text) / max(1, len(trained(own_text, vocab_size).tokenizer.encode(text)))
