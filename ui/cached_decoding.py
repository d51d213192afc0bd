"""What the Decoding page computes, shared by all sessions. Keys are ids and configurations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from llm import sampling as steps
from llm.config import SamplingConfig
from llm.decoding import Beam, CacheComparison, TreeNode, compare_cache, decode_tree, generate, surprise
from llm.repetition import Loop, distinct_share, find_loop
from llm.tokenizers.base import END_NAMES, MASK
from llm.window import Window, window_start
from ui import cached
from ui.tokens import token_label

ROUNDS = 3
SMALL_VOCABULARY, MOST_SHOWN = 4096, 200  # whose texts travel whole, and how many of a larger one's best
GREEDY, SAMPLED, BEAM = "greedy", "sampling", "beam"


def end_id(tokenizer: Any) -> int | None:
    """The id that ends a text, where the vocabulary has one."""
    return next((tokenizer.special[name] for name in END_NAMES if name in tokenizer.special), None)


def stop_ids(tokenizer: Any) -> tuple[int, ...]:
    """The ids at which generation stops."""
    end = end_id(tokenizer)
    return () if end is None else (end,)


@cached.by_weights(max_entries=96)
def next_logits(model_id: str, step: int | None, ids: tuple[int, ...]) -> np.ndarray:
    """(V,) float32 logits of the token after ``ids``; a model that fills blanks is asked for a blank after them."""
    opened = cached.checkpoint(model_id, step)
    blank = opened.tokenizer.special.get(MASK)
    asked = [*ids, blank] if not opened.config.causal and blank is not None else list(ids)
    logits = Window(opened.model, use_cache=False).read([asked])[0].float().cpu().numpy()
    logits.flags.writeable = False
    return logits


@dataclass(frozen=True)
class Made:
    """A token with the model's own probability of it (temperature 1, nothing cut) and that after the settings."""

    id: int
    own: float
    chance: float


def chance_of(model_id: str, step: int | None, ids: tuple[int, ...], sampling: SamplingConfig, token_id: int) -> Made:
    """Both probabilities of one token after ``ids``."""
    logits = next_logits(model_id, step, ids)
    choice = steps.explain_choice(logits, sampling, ids, u=0.0)
    own = steps.softmax(steps.as_logits(logits))
    return Made(token_id, float(own[token_id]), float(choice.probabilities[token_id]))


def next_choice(model_id: str, step: int | None, ids: tuple[int, ...], sampling: SamplingConfig, number: int) -> steps.Choice:
    """Every stage of the next choice, drawn with random number ``number`` of the seed."""
    u = float(steps.random_numbers(sampling.seed, number + 1)[-1])
    return steps.explain_choice(next_logits(model_id, step, ids), sampling, ids, u)


def randoms(seed: int, first: int, count: int) -> list[float]:
    """``count`` random numbers of a seed, from number ``first`` on."""
    return steps.random_numbers(seed, first + count)[first:].tolist()


def drawn(model_id: str, step: int | None, ids: tuple[int, ...], sampling: SamplingConfig, number: int, count: int) -> list[Made]:
    """Up to ``count`` tokens after ``ids``: what the page shows one at a time, and what ``generate`` gives."""
    opened = cached.checkpoint(model_id, step)
    if count == 1 or not opened.config.causal:
        return _one_by_one(model_id, step, ids, sampling, number, count)
    generator = steps.seeded_after(sampling.seed, number)
    made = []
    for one in generate(opened.model, list(ids), sampling, count, generator=generator, stop_ids=stop_ids(opened.tokenizer)):
        own = steps.softmax(steps.as_logits(one.logits))
        made.append(Made(one.token_id, float(own[one.token_id]), float(one.probabilities[one.token_id])))
    return made


def _one_by_one(
    model_id: str, step: int | None, ids: tuple[int, ...], sampling: SamplingConfig, number: int, count: int
) -> list[Made]:
    made: list[Made] = []
    stop = stop_ids(cached.checkpoint(model_id, step).tokenizer)
    for i in range(count):
        so_far = ids + tuple(m.id for m in made)
        token = next_choice(model_id, step, so_far, sampling, number + i).token_id
        made.append(chance_of(model_id, step, so_far, sampling, token))
        if token in stop:
            break
    return made


@cached.by_weights(max_entries=96)
def surprises(model_id: str, step: int | None, ids: tuple[int, ...]) -> np.ndarray:
    """(T - 1,) nats: the surprise of each token after the first."""
    values = surprise(cached.checkpoint(model_id, step).model, list(ids))
    values.flags.writeable = False
    return values


