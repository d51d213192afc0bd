"""What the card Memorised or generalised computes once for all sessions: the training text, what is found in it, the gap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from llm.config import SamplingConfig
from llm.decoding import generate
from llm.exam import exact_share
from llm.interpret import training_text
from llm.interpret.gap import Gap, equal_samples, loss_gap, objective_for
from llm.interpret.memorised import Findings, TrainingText, excerpts
from llm.interpret.recited import Recital, beginnings, recite
from llm.sources import as_question
from ui import cached

TOKENS = 220  # of a text that is written to be looked at
LEAST = range(4, 41)  # shortest stretches that count, in words
PIECES = 40  # held-out texts for the comparison
SNAPSHOTS = 8  # of a training, at which the gap is measured
EXAM = 300  # sums of each kind


@dataclass(frozen=True)
class Known:
    """The training text, ready to be searched, and the documents that were held back."""

    search: TrainingText
    val: tuple[str, ...]
    bounded: bool


def has_text(model_id: str) -> bool:
    """Whether the text that the model was trained on can be had."""
    return training_text.has_text(cached.model_info(model_id).folder)


def corpus_of(model_id: str) -> str | None:
    """The generated corpus that the model was trained on; None for own text."""
    return training_text.data_of(cached.model_info(model_id).folder).get("corpus")


@st.cache_resource(show_spinner=False, max_entries=3)
def _known(key: str, _folder: Path) -> Known:
    parts = training_text.training_parts(_folder)
    if parts is None:
        raise ValueError("the text that this model was trained on is not here")
    return Known(TrainingText(parts.train), parts.val, parts.bounded)


def known(model_id: str) -> Known:
    """The model's training text; some seconds for the first who asks, then shared by all models that learned from it."""
    folder = cached.model_info(model_id).folder
    return _known(training_text.text_key(folder), folder)


@cached.by_weights(max_entries=64)
def written(model_id: str, step: int | None, ids: tuple[int, ...], temperature: float, seed: int) -> tuple[str, str]:
    """The prompt and what the model adds to it, up to its end mark."""
    opened = cached.checkpoint(model_id, step)
    tokenizer = opened.tokenizer
    stops = () if tokenizer.end_id is None else (tokenizer.end_id,)
    sampling = SamplingConfig(temperature=temperature, seed=seed)
    new = [made.token_id for made in generate(opened.model, list(ids), sampling, TOKENS, stop_ids=stops)]
    prompt = tokenizer.decode(ids)
    text = tokenizer.decode([*ids, *(i for i in new if i not in stops)])[len(prompt) :]
    if new[-1] not in stops and (room := text.rstrip().rfind(" ")) > 0:
        text = text[:room]  # the last word may be half a word
    return prompt, text


@st.cache_resource(show_spinner=False, max_entries=128)
def findings(model_id: str, text: str, start: int) -> Findings:
    """What of a text, from its character ``start`` on, stands in the model's training text."""
    return known(model_id).search.find(text, start)


@st.cache_resource(show_spinner=False, max_entries=64)
def held_out_shares(model_id: str, words: int, skip: int) -> np.ndarray:
    """(pieces, len(LEAST)) for held-out texts of ``words`` words, the share found in the training text, for each shortest length.

    The pieces start ``skip`` words into their documents, as a text does that was written after a prompt.
    """
    text = known(model_id)
    pieces = excerpts(text.val, max(1, words), PIECES, skip)
    found = text.search.find_all(pieces)
    return np.array([[one.share(least) for least in LEAST] for one in found]).reshape(len(found), len(LEAST))


@st.cache_resource(show_spinner=False, max_entries=8)
def _samples(model_id: str) -> tuple:
    """Equal samples of both parts as token ids."""
    text = known(model_id)
    tokenizer = cached.checkpoint(model_id).tokenizer
    train = [text.search.document(i) for i in range(len(text.search))]
    return equal_samples(tokenizer, train, text.val, bounded=text.bounded)


@cached.by_weights(max_entries=256)
def gap(model_id: str, step: int | None) -> Gap:
    """The losses on both samples at one training step."""
    opened = cached.checkpoint(model_id, step)
    return loss_gap(opened.model, *_samples(model_id), objective_for(opened.model, opened.tokenizer))


@cached.by_weights(max_entries=64)
def recited(model_id: str, step: int | None, given: int) -> tuple[list[Recital], list[Recital]]:
    """How far training texts and held-out texts come back after their first ``given`` tokens."""
    opened, text = cached.checkpoint(model_id, step), known(model_id)
    train = [text.search.document(i) for i in range(len(text.search))]
    parts = (beginnings(opened.tokenizer, part, given, bounded=text.bounded) for part in (train, text.val))
    return tuple(recite(opened.model, part, given) for part in parts)


def gap_steps(model_id: str) -> tuple[int, ...]:
    """Up to ``SNAPSHOTS`` training steps with stored weights, the first and the last among them."""
    steps = cached.model_info(model_id).steps
    places = np.unique(np.linspace(0, len(steps) - 1, SNAPSHOTS).round().astype(int)) if steps else []
    return tuple(steps[i] for i in places)


@cached.by_weights(max_entries=32)
def exam(model_id: str, step: int | None) -> tuple[float, float]:
    """For arithmetic: the share of exact answers to sums that were trained on, and to sums that were held back."""
    text, opened = known(model_id), cached.checkpoint(model_id, step)
    count = len(text.search)
    trained = [text.search.document(i * count // EXAM) for i in range(EXAM)]
    held = [text.val[i * len(text.val) // EXAM] for i in range(EXAM)]
    shares = (exact_share(opened.model, opened.tokenizer, [as_question(line) for line in part]) for part in (trained, held))
    return tuple(shares)
