"""What the Embeddings page computes once for all sessions: tables, maps of the vocabulary, neighbours and analogies."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from llm.checkpoints import load_weight
from llm.interpret import projections, vocabulary
from ui import cached
from ui.tokens import token_label

EVERY = 5_000  # vocabularies up to this size are drawn whole,
MOST_USED = 4_000  # of larger ones the tokens that are used most,
IN_SPACE = 2_000  # fewer in 3-D, which Plotly draws,
BY_TSNE, BY_TSNE_IN_SPACE = 2_000, 1_000  # and fewer for t-SNE, which takes seconds
FRAMES = 24  # training steps that one cloud moves through
FRIENDS = 6  # neighbours named in the cloud
WORDS = 4_000  # words to choose from for analogies


@cached.by_weights(max_entries=24)
def table(model_id: str, step: int | None) -> np.ndarray:
    """(V, C) embedding of every token that the tokenizer knows (padding rows of the matrix are left out)."""
    opened = cached.checkpoint(model_id, step)
    return opened.model.token_embedding.weight.detach().float().cpu().numpy()[: opened.tokenizer.vocab_size]


def _rows(model_id: str, step: int | None) -> np.ndarray:
    """The same without the model around it, where that can be read alone."""
    info = cached.model_info(model_id)
    if step is None or info.kind == "gpt2":
        return table(model_id, step)
    return load_weight(info.folder, "token_embedding.weight", step).numpy()[: len(table(model_id, None))]


def steps(model_id: str, shown: int | None = None) -> tuple[int | None, ...]:
    """The training steps of the time slider, the finished model last; only (None,) for a model without snapshots.

    Of a run, whose snapshots come and go, the one that is ``shown`` is among them.
    """
    info = cached.model_info(model_id)
    chosen = set(projections.spread_evenly(info.steps, FRAMES)) if len(info.steps) > 1 or info.kind == "run" else set()
    if info.kind == "run" and shown is not None:
        chosen.add(shown)
    return tuple(sorted(chosen)) or (None,)


@st.cache_resource(show_spinner=False, max_entries=16)
def sample(model_id: str) -> np.ndarray | None:
    """Ids of a sample of the text that the model was trained on, where that text can be made again."""
    info = cached.model_info(model_id)
    return vocabulary.sample_ids(cached.checkpoint(model_id).tokenizer, info.meta)


@st.cache_resource(show_spinner=False, max_entries=16)
def counts(model_id: str) -> np.ndarray | None:
    """(V,) how often each token occurs in the sample."""
    ids = sample(model_id)
    return None if ids is None else np.bincount(ids, minlength=cached.checkpoint(model_id).tokenizer.vocab_size)


@st.cache_resource(show_spinner=False, max_entries=64)
def shown(model_id: str, most: int, extra: tuple[int, ...] = ()) -> np.ndarray:
    """Ids that a picture of ``most`` tokens holds, most used first. ``extra`` are in it whatever their use."""
    size = len(table(model_id, None))
    if size <= most:
        return vocabulary.most_used(size, size, counts(model_id))
    chosen = vocabulary.most_used(size, most, counts(model_id))
    return np.concatenate([chosen, np.setdiff1d(np.array(extra, dtype=np.int64), chosen)])


@st.cache_resource(show_spinner=False, max_entries=64)
def labels(model_id: str, ids: tuple[int, ...]) -> tuple[str, ...]:
    """Tokens as they are written on the screen."""
    tokenizer = cached.checkpoint(model_id).tokenizer
    return tuple(token_label(tokenizer, i) for i in ids)


@st.cache_resource(show_spinner=False, max_entries=64)
def kinds(model_id: str, ids: tuple[int, ...]) -> tuple[str, ...]:
    """The kind of each token (``llm.interpret.vocabulary.KINDS``)."""
    return tuple(vocabulary.token_kinds(cached.checkpoint(model_id).tokenizer, ids))


def occurring(model_id: str, ids: Sequence[int]) -> np.ndarray | None:
    """Positions among ``ids`` of the tokens that occur in the sample: they decide on a picture's axes. None: all do."""
    used = counts(model_id)
    there = None if used is None else np.flatnonzero(used[list(ids)] > 0)
    return None if there is None or len(there) < 10 else there


@cached.by_weights(max_entries=32)
def unseen(model_id: str, step: int | None) -> tuple[int, float | None]:
    """How many tokens never occur in the sample, and the mean cosine among their rows."""
    used = counts(model_id)
    rows = table(model_id, step)[np.zeros(0, dtype=int) if used is None else used == 0]
    return len(rows), projections.mean_similarity(rows)


