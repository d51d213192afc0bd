"""Two attention shapes: one head of the causal and one of the masked model on the same sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from ui import cached_objectives as computed
from ui import page as page_parts
from ui import snippets_objectives as snippets
from ui.components.matrix import matrix
from ui.origin import pair as origin
from ui.pretraining.pair import Pair
from ui.state import Reading
from ui.tokens import Chip

NAMES = ("causal", "masked")
PATTERN = "objectives-pattern"


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
        cells = origin.pressed([f"{PATTERN}-{name}" for name in NAMES], [len(hidden)] * 2, shared=True)
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown(f"**{words['causal']}**")
            causal = _head(pair, pair.causal, "causal", computed.later_shares(computed.CAUSAL, pair.ids), first)
            _pattern(pair, causal, "causal", cells[0])
            page_parts.prose(words["causal_share"])
            page_parts.provenance(pair.causal)
        with right:
            st.markdown(f"**{words['masked']}**")
            masked = _head(pair, replace(pair.masked, ids=hidden, chips=_with_blank(pair, place)), "masked", shares, first)
            pattern, at = _pattern(pair, masked, "masked", cells[1]), (masked.layer, masked.head)
            page_parts.prose(words["masked_share"], percent=100 * float(shares.mean()), own=100 * float(shares[at]))
            page_parts.provenance(pair.masked)
            rows = [[label, *map(float, row)] for label, row in zip(masked.labels, pattern, strict=True)]
            code = snippets.shapes_code(pair, place, (causal.layer, causal.head), at)
            page_parts.take_away(pair.page, "shapes", header=["token", *_unlike(masked.labels)], rows=rows, code=code)
        origin.made((causal, masked), [words[name] for name in NAMES], cells, key="objectives-made")


def _head(pair: Pair, reading: Reading, name: str, shares: np.ndarray, first: tuple[int, int]) -> Reading:
    """The reading with the head that is chosen; each says how much of its attention goes to later tokens."""
    words = pair.page["shapes"]
    options = [(i, j) for i in range(reading.config.n_layers) for j in range(reading.config.n_heads)]
    layer, head = st.selectbox(
        words["head"], options, index=options.index(first) if first in options else 0, key=f"objectives-head-{name}",
        format_func=lambda at: words["head_option"].format(layer=at[0] + 1, head=at[1] + 1, percent=100 * shares[at]),
    )  # fmt: skip
    return replace(reading, layer=layer, head=head)


def _pattern(pair: Pair, reading: Reading, name: str, cell: origin.Place | None) -> np.ndarray:
    words, ids, labels = pair.page["shapes"], reading.ids, reading.labels
    pattern = computed.patterns(reading.model_id, ids)[reading.layer, reading.head]
    shown = pattern if not reading.config.causal else np.where(np.tri(len(ids), dtype=bool), pattern, -np.inf)
    matrix(
        shown, labels, labels, key=f"{PATTERN}-{name}", words=words["cell"], empty_words=words["empty"], limit=1.0,
        label=words["label"].format(layer=reading.layer + 1, head=reading.head + 1, model=name), rows_are=words["row_is"],
        columns_are=words["column_is"], hint=words["hint"], row_colour="query", column_colour="key", pick=True, rest=cell,
        sentence=PATTERN,
    )  # fmt: skip
    return pattern


def _with_blank(pair: Pair, place: int) -> tuple[Chip, ...]:
    """The sentence's tokens with the blank that the picture shows."""
    chips = list(pair.masked.chips)
    chips[place] = replace(chips[place], id=pair.mask_id, text=pair.page["blank.words.mask"], group_size=1)
    return tuple(chips)


def _unlike(labels: list[str]) -> list[str]:
    """Column heads that differ: a token that stands twice gets its place."""
    return [f"{t + 1} {label}" for t, label in enumerate(labels)]
