"""Pairs of bars: the same tokens' probabilities before and after a change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ui.components.core import pack, renderer


def before_after(
    labels: Sequence[str], before: np.ndarray, after: np.ndarray, *, key: str, label: str, names: tuple[str, str]
) -> None:
    """Draw a pair of bars for each of ``labels``; ``names`` says what the two colours are, ``label`` the whole in a sentence."""
    if not len(labels) == len(before) == len(after):
        raise ValueError(f"before_after needs lists of one length, not {len(labels)}, {len(before)} and {len(after)}")
    header = {"name": key, "labels": list(labels), "label": label, "names": list(names)}
    arrays = {"before": np.asarray(before, dtype=np.float32), "after": np.asarray(after, dtype=np.float32)}
    renderer("before_after")(data=pack(header, **arrays), key=key)
