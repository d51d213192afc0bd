"""Analogies: a - b + c with any three words of the vocabulary, and how often that works."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import cached_embeddings as computed
from ui import page as page_parts
from ui import snippets_embeddings as snippets
from ui.components.ledger import Line, ledger, spans
from ui.components.signed import Bar, signed_bars
from ui.components.steps_apart import Corner, steps_apart
from ui.embeddings.spot import WIDE, Spot
from ui.numbers import digits
from ui.text import plain

PARTS = ("a", "b", "c")


def show(spot: Spot) -> None:
    page, words = spot.page, computed.words(spot.now.model_id)
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("embeddings-analogies", page["analogies.title"], page["analogies.text"]):
        if len(words) < 4:
            st.info(page["analogies.none"], icon=":material/info:")
            return
        chosen = _pickers(spot, words)
        _result(spot, chosen)
    with right:
        _ask(spot, chosen)
        _left_out(spot, chosen)
        _score(spot)


def _key(spot: Spot, part: str) -> str:
    """One memory for each model: another vocabulary has other words."""
    return f"embeddings-{part}-{spot.now.model_id}"


def _pickers(spot: Spot, words: tuple[int, ...]) -> tuple[int, int, int]:
    page = spot.page
    triples = computed.word_ids(spot.now.model_id, page["examples.triples"])
    for part, value in zip(PARTS, (triples or [words[:3]])[0], strict=True):
        if st.session_state.get(_key(spot, part)) not in words:
            st.session_state[_key(spot, part)] = value
    if triples:
        st.pills(
            page["analogies.examples"], range(len(triples)), key=_key(spot, "example"), on_change=_example, args=(spot, triples),
            format_func=lambda i: "{} − {} + {}".format(*(spot.now.tokenizer.token_text(t).strip() for t in triples[i])),
        )  # fmt: skip
    columns = st.columns(3)
    for part, column in zip(PARTS, columns, strict=True):
        column.selectbox(page[f"analogies.{part}"], words, key=_key(spot, part), format_func=spot.name)
    if len(words) == computed.WORDS:
        st.caption(page["analogies.part"].format(n=f"{len(words):,}"))
    a, b, c = (int(st.session_state[_key(spot, part)]) for part in PARTS)
    return a, b, c


def _example(spot: Spot, triples: list[tuple[int, ...]]) -> None:
    """Put an example's words into the three boxes."""
    number = st.session_state.get(_key(spot, "example"))
    if number is not None:
        for part, value in zip(PARTS, triples[number], strict=True):
            st.session_state[_key(spot, part)] = value


def _result(spot: Spot, chosen: tuple[int, int, int]) -> None:
    page = spot.page
    a, b, c = (rf"E[\text{{{spot.now.tokenizer.token_text(i).strip()}}}]" for i in chosen)  # whole words: letters only
    st.latex(rf"{a} \;-\; {b} \;+\; {c} \;\approx\; ?")
    ids, values = computed.analogy(*spot.where, *chosen)
    _picture(spot, chosen, ids[:3])
    labels = [spot.name(i) for i in ids]
    bars = [
        Bar(label, value, page["analogies.words"].format(token=label, value=digits(value, 1)))
        for label, value in zip(labels, values, strict=True)
    ]
    signed_bars(
        bars, key="embeddings-analogy", label=page["analogies.label"], hint=page["analogies.hint"], limit=1.0, plus=False
    )  # fmt: skip
    page_parts.prose(page["analogies.formula_text"])
    page_parts.provenance(spot.now)
    names, inputs = [spot.name(i) for i in chosen], computed.analogy_inputs(*spot.where, *chosen)
    rows = [*zip(labels, ids, values, strict=True), *zip(names, chosen, inputs, strict=True)]
    code = snippets.analogy_code(spot.now, chosen)
    page_parts.take_away(page, "analogy", header=["token", "id", "cosine"], rows=rows, code=code)


