"""Everything that is computed once and shared by all sessions. Keys are ids and configurations, never arrays.

What is returned is shared: nobody changes it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from llm import library
from llm.checkpoints import Checkpoint
from llm.interpret import ablation
from llm.runs.models import is_run
from llm.trace import Trace, point_shapes, trace
from ui import run_models

Computed = TypeVar("Computed", bound=Callable[..., Any])
TRACE_BUDGET = 64 * 2**20  # bytes of one trace; longer sentences of big models are cut, and the page says so


@st.cache_resource(show_spinner=False, ttl=60)
def models() -> tuple[library.ModelInfo, ...]:
    """Every model that can be opened, the stories model first. Looked up again after a minute, for folders added later."""
    return library.list_models()


def model_info(model_id: str) -> library.ModelInfo:
    """The entry of one model, also of a run (as it stands now); ``ValueError`` when there is none."""
    found = next((info for info in models() if info.id == model_id), None)
    if found is None and is_run(model_id):
        return run_models.info(model_id)
    if found is None:
        raise ValueError(f"there is no model {model_id!r}")
    return found


def by_weights(max_entries: int) -> Callable[[Computed], Computed]:
    """Remember what a function of (model_id, step, ...) computes, for as long as these are the same weights.

    A run's newest step changes while it trains, and the same step has other weights after a run was resumed and changed.
    """

    def decorate(function: Computed) -> Computed:
        def remembered(stamp: int, model_id: str, step: int | None, *args: Any, **options: Any) -> Any:
            return function(model_id, step, *args, **options)

        # the cache knows a function by its name and its lines, and these are the same for all
        remembered.__module__, remembered.__qualname__ = function.__module__, function.__qualname__
        kept = st.cache_resource(show_spinner=False, max_entries=max_entries)(remembered)

        def look_up(model_id: str, step: int | None = None, *args: Any, **options: Any) -> Any:
            return kept(run_models.stamp(model_id, step) if is_run(model_id) else 0, model_id, step, *args, **options)

        look_up.__doc__, look_up.__name__, look_up.__module__ = function.__doc__, function.__name__, function.__module__
        look_up.__signature__ = inspect.signature(function)
        return look_up

    return decorate


@by_weights(max_entries=24)
def checkpoint(model_id: str, step: int | None = None) -> Checkpoint:
    """A model, its tokenizer and its story, at one training step (None: the newest)."""
    if not is_run(model_id):
        return library.open_model(model_id, step)
    opened = run_models.open_run(model_id, step)
    return replace(opened, tokenizer=_tokenizer(model_id, opened.tokenizer))


@st.cache_resource(show_spinner=False, max_entries=64)
def _tokenizer(model_id: str, _opened: Any) -> Any:
    """A run's tokenizer, one for all its steps."""
    return _opened


@by_weights(max_entries=24)
def _trace(
    model_id: str,
    step: int | None,
    ids: tuple[int, ...],
    names: tuple[str, ...] | None,
    changes: tuple[tuple[str, Any], ...],
    heads: tuple[tuple[int, int], ...],
    mlps: tuple[int, ...],
) -> Trace:
    model = checkpoint(model_id, step).model
    if changes:
        model = model.rewired(**dict(changes))
    if heads or mlps:
        return trace(model, ids, names, edit=ablation(heads=heads, mlps=mlps))
    return trace(model, ids, names)


def trace_of(
    model_id: str,
    step: int | None,
    ids: Collection[int],
    *,
    names: Collection[str] | None = None,
    causal: bool | None = None,
    n_layers: int | None = None,
    without_heads: Collection[tuple[int, int]] = (),
    without_mlps: Collection[int] = (),
) -> Trace:
    """The trace of a sentence, made once for all who ask for the same.

    ``causal`` is another mask than the model's own; ``n_layers`` says after how many layers it ends. ``without_heads`` holds
    (layer, head) pairs and ``without_mlps`` layers that are switched off, counted from 0.
    """
    chosen, config = None if names is None else tuple(sorted(names)), checkpoint(model_id, step).config
    asked = (("causal", causal), ("n_layers", n_layers))
    changes = tuple((name, value) for name, value in asked if value is not None and value != getattr(config, name))
    return _trace(model_id, step, tuple(ids), chosen, changes, tuple(sorted(without_heads)), tuple(sorted(without_mlps)))


def next_token_probabilities(model_id: str, step: int | None, ids: Collection[int]) -> np.ndarray:
    """(V,) probabilities of the token after ``ids``: the softmax of the last logits."""
    logits = trace_of(model_id, step, ids, names=["logits"])["logits"][-1].astype(np.float64)
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


@st.cache_data(show_spinner=False, max_entries=64)
def parameter_count(model_id: str) -> int:
    """How many weights the model has; a matrix that is used twice counts once."""
    return sum(p.numel() for p in checkpoint(model_id).model.parameters())


def longest_trace(model_id: str) -> int:
    """How many tokens a full trace of this model may have: its context, or less where 64 MB would not hold it."""
    config = model_info(model_id).config
    low, high = 1, config.context_length
    while low < high:
        middle = (low + high + 1) // 2
        numbers = sum(int(np.prod(shape)) for shape in point_shapes(config, middle).values())
        low, high = (middle, high) if 4 * numbers <= TRACE_BUDGET else (low, middle - 1)
    return low


def warm_up() -> None:
    """Before the first visitor: open the first model and run its sentence once."""
    listed = models()
    if listed:
        first = listed[0]
        opened = checkpoint(first.id, None)
        trace_of(first.id, None, opened.tokenizer.encode(first.default_text))