def own_probabilities(model_id: str, step: int | None, ids: tuple[int, ...]) -> np.ndarray:
    """(T - 1,) the model's own probability of each token after the first; for a model that fills blanks, of each last one."""
    if cached.checkpoint(model_id, step).config.causal:
        return np.exp(-surprises(model_id, step, ids))
    asked = (steps.softmax(steps.as_logits(next_logits(model_id, step, ids[:i])))[ids[i]] for i in range(1, len(ids)))
    return np.array(list(asked))


@cached.by_weights(max_entries=32)
def tree(
    model_id: str, step: int | None, ids: tuple[int, ...], sampling: SamplingConfig, number: int, width: int, depth: int
) -> tuple[TreeNode, ...]:
    """Greedy, sampling (from random number ``number`` of the seed on) and beam from one prefix."""
    opened = cached.checkpoint(model_id, step)
    strategies = {GREEDY: SamplingConfig(temperature=0), SAMPLED: sampling, BEAM: Beam(width)}
    stop = stop_ids(opened.tokenizer)
    return decode_tree(opened.model, list(ids), strategies, depth, stop_ids=stop, alternatives=1, numbers_used=number)


@dataclass(frozen=True, eq=False)
class Written:
    """A text that was written in one go: its tokens, the model's own probability of each, and where it loops."""

    ids: tuple[int, ...]
    own: np.ndarray
    loop: Loop | None
    distinct: float  # share of pairs of neighbours that are new


@cached.by_weights(max_entries=48)
def written(
    model_id: str, step: int | None, ids: tuple[int, ...], sampling: SamplingConfig, count: int, through_end: bool
) -> Written:
    """``count`` tokens after ``ids``; ``through_end`` goes on after an end of text as after any other token."""
    opened = cached.checkpoint(model_id, step)
    stop = () if through_end else stop_ids(opened.tokenizer)
    made = list(generate(opened.model, list(ids), sampling, count, stop_ids=stop))
    own = [steps.softmax(steps.as_logits(one.logits))[one.token_id] for one in made]
    new = tuple(one.token_id for one in made)
    return Written(new, np.array(own), find_loop(new), distinct_share(new))


def looping_step(model_id: str, ids: tuple[int, ...], count: int) -> int | None:
    """The latest training step whose weights, followed greedily, loop within ``count`` tokens; None where none does.

    Steps of barely trained weights, which repeat one token or a few, are of no interest: the first twelve steps are left out.
    """
    for step in reversed(cached.model_info(model_id).steps[:-1]):
        if step > 12 and written(model_id, step, ids, SamplingConfig(temperature=0), count, True).loop:
            return step
    return None


@cached.by_weights(max_entries=16)
def cache_measured(model_id: str, step: int | None, ids: tuple[int, ...], count: int) -> CacheComparison:
    """The same tokens with and without a cache, timed on this machine: once, then remembered.

    Each step's time is the shortest of ``ROUNDS`` runs, because whatever else the machine does only makes it longer.
    """
    model = cached.checkpoint(model_id, step).model
    compare_cache(model, list(ids), 2)  # the first steps of all pay for warming up
    runs = [compare_cache(model, list(ids), count) for _ in range(ROUNDS)]
    fastest = {name: np.min([getattr(run, name) for run in runs], axis=0) for name in ("cached_seconds", "uncached_seconds")}
    return replace(runs[0], **fastest)


def unseen(config: Any, length: int) -> int:
    """How many of the first of ``length`` tokens have slid out of the model's window."""
    return window_start(length, config.context_length)


def shown_texts(model_id: str, logits: np.ndarray, seen: Collection[int], extra: Collection[int]) -> Mapping[int, str]:
    """Texts of the tokens that the panel can show: a small vocabulary whole, else the best, those in the text and ``extra``."""
    if len(logits) <= SMALL_VOCABULARY:
        return _all_texts(model_id)
    tokenizer = cached.checkpoint(model_id).tokenizer
    wanted = {*map(int, np.argpartition(-logits, MOST_SHOWN)[:MOST_SHOWN]), *seen, *extra}
    return {i: text_of(tokenizer, i) for i in wanted}


def text_of(tokenizer: Any, token_id: int) -> str:
    """A token's text; its number where the model's vocabulary is padded beyond the tokenizer's."""
    return token_label(tokenizer, token_id) if token_id < tokenizer.vocab_size else f"#{token_id}"


@st.cache_resource(show_spinner=False, max_entries=16)
def _all_texts(model_id: str) -> Mapping[int, str]:
    opened = cached.checkpoint(model_id)
    return {i: text_of(opened.tokenizer, i) for i in range(opened.config.vocab_size)}
