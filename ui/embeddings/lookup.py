"""The lookup: an id picks a row of the embedding matrix."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import cached
from ui import cached_embeddings as computed
from ui import page as page_parts
from ui import snippets_embeddings as snippets
from ui.components.lookup import CHANNELS, ROWS, lookup
from ui.components.matrix import matrix
from ui.components.vectors import VectorRow, vectors
from ui.embeddings.spot import WIDE, Spot, strip
from ui.numbers import latex
from ui.origin import view as origin

AROUND = 12  # tokens with a line to their row in one picture
LONGEST = 64  # tokens of the matrix


def show(spot: Spot) -> None:
    left, right = st.columns(WIDE, gap="medium")
    with left:
        spot = _picture(spot)
    with right:
        _numbers(spot)
        _share(spot)
    _sentence(spot)


def _picture(spot: Spot) -> Spot:
    page, now = spot.page, spot.now
    with page_parts.card("embeddings-lookup", page["lookup.title"], page["lookup.text"]):
        spot = strip(spot, "lookup")
        rows, columns = spot.table.shape
        start = max(0, min(spot.position - AROUND // 2, len(now.chips) - AROUND))
        around = now.chips[start : start + AROUND]
        lookup(
            spot.table, around, key="embeddings-lookup", label=page["lookup.label"], words=page["lookup.words"],
            hint=page["lookup.hint"], titles=[t.format(rows=f"{rows:,}", columns=columns) for t in page["lookup.titles"]],
            picked=spot.position - start, first=start, sentence=now.scope,
        )  # fmt: skip
        if len(around) < len(now.chips):
            st.caption(page["lookup.part"].format(shown=len(around), tokens=len(now.chips)))
        if rows > ROWS or columns > CHANNELS:
            every = {"rows": -(-rows // ROWS), "columns": -(-columns // CHANNELS)}
            st.caption(page["lookup.thin" if every["columns"] > 1 else "lookup.thin_rows"].format(**every))
        chip = now.chips[spot.position]
        vectors(
            [VectorRow(page["lookup.chosen"].format(id=chip.id), spot.table[chip.id], token=chip.label, hue="accent", height=64,
                place={"token": spot.position})],
            key="embeddings-row", label=page["lookup.bars_label"], words=page["lookup.bars_words"],
            hint=page["lookup.bars_hint"].format(columns=columns), sentence=now.scope, space="embedding",
        )  # fmt: skip
        page_parts.provenance(now)
        values = spot.table[chip.id].tolist()
        code = snippets.row_code(now, spot.position)
        page_parts.take_away(page, "row", header=["channel", chip.label], rows=list(enumerate(values)), code=code)
    return spot


def _sentence(spot: Spot) -> None:
    page, now = spot.page, spot.now
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("embeddings-rows", page["rows.title"], page["rows.text"]):
        rows = spot.table[list(now.ids[:LONGEST]), :CHANNELS]
        start = (min(spot.position, len(rows) - 1), int(np.abs(rows[min(spot.position, len(rows) - 1)]).argmax()))
        cell = matrix(
            rows, now.labels[:LONGEST], [str(c) for c in range(rows.shape[1])], key=_rows_key(spot), label=page["rows.label"],
            words=page["rows.words"], hint=page["rows.hint"], rows_are=page["rows.tokens"], columns_are=page["rows.channels"],
            scale="diverging", square=False, name_columns=False, limit=max(float(np.quantile(np.abs(rows), 0.995)), 1e-9),
            pick=True, rest=start, sentence=now.scope, space="embedding",
        )  # fmt: skip
        if rows.shape != (len(now.ids), spot.table.shape[1]):
            st.caption(page["rows.part"].format(tokens=rows.shape[0], columns=rows.shape[1]))
        page_parts.provenance(now)
        header = ["token", *(f"channel {c}" for c in range(rows.shape[1]))]
        data = [(label, *values) for label, values in zip(now.labels, rows.tolist(), strict=False)]
        page_parts.take_away(page, "rows", header=header, rows=data, code=snippets.rows_code(now))
    with right, page_parts.card("embeddings-rows-where"):
        origin.show(now, "embed.token", cell or start, key="embeddings-rows-where")


def _rows_key(spot: Spot) -> str:
    """A cell that was chosen belongs to one sentence and one chosen token."""
    return f"embeddings-rows-{page_parts.hash_key(repr((spot.now.model_id, spot.now.ids, spot.position)))}"


def _numbers(spot: Spot) -> None:
    page, now = spot.page, spot.now
    rows, columns = spot.table.shape
    chosen = now.ids[spot.position]
    with page_parts.card("embeddings-formula", page["formula.title"], page["formula.text"]):
        st.latex(rf"E[{chosen}] = ({_some(spot.table[chosen])})")
        share = 100 * now.config.vocab_size * columns / cached.parameter_count(now.model_id)
        page_parts.prose(page["formula.size"], rows=f"{rows:,}", columns=columns, all=f"{rows * columns:,}", percent=share)
        page_parts.prose(page["formula.onehot"], id=chosen, rows=f"{rows:,}")
        page_parts.prose(page["formula.meaning"], columns=columns)
        page_parts.prose(page["formula.tied" if now.config.tie_embeddings else "formula.untied"])


def _some(row: np.ndarray) -> str:
    """The first two numbers and the last."""
    numbers = [latex(float(value)) for value in row]
    return r",\,".join(numbers if len(numbers) <= 3 else [*numbers[:2], r"\ldots", numbers[-1]])


def _share(spot: Spot) -> None:
    """The question: how much of the matrix does a sentence touch?"""
    used, rows = len(set(spot.now.ids)), len(computed.table(*spot.where))
    percent = 100 * used / rows
    answer = 0 if percent < 2 else 1 if percent <= 20 else 2
    page_parts.predict(spot.page, "share", answer, spot.page["share.reveal"], used=used, rows=f"{rows:,}", percent=percent)
