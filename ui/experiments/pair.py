"""Two models, one sentence: the bench's model beside another one, and the difference drawn."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import cached_experiments as computed
from ui import page as page_parts
from ui import snippets_experiments as snippets
from ui.components.before_after import before_after
from ui.components.signed import Bar, signed_bars
from ui.experiments import heads
from ui.experiments.models import Pair, choose, provenance
from ui.experiments.written import written
from ui.numbers import digits
from ui.page import Page
from ui.text import plain

# Session key of a bound widget, and the name in the address.
SEED = "draws"
MOST_SEEDS = 10**6


def show(page: Page) -> None:
    """The other model, then one card for each thing that is compared."""
    pair = choose(page)
    left, right = st.columns([1.25, 1], gap="medium")
    with left, page_parts.card("experiments-next", page["next.title"], page["next.caption"]):
        _next(pair)
    with right:
        _ask(pair)
        with page_parts.card("experiments-continue", page["continue.title"], page["continue.caption"]):
            _continue(pair)
    with page_parts.card("experiments-surprise", page["surprise.title"], page["surprise.caption"]):
        _surprise(pair)
    with page_parts.card("experiments-attention", page["attention.title"], page["attention.caption"]):
        heads.show(pair)


def _next(pair: Pair) -> None:
    words, found = pair.page["next"], computed.chances(pair.a, pair.b)
    a, b = np.nan_to_num(found.a), np.nan_to_num(found.b)
    left, right = st.columns(2, gap="medium")
    with left:
        st.caption(words["both"])
        before_after(found.labels, a, b, key=f"experiments-next-{pair.key}", label=words["label"], names=pair.names)
    with right:
        st.caption(words["difference"])
        both = np.isfinite(found.a) & np.isfinite(found.b)
        bars = [
            Bar(label, float(b[i] - a[i]), words["words"].format(token=label, a=digits(a[i]), b=digits(b[i])))
            for i, label in enumerate(found.labels) if both[i]
        ]  # fmt: skip
        if bars:
            key = f"experiments-difference-{pair.key}"
            paired = pair.names if both.all() else None
            signed_bars(bars, key=key, label=words["difference_label"], hint=words["hint"], paired=paired)
        if not both.all():
            missing = ", ".join(f"“{plain(label)}”" for i, label in enumerate(found.labels) if not both[i])
            page_parts.prose(words["missing"].replace("{listed}", missing))
    provenance(pair)
    rows = [[label, float(found.a[i]), float(found.b[i])] for i, label in enumerate(found.labels)]
    page_parts.take_away(
        pair.page, "next", header=["token", *pair.names], rows=rows, code=snippets.next_code(pair.a, pair.b)
    )  # fmt: skip


def _ask(pair: Pair) -> None:
    """Which model is less surprised by this very sentence?"""
    words, page = pair.page["judge"], pair.page
    values = [computed.per_character(reading) for reading in (pair.a, pair.b)]
    known = all(np.isfinite(values))
    asked = {"question": words["question"], "options": [*pair.names, words["alike"]]}
    filled = Page(page.slug, {**page.words, "ask-judge": asked}, page.reading)
    near = known and abs(values[0] - values[1]) < 0.005
    answer = None if not known else 2 if near else int(values[1] < values[0])
    text = words["reveal"].format(a=f"{values[0]:.3f}", b=f"{values[1]:.3f}") if known else words["unknown"]
    page_parts.predict(filled, "ask-judge", answer, text)


def _surprise(pair: Pair) -> None:
    words = pair.page["surprise"]
    a, b = computed.surprises(pair.a), computed.surprises(pair.b)
    if a is None or b is None:
        page_parts.prose(words["short" if min(len(pair.a.ids), len(pair.b.ids)) < 2 else "masked"])
        return
    columns = st.columns(4)
    for place, (name, reading, found) in enumerate(zip(pair.names, (pair.a, pair.b), (a, b), strict=True)):
        columns[2 * place].metric(
            words["per_character"].format(name=name), f"{computed.per_character(reading):.3f}", help=words["per_character_help"]
        )
        columns[2 * place + 1].metric(words["per_token"].format(name=name), f"{found.mean():.3f}", help=words["per_token_help"])
    if pair.alike:
        labels, first, second = pair.a.labels[1:], a, b
        left, right = st.columns(2, gap="medium")
        with left:
            st.caption(words["both"])
            before_after(labels, first, second, key=f"experiments-surprise-{pair.key}", label=words["label"], names=pair.names)
        with right:
            st.caption(words["difference"])
            bars = [
                Bar(label, float(y - x), words["words"].format(token=label, a=digits(x), b=digits(y)))
                for label, x, y in zip(labels, first, second, strict=True)
            ]  # fmt: skip
            key = f"experiments-surprise-difference-{pair.key}"
            signed_bars(bars, key=key, label=words["difference_label"], hint=words["hint"], paired=pair.names)
    else:
        page_parts.prose(words["apart"].format(a=len(pair.a.ids), b=len(pair.b.ids)))
    provenance(pair)
    rows = [[name, label, float(v)] for name, r, found in zip(pair.names, (pair.a, pair.b), (a, b), strict=True)
            for label, v in zip(r.labels[1:], found, strict=True)]  # fmt: skip
    header, code = ["model", "token", "surprise in nats"], snippets.surprise_code(pair.a, pair.b)
    page_parts.take_away(pair.page, "surprise", header=header, rows=rows, code=code)


def _continue(pair: Pair) -> None:
    """A short continuation of each, drawn with the same random numbers."""
    words = pair.page["continue"]
    st.session_state.setdefault(SEED, 0)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        seed = st.number_input(words["seed"], 0, MOST_SEEDS, key=SEED, bind="query-params", width=120)
        st.button(words["again"], key="experiments-again", icon=":material/casino:", on_click=_next_seed)
    for reading, name in zip((pair.a, pair.b), pair.names, strict=True):
        text = computed.continuation(reading, seed)
        st.caption(plain(name))
        written(reading.tokenizer.decode(list(reading.ids)), text, key=f"experiments-sample-{name[:1]}")
    page_parts.prose(words["how"].format(temperature=computed.TEMPERATURE, tokens=computed.TOKENS))
    provenance(pair)
    rows = [[name, computed.continuation(r, seed)] for r, name in zip((pair.a, pair.b), pair.names, strict=True)]
    code = snippets.continue_code(pair.a, pair.b, seed, computed.TEMPERATURE, computed.TOKENS)
    page_parts.take_away(pair.page, "continue", header=["model", "continuation"], rows=rows, code=code)


def _next_seed() -> None:
    st.session_state[SEED] = (st.session_state[SEED] + 1) % MOST_SEEDS
