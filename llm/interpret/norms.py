"""A norm taken apart: mean, spread, scale and shift of one token's vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from llm.model import Norm, Transformer
from llm.trace import Trace


@dataclass(frozen=True)
class NormSteps:
    """Every step of a norm for one vector, all (C,) or single numbers, in float64.

    ``output = centred / spread * scale + shift``. LayerNorm (Ba et al. 2016) centres first and its spread is the root of
    variance + eps; RMSNorm (Zhang and Sennrich 2019) does not centre, and ``variance`` is the mean of the squares.
    """

    kind: str
    before: np.ndarray
    mean: float
    variance: float
    eps: float
    spread: float
    centred: np.ndarray
    normalised: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    output: np.ndarray


def norm_points(model: Transformer) -> tuple[str, ...]:
    """Names of all norms with weights: ``blocks.{i}.norm1``, ``blocks.{i}.norm2`` and, in pre-norm models, ``final_norm``.

    A model without norms has none.
    """
    if model.config.norm == "none":
        return ()
    points = [f"blocks.{i}.norm{n}" for i in range(model.config.n_layers) for n in (1, 2)]
    return tuple(points + ["final_norm"] * (model.config.norm_position == "pre"))


def norm_steps(model: Transformer, trace: Trace, point: str, position: int) -> NormSteps:
    """Take the norm at ``point`` apart for the token at ``position``.

    Raises:
        ValueError: for a point that is no norm of this model.
    """
    if point not in norm_points(model):
        raise ValueError(f"{point} is not a norm of this model; choose one of {', '.join(norm_points(model)) or 'none'}")
    return _steps(norm_at(model, point), norm_input(model, trace, point)[position].astype(np.float64))


def norm_at(model: Transformer, point: str) -> Norm:
    """The module behind a point of ``norm_points``."""
    return model.final_norm if point == "final_norm" else model.get_submodule(point)


def norm_input(model: Transformer, trace: Trace, point: str) -> np.ndarray:
    """(T, C) what goes into a norm. In post-norm models that is the sum before it, which has no point of its own."""
    if point == "final_norm":
        return trace[f"blocks.{model.config.n_layers - 1}.resid_post"]
    block, which = point.rsplit(".", 1)
    stream = trace[f"{block}.resid_pre" if which == "norm1" else f"{block}.resid_mid"]
    if model.config.norm_position == "pre":
        return stream
    joins = trace[f"{block}.attn.out" if which == "norm1" else f"{block}.mlp.out"]
    return stream + joins if model.config.residual else joins


def _steps(norm: Norm, x: np.ndarray) -> NormSteps:
    centring = norm.kind == "layernorm"
    centred = x - x.mean() if centring else x
    variance = float(np.mean(centred**2))
    spread = float(np.sqrt(variance + norm.eps))
    scale = norm.weight.detach().numpy().astype(np.float64)
    shift = np.zeros_like(scale) if norm.bias is None else norm.bias.detach().numpy().astype(np.float64)
    normalised = centred / spread
    return NormSteps(
        norm.kind, x, float(x.mean()), variance, norm.eps, spread, centred, normalised, scale, shift, normalised * scale + shift
    )
