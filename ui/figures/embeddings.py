"""The token cloud in three dimensions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

SYMBOLS = {
    "start": "circle",
    "letter": "circle",
    "capitalised": "diamond-open",
    "continues": "square",
    "number": "diamond",
    "punctuation": "x",
    "byte": "circle-open",
    "special": "diamond",
}


def cloud_in_space(
    coordinates: np.ndarray,
    labels: Sequence[str],
    kinds: Sequence[str],
    titles: Mapping[str, str],
    palette: Mapping[str, str],
    *,
    named: Collection[int] = (),
) -> go.Figure:
    """One marker for each token, one colour and shape for each kind, and names beside the ``named`` ones.

    Args:
        coordinates: (N, 3). ``labels`` and ``kinds``: N each. ``titles``: kind -> its name in the legend, in its order.
        palette: colour names of ``ui.theme``, "kind-start" and so on among them.

    Raises:
        ValueError: when the lengths differ.
    """
    if coordinates.shape != (len(labels), 3) or len(kinds) != len(labels):
        raise ValueError(f"coordinates {coordinates.shape} need as many labels ({len(labels)}) and kinds ({len(kinds)})")
    figure = go.Figure()
    groups = np.array(kinds)
    for kind, title in titles.items():
        members = np.flatnonzero(groups == kind)
        if len(members):
            figure.add_trace(_points(coordinates[members], [labels[i] for i in members], kind, title, palette))
    if named:
        figure.add_trace(_names(coordinates[list(named)], [labels[i] for i in named], palette))
    line = palette["line"]
    axis = {"showticklabels": False, "title": "", "gridcolor": line, "zerolinecolor": line, "showbackground": False}
    camera = {"eye": {"x": 1.05, "y": 1.05, "z": 0.7}}
    figure.update_layout(
        height=560,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        font={"color": palette["ink"], "size": 14, "family": "Source Sans, Source Sans Pro, sans-serif"},
        legend={"itemsizing": "constant", "orientation": "h", "y": 1.02},
        scene={"xaxis": axis, "yaxis": axis, "zaxis": axis, "aspectmode": "data", "camera": camera},
        uirevision="cloud",
    )
    return figure


def _points(places: np.ndarray, labels: Sequence[str], kind: str, title: str, palette: Mapping[str, str]) -> go.Scatter3d:
    return go.Scatter3d(
        x=places[:, 0].astype(np.float32),
        y=places[:, 1].astype(np.float32),
        z=places[:, 2].astype(np.float32),
        mode="markers",
        name=f"{title} {len(labels):,}",
        text=[escape(label) for label in labels],
        hovertemplate="%{text}<extra></extra>",
        marker={"size": 3.4, "color": palette[f"kind-{kind}"], "symbol": SYMBOLS.get(kind, "circle"), "opacity": 0.8},
    )


def _names(places: np.ndarray, labels: Sequence[str], palette: Mapping[str, str]) -> go.Scatter3d:
    return go.Scatter3d(
        x=places[:, 0].astype(np.float32),
        y=places[:, 1].astype(np.float32),
        z=places[:, 2].astype(np.float32),
        mode="markers+text",
        text=[f"<b>{escape(label)}</b>" for label in labels],
        textposition="top center",
        textfont={"color": palette["accent"], "size": 15},
        hoverinfo="skip",
        showlegend=False,
        marker={"size": 6, "color": palette["accent"]},
    )
