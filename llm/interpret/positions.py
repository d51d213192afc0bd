"""Where order comes from: how much two places have in common, and what happens when tokens change places."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import torch

from llm.interpret.ablation import ablation
from llm.model import Tap, Transformer, alibi_slopes, identity


def position_table(model: Transformer) -> np.ndarray | None:
    """(context, C) vectors that are added to the tokens; None for schemes that act inside attention and for none at all."""
    scheme = model.config.position
    if scheme == "learned":
        return model.position_embedding.weight.detach().float().cpu().numpy()
    return model.sinusoids.float().cpu().numpy() if scheme == "sinusoidal" else None


def rotation_frequencies(model: Transformer) -> np.ndarray:
    """(D/2,) angle in radians by which RoPE turns each pair of channels from one place to the next."""
    cosine, sine = model.rotations[:, min(1, model.config.context_length - 1)].float().cpu().numpy()
    return np.arctan2(sine, cosine)


def similarity_by_distance(model: Transformer, longest: int | None = None) -> np.ndarray | None:
    """How alike two places are, by their distance 0, 1, 2, ... (n,); None where the scheme has no vectors or angles.

    Learned and sinusoidal: the mean cosine of the vectors of all pairs of places at that distance. RoPE: the mean over its
    pairs of channels of cos(distance x frequency), which is what turning does to the dot product of a vector with itself.
    """
    n = min(longest or model.config.context_length, model.config.context_length)
    if model.config.position == "rope":
        return np.cos(np.arange(n)[:, None] * rotation_frequencies(model)[None, :]).mean(axis=1)
    table = position_table(model)
    if table is None:
        return None
    length = np.linalg.norm(table, axis=1, keepdims=True)
    unit = table / np.maximum(length, 1e-12)
    cosines = unit[:n] @ unit[:n].T  # (n, n)
    return np.array([np.diagonal(cosines, d).mean() for d in range(n)])


def distance_penalties(model: Transformer, longest: int) -> np.ndarray:
    """(H, n) what ALiBi adds to the score of a token 0, 1, 2, ... places back."""
    return -alibi_slopes(model.config).numpy()[:, None] * np.arange(longest)[None, :]


def attention_by_distance(patterns: np.ndarray) -> np.ndarray:
    """(L, n) mean attention that a token gives to the one 0, 1, 2, ... places before it, over heads and tokens.

    ``patterns`` is (L, H, T, T). Each mean is over the tokens that have a token so far back.
    """
    n = patterns.shape[-1]
    return np.stack([np.diagonal(patterns, -d, axis1=2, axis2=3).mean(axis=(1, 2)) for d in range(n)], axis=1)


def placeless(model: Transformer) -> tuple[Transformer, Tap]:
    """The same weights with every token at the same place: the model to run, and the tap to run it with.

    Added vectors: each token gets the mean of the text's position vectors. RoPE: nothing is turned. ALiBi: no penalty.
    """
    if model.config.position in ("rope", "alibi"):
        return model.rewired(position="none"), identity
    return model, ablation(positions=True, mode="mean")


def shuffled(ids: Collection[int], seed: int) -> tuple[int, ...]:
    """The same tokens in another order; the last one stays last, because the next token is read off there."""
    ids = tuple(ids)
    if len(ids) < 3:
        return ids
    order = np.random.default_rng(seed).permutation(len(ids) - 1)
    if (order == np.arange(len(order))).all():
        order = order[::-1]
    return (*(ids[i] for i in order), ids[-1])


def next_probabilities(model: Transformer, ids: Collection[int]) -> np.ndarray:
    """(V,) probabilities of the token after ``ids``."""
    with torch.inference_mode():
        logits = model(torch.tensor([list(ids)]))[0, -1].double()
    return logits.softmax(dim=-1).numpy()


def order_matters(model: Transformer, ids: Collection[int], seed: int) -> float:
    """Total variation distance between the next-token probabilities before and after a shuffle: 0 (none) to 1.

    It is the share of probability that has to move to turn one distribution into the other.
    """
    before = next_probabilities(model, ids)
    after = next_probabilities(model, shuffled(ids, seed))
    return float(np.abs(before - after).sum() / 2)
