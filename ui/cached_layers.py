"""What the Layers page computes once for all sessions: lens, neurons' places in a text, and what changes without a part."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import streamlit as st

from llm.checkpoints import read_json
from llm.config import ModelConfig
from llm.corpora import CORPORA
from llm.interpret import ablation
from llm.interpret.activations import replaced_activation
from llm.interpret.comparison import loss, probabilities, text_loss
from llm.interpret.held_out import held_out, held_out_documents
from llm.interpret.lens import LensTop, logit_lens, logit_lens_top, stream_points
from llm.interpret.neurons import LogitEffect, TopActivations, neuron_activations, neuron_logit_effect, top_activations
from llm.interpret.stream import stations
from llm.model import Tap, identity
from llm.tokenizers import Tokenizer
from llm.trace import trace
from ui import cached
from ui.components.contexts import Place
from ui.state import Reading

WINDOW = 64  # tokens of one window in which neurons are watched
SAMPLE, LARGE_SAMPLE = 8_192, 1_024  # tokens in all; fewer for large models, which take seconds for as many
LARGE = 5_000_000  # weights in the blocks
PLACES, AROUND = 8, 11  # places shown for a neuron, tokens on each side
EFFECTS = 8
LOSS_WINDOWS = 16  # windows of unseen text over which a changed model's loss is taken
GUESSES = 5  # of the lens at each stage
LENS_BUDGET = 4_000_000_000  # multiplications: above, the lens reads one token's vectors and not the whole sentence's


@cached.by_weights(max_entries=48)
def _lens(model_id: str, step: int | None, ids: tuple[int, ...], position: int | None) -> LensTop:
    model = cached.checkpoint(model_id, step).model
    recorded = cached.trace_of(model_id, step, ids)
    if position is not None:
        return logit_lens_top(model, recorded, GUESSES, points=stream_points(model.config, halves=True), positions=[position])
    return logit_lens_top(model, recorded, GUESSES, follow=recorded["logits"].argmax(axis=-1).tolist())


def lens(now: Reading) -> LensTop:
    """The best guesses of all tokens after each layer, and the probability of each token's final answer there."""
    return _lens(now.model_id, now.step, now.ids, None)


def lens_at(now: Reading, position: int) -> LensTop:
    """The best guesses of one token (as the only position) after each attention and each MLP."""
    return _lens(now.model_id, now.step, now.ids, position)


@dataclass(frozen=True)
class Ways:
    """The residual stream of each token after each station (S of them): its length, what joined, and the best guesses there.

    Attributes:
        size: (T, S) lengths. ``added``: (T, S) lengths of what joined; NaN at the start.
        ids: (T, S, k) the most probable tokens. ``probabilities``: (T, S, k); NaN for tokens that the lens has not read.
    """

    size: np.ndarray
    added: np.ndarray
    ids: np.ndarray
    probabilities: np.ndarray


def ways(now: Reading, position: int) -> Ways:
    """The way of every token. Of a large model only that at ``position`` is read at each station."""
    config = now.config
    cost = len(now.ids) * (2 * config.n_layers + 1) * config.vocab_size * config.d_model
    return _ways(now.model_id, now.step, now.ids, None if cost <= LENS_BUDGET else position)


@cached.by_weights(max_entries=48)
def _ways(model_id: str, step: int | None, ids: tuple[int, ...], position: int | None) -> Ways:
    model, seen = cached.checkpoint(model_id, step).model, cached.trace_of(model_id, step, ids)
    read = [position] if position is not None else list(range(len(ids)))
    top = logit_lens_top(model, seen, GUESSES, points=stream_points(model.config, halves=True), positions=read)
    stops = [stations(seen, i) for i in range(len(ids))]
    shape = (len(ids), *top.ids.shape[::2])
    made, chances = np.zeros(shape, dtype=int), np.full(shape, np.nan)
    made[read], chances[read] = top.ids.swapaxes(0, 1), top.probabilities.swapaxes(0, 1)
    return Ways(
        np.array([[stop.size for stop in row] for row in stops]),
        np.array([[np.nan if stop.added is None else stop.added for stop in row] for row in stops]),
        made,
        chances,
    )


def lens_probabilities(now: Reading, points: tuple[str, ...], position: int) -> np.ndarray:
    """(S, V) probabilities of one token at some stages."""
    return probabilities(logit_lens(now.model, now.trace(), points=points, positions=[position])[:, 0])


@dataclass(frozen=True)
class Sample:
    """Text in which neurons are watched. ``continued`` says of each window whether it starts inside a document."""

    windows: tuple[tuple[int, ...], ...]
    continued: tuple[bool, ...]
    corpus: str
    own: bool

    @property
    def tokens(self) -> int:
        return sum(map(len, self.windows))


@st.cache_resource(show_spinner=False, max_entries=16)
def sample(model_id: str) -> Sample:
    """Text of the model's own corpus that it was not trained on; the project's stories where that cannot be made again."""
    info = cached.model_info(model_id)
    opened = cached.checkpoint(model_id)
    data = (read_json(info.folder / "config.json").get("data") or {}) if info.kind != "gpt2" else {}
    own = data.get("corpus") in CORPORA
    name, seed = (data["corpus"], int(data.get("seed", 0))) if own else ("stories", 0)
    most = LARGE_SAMPLE if block_weights(opened.config) > LARGE else SAMPLE
    length = min(WINDOW, opened.config.context_length)
    windows: list[tuple[tuple[int, ...], bool]] = []
    for text in held_out_documents(name, seed, most):
        ids = opened.tokenizer.encode_document(text)
        windows += [(tuple(ids[start : start + length]), start > 0) for start in range(0, len(ids), length)]
        if sum(len(window) for window, _ in windows) >= most:
            break
    windows.sort(key=lambda window: -len(window[0]))  # equal lengths share a forward pass
    return Sample(tuple(w for w, _ in windows), tuple(inside for _, inside in windows), name, own)