def unseen_bytes(model_id: str) -> int:
    """How many of them are bytes that make no whole character, or control characters."""
    ids = np.flatnonzero(counts(model_id) == 0).tolist()
    return kinds(model_id, tuple(ids)).count("byte")


@dataclass(frozen=True)
class Clouds:
    """A vocabulary in the plane at several training steps.

    ``coordinates`` (S, N, 2), ``neighbours`` (S, N, 6) as positions among the N tokens, ``shares`` (S,) of the spread that
    the two axes hold, ``lengths`` (S,) the correlation of a row's length with how often its token occurs, or None.
    """

    steps: tuple[int | None, ...]
    coordinates: np.ndarray
    neighbours: np.ndarray
    shares: tuple[float, ...]
    lengths: tuple[float | None, ...]


@dataclass(frozen=True)
class _Frame:
    """The vocabulary at one training step, not yet turned."""

    plane: projections.Projection
    neighbours: np.ndarray


@cached.by_weights(max_entries=192)
def _frame(model_id: str, step: int | None, most: int, extra: tuple[int, ...]) -> _Frame:
    """PCA and neighbours of the tokens that are shown."""
    ids = shown(model_id, most, extra)
    rows = _rows(model_id, step)[ids]
    return _Frame(projections.pca(rows, 2, occurring(model_id, ids)), projections.neighbours(rows, FRIENDS))


def clouds(model_id: str, extra: tuple[int, ...] = (), step: int | None = None) -> Clouds:
    """PCA of the tokens shown at every training step, each turned towards its neighbour in time.

    Of a run the first one stays as it is: one more snapshot leaves all others where they are. ``step`` is the one on the bench.
    """
    most = most_shown(model_id)
    found = _there(model_id, step, lambda each: _frame(model_id, each, most, extra))
    growing = cached.model_info(model_id).kind == "run"
    made = projections.in_line(
        [frame.plane for frame in found.values()], occurring(model_id, shown(model_id, most, extra)), growing=growing
    )
    return Clouds(
        tuple(found),
        np.stack([each.coordinates for each in made]).astype(np.float32),
        np.stack([frame.neighbours for frame in found.values()]),
        tuple(float(each.shares.sum()) for each in made),
        tuple(_length(model_id, each) for each in found),
    )


def _there(model_id: str, shown_step: int | None, compute: Callable[[int | None], Any]) -> dict[int | None, Any]:
    """What is computed at each training step; a run's snapshot that has just been removed is left out."""
    found = {}
    for step in steps(model_id, shown_step):
        try:
            found[step] = compute(step)
        except ValueError:
            if cached.model_info(model_id).kind != "run":
                raise
    return found


def length_by_step(model_id: str) -> dict[int, float]:
    """Training step -> correlation of a row's length with how often its token occurs; empty where that is not known."""
    last = cached.model_info(model_id).steps
    measured = _there(model_id, None, lambda step: _length(model_id, step))
    named = {step if step is not None else (last[-1] if last else 0): r for step, r in measured.items()}
    return {step: r for step, r in named.items() if r is not None}


@cached.by_weights(max_entries=192)
def _length(model_id: str, step: int | None) -> float | None:
    used = counts(model_id)
    return None if used is None else projections.length_and_frequency(_rows(model_id, step), used)


@cached.by_weights(max_entries=16)
def neighbours(model_id: str, step: int | None, ids: tuple[int, ...]) -> np.ndarray:
    """(N, 6) positions of the tokens nearest to each, among these."""
    return projections.neighbours(table(model_id, step)[list(ids)], FRIENDS)


def most_shown(model_id: str) -> int:
    """How many tokens the cloud holds at most: all of a small vocabulary."""
    size = len(table(model_id, None))
    return size if size <= EVERY else MOST_USED


@cached.by_weights(max_entries=8)
def tsne(model_id: str, step: int | None, ids: tuple[int, ...], dimensions: int) -> np.ndarray:
    """(N, 2 or 3) t-SNE of the rows. Seconds."""
    return projections.tsne(table(model_id, step)[list(ids)], dimensions)


@cached.by_weights(max_entries=16)
def in_space(model_id: str, step: int | None, ids: tuple[int, ...]) -> projections.Projection:
    """PCA in three dimensions."""
    return projections.pca(table(model_id, step)[list(ids)], 3, occurring(model_id, ids))


