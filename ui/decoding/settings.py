"""The knobs of the Decoding page: from component or address to a SamplingConfig. What is odd is brought into range."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from llm.config import SamplingConfig

MAX_SKIP = 500  # how often "draw again" counts
# letter in the address -> (field, lowest, highest, whole number)
_FIELDS = {
    "t": ("temperature", 0.0, 3.0, False),
    "k": ("top_k", 1, 1_000_000, True),
    "p": ("top_p", 0.01, 1.0, False),
    "m": ("min_p", 0.0, 1.0, False),
    "r": ("penalty", 1.0, 2.0, False),
    "s": ("seed", 0, 999_999, True),
    "d": ("skip", 0, MAX_SKIP, True),
}
_PART = re.compile(r"([a-z])(\d+(?:\.\d+)?)", re.ASCII)


@dataclass(frozen=True)
class Settings:
    """What the sliders say. None is "off"; ``skip`` counts random numbers passed over by "draw again"."""

    temperature: float = 0.8
    top_k: int | None = 40
    top_p: float | None = 0.95
    min_p: float | None = None
    penalty: float = 1.0
    seed: int = 0
    skip: int = 0

    @property
    def sampling(self) -> SamplingConfig:
        """The library's configuration."""
        return SamplingConfig(self.temperature, self.top_k, self.top_p, self.min_p, self.penalty, self.seed)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the component."""
        return asdict(self)

    @property
    def address(self) -> str:
        """As it stands in the link: ``t0.8_k40_p0.95``; a filter that is off is left out."""
        values = asdict(self)
        shown = {letter: values[name] for letter, (name, *_) in _FIELDS.items()}
        off = {"r": 1.0, "s": 0, "d": 0}
        return "_".join(f"{letter}{v:g}" for letter, v in shown.items() if v is not None and v != off.get(letter))


def from_address(text: str) -> Settings:
    """The settings of a link; what it does not name is off, what it names wrongly is brought into range."""
    named = {match[1]: match[2] for match in (_PART.fullmatch(part) for part in text.split("_")) if match}
    if not named:
        return Settings()
    off = Settings(top_k=None, top_p=None)
    return from_dict({name: float(named[letter]) for letter, (name, *_) in _FIELDS.items() if letter in named}, off)


def from_dict(values: Mapping[str, Any], base: Settings) -> Settings:
    """``base`` with the values that a browser sent."""
    changes: dict[str, Any] = {}
    for name, low, high, whole in _FIELDS.values():
        if name not in values:
            continue
        value = values[name]
        if value is None and name in ("top_k", "top_p", "min_p"):
            changes[name] = None
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            fitting = min(high, max(low, value))
            changes[name] = int(fitting) if whole else round(float(fitting), 4)
    return replace(base, **changes)
