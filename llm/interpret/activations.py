"""Activation functions: their curves, and a tap that puts another one into a model that was trained without it."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from llm.model import activate

# What can stand between an MLP's two matrices: name -> formula as LaTeX. swiglu's curve is that of its gate.
FORMULAS = MappingProxyType(
    {
        "gelu": r"x\,\Phi(x)",
        "gelu_tanh": r"\tfrac{x}{2}\left(1+\tanh\!\left(\sqrt{2/\pi}\,(x+0.044715\,x^3)\right)\right)",
        "relu": r"\max(0,\,x)",
        "relu2": r"\max(0,\,x)^2",
        "silu": r"\frac{x}{1+e^{-x}}",
        "swiglu": r"\frac{g}{1+e^{-g}}\cdot x",
    }
)
LINEAR = "none"  # no activation at all: the MLP is then one matrix


def activation_curve(kind: str, x: np.ndarray) -> np.ndarray:
    """The function's values at ``x``, same shape; for swiglu what the gate is turned into (silu), for "none" x itself."""
    if kind == LINEAR:
        return np.asarray(x)
    if kind not in FORMULAS:
        raise ValueError(f"there is no activation {kind!r}; choose one of {', '.join(FORMULAS)}")
    return activate(torch.tensor(np.asarray(x)), "silu" if kind == "swiglu" else kind).numpy()


class replaced_activation:
    """A tap for one forward pass that computes ``mlp.post`` of some layers with another activation.

    Args:
        kind: a name of ``FORMULAS`` other than swiglu, or "none" for no activation.
        layers: the layers to change, counted from 0. In a swiglu MLP the gate's silu is replaced.
    """

    skips_head_out = True

    def __init__(self, kind: str, layers: Collection[int]) -> None:
        if kind == "swiglu" or (kind not in FORMULAS and kind != LINEAR):
            raise ValueError(f"the activation cannot be replaced by {kind!r}; swiglu needs a matrix that is not there")
        self._kind = kind
        self._layers = {f"blocks.{layer}.mlp" for layer in layers}
        self._before: dict[str, Tensor] = {}

    def __call__(self, name: str, x: Tensor) -> Tensor:
        mlp, _, point = name.rpartition(".")
        if mlp not in self._layers:
            return x
        if point in ("pre", "gate"):
            self._before[point] = x
        elif point == "post":
            gated = "gate" in self._before
            turned = self._turn(self._before.pop("gate" if gated else "pre"))
            return turned * self._before.pop("pre") if gated else turned
        return x

    def _turn(self, x: Tensor) -> Tensor:
        return x if self._kind == LINEAR else activate(x, self._kind)