@cached.by_weights(max_entries=128)
def default_position(model_id: str, step: int | None, ids: tuple[int, ...]) -> int:
    """Position of the token in a sentence (among its first 24) that has the nearest neighbour."""
    rows, some = table(model_id, step), ids[:24]
    best = [projections.nearest(rows, rows[i], 1, without={i})[1] for i in some]
    return int(np.argmax([float(value[0]) if len(value) else -1 for value in best]))


@cached.by_weights(max_entries=256)
def nearest(model_id: str, step: int | None, token: int, k: int = 10) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Ids and cosines of the tokens most like one, over the whole vocabulary."""
    rows = table(model_id, step)
    ids, values = projections.nearest(rows, rows[token], k, without={token})
    return tuple(ids.tolist()), tuple(values.tolist())


@cached.by_weights(max_entries=64)
def similarity(model_id: str, step: int | None, ids: tuple[int, ...]) -> np.ndarray:
    """(T, T) cosine of every pair of tokens of a sentence."""
    return projections.similarity(table(model_id, step)[list(ids)])


@st.cache_resource(show_spinner=False, max_entries=16)
def words(model_id: str) -> tuple[int, ...]:
    """Whole words of the vocabulary, most used first, at most 4,000 of them."""
    size = len(table(model_id, None))
    ordered = vocabulary.most_used(size, size, counts(model_id))
    return tuple(vocabulary.whole_words(cached.checkpoint(model_id).tokenizer, ordered.tolist(), sample(model_id))[:WORDS])


def word_ids(model_id: str, groups: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """Those groups of words whose members are all whole words of the vocabulary, as ids."""
    known = _known_words(model_id)
    return [tuple(known[word] for word in group) for group in groups if all(word in known for word in group)]


@st.cache_resource(show_spinner=False, max_entries=16)
def _known_words(model_id: str) -> Mapping[str, int]:
    """Word without its space -> id; of the same word with and without a space, the more used one."""
    tokenizer = cached.checkpoint(model_id).tokenizer
    return {tokenizer.token_text(i).strip(): i for i in reversed(words(model_id))}


@cached.by_weights(max_entries=128)
def analogy(model_id: str, step: int | None, a: int, b: int, c: int, k: int = 5) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Ids and cosines of the words nearest to a - b + c, the three inputs left out."""
    ids, values = projections.analogy(table(model_id, step), a, b, c, k, among=words(model_id))
    return tuple(ids.tolist()), tuple(values.tolist())


@cached.by_weights(max_entries=128)
def analogy_map(model_id: str, step: int | None, a: int, b: int, c: int, others: tuple[int, ...]) -> projections.Projection:
    """a, b, c, a - b + c and other tokens in the plane."""
    return projections.analogy_map(table(model_id, step), a, b, c, others)


@cached.by_weights(max_entries=128)
def analogy_inputs(model_id: str, step: int | None, a: int, b: int, c: int) -> tuple[float, float, float]:
    """Cosines of a - b + c with a, b and c themselves."""
    rows = table(model_id, step)
    scores = projections.cosines(rows[[a, b, c]], projections.analogy_vector(rows, a, b, c))
    return tuple(scores.tolist())


@cached.by_weights(max_entries=32)
def analogy_scores(model_id: str, step: int | None, known: tuple[tuple[int, ...], ...]) -> tuple[int, int]:
    """How many of these analogies come out first: by a - b + c, and by the nearest to c alone."""
    return projections.analogy_scores(table(model_id, step), known, words(model_id))


@cached.by_weights(max_entries=128)
def nearest_word(model_id: str, step: int | None, chosen: tuple[int, int, int]) -> int:
    """The word nearest to the last of three, none of them counted: an answer without arithmetic."""
    rows = table(model_id, step)
    ids, _ = projections.nearest(rows, rows[chosen[2]], 1, without=set(chosen), among=words(model_id))
    return int(ids[0]) if len(ids) else chosen[2]


@cached.by_weights(max_entries=128)
def three(model_id: str, step: int | None, token: int) -> tuple[tuple[int, ...], tuple[float, ...]] | None:
    """Three tokens to choose from and their cosines with ``token``: its nearest, and two from the middle of the list."""
    pool = [i for i in (words(model_id) or range(len(table(model_id, step)))) if i != token]
    if len(pool) < 3:
        return None
    rows = table(model_id, step)
    ids, values = projections.nearest(rows, rows[token], len(pool), among=pool)
    rng = random.Random(token)
    ranks = [0, *rng.sample(range(len(ids) // 3 or 1, len(ids)), 2)]
    rng.shuffle(ranks)
    return tuple(int(ids[r]) for r in ranks), tuple(float(values[r]) for r in ranks)
