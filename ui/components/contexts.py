"""Places in a text where a neuron fires, with the tokens around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ui.components.core import pack, renderer


@dataclass(frozen=True)
class Place:
    """Tokens around a peak, the neuron's activation at each, and whether text is left out before and after."""

    tokens: tuple[str, ...]
    values: tuple[float, ...]
    peak: int
    before: bool
    after: bool


def contexts(places: Sequence[Place], *, key: str, label: str, limit: float) -> None:
    """Draw the places, one a line; ``limit`` is the activation with the full colour."""
    header = {"name": key, "label": label, "limit": max(float(limit), 1e-9), "places": [asdict(place) for place in places]}
    renderer("contexts")(data=pack(header), key=key)
