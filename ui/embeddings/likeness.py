"""Near and far: how alike the sentence's tokens are, and who is nearest to the chosen one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from ui import cached_embeddings as computed
from ui import locked
from ui import page as page_parts
from ui import snippets_embeddings as snippets
from ui.components.matrix import matrix
from ui.components.vectors import VectorRow, vectors
from ui.embeddings import near
from ui.embeddings.spot import WIDE, Spot, strip
from ui.numbers import digits, latex
from ui.text import plain

LONGEST = 48  # tokens of one matrix
ASKED = "embeddings_asked"  # model, step and token of the question, until it is answered; then None


def show(spot: Spot) -> None:
    left, right = st.columns(WIDE, gap="medium")
    with left:
        spot, cell = _matrix(spot)
    with right:
        if _question(spot):
            near.show(spot)
        if cell:
            _explained(spot, cell)


def _matrix(spot: Spot) -> tuple[Spot, tuple[int, int] | None]:
    """The matrix; returns the spot after a choice of a token, and the pair to explain."""
    page, now = spot.page, spot.now
    with page_parts.card("embeddings-likeness", page["likeness.title"], page["likeness.text"]):
        key = f"embeddings-similarity-{now.scope}-{locked.current_round()}"
        locked.hear(now.scope, key, "cell")
        spot = strip(spot, "likeness")
        labels = now.labels[:LONGEST]
        values = computed.similarity(*spot.where, now.ids[:LONGEST])
        cell = matrix(
            values, labels, labels, key=key, label=page["likeness.label"], words=page["likeness.words"],
            hint=page["likeness.hint"], rows_are=page["likeness.tokens"], columns_are=page["likeness.tokens"], scale="diverging",
            limit=1.0, numbers=True, pick=True, rest=_most_alike(values), sentence=now.scope,
        )  # fmt: skip
        if len(labels) < len(now.ids):
            st.caption(page["likeness.part"].format(n=len(labels)))
        if len(labels) == 1:
            page_parts.prose(page["likeness.single"])
        page_parts.provenance(now)
        rows = [(label, *line) for label, line in zip(labels, values.tolist(), strict=True)]
        code = snippets.similarity_code(now, len(labels))
        page_parts.take_away(page, "likeness", header=["token", *_unique(labels)], rows=rows, code=code)
    return spot, cell or _most_alike(values)


def _most_alike(values: np.ndarray) -> tuple[int, int] | None:
    """The pair of different tokens with the largest cosine."""
    different = np.where(values > 1 - 1e-6, -2, values)
    if different.max() < -1:
        return None
    i, j = np.unravel_index(int(different.argmax()), values.shape)
    return int(i), int(j)


def _explained(spot: Spot, cell: tuple[int, int]) -> None:
    """Where one number of the matrix comes from: two rows, their products, and the formula."""
    page, now = spot.page, spot.now
    a, b = (spot.table[now.ids[i]] for i in cell)
    dot, lengths = float(a @ b), [max(float(np.linalg.norm(row)), 1e-12) for row in (a, b)]
    cosine = dot / lengths[0] / lengths[1]
    with page_parts.card("embeddings-cosine", page["likeness.where"].format(value=digits(cosine))):
        pair = {"query": cell[0], "key": cell[1]}
        vectors(
            [
                VectorRow("a", a, token=now.labels[cell[0]], place=pair),
                VectorRow("b", b, token=now.labels[cell[1]], place=pair),
                VectorRow(page["likeness.products"], a * b, hue="accent", rule=True, place=pair),
            ],
            key="embeddings-cosine", label=page["likeness.vectors_label"], words=page["likeness.vectors_words"],
            hint=page["likeness.vectors_hint"], sentence=now.scope, space="embedding",
        )  # fmt: skip
        st.latex(
            r"\cos = \frac{a \cdot b}{\lVert a \rVert\, \lVert b \rVert} = "
            rf"\frac{{{latex(dot, 1)}}}{{{latex(lengths[0], 1)} \cdot {latex(lengths[1], 1)}}} = {latex(cosine)}"
        )
        page_parts.provenance(now)


def _unique(labels: list[str]) -> list[str]:
    """Column names for a table in which a token may stand twice."""
    return [f"{i + 1} {label}" for i, label in enumerate(labels)]


def _question(spot: Spot) -> bool:
    """Which of three tokens is nearest? Returns whether the answer may be seen: after a choice, for good."""
    asked = st.session_state.get(ASKED, (*spot.where, spot.token))
    if asked is not None and asked[:2] != spot.where:
        asked = (*spot.where, spot.token)
    if asked is None:
        return True
    st.session_state[ASKED] = asked
    options = computed.three(*asked)
    if options is None:
        return True
    ids, values = options
    words = {
        "question": spot.page["nearest.question"].format(token=f"**{plain(spot.name(asked[2]))}**"),
        "options": [plain(spot.name(i)) for i in ids],
    }
    page = replace(spot.page, words={**spot.page.words, "nearest": {**spot.page["nearest"], **words}})
    return page_parts.predict(
        page, "nearest", int(np.argmax(values)), spot.page["nearest.reveal"], **dict(zip("abc", map(digits, values), strict=True))
    )  # fmt: skip
