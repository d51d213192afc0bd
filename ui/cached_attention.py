"""What the Attention page computes once for all sessions: steps of a head, scores of all heads, losses without heads."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from llm.interpret import ablation
from llm.interpret.attention_steps import HeadSteps, head_steps
from llm.interpret.comparison import loss, loss_by_head, probabilities, shown_position, text_loss
from llm.interpret.detectors import HeadScores, head_scores
from llm.interpret.held_out import Windows, detector_text, held_out, mark_ids, ordinary_ids
from llm.trace import Trace
from ui import cached

LARGEST_THUMBNAIL = 48  # cells a side; longer patterns are shrunk, each cell then shows the largest weight in its square
Heads = Collection[tuple[int, int]]


@dataclass(frozen=True)
class WithWithout:
    """Probabilities (V,) at one position and losses in nats per token, with every head and without some.

    ``sample_*`` is over text that training did not see, ``sample_tokens`` of it; NaN and 0 where there is none.
    """

    position: int
    before: np.ndarray
    after: np.ndarray
    loss_before: float
    loss_after: float
    sample_before: float
    sample_after: float
    sample_tokens: int


def attention_trace(reading: Any, causal: bool | None = None) -> Trace:
    """The bench's trace; with another mask than the model's own, of the points that this page shows."""
    if causal is None or causal == reading.config.causal:
        return reading.trace()
    names = [
        f"blocks.{i}.attn.{name}" for i in range(reading.config.n_layers) for name in ("q", "k", "v", "scores", "pattern", "z")
    ]
    return reading.trace(names=[*names, "logits"], causal=causal)


def steps_of(reading: Any, causal: bool | None = None) -> HeadSteps:
    """The steps of the bench's head."""
    return head_steps(attention_trace(reading, causal), reading.layer, reading.head)


@cached.by_weights(max_entries=16)
def _thumbnails(model_id: str, step: int | None, ids: tuple[int, ...], causal: bool | None) -> np.ndarray:
    config = cached.checkpoint(model_id, step).config
    trace = cached.trace_of(
        model_id, step, ids, names=[f"blocks.{i}.attn.pattern" for i in range(config.n_layers)], causal=causal
    )
    return np.stack([shrink(trace[f"blocks.{i}.attn.pattern"]) for i in range(config.n_layers)])


def thumbnails(reading: Any, causal: bool | None = None) -> np.ndarray:
    """(L, H, t, t) patterns of all heads, at most ``LARGEST_THUMBNAIL`` cells a side."""
    return _thumbnails(reading.model_id, reading.step, reading.ids, None if causal == reading.config.causal else causal)


def shrink(patterns: np.ndarray, largest: int = LARGEST_THUMBNAIL) -> np.ndarray:
    """(H, T, T) -> (H, t, t) with t at most ``largest``: the largest weight of each square of cells."""
    heads, length, _ = patterns.shape
    block = math.ceil(length / largest)
    if block == 1:
        return patterns
    side = math.ceil(length / block)
    padded = np.zeros((heads, side * block, side * block), dtype=np.float32)
    padded[:, :length, :length] = patterns
    return padded.reshape(heads, side, block, side, block).max(axis=(2, 4))


@st.cache_resource(show_spinner=False, max_entries=16)
def sample(model_id: str) -> Windows | None:
    """Inputs and targets of text that the model was not trained on; None where its corpus cannot be made again."""
    return held_out(cached.model_info(model_id), cached.checkpoint(model_id).tokenizer)


@cached.by_weights(max_entries=48)
def scores(model_id: str, step: int | None) -> HeadScores:
    """What each head does, measured on held-out text (else the model's example sentence) and on repeated random tokens."""
    opened, windows = cached.checkpoint(model_id, step), sample(model_id)
    text = detector_text(windows, opened.tokenizer, opened.config)
    return head_scores(opened.model, text, ordinary_ids(windows, opened.tokenizer), mark_ids=mark_ids(opened.tokenizer, text))


@cached.by_weights(max_entries=128)
def _sample_loss(model_id: str, step: int | None, heads: tuple[tuple[int, int], ...]) -> float:
    windows = sample(model_id)
    if windows is None:
        return math.nan
    model = cached.checkpoint(model_id, step).model
    return loss(model, *windows, edit=ablation(heads=heads)) if heads else loss(model, *windows)


@cached.by_weights(max_entries=128)
def _text_loss(model_id: str, step: int | None, ids: tuple[int, ...], heads: tuple[tuple[int, int], ...]) -> float:
    opened = cached.checkpoint(model_id, step)
    mask_id = opened.tokenizer.special.get("[MASK]")
    return text_loss(opened.model, ids, edit=ablation(heads=heads), mask_id=mask_id)


def without(reading: Any, heads: Heads) -> WithWithout:
    """Next-token probabilities and losses with and without some heads, in the model's own mask."""
    off = tuple(sorted(heads))
    key = (reading.model_id, reading.step)
    place = shown_position(reading.ids, reading.config.causal, reading.tokenizer.special.get("[MASK]"))
    before = probabilities(reading.trace(names=["logits"])["logits"][place])
    after = probabilities(reading.trace(names=["logits"], without_heads=off)["logits"][place]) if off else before
    windows = sample(reading.model_id)
    return WithWithout(
        position=place,
        before=before,
        after=after,
        loss_before=_text_loss(*key, reading.ids, ()),
        loss_after=_text_loss(*key, reading.ids, off),
        sample_before=_sample_loss(*key, ()),
        sample_after=_sample_loss(*key, off),
        sample_tokens=0 if windows is None else int((windows[1] >= 0).sum()),
    )


@cached.by_weights(max_entries=24)
def loss_rise(model_id: str, step: int | None) -> np.ndarray | None:
    """(L, H) how much the loss on held-out text rises, in nats per token, with each head switched off alone."""
    windows = sample(model_id)
    if windows is None:
        return None
    few = tuple(part[: max(1, len(part) // 4)] for part in windows)
    model = cached.checkpoint(model_id, step).model
    return loss_by_head(model, *few) - np.float32(loss(model, *few))
