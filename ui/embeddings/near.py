"""The ten tokens nearest to the chosen one, as bars that lead on to the next token."""

from __future__ import annotations

import streamlit as st

from llm.interpret.projections import best_by_chance
from ui import cached_embeddings as computed
from ui import page as page_parts
from ui import snippets_embeddings as snippets
from ui.components.ledger import Line, ledger, spans
from ui.components.signed import Bar, signed_bars
from ui.embeddings.spot import Spot, take
from ui.numbers import digits


def show(spot: Spot) -> None:
    """The card of the nearest tokens."""
    page, (size, columns) = spot.page, spot.table.shape
    with page_parts.card("embeddings-near", page["near.title"]):
        ids, values = computed.nearest(*spot.where, spot.token)
        name = spot.name(spot.token)
        ledger(key="embeddings-near-of", sentence=spans(page["near.sentence"], token=(name, "accent")))
        if not ids:
            page_parts.prose(page["near.alone"])
            return
        labels = [spot.name(i) for i in ids]
        words = [
            page["near.words"].format(chosen=name, token=label, value=digits(value, 1))
            for label, value in zip(labels, values, strict=True)
        ]
        signed_bars(
            [Bar(label, value, text) for label, value, text in zip(labels, values, words, strict=True)], key="embeddings-near",
            label=page["near.label"], hint=page["near.hint"], limit=1.0, plus=False, on_pick=lambda i: take(spot.now, ids[i]),
        )  # fmt: skip
        chance = best_by_chance(size, columns)
        if values[0] < 1.25 * chance:
            page_parts.prose(page["near.far"], rows=f"{size:,}", columns=columns, chance=chance)
        page_parts.provenance(spot.now)
        rows = list(zip(labels, ids, values, strict=True))
        code = snippets.near_code(spot.now, spot.token, len(ids))
        page_parts.take_away(page, "near", header=["token", "id", "cosine"], rows=rows, code=code)


def break_card(spot: Spot) -> None:
    """The page's experiment: take the training away, and the neighbours go with it."""
    with page_parts.break_it(spot.page):
        _before(spot)


def _before(spot: Spot) -> None:
    """The chosen token's neighbours at the first, a middle and the last training step."""
    page, model_id = spot.page, spot.now.model_id
    steps = computed.steps(model_id)
    if len(steps) < 2:
        page_parts.prose(page["break.rows_none"])
        return
    some = [steps[0], *([steps[len(steps) // 2]] if len(steps) > 2 else []), steps[-1]]
    for step, column in zip(some, st.columns(len(some), gap="large", vertical_alignment="bottom"), strict=True):
        ids, values = computed.nearest(model_id, None if step == steps[-1] else step, spot.token, 4)
        found = [Line(((spot.name(i), "strong"),), f"{value:.2f}") for i, value in zip(ids, values, strict=True)]
        said = spans(page["break.row"], step=f"{step:,}", token=(spot.name(spot.token), "accent"))
        with column:
            ledger(found, key=f"embeddings-before-{step}", sentence=said)
    page_parts.prose(page["break.how"])
