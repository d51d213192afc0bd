"""Activation functions as curves, with a layer's own numbers on one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ui.components.core import pack, renderer

_BINS = 60


def activation_curves(
    x: np.ndarray,
    curves: Mapping[str, np.ndarray],
    dots: np.ndarray,
    *,
    key: str,
    label: str,
    own: str,
    titles: Sequence[str],
    hints: Sequence[str],
    axis: str,
    names_label: str,
    reach: tuple[float, float],
) -> None:
    """Draw the curves over ``x`` (N, evenly spaced) and mark ``dots`` (M,) on the one that the reader picks.

    Args:
        curves: name -> (N,) values; ``own`` is the curve picked at first; ``titles`` and ``hints`` belong to the names in order.
        label: one sentence for readers who do not see the picture; ``axis`` is the name of x.
        reach: lowest and highest value that is drawn.
    """
    counts, _ = np.histogram(dots, bins=_BINS, range=(float(x[0]), float(x[-1])))
    header = {
        "name": key,
        "label": label,
        "names": list(curves),
        "titles": list(titles),
        "hints": list(hints),
        "own": own,
        "axis": axis,
        "namesLabel": names_label,
        "range": [float(end) for end in reach],
    }
    message = pack(header, x=x, y=np.stack(list(curves.values())), dots=dots, counts=counts)
    renderer("curve")(data=message, key=key)
