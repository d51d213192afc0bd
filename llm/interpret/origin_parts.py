"""What an answer to "what made this number?" consists of, and what is read to find it (``llm.interpret.origins``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from llm.config import ModelConfig
from llm.model import Transformer
from llm.trace import Trace

Index = tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """A cell, or a line of cells, of the trace: ``index`` has None on the axis along which a vector runs."""

    point: str
    index: tuple[int | None, ...]

    def cell(self, along: int) -> tuple[str, Index]:
        """The point and the index of one number of the vector."""
        return self.point, tuple(along if i is None else i for i in self.index)


@dataclass(frozen=True)
class Factor:
    """One of the vectors that made the number. ``source`` is None for weights."""

    name: str
    values: np.ndarray
    source: Source | None = None


@dataclass(frozen=True)
class Step:
    """One step of the calculation: its name, the number it gives, and the numbers that it needs besides."""

    name: str
    value: float
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Origin:
    """Where one number of a trace comes from.

    Attributes:
        point, index: which number; ``value`` is the trace's own.
        factors: the vectors that met, of one length.
        terms: what was added up, as long as the factors (or one for each of ``parts``); empty where nothing was.
        axis: what the terms are counted by: "channel", "token", "neuron" or "part".
        parts: for the axis "part", the points that were added, with the index of each cell.
        steps: from the sum of the terms to the number.
        marked: the place among the terms that the number itself stands at (a norm's own channel), if any.
        head_width: numbers of one head, where the heads stand side by side.
    """

    point: str
    index: Index
    value: float
    factors: tuple[Factor, ...]
    terms: np.ndarray
    axis: str
    steps: tuple[Step, ...]
    parts: tuple[Source, ...] = ()
    marked: int | None = None
    head_width: int = 0

    @property
    def computed(self) -> float:
        """The number as the steps give it."""
        return self.steps[-1].value


def split(point: str) -> tuple[int, str]:
    """Layer (-1 outside the blocks) and the name inside it: ``blocks.2.attn.q`` is (2, "attn.q")."""
    if not point.startswith("blocks."):
        return -1, point
    _, layer, name = point.split(".", 2)
    return int(layer), name


def made_by(config: ModelConfig, point: str) -> tuple[int, str]:
    """Layer and name of what really makes a point: some are only another name for the end of what stands before them."""
    layer, name = split(point)
    post = config.norm_position == "post"
    if name == "resid_pre" and layer == 0:
        return -1, "embed.norm" if config.embedding_norm else "embed.sum"
    if post and name == "resid_pre":
        return layer - 1, "norm2"
    if post and name in ("resid_mid", "resid_post"):
        return layer, "norm1" if name == "resid_mid" else "norm2"
    return (config.n_layers - 1, "norm2") if post and name == "final_norm" else (layer, name)


def summands(config: ModelConfig, layer: int, name: str) -> list[str]:
    """The points whose numbers at the same place add up to a number of ``embed.sum`` or of the residual stream."""
    if name == "embed.sum":
        places = ["embed.position"] * (config.position in ("learned", "sinusoidal"))
        return ["embed.token", *places, *["embed.smear"] * config.smear]
    if name == "resid_pre":
        start = "embed.norm" if config.embedding_norm else "embed.sum"
        joined = [f"blocks.{i}.{part}.out" for i in range(layer) for part in ("attn", "mlp")]
        return [start, *joined] if config.residual else joined[-1:]
    before, part = ("resid_pre", "attn.out") if name == "resid_mid" else ("resid_mid", "mlp.out")
    return [f"blocks.{layer}.{each}" for each in ((before, part) if config.residual else (part,))]


@dataclass(frozen=True)
class Place:
    """One cell of a trace, and what its makers read."""

    model: Transformer
    trace: Trace
    point: str
    name: str
    layer: int
    index: Index

    @property
    def block(self):
        return self.model.blocks[self.layer]

    def at(self, name: str) -> str:
        """A point of the same layer."""
        return f"blocks.{self.layer}.{name}"

    def line(self, name: str, point: str, *index: int | None) -> Factor:
        """A vector of the trace; None in ``index`` is where it runs."""
        values = self.trace[point][tuple(slice(None) if i is None else i for i in index)]
        return Factor(name, values.astype(np.float64), Source(point, index))

    def made(self, factors=(), terms=(), axis="channel", steps=(), **more) -> Origin:
        return Origin(
            self.point, self.index, 0.0, tuple(factors), np.asarray(terms, dtype=np.float64), axis, tuple(steps), **more
        )


def numbers(parameter: torch.Tensor) -> np.ndarray:
    """Weights in float64."""
    return parameter.detach().float().cpu().numpy().astype(np.float64)


def number(parameter: torch.Tensor) -> float:
    """One weight."""
    return float(parameter.detach())