def _picture(spot: Spot, chosen: tuple[int, int, int], found: tuple[int, ...]) -> None:
    """The step from b to a, taken again from c."""
    page = spot.page
    made = computed.analogy_map(*spot.where, *chosen, found)
    a, b, c = (spot.name(i) for i in chosen)
    corners = [Corner(a, "a"), Corner(b, "b"), Corner(c, "c"), Corner(page["analogies.result"], "result")]
    corners += [Corner(spot.name(i), "found") for i in found]
    steps_apart(made.coordinates, corners, key="embeddings-steps", label=page["analogies.map_label"])
    st.caption(page["analogies.map"].format(percent=100 * float(made.shares.sum())))


def _ask(spot: Spot, chosen: tuple[int, int, int]) -> None:
    """The question: does the step from c to the word that was found point the same way as the step from b to a?"""
    ids, _ = computed.analogy(*spot.where, *chosen)
    if not ids:
        return
    rows = spot.table[[*chosen, ids[0]]].astype(np.float64)
    a, b, c, found = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)  # as in the arithmetic
    cosine = same_way(a - b, found - c)
    option = 0 if cosine > 0.7 else 1 if cosine >= 0.3 else 2
    names = {name: plain(spot.name(i)) for name, i in zip(("a", "b", "c", "found"), (*chosen, ids[0]), strict=True)}
    reveal = spot.page["steps.reveal"].format(cosine=digits(cosine), **names)
    page_parts.predict(spot.page, "steps", option, reveal)


def same_way(first: np.ndarray, second: np.ndarray) -> float:
    """Cosine of the angle between two steps; 0 where one of them leads nowhere."""
    lengths = float(np.linalg.norm(first)) * float(np.linalg.norm(second))
    return float(first @ second) / lengths if lengths else 0.0


def _left_out(spot: Spot, chosen: tuple[int, int, int]) -> None:
    """What the answer would be without leaving the inputs out, and whether the arithmetic was needed."""
    page, names = spot.page, [spot.name(i) for i in chosen]
    inputs = computed.analogy_inputs(*spot.where, *chosen)
    ids, values = computed.analogy(*spot.where, *chosen)
    with page_parts.card("embeddings-left-out", page["analogies.out_title"]):
        lines = [Line(((name, "strong"),), f"{value:.2f}") for name, value in zip(names, inputs, strict=True)]
        ledger(lines, key="embeddings-inputs", sentence=spans(page["analogies.inputs"]))
        top = max(range(3), key=lambda i: inputs[i])
        stays = not values or inputs[top] >= values[0]
        winner = chosen[top] if stays else ids[0]
        text = page["analogies.first_input" if stays else "analogies.first_other"]
        ledger(key="embeddings-first", sentence=spans(text, token=(spot.name(winner), "accent")))
        if ids and computed.nearest_word(*spot.where, chosen) == ids[0]:
            ledger(key="embeddings-alone", sentence=spans(page["analogies.only_c"], c=(names[2], "accent")))
        page_parts.provenance(spot.now)


def _score(spot: Spot) -> None:
    page = spot.page
    known = tuple(computed.word_ids(spot.now.model_id, page["examples.known"]))
    with page_parts.card("embeddings-score", page["analogies.score.title"]):
        if not known:
            page_parts.prose(page["analogies.score.none"])
        else:
            hits, alone = computed.analogy_scores(*spot.where, known)
            page_parts.prose(page["analogies.score.text"], n=len(known), hits=hits, plain=alone)
            page_parts.prose(page["analogies.score.better" if hits > alone else "analogies.score.worse"])
        page_parts.prose(page["analogies.score.why"])
        page_parts.provenance(spot.now)
        rows = [tuple(spot.name(i) for i in group) for group in known]
        code = snippets.score_code(spot.now, known)
        page_parts.take_away(page, "score", header=["a", "b", "c", "expected"], rows=rows, code=code)
