"""What the comparison of two models computes once for all sessions. Keys are ids and configurations, never arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from llm.config import SamplingConfig
from ui import cached, cached_decoding
from ui.state import Reading
from ui.tokens import token_label

TOKENS = 32  # of a continuation
TEMPERATURE = 0.7
CANDIDATES = 12  # tokens whose probabilities are compared


def surprises(reading: Reading) -> np.ndarray | None:
    """(T - 1,) nats for each token after the first; None for a model that fills blanks, or a single token."""
    if not reading.config.causal or len(reading.ids) < 2:
        return None
    return cached_decoding.surprises(reading.model_id, reading.step, reading.ids)


def characters(reading: Reading) -> int:
    """How many characters the tokens after the first stand for."""
    decode = reading.tokenizer.decode
    return max(1, len(decode(list(reading.ids))) - len(decode(list(reading.ids[:1]))))


def per_character(reading: Reading) -> float:
    """Mean surprise for each character, in nats: this does not depend on how the text is cut into tokens."""
    found = surprises(reading)
    return math.nan if found is None else float(found.sum()) / characters(reading)


def pattern(reading: Reading) -> np.ndarray:
    """(T, T) attention of the reading's layer and head."""
    name = f"blocks.{reading.layer}.attn.pattern"
    return reading.trace(names=[name])[name][reading.head]


@dataclass(frozen=True)
class Chances:
    """The texts that at least one model puts among its most probable, with the probability of both.

    Tokens are matched by their text, so that models with different vocabularies can be compared; NaN where a vocabulary has no
    such token.
    """

    labels: tuple[str, ...]
    a: np.ndarray
    b: np.ndarray


def chances(a: Reading, b: Reading, count: int = CANDIDATES) -> Chances:
    """The next token in both models, the largest of both first."""
    probabilities = [next_probabilities(reading) for reading in (a, b)]
    best: dict[str, float] = {}
    for reading, p in zip((a, b), probabilities, strict=True):
        for i in np.argsort(-p)[:count]:
            label = token_label(reading.tokenizer, int(i))
            best[label] = max(best.get(label, 0.0), float(p[i]))
    labels = tuple(sorted(best, key=lambda label: -best[label])[:count])
    columns = [
        np.array([_of(_by_text(reading.model_id), p, label) for label in labels])
        for reading, p in zip((a, b), probabilities, strict=True)
    ]
    return Chances(labels, *columns)


def next_probabilities(reading: Reading) -> np.ndarray:
    """(V,) probabilities of the next token; in a model that fills blanks, of a blank behind the sentence."""
    logits = cached_decoding.next_logits(reading.model_id, reading.step, reading.ids).astype(np.float64)
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def _of(ids: Mapping[str, tuple[int, ...]], p: np.ndarray, label: str) -> float:
    return float(p[list(ids[label])].sum()) if label in ids else math.nan


@st.cache_resource(show_spinner=False, max_entries=16)
def _by_text(model_id: str) -> dict[str, tuple[int, ...]]:
    """Text -> ids of a vocabulary; two tokens with one text (single bytes, mostly) count together."""
    tokenizer = cached.checkpoint(model_id).tokenizer
    found: dict[str, list[int]] = {}
    for i in range(tokenizer.vocab_size):
        found.setdefault(token_label(tokenizer, i), []).append(i)
    return {label: tuple(ids) for label, ids in found.items()}


def same_tokens(a: Reading, b: Reading) -> bool:
    """Whether both models cut the sentence into the same tokens, by number and by text."""
    return a.ids == b.ids and a.labels == b.labels


def continuation(reading: Reading, seed: int) -> str:
    """What the model adds to the sentence; the same seed draws with the same random numbers in both."""
    sampling = SamplingConfig(temperature=TEMPERATURE, seed=seed)
    made = cached_decoding.drawn(reading.model_id, reading.step, reading.ids, sampling, 0, TOKENS)
    special = set(reading.tokenizer.special.values())
    before = reading.tokenizer.decode(list(reading.ids))
    new = [one.id for one in made if one.id not in special]
    return reading.tokenizer.decode([*reading.ids, *new])[len(before) :]
