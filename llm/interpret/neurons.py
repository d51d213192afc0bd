"""Neurons of the MLPs: where in a text each one fires most, and which tokens it makes more or less probable.

Legend: N windows, T tokens, C channels, F width of the MLP, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from llm.model import Transformer

_BATCH = 8  # windows at once: with a width of 3,072 and 128 tokens 12 MB
Windows = Sequence[Sequence[int]]


@dataclass(frozen=True)
class TopActivations:
    """Where the neurons of one layer fire most; at most one place in each window, so that the places differ.

    Attributes:
        values: (F, k) activations, largest first.
        windows, positions: (F, k) the window and the token in it.
        active: (F,) share of all tokens with an activation above zero.
        tokens: how many tokens were read.
    """

    values: np.ndarray
    windows: np.ndarray
    positions: np.ndarray
    active: np.ndarray
    tokens: int


@dataclass(frozen=True)
class LogitEffect:
    """The tokens that a neuron raises and lowers most: ids and logit changes, (k,) each, strongest first."""

    raised: np.ndarray
    raised_by: np.ndarray
    lowered: np.ndarray
    lowered_by: np.ndarray


def top_activations(model: Transformer, windows: Windows, layer: int, k: int = 8) -> TopActivations:
    """Read ``windows`` of token ids and keep, for each neuron of ``layer``, the ``k`` windows in which it fires most.

    Raises:
        ValueError: when there is no window, or one without a token or longer than the model's context.
    """
    values, places, active, tokens = [], [], torch.zeros(model.config.mlp_width), 0
    for post in _activations(model, windows, layer):  # (T, F) of one window
        best = post.max(dim=0)
        values.append(best.values)
        places.append(best.indices)
        active += (post > 0).sum(dim=0)
        tokens += len(post)
    strongest = torch.stack(values).topk(min(k, len(values)), dim=0)  # (N, F) -> (k, F)
    positions = torch.stack(places).gather(0, strongest.indices)
    return TopActivations(
        strongest.values.T.numpy(), strongest.indices.T.numpy(), positions.T.numpy(), (active / tokens).numpy(), tokens
    )


def neuron_activations(model: Transformer, windows: Windows, layer: int, neuron: int) -> tuple[np.ndarray, ...]:
    """One neuron's activation at each token, (T,) for each window."""
    return tuple(post[:, neuron].numpy() for post in _activations(model, windows, layer))


def neuron_logit_effect(model: Transformer, layer: int, neuron: int, k: int = 8) -> LogitEffect:
    """Which tokens' logits one unit of this neuron's activation raises and lowers, on the direct way to the output.

    The neuron's vector goes through the norms that follow (without their division, which depends on the sentence and
    changes all tokens alike) and the unembedding. The mean over the vocabulary is taken off, because adding the same to
    every logit changes no probability. What later layers make of the neuron is not counted.
    """
    with torch.inference_mode():
        effect = model.unembedding @ _past_norms(model, layer, model.blocks[layer].mlp.down.weight[:, neuron])  # (V,)
        effect = effect - effect.mean()
        k = min(k, len(effect))
        high, low = effect.topk(k), effect.topk(k, largest=False)
    return LogitEffect(high.indices.numpy(), high.values.numpy(), low.indices.numpy(), low.values.numpy())


def _past_norms(model: Transformer, layer: int, vector: Tensor) -> Tensor:
    """A change of the stream after this layer's MLP, as the unembedding meets it, up to a positive factor.

    Zero where it is not passed on: without residual connections, in every layer but the last.
    """
    blocks = model.blocks
    if not model.config.residual and layer < len(blocks) - 1:
        return torch.zeros_like(vector)
    if model.config.norm == "none":
        return vector
    norms = [model.final_norm]
    if model.config.norm_position == "post":
        norms = [blocks[layer].norm2, *(norm for block in blocks[layer + 1 :] for norm in (block.norm1, block.norm2))]
    for norm in norms:
        vector = (vector - vector.mean() if norm.kind == "layernorm" else vector) * norm.weight
    return vector


class _Reached(Exception):
    """The layer that was asked for has been computed; what follows would be for nothing."""


def _activations(model: Transformer, windows: Windows, layer: int) -> Iterator[Tensor]:
    """``mlp.post`` of one layer, (T, F) for each window in order. Windows of equal length share a forward pass."""
    _check(model, windows)
    for group in _equal_lengths(windows):
        with torch.inference_mode():  # inside the step: the mode belongs to the thread
            yield from _forward(model, group, f"blocks.{layer}.mlp.post")


def _forward(model: Transformer, group: Windows, point: str) -> Tensor:
    """The tensor at ``point``, (N, T, F). The pass stops there: logits over a large vocabulary would be most of the work."""
    kept: list[Tensor] = []

    def tap(name: str, x: Tensor) -> Tensor:
        if name == point:
            kept.append(x)
            raise _Reached
        return x

    tap.skips_head_out = True
    try:
        model(torch.tensor(group), tap)
    except _Reached:
        return kept[0]
    raise ValueError(f"this model has no point {point}; its layers count from 0 to {model.config.n_layers - 1}")


def _equal_lengths(windows: Windows) -> Iterator[Windows]:
    group: list[Sequence[int]] = []
    for window in windows:
        if group and (len(window) != len(group[0]) or len(group) == _BATCH):
            yield group
            group = []
        group.append(window)
    yield group


def _check(model: Transformer, windows: Windows) -> None:
    lengths = {len(window) for window in windows}
    longest = model.config.context_length
    if not lengths or min(lengths) < 1 or max(lengths) > longest:
        raise ValueError(f"windows need 1 to {longest} tokens (the model's context); these have {sorted(lengths) or 'none'}")
