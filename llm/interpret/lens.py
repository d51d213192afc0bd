"""The logit lens: what the model would answer if it stopped after a layer (nostalgebraist 2020).

The vector of each token at each stage goes through the final norm and the unembedding, as the last one does. With a
vocabulary of 50,000 the logits of all stages would be hundreds of megabytes, so ``logit_lens_top`` keeps only the best.

Legend: S stages, P positions, T tokens, C channels, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from llm.config import ModelConfig
from llm.model import Transformer
from llm.trace import Trace

_LARGEST = 2**24  # logits held at once, 64 MB


@dataclass(frozen=True)
class LensTop:
    """The best guesses at each stage.

    Attributes:
        points: (S) names of the points of the residual stream.
        ids: (S, P, k) token ids, the most probable first.
        probabilities: (S, P, k) their probabilities, over the whole vocabulary.
        followed: (S, P) probability of the one token that was asked for at each position; None if none was.
    """

    points: tuple[str, ...]
    ids: np.ndarray
    probabilities: np.ndarray
    followed: np.ndarray | None = None


def stream_points(config: ModelConfig, *, halves: bool = False) -> tuple[str, ...]:
    """Names of the residual stream's points: the start, then after each block, with ``halves`` also after each attention."""
    points = ["blocks.0.resid_pre"]
    for layer in range(config.n_layers):
        points += [f"blocks.{layer}.resid_mid"] * halves + [f"blocks.{layer}.resid_post"]
    return tuple(points)


def logit_lens(
    model: Transformer, trace: Trace, *, points: Sequence[str] | None = None, positions: Sequence[int] | None = None
) -> np.ndarray:
    """Logits after each stage, (S, P, V) float32; the last stage's are the model's own.

    Args:
        points: points of the residual stream; by default the start and the end of each block.
        positions: the tokens to compute; by default all of them, which is much for a large vocabulary.
    """
    points = stream_points(model.config) if points is None else points
    with torch.inference_mode():
        return np.stack([_read(model, _vectors(trace, point, positions)).numpy() for point in points])


def logit_lens_top(
    model: Transformer,
    trace: Trace,
    k: int = 5,
    *,
    points: Sequence[str] | None = None,
    positions: Sequence[int] | None = None,
    follow: Sequence[int] | None = None,
) -> LensTop:
    """The ``k`` most probable tokens after each stage; never holds more than 64 MB of logits.

    Args:
        follow: one token id for each position, whose probability is reported at each stage.

    Raises:
        ValueError: when ``follow`` does not have one id for each position.
    """
    points = stream_points(model.config) if points is None else tuple(points)
    k = min(k, model.config.vocab_size)
    vectors = torch.stack([_vectors(trace, point, positions) for point in points])  # (S, P, C)
    S, P, _ = vectors.shape
    wanted = torch.tensor(_checked(follow, P) if follow is not None else [0] * P).repeat(S)  # (S * P,)
    rows = max(1, _LARGEST // model.config.vocab_size)
    ids, probabilities, followed = [], [], []
    with torch.inference_mode():
        for some, their in zip(vectors.flatten(0, 1).split(rows), wanted.split(rows), strict=True):
            chances = _read(model, some).softmax(dim=-1)  # (rows, V)
            best = chances.topk(k, dim=-1)  # 2 x (rows, k)
            ids.append(best.indices)
            probabilities.append(best.values)
            followed.append(chances.gather(1, their[:, None])[:, 0])
    return LensTop(
        points,
        torch.cat(ids).view(S, P, k).numpy(),
        torch.cat(probabilities).view(S, P, k).numpy(),
        None if follow is None else torch.cat(followed).view(S, P).numpy(),
    )


def _vectors(trace: Trace, point: str, positions: Sequence[int] | None) -> Tensor:
    """(P, C) vectors of one point; a copy, because a trace is read-only."""
    vectors = trace[point]  # (T, C)
    return torch.tensor(vectors if positions is None else vectors[list(positions)])


def _read(model: Transformer, vectors: Tensor) -> Tensor:
    """(P, C) -> (P, V): final norm (post-norm models have none) and unembedding."""
    return model.final_norm(vectors) @ model.unembedding.T


def _checked(follow: Sequence[int], positions: int) -> list[int]:
    if len(follow) != positions:
        raise ValueError(f"follow has {len(follow)} ids for {positions} positions; give one for each")
    return list(follow)
