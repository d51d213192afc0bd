"""Where two models look: one head of each on the same sentence, the difference, and what made a cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from ui import cached_experiments as computed
from ui import page as page_parts
from ui import snippets_experiments as snippets
from ui.components.matrix import matrix
from ui.experiments.models import Pair, provenance
from ui.origin import pair as origin
from ui.state import Reading
from ui.text import plain

# Session keys of bound widgets; each is also the name in the address.
HEADS = {"a": ("a_layer", "a_head"), "b": ("b_layer", "b_head")}


def show(pair: Pair) -> None:
    """One head of each model, and the difference where the tokens are the same."""
    words = pair.page["attention"]
    places = st.columns([1, 1, 1, 1, 3], vertical_alignment="bottom")
    a = _head(pair.a, "a", words, places[:2])
    b = _head(pair.b, "b", words, places[2:4])
    patterns = [computed.pattern(reading) for reading in (a, b)]
    figure = f"experiments-pattern-{pair.key}"
    keys = [f"{figure}-{name[:1]}" for name in pair.names]
    sizes = [len(shown) for shown in patterns]
    if pair.alike:  # the difference answers with both of its sides
        keys, sizes = [*keys, f"{figure}-difference"], [*sizes, sizes[0]]
    cells = origin.pressed(keys, sizes, shared=pair.alike)
    linked = figure if pair.alike else None  # the tokens stand at the same places: what is pointed at lights up in all three
    columns = st.columns(3 if pair.alike else 2, gap="medium")
    for column, reading, name, shown, key, cell in zip(columns, (a, b), pair.names, patterns, keys, cells, strict=False):
        with column:
            st.markdown(f"**{plain(name)}** · {words['head'].format(layer=reading.layer + 1, head=reading.head + 1)}")
            matrix(
                _masked(shown, reading), reading.labels, reading.labels, limit=1.0, row_colour="query", column_colour="key",
                key=key, label=words["label"].format(name=name), words=words["cell"], empty_words=words["empty"],
                hint=words["hint"], pick=True, rest=cell, sentence=linked,
            )  # fmt: skip
    if pair.alike:
        with columns[2]:
            st.markdown(f"**{words['difference']}**")
            change = patterns[1] - patterns[0]
            matrix(
                _masked(change, a) if a.config.causal and b.config.causal else change, a.labels, a.labels, scale="diverging",
                row_colour="query", column_colour="key", key=keys[2],
                label=words["difference_label"], words=words["difference_cell"], empty_words=words["empty"],
                hint=words["difference_hint"], pick=True, rest=cells[2], sentence=linked,
            )  # fmt: skip
    else:
        page_parts.prose(words["apart"])
    origin.made((a, b), pair.names, cells[:2], key="experiments-made")
    page_parts.prose(words["warning"])
    provenance(pair)
    rows = [
        [name, reading.labels[i], reading.labels[j], float(shown[i, j])]
        for name, reading, shown in zip(pair.names, (a, b), patterns, strict=True)
        for i in range(len(shown)) for j in range(len(shown))
    ]  # fmt: skip
    page_parts.take_away(
        pair.page, "attention", header=["model", "token", "looks at", "attention"], rows=rows, code=snippets.attention_code(a, b)
    )  # fmt: skip


def _head(reading: Reading, which: str, words: dict, places: list) -> Reading:
    """The chosen layer and head of one model."""
    picked = []
    counts = (reading.config.n_layers, reading.config.n_heads)
    for name, key, count, place in zip(("layer", "head"), HEADS[which], counts, places, strict=True):
        if (st.session_state.get(key) or 1) > count:
            st.session_state[key] = count
        with place:
            options = list(range(1, count + 1))
            picked.append(st.selectbox(words[f"{name}_{which}"], options, key=key, bind="query-params") - 1)
    return replace(reading, layer=picked[0], head=picked[1])


def _masked(values: np.ndarray, reading: Reading) -> np.ndarray:
    """Cells that a causal model may not look at are empty."""
    if not reading.config.causal:
        return values
    shown = values.astype(np.float32).copy()
    shown[np.triu_indices(len(shown), 1)] = np.nan
    return shown
