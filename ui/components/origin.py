"""What made one number: the vectors that met, their products lighting up one by one, the sum building up, every step after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from ui.components.core import pack, renderer
from ui.components.ledger import Line, Span


@dataclass(frozen=True)
class Row:
    """One vector: what it is called, the token it belongs to, its hue, and whether its numbers lead further back.

    ``position`` is that token's in the sentence, ``entry`` an id of the vocabulary: they light up on the page.
    """

    label: str
    values: np.ndarray
    token: str = ""
    hue: str = "soft"
    leads: bool = False
    position: int | None = None
    entry: int | None = None


@dataclass(frozen=True)
class Made:
    """Everything that is drawn about one number.

    ``terms`` are added up one by one (empty: nothing is); ``kind`` is "products", "squares", "squares_rms", "row" or "parts".
    ``units`` name the places of the vectors; ``marked`` is the place of the number itself. ``parts`` stand as lines that lead
    further back, with what each adds. ``crumbs`` are the numbers on the way here, the first one first. ``pair`` is the query and
    the key whose number this is (key -1: each place of the vectors is a key); ``sentence_of`` whose tokens they are.
    """

    name: str
    place: str
    sentence: tuple[Span, ...]
    rows: tuple[Row, ...]
    terms: np.ndarray
    kind: str
    units: tuple[str, ...]
    lines: tuple[Line, ...]
    exact: str
    marked: int | None = None
    parts: tuple[tuple[str, float], ...] = ()
    crumbs: tuple[str, ...] = ()
    pair: tuple[int, int] | None = None
    sentence_of: str | None = None


def origin_view(made: Made, words: Mapping[str, Any], *, key: str, on_go: Callable[[Mapping[str, int]], None]) -> None:
    """Draw where a number comes from.

    Args:
        words: the texts of ``assets/text/en/origin.toml``.
        on_go: called before the page runs again when the reader goes on: {"row": i, "along": j} to the number behind place j of
            row i, {"part": i}, {"sibling": j} to the same vector's number at place j, or {"crumb": i} back.
    """
    header = {
        "name": made.name,
        "place": made.place,
        "sentence": [list(span) for span in made.sentence],
        "rows": [
            {
                "label": row.label,
                "token": row.token,
                "hue": row.hue,
                "leads": row.leads,
                "position": row.position,
                "entry": row.entry,
            }
            for row in made.rows
        ],
        "kind": made.kind,
        "units": list(made.units),
        "lines": [
            {"spans": [list(span) for span in line.spans], "value": line.value, "result": line.result} for line in made.lines
        ],
        "exact": made.exact,
        "marked": made.marked,
        "parts": [list(part) for part in made.parts],
        "crumbs": list(made.crumbs),
        "pair": list(made.pair) if made.pair else None,
        "scope": made.sentence_of,
        "words": _texts(words, made.kind),
    }

    def went() -> None:
        go = (st.session_state.get(key) or {}).get("go")
        if go:
            on_go(go)

    vectors = np.stack([row.values for row in made.rows]) if made.rows else np.zeros((0, 0))
    arrays = {"rows": vectors.astype(np.float32), "terms": np.asarray(made.terms, dtype=np.float32)}
    renderer("origin")(data=pack(header, **arrays), key=key, on_go_change=went)


def _texts(words: Mapping[str, Any], kind: str) -> dict[str, str]:
    family = "squares" if kind.startswith("squares") else kind
    names: Sequence[str] = ("label", "play", "pause", "scrub", "from_here", "sibling", "exact", "sum", "crumbs", "back")
    texts = {name: words[name] for name in names}
    texts["hint"] = words[f"hint_{family}"]
    texts["channel"] = words["channel"].get(kind, "")
    texts["progress"] = words.get(f"progress_{family}", "")
    texts["terms"] = words.get(family, "")
    return texts
