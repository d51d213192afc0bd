"""A line chart that is light to load: several series over one axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ui.components.core import pack, renderer


def line_chart(
    x: Sequence[float] | np.ndarray,
    series: Mapping[str, Sequence[float] | np.ndarray],
    *,
    key: str,
    label: str,
    x_title: str,
    x_word: str = "{x}",
    hint: str = "",
    hues: Sequence[str] | None = None,
    y_range: tuple[float, float] | None = None,
    height: int = 300,
    legend: bool = False,
    dots: bool = False,
    x_labels: Sequence[str] | None = None,
) -> None:
    """Draw lines; pointer and arrow keys read every series at one place.

    Args:
        series: name -> one number for each ``x``; numbers that are not finite leave a gap.
        label: one sentence for readers who do not see the picture.
        x_word: how a place is said, e.g. "{x} tokens back"; ``hint``: what stands there before.
        hues: palette names, one for each series. ``legend`` names a single series too; ``dots`` marks each
            place that has a number, where there are few.
        x_labels: what stands at the places instead of their numbers (for steps whose distances are not to scale).
    """
    values = np.stack([np.asarray(line, dtype=np.float32) for line in series.values()])
    if values.shape[1:] != (len(x),):
        raise ValueError(f"every series needs {len(x)} numbers, one for each x, not {values.shape[1:]}")
    header = {
        "name": key,
        "names": list(series),
        "label": label,
        "xTitle": x_title,
        "xWord": x_word,
        "hint": hint,
        "hues": list(hues) if hues else None,
        "range": list(y_range) if y_range else None,
        "height": height,
        "showLegend": legend,
        "dots": dots,
        "xLabels": list(x_labels) if x_labels is not None else None,
    }
    renderer("chart")(data=pack(header, x=np.asarray(x, dtype=np.float32), values=values), key=key)
