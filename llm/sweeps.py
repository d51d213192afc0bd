"""Sweeps: one small run for each pair of values of two knobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from llm.experiments import BITS, LOSS, STORIES
from llm.runs.spec import RunSpec

MOST_RUNS = 12
VALUES = (2, 5)  # fewest and most of one knob
BASE = replace(
    STORIES,
    data=replace(STORIES.data, tokenizer="bpe", vocab_size=512),
    train={**STORIES.train, "steps": 300, "max_seconds": 120.0},
)


@dataclass(frozen=True)
class Knob:
    """One setting: which part of the spec it belongs to, its field, the values to choose from, and those chosen at first."""

    part: str  # data | model | train | seed
    field: str
    values: tuple[Any, ...]
    usual: tuple[Any, ...]

    def turn(self, spec: RunSpec, value: Any) -> RunSpec:
        """The run with this value."""
        if self.part == "data":
            return replace(spec, data=replace(spec.data, **{self.field: value}))
        parts = ("model", "train") if self.part == "seed" else (self.part,)  # one seed for weights and order of the text
        return replace(spec, **{part: {**getattr(spec, part), self.field: value} for part in parts})


KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "learning_rate": Knob("train", "learning_rate", (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1), (3e-4, 3e-3, 3e-2)),
        "n_layers": Knob("model", "n_layers", (1, 2, 3, 4), (1, 2)),
        "n_heads": Knob("model", "n_heads", (1, 2, 4, 8), (1, 4)),
        "d_model": Knob("model", "d_model", (16, 32, 64, 96, 128), (16, 32, 64)),
        "context_length": Knob("model", "context_length", (8, 16, 32, 64, 128), (8, 32, 128)),
        "batch_size": Knob("train", "batch_size", (1, 4, 8, 16, 32), (4, 16)),
        "dropout": Knob("model", "dropout", (0.0, 0.1, 0.2, 0.4), (0.0, 0.2)),
        "position": Knob("model", "position", ("learned", "sinusoidal", "rope", "alibi", "none"), ("learned", "alibi", "none")),
        "vocab_size": Knob("data", "vocab_size", (300, 512, 1024, 2048), (300, 1024)),
        "seed": Knob("seed", "seed", (0, 1, 2, 3, 4), (0, 1, 2)),
    }
)


@dataclass(frozen=True)
class Sweep:
    """Two knobs with their values; ``rows`` belong to the first."""

    first: str
    first_values: tuple[Any, ...]
    second: str
    second_values: tuple[Any, ...]
    base: RunSpec = BASE

    def __post_init__(self) -> None:
        least, most = VALUES
        for name, values in ((self.first, self.first_values), (self.second, self.second_values)):
            if name not in KNOBS:
                raise ValueError(f"there is no knob {name!r}; choose one of {', '.join(KNOBS)}")
            if not least <= len(values) <= most or len(set(values)) != len(values):
                raise ValueError(f"a knob has from {least} to {most} different values here, not {len(values)}")
        if self.first == self.second:
            raise ValueError("these are the same knob twice; choose two different ones")
        if self.count > MOST_RUNS:
            raise ValueError(f"these are {self.count} runs; a sweep has at most {MOST_RUNS} here, so take fewer values")

    @property
    def count(self) -> int:
        """How many runs these are."""
        return len(self.first_values) * len(self.second_values)

    @property
    def measure(self) -> str:
        """Nats per token; bits per byte where the vocabulary, and so what a token is, differs."""
        return BITS if "vocab_size" in (self.first, self.second) else LOSS

    def specs(self) -> list[list[RunSpec]]:
        """Rows of the first knob's values, columns of the second's.

        Raises:
            ValueError: when two values do not fit together.
        """
        return [
            [KNOBS[self.second].turn(KNOBS[self.first].turn(self.base, row), column) for column in self.second_values]
            for row in self.first_values
        ]


def flat(rows: Sequence[Sequence[RunSpec]]) -> list[RunSpec]:
    """All runs in the order in which they train."""
    return [spec for row in rows for spec in row]
