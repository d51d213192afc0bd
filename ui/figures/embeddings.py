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
    "punctuation": "square-open",  # in space Plotly writes its cross as a letter that many fonts do not have
    "byte": "circle-open",
    "special": "diamond",
}


FINE, RIM = 24, 0.015
LOOK = np.array([1.15, 1.15, 0.75])  # from where the picture opens, for a crowd of size 1


def crowd(coordinates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle (3,) of where most tokens lie, and half its size along each axis (3,).

    Tokens that lie in one place count once, and the outermost places are left out: a heap of tokens far away, such as
    those that training never saw, would make all others small.
    """
    low, size = coordinates.min(axis=0), np.ptp(coordinates, axis=0)
    cells = np.floor((coordinates - low) / np.where(size > 0, size, 1) * (FINE - 1e-6))
    _, first = np.unique(cells, axis=0, return_index=True)
    ends = np.quantile(coordinates[first], [RIM, 1 - RIM], axis=0)
    half = (ends[1] - ends[0]) / 2
    return ends.mean(axis=0), np.where(half > 0, half, 0.5)


def farther_out(coordinates: np.ndarray) -> int:
    """How many tokens lie outside of what the picture in space opens on."""
    middle, half = crowd(coordinates)
    return int((np.abs(coordinates - middle) > 1.5 * half.max()).any(axis=1).sum())


def _camera(coordinates: np.ndarray) -> dict[str, dict]:
    """Ranges that hold every token at one scale, and a camera that opens on the crowd; zooming out shows the rest."""
    middle, half = crowd(coordinates)
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    size, unit = np.where(high > low, high - low, 1) * 1.04, 2 * half.max()
    ends = np.stack([(low + high - size) / 2, (low + high + size) / 2], axis=1)
    centre = (middle - ends.mean(axis=1)) / unit  # Plotly's places: 0 in the middle of the ranges, their lengths as given
    point = lambda values: dict(zip("xyz", map(float, values), strict=True))  # noqa: E731
    camera = {"center": point(centre), "eye": point(centre + LOOK)}
    axes = {
        f"{name}axis": {"range": [float(v) for v in pair], "autorange": False} for name, pair in zip("xyz", ends, strict=True)
    }
    return {"aspectmode": "manual", "aspectratio": point(size / unit), "camera": camera, **axes}


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
    scene = _camera(coordinates)
    for name in ("xaxis", "yaxis", "zaxis"):
        scene[name] = {**axis, **scene[name]}
    figure.update_layout(
        height=560,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        font={"color": palette["ink"], "size": 14, "family": "Source Sans, Source Sans Pro, sans-serif"},
        legend={"itemsizing": "constant", "orientation": "h", "y": -0.02, "yanchor": "top"},
        scene=scene,
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": palette["ink"], "activecolor": palette["accent"]},
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
