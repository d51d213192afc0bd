"""What the Pre-training page computes once for all sessions: this machine's speed, the beginnings of corpora, previews."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooEarly

import streamlit as st

from llm import estimate
from llm.corpora import generate
from llm.corpora.public import stored
from llm.runs.metrics import read_rows
from llm.sources import make_tokenizer
from llm.tokenizers import Tokenizer
from ui import cached

PREVIEW_CHARACTERS = 200_000  # from which a preview's vocabulary is learned; the run's own comes from all of its text
EXCERPT_CHARACTERS = 420
WAIT = 0.1  # seconds that a page waits for the measurement; later it is there


@st.cache_resource(show_spinner=False)
def _measurement() -> Future[estimate.Machine]:
    found: Future[estimate.Machine] = Future()

    def work() -> None:
        try:
            found.set_result(estimate.measure())
        except Exception as error:  # handed on to whoever asks
            found.set_exception(error)

    threading.Thread(target=work, name="measure", daemon=True).start()
    return found


def machine(wait: float = WAIT) -> estimate.Machine | None:
    """This machine's speed, measured once in a thread of its own; None while that is under way."""
    try:
        return _measurement().result(timeout=wait)
    except TooEarly:
        return None


@st.cache_resource(show_spinner=False, max_entries=8)
def beginning(source: str) -> str:
    """The first part of a corpus or of a public text that is at hand; empty for one that is not."""
    if source in ("stories", "copy", "arithmetic"):
        return generate(source, PREVIEW_CHARACTERS if source != "arithmetic" else None).text[:PREVIEW_CHARACTERS]
    return (stored(source) or "")[:PREVIEW_CHARACTERS]


@st.cache_resource(show_spinner=False, max_entries=32)
def tokenizer(source: str, kind: str, vocab_size: int | None, masked: bool) -> Tokenizer:
    """A tokenizer for the preview of a corpus."""
    return preview_tokenizer(beginning(source), kind, vocab_size, masked)


def preview_tokenizer(text: str, kind: str, vocab_size: int | None, masked: bool) -> Tokenizer:
    """A tokenizer learned from the beginning of a text only."""
    return make_tokenizer(kind, text[:PREVIEW_CHARACTERS], vocab_size, masked=masked)


def excerpt(text: str, most: int = EXCERPT_CHARACTERS) -> str:
    """The first lines of a text, ended at a word."""
    if len(text) <= most:
        return text
    return text[:most].rsplit(None, 1)[0]


@st.cache_resource(show_spinner=False, max_entries=4)
def recorded(model_id: str) -> tuple[dict[str, float], ...]:
    """The metrics that a model in the box was stored with; empty when it is not there or has none."""
    folder = next((info.folder for info in cached.models() if info.id == model_id), None)
    return () if folder is None else tuple(row for row in read_rows(folder / "metrics.jsonl") if "loss" in row)
