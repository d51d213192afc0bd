"""An analogy as a picture: one step, taken twice, and what lies where it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ui.components.core import pack, renderer


@dataclass(frozen=True)
class Corner:
    """One labelled point. ``role`` is "a", "b", "c", "result" (of a - b + c) or "found" (a token near it)."""

    text: str
    role: str


def steps_apart(places: np.ndarray, corners: Sequence[Corner], *, key: str, label: str) -> None:
    """Draw points (N, 2) with an arrow from b to a, and the same step from c to the result.

    ``label`` is one sentence for readers who do not see the picture.
    """
    if np.shape(places) != (len(corners), 2) or {"a", "b", "c", "result"} - {corner.role for corner in corners}:
        raise ValueError(f"places {np.shape(places)} need as many corners ({len(corners)}), a, b, c and the result among them")
    header = {"name": key, "label": label, "points": [asdict(corner) for corner in corners]}
    renderer("steps_apart")(data=pack(header, places=np.asarray(places, dtype=np.float32)), key=key)
