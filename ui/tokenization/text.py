"""The Tokenization page's own text box: an example for each view until the reader types, then the reader's text everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from llm.tokenizers.base import clean_text
from ui import cached_tokenization as computed
from ui.page import Page

MAX_CHARACTERS = 20_000
# Examples of each view, the first one shown first. "sentence" is the one on the bench; "own" is what the reader typed.
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "cut": ("sentence", "unknown", "emoji", "numbers", "code", "spaces"),
    "merges": ("twister", "lower", "laugh"),
    "train": ("story", "sentence", "code"),
}
BOX, OWN, CUT_FROM, PICKED = "tokenization-text", "tokenization-own", "tokenization-cut-from", "tokenization-picked"


def text_box(page: Page, view: str) -> str:
    """Draw pills and text box of a view; return the text to work with, never empty, at most 20,000 characters."""
    names = [*EXAMPLES[view], *(["own"] if own_text() else [])]
    chosen = _picked(view, names)
    pills = f"tokenization-example-{view}"
    if st.session_state.get(pills) != chosen:
        st.session_state[pills] = chosen
    st.pills(
        page["examples.label"],
        names,
        key=pills,
        format_func=lambda name: page[f"examples.{name}"],
        required=True,
        label_visibility="collapsed",
        on_change=_pick,
        args=(view, pills),
    )
    text = own_text() if chosen == "own" else example(page, chosen)
    if st.session_state.get(BOX) != text:
        st.session_state[BOX] = text
    st.text_area(
        page["box.label"],
        key=BOX,
        height=98,
        help=page["box.help"].format(n=f"{MAX_CHARACTERS:,}"),
        on_change=_typed,
        label_visibility="collapsed",
    )
    _notes(page, chosen)
    return text


def own_text() -> str:
    """What the reader has typed on this page; empty when nothing."""
    return st.session_state.get(OWN, "")


def set_own(text: str) -> None:
    """Put a text into the box as if the reader had typed it."""
    text = clean_text(text)
    st.session_state[CUT_FROM] = len(text) if len(text) > MAX_CHARACTERS else 0
    st.session_state[OWN] = text[:MAX_CHARACTERS] if text.strip() else ""
    st.session_state[PICKED] = {}


def example(page: Page, name: str) -> str:
    """The text of an example."""
    if name == "sentence":
        return clean_text(page.reading.sentence)
    if name == "story":
        return computed.unseen_stories()[:500].rsplit(". ", 1)[0] + "."
    return page[f"texts.{name}"]


def with_numbers(page: Page, key: str, **values: Any) -> Page:
    """The page with numbers put into the question ``key``."""
    asked = {**page[key], "question": page[f"{key}.question"].format(**values)}
    return Page(page.slug, {**page.words, key: asked}, page.reading)


def _picked(view: str, names: list[str]) -> str:
    chosen: Any = st.session_state.get(PICKED, {}).get(view)
    return chosen if chosen in names else ("own" if "own" in names else names[0])


def _pick(view: str, key: str) -> None:
    st.session_state[PICKED] = {**st.session_state.get(PICKED, {}), view: st.session_state[key]}


def _typed() -> None:
    typed = st.session_state[BOX]
    set_own(typed)
    st.session_state["tokenization-was-empty"] = not typed.strip()


def _notes(page: Page, chosen: str) -> None:
    if st.session_state.pop("tokenization-was-empty", False):
        st.info(page["box.empty"], icon=":material/info:")
    if chosen == "own" and (length := st.session_state.get(CUT_FROM)):
        st.info(page["box.cut"].format(n=f"{length:,}", kept=f"{MAX_CHARACTERS:,}"), icon=":material/content_cut:")
