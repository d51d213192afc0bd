"""What the view Masked and causal computes once for all sessions: guesses for every blank, attention, losses, continuations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from llm.checkpoints import read_json
from llm.config import SamplingConfig, TrainConfig
from llm.decoding import surprise
from llm.interpret.blanks import Guesses, from_both_sides, from_the_end, from_the_left, later_share
from llm.interpret.gap import SampleLoss
from llm.tokenizers import MASK
from ui import cached, cached_decoding, cached_memorised

CAUSAL, MASKED = "stories", "masked"  # two models of one shape, trained on the same stories
CANDIDATES = 12  # shown for a blank
TOKENS = 32  # of a continuation
TEMPERATURE = 0.7


@st.cache_resource(show_spinner=False, max_entries=64)
def both_sides(ids: tuple[int, ...]) -> Guesses:
    """What the masked model gives for each token, hidden alone."""
    opened = cached.checkpoint(MASKED)
    return from_both_sides(opened.model, ids, opened.tokenizer.special[MASK], CANDIDATES)


@st.cache_resource(show_spinner=False, max_entries=64)
def at_the_end(ids: tuple[int, ...]) -> Guesses:
    """What the masked model gives for each token, hidden, with the text cut off after it."""
    opened = cached.checkpoint(MASKED)
    return from_the_end(opened.model, ids, opened.tokenizer.special[MASK], CANDIDATES)


@st.cache_resource(show_spinner=False, max_entries=64)
def left_side(ids: tuple[int, ...]) -> Guesses:
    """What the causal model gives for each token after those before it."""
    opened = cached.checkpoint(CAUSAL)
    return from_the_left(opened.model, ids, opened.tokenizer.end_id, CANDIDATES)


def patterns(model_id: str, ids: tuple[int, ...]) -> np.ndarray:
    """(L, H, T, T) attention of every head, from the trace."""
    config = cached.model_info(model_id).config
    names = [f"blocks.{i}.attn.pattern" for i in range(config.n_layers)]
    recorded = cached.trace_of(model_id, None, ids, names=names)
    return np.stack([recorded[name] for name in names])


def later_shares(model_id: str, ids: tuple[int, ...]) -> np.ndarray:
    """(L, H) the share of attention that each head gives to later tokens."""
    return later_share(patterns(model_id, ids))


def held_out_loss(model_id: str) -> SampleLoss:
    """The model's own loss on held-out stories: next tokens, or hidden ones."""
    return cached_memorised.gap(model_id, None).val


@dataclass(frozen=True)
class Continued:
    """What a model adds to a sentence, token by token, and how surprising each is to the causal model, in nats."""

    ids: tuple[int, ...]
    surprises: np.ndarray

    @property
    def mean(self) -> float:
        """Mean surprise; NaN when nothing was added."""
        return float(self.surprises.mean()) if len(self.surprises) else float("nan")


@st.cache_resource(show_spinner=False, max_entries=64)
def continued(model_id: str, ids: tuple[int, ...], seed: int) -> Continued:
    """Up to ``TOKENS`` tokens, drawn alike for both models; the masked one is given a blank at the end again and again."""
    made = cached_decoding.drawn(model_id, None, ids, SamplingConfig(temperature=TEMPERATURE, seed=seed), 0, TOKENS)
    judge = cached.checkpoint(CAUSAL)
    marks = {*judge.tokenizer.special.values(), *cached.checkpoint(model_id).tokenizer.special.values()}
    new = tuple(one.id for one in made if one.id not in marks)
    return Continued(new, surprise(judge.model, [*ids, *new])[len(ids) - 1 :])


def mask_fraction(model_id: str) -> float:
    """The part of the tokens that was hidden in training."""
    described = read_json(cached.model_info(model_id).folder / "config.json").get("train") or {}
    return float(described.get("mask_fraction", TrainConfig.mask_fraction))
