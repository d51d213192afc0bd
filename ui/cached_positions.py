"""What the Positions page computes, shared by all sessions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import streamlit as st

from llm.config import POSITIONS, SamplingConfig
from llm.decoding import generate
from llm.interpret import positions
from llm.interpret.comparison import loss, probabilities, shown_position
from llm.model import identity
from llm.tokenizers import MASK
from llm.trace import trace
from ui import cached
from ui.cached_attention import sample
from ui.state import Reading

LONGEST = 128  # places and channels of a table that one picture can show
FAMILY = tuple(f"positions-{scheme}" for scheme in POSITIONS)


def family() -> dict[str, str]:
    """Scheme -> id of the small model in the box that was trained with it."""
    there = {info.id for info in cached.models()}
    return {name.removeprefix("positions-"): name for name in FAMILY if name in there}


@cached.by_weights(max_entries=32)
def table(model_id: str, step: int | None) -> np.ndarray | None:
    """(places, channels) of the vectors that are added, at most 128 x 128 of them."""
    whole = positions.position_table(cached.checkpoint(model_id, step).model)
    return None if whole is None else whole[:LONGEST, :LONGEST]


@cached.by_weights(max_entries=32)
def similarity(model_id: str, step: int | None) -> np.ndarray | None:
    """Likeness of two places by their distance."""
    return positions.similarity_by_distance(cached.checkpoint(model_id, step).model, LONGEST)


@cached.by_weights(max_entries=32)
def frequencies(model_id: str, step: int | None) -> tuple[float, ...]:
    """RoPE's radians per place for each pair of channels."""
    return tuple(positions.rotation_frequencies(cached.checkpoint(model_id, step).model).tolist())


def penalties(model_id: str, step: int | None) -> np.ndarray:
    """(H, n) ALiBi's penalty by distance."""
    model = cached.checkpoint(model_id, step).model
    return positions.distance_penalties(model, min(64, model.config.context_length))


@cached.by_weights(max_entries=64)
def measured_attention(model_id: str, step: int | None, ids: tuple[int, ...]) -> np.ndarray:
    """(L, T) mean attention by distance, in this sentence."""
    config = cached.model_info(model_id).config
    names = [f"blocks.{layer}.attn.pattern" for layer in range(config.n_layers)]
    trace = cached.trace_of(model_id, step, ids, names=names)
    return positions.attention_by_distance(np.stack([trace[name] for name in names]))


@dataclass(frozen=True)
class Placeless:
    """The next token's probabilities at ``position``, and the loss on unseen text (NaN: none known), with places and without."""

    position: int
    before: np.ndarray
    after: np.ndarray
    loss_before: float
    loss_after: float


@cached.by_weights(max_entries=64)
def without_places(model_id: str, step: int | None, ids: tuple[int, ...]) -> Placeless:
    """What becomes of the model's numbers when all tokens stand at the same place."""
    opened = cached.checkpoint(model_id, step)
    place = shown_position(ids, opened.config.causal, opened.tokenizer.special.get(MASK))
    model, edit = positions.placeless(opened.model)
    pair = (opened.model, identity), (model, edit)
    before, after = (probabilities(trace(m, list(ids), ["logits"], edit=tap)["logits"][place]) for m, tap in pair)
    return Placeless(place, before, after, *_losses(model_id, step))


@cached.by_weights(max_entries=64)
def _losses(model_id: str, step: int | None) -> tuple[float, float]:
    windows = sample(model_id)
    if windows is None:
        return math.nan, math.nan
    whole = cached.checkpoint(model_id, step).model
    model, edit = positions.placeless(whole)
    return loss(whole, *windows), loss(model, *windows, edit=edit)


@cached.by_weights(max_entries=128)
def order_matters(model_id: str, step: int | None, ids: tuple[int, ...], seed: int, causal: bool | None) -> float:
    """How far a shuffle moves the next-token probabilities, 0 to 1; ``causal=False`` opens the mask of the same weights."""
    model = cached.checkpoint(model_id, step).model
    if causal is not None and causal != model.config.causal:
        model = model.rewired(causal=causal)
    return positions.order_matters(model, ids, seed)


def shuffle_rows(now: Reading, seed: int) -> list[tuple[str, float, float, str]]:
    """For the model on the bench and each of the family: title, how far a shuffle moves its probabilities with its mask and
    without, and the scheme (empty for the first)."""
    own = [order_matters(now.model_id, now.step, now.ids, seed, causal) for causal in (None, False)]
    rows = [(now.info.title, *own, "")]
    for scheme, model_id in family().items():
        opened = cached.checkpoint(model_id)
        ids = tuple(opened.tokenizer.encode(now.sentence))[: opened.config.context_length]
        moved = [order_matters(model_id, None, ids, seed, causal) for causal in (None, False)]
        rows.append((cached.model_info(model_id).title, *moved, scheme))
    return rows


@st.cache_resource(show_spinner=False, max_entries=128)
def greedy_continuation(model_id: str, text: str, tokens: int = 24) -> str:
    """The most probable continuation of a text in one model."""
    opened = cached.checkpoint(model_id, None)
    ids = opened.tokenizer.encode(text)[: opened.config.context_length]
    stop = [i for name, i in opened.tokenizer.special.items() if name == "<|end|>"]
    steps = generate(opened.model, ids, SamplingConfig(temperature=0), tokens, stop_ids=stop)
    return opened.tokenizer.decode([step.token_id for step in steps if step.token_id not in stop])