def block_weights(config: ModelConfig) -> int:
    """Weights of all blocks' matrices, about."""
    gate = 3 if config.activation == "swiglu" else 2
    return config.n_layers * (4 * config.d_model**2 + gate * config.d_model * config.mlp_width)


@cached.by_weights(max_entries=24)
def firing(model_id: str, step: int | None, layer: int) -> TopActivations:
    """Where each neuron of a layer fires most in the model's sample."""
    return top_activations(cached.checkpoint(model_id, step).model, sample(model_id).windows, layer, PLACES)


@cached.by_weights(max_entries=128)
def places(model_id: str, step: int | None, layer: int, neuron: int) -> tuple[Place, ...]:
    """The places where one neuron fires most, with the tokens around and its activation at each."""
    opened = cached.checkpoint(model_id, step)
    top, text = firing(model_id, step, layer), sample(model_id)
    windows = [text.windows[i] for i in top.windows[neuron]]
    order = sorted(range(len(windows)), key=lambda i: len(windows[i]))
    values = dict(zip(order, neuron_activations(opened.model, [windows[i] for i in order], layer, neuron), strict=True))
    return tuple(
        _place(opened.tokenizer, window, values[i], int(top.positions[neuron, i]), text.continued[top.windows[neuron, i]])
        for i, window in enumerate(windows)
    )


def _place(tokenizer: Tokenizer, window: tuple[int, ...], values: np.ndarray, peak: int, continued: bool) -> Place:
    start, end = max(0, peak - AROUND), min(len(window), peak + 1 + AROUND // 3)
    texts = tuple(tokenizer.token_text(i).replace("\n", "⏎") for i in window[start:end])
    goes_on = end < len(window) or window[-1] != tokenizer.end_id
    return Place(texts, tuple(map(float, values[start:end])), peak - start, continued or start > 0, goes_on)


@cached.by_weights(max_entries=48)
def output_projection(model_id: str, step: int | None, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """The matrix (C, H * D) and the bias (C,) that join the heads of a layer; zeros where the model has no bias."""
    out = cached.checkpoint(model_id, step).model.blocks[layer].attn.out
    matrix = out.weight.detach().numpy()
    return matrix, np.zeros(len(matrix), dtype=np.float32) if out.bias is None else out.bias.detach().numpy()


@cached.by_weights(max_entries=128)
def effect(model_id: str, step: int | None, layer: int, neuron: int) -> LogitEffect:
    """The tokens that one neuron raises and lowers."""
    return neuron_logit_effect(cached.checkpoint(model_id, step).model, layer, neuron, EFFECTS)


@dataclass(frozen=True)
class Change:
    """What is changed: ``kind`` is "attention" or "mlp" (switched off in ``layers``), or the name of another activation."""

    kind: str
    layers: tuple[int, ...]

    def tap(self, config: ModelConfig) -> Tap:
        """A tap for one forward pass."""
        if not self.layers:
            return identity
        if self.kind == "attention":
            return ablation(heads=[(layer, head) for layer in self.layers for head in range(config.n_heads)])
        return ablation(mlps=self.layers) if self.kind == "mlp" else replaced_activation(self.kind, self.layers)


WHOLE = Change("mlp", ())  # nothing changed


@dataclass(frozen=True)
class Outcome:
    """Probabilities (V,) at one position, and losses in nats per token (NaN where there is nothing to predict)."""

    probabilities: np.ndarray
    sentence_loss: float
    sample_loss: float

    @property
    def loss(self) -> float:
        """Over unseen text where there is some, else over the sentence."""
        return self.sentence_loss if math.isnan(self.sample_loss) else self.sample_loss


@cached.by_weights(max_entries=64)
def outcome(model_id: str, step: int | None, ids: tuple[int, ...], position: int, change: Change) -> Outcome:
    """The model with one change, at one position of the sentence and over text that it was not trained on."""
    opened = cached.checkpoint(model_id, step)
    model, edit = opened.model, change.tap(opened.config)
    logits = trace(model, ids, ["logits"], edit=edit)["logits"][position]
    mask_id = opened.tokenizer.special.get("[MASK]")
    return Outcome(probabilities(logits), text_loss(model, ids, edit=edit, mask_id=mask_id), _sample_loss(model_id, step, change))


@cached.by_weights(max_entries=128)
def _sample_loss(model_id: str, step: int | None, change: Change) -> float:
    opened = cached.checkpoint(model_id, step)
    windows = _held_out(model_id)
    if windows is None:
        return math.nan
    inputs, targets = (part[:LOSS_WINDOWS] for part in windows)
    return loss(opened.model, inputs, targets, edit=change.tap(opened.config))


@st.cache_resource(show_spinner=False, max_entries=16)
def _held_out(model_id: str):
    return held_out(cached.model_info(model_id), cached.checkpoint(model_id).tokenizer)
