"""Two attention shapes: one head of the causal and one of the masked model on the same sentence."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import cached_objectives as computed
from ui import page as page_parts
from ui import snippets_objectives as snippets
from ui.components.matrix import matrix
from ui.pretraining.pair import Pair
from ui.state import Reading

Head = tuple[int, int]


def shapes_card(pair: Pair) -> None:
    """Both patterns; the masked model reads the sentence with its blank."""
    words, place = pair.page["shapes"], pair.place
    config = pair.masked.config
    with page_parts.card("objectives-shapes", words["title"]):
        page_parts.prose(words["caption"], layers=config.n_layers, heads=config.n_heads)
        if len(pair.ids) == 1:
            page_parts.prose(words["alone"])
            return
        hidden = pair.hidden(place)
        shares = computed.later_shares(computed.MASKED, hidden)  # (L, H)
        first = tuple(int(i) for i in np.unravel_index(shares.argmax(), shares.shape))
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown(f"**{words['causal']}**")
            causal = _head(pair, pair.causal, "causal", computed.later_shares(computed.CAUSAL, pair.ids), first)
            _pattern(pair, pair.causal, "causal", pair.ids, pair.causal.labels, causal)
            page_parts.prose(words["causal_share"])
            page_parts.provenance(pair.causal)
        with right:
            st.markdown(f"**{words['masked']}**")
            masked = _head(pair, pair.masked, "masked", shares, first)
            labels = [pair.page["blank.words.mask"] if t == place else label for t, label in enumerate(pair.masked.labels)]
            pattern = _pattern(pair, pair.masked, "masked", hidden, labels, masked)
            page_parts.prose(words["masked_share"], percent=100 * float(shares.mean()), own=100 * float(shares[masked]))
            page_parts.provenance(pair.masked)
            rows = [[label, *map(float, row)] for label, row in zip(labels, pattern, strict=True)]
            code = snippets.shapes_code(pair, place, causal, masked)
            page_parts.take_away(pair.page, "shapes", header=["token", *_unlike(labels)], rows=rows, code=code)


def _head(pair: Pair, reading: Reading, name: str, shares: np.ndarray, first: Head) -> Head:
    """Choose a head; each says how much of its attention goes to later tokens."""
    words = pair.page["shapes"]
    options = [(i, j) for i in range(reading.config.n_layers) for j in range(reading.config.n_heads)]
    return st.selectbox(
        words["head"], options, index=options.index(first) if first in options else 0, key=f"objectives-head-{name}",
        format_func=lambda at: words["head_option"].format(layer=at[0] + 1, head=at[1] + 1, percent=100 * shares[at]),
    )  # fmt: skip


def _pattern(pair: Pair, reading: Reading, name: str, ids: tuple[int, ...], labels: list[str], head: Head) -> np.ndarray:
    words = pair.page["shapes"]
    pattern = computed.patterns(reading.model_id, ids)[head]
    shown = pattern if not reading.config.causal else np.where(np.tri(len(ids), dtype=bool), pattern, -np.inf)
    matrix(
        shown, labels, labels, key=f"objectives-pattern-{name}", words=words["cell"], empty_words=words["empty"], limit=1.0,
        label=words["label"].format(layer=head[0] + 1, head=head[1] + 1, model=name), rows_are=words["row_is"],
        columns_are=words["column_is"], hint=words["hint"], row_colour="query", column_colour="key",
    )  # fmt: skip
    return pattern


def _unlike(labels: list[str]) -> list[str]:
    """Column heads that differ: a token that stands twice gets its place."""
    return [f"{t + 1} {label}" for t, label in enumerate(labels)]
