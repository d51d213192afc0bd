"""Vectors as labelled rows of small bars; a channel is chosen in all rows at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ui.components.core import linked, pack, renderer


@dataclass(frozen=True)
class VectorRow:
    """One vector on the screen.

    ``token`` stands in bold behind ``label``; ``hue`` is a palette name ("query", "key", "value", "soft", ...) for both.
    ``limit`` is the number that fills the row's height (None: the largest size among its numbers, or among all rows when
    they share a scale). ``rule`` draws a line above the row. ``place`` says to ``bus.js`` whose numbers these
    are: {"token": i} or {"query": i, "key": j}.
    """

    label: str
    values: np.ndarray
    token: str = ""
    hue: str = "soft"
    limit: float | None = None
    height: int = 44
    rule: bool = False
    place: Mapping[str, int] = field(default_factory=dict)


def vectors(
    rows: Sequence[VectorRow],
    *,
    key: str,
    label: str,
    words: str = "{row}, channel {channel}: {value}",
    hint: str = "",
    shared_scale: bool = False,
    sentence: str | None = None,
    space: str = "",
) -> None:
    """Draw vectors of equal length under each other.

    Args:
        label: one sentence for readers who do not see the picture.
        words: what a channel says: ``{channel}``, ``{row}`` and ``{value}`` of the row under the pointer, and ``{0}``,
            ``{1}``, ... for the numbers of each row, e.g. "channel {channel}: {0} × {1} = {2}".
        hint: what stands there while no channel is chosen.
        shared_scale: one height means the same number in all rows (for a sum and its parts).
        sentence: whose tokens the rows are (``Reading.scope``); ``space`` names what the channels are: a channel lights up in
            all components of the sentence whose channels are the same.
    """
    arrays = [np.asarray(row.values, dtype=np.float32) for row in rows]
    if not arrays or any(array.ndim != 1 or array.shape != arrays[0].shape for array in arrays):
        raise ValueError(f"vectors needs rows of one length, not shapes {[array.shape for array in arrays]}")
    sizes = [float(np.abs(array).max(initial=0.0)) for array in arrays]
    header = {
        "name": key,
        "label": label,
        "words": words,
        "hint": hint,
        "space": space or key,
        **linked(sentence),
        "rows": [
            {
                "label": row.label,
                "token": row.token,
                "hue": row.hue,
                "height": row.height,
                "rule": row.rule,
                "place": dict(row.place),
                "limit": max(row.limit or (max(sizes) if shared_scale else size), 1e-12),
            }
            for row, size in zip(rows, sizes, strict=True)
        ],
    }
    renderer("vectors")(data=pack(header, values=np.stack(arrays)), key=key)
