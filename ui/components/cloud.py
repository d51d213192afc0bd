"""The token cloud: a vocabulary as points in the plane, and how it formed while the model was trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from ui.components.core import pack, renderer

NOBODY = 65_535  # stands for "no neighbour"; ids of points fit into two bytes


def cloud(
    coordinates: np.ndarray,
    neighbours: np.ndarray,
    labels: Sequence[str],
    ids: Sequence[int],
    kinds: Sequence[str],
    *,
    key: str,
    run: str,
    label: str,
    hint: str,
    words: Mapping[str, Any],
    kind_titles: Mapping[str, str],
    steps: Sequence[int],
    at: int,
    facts: Sequence[str],
    cited: Sequence[str],
    sentence: Sequence[int] = (),
    scope: str | None = None,
    tokens: Sequence[int] = (),
    picked: int | None = None,
    heat: np.ndarray | None = None,
    named_first: Sequence[int] = (),
    on_pick: Callable[[], None] = lambda: None,
) -> int | None:
    """Draw the cloud; return the id of the token that was clicked last.

    Args:
        coordinates: (S, N, 2) places of the N tokens at S training steps; they move from one to the next.
        neighbours: (S, N, K) the tokens that are really nearest, as positions in the list; -1 where there are fewer.
        labels, ids, kinds: what each token is.
        run: changes when the picture is another one, so that zoom and time start anew.
        label: one sentence for readers who do not see the picture; ``hint`` is shown while nothing is chosen.
        words: the component's own words; ``words["token"]`` has ``{token}``, ``{id}``, ``{kind}`` and ``{near}``.
        kind_titles: kind -> its name in the legend, in the legend's order.
        steps: S training steps, ``at`` the position of the one shown first; ``facts`` a sentence for each,
            ``cited`` whose numbers they are.
        sentence: positions of tokens that are always marked; ``picked``: position of the chosen one.
        scope: the sentence (``Reading.scope``) whose tokens light up with their points; ``tokens`` are its ids in order.
        named_first: positions of tokens that get a label first, where there is room.
        heat: (N,) 0 to 1, for a colouring by number instead of kind.
    """
    coordinates, neighbours = np.asarray(coordinates, dtype=np.float32), np.asarray(neighbours)
    frames, count = coordinates.shape[:2]
    if count > 60_000:
        raise ValueError(f"the cloud draws up to 60,000 tokens, not {count:,}; give it the most used ones")
    if len(labels) != count or len(steps) != frames or neighbours.shape[:2] != (frames, count):
        given = f"{len(labels)} labels, {len(steps)} steps and neighbours {neighbours.shape}"
        raise ValueError(f"{given} do not fit coordinates {coordinates.shape}")
    present = [kind for kind in kind_titles if kind in set(kinds)]
    header = {
        "name": key,
        "run": run,
        "scope": scope,
        "tokens": [int(i) for i in tokens],
        "label": label,
        "hint": hint,
        "words": dict(words),
        "labels": list(labels),
        "ids": [int(i) for i in ids],
        "kinds": [{"key": kind, "title": kind_titles[kind], "count": list(kinds).count(kind)} for kind in present],
        "steps": [int(step) for step in steps],
        "at": at,
        "facts": list(facts),
        "cited": list(cited),
        "sentence": [int(i) for i in sentence],
        "picked": picked,
        "namedFirst": [int(i) for i in named_first],
    }
    near = np.where(neighbours < 0, NOBODY, neighbours).astype("<u2")
    arrays = {
        "coordinates": coordinates,
        "near": near.view(np.uint8).reshape(frames, count, -1),
        "kinds": np.array([present.index(kind) for kind in kinds], dtype=np.uint8),
    }
    if heat is not None:
        arrays["heat"] = np.asarray(heat, dtype=np.float32)
    renderer("cloud")(data=pack(header, **arrays), key=key, default={"picked": None}, on_picked_change=on_pick)
    chosen = (st.session_state.get(key) or {}).get("picked")
    return int(chosen) if chosen is not None else None
