"""Decoding: from logits to the token that is drawn, one at a time, as a tree, with its surprise and its cost."""

import streamlit as st

from ui import page as page_parts
from ui.decoding import more as more
from ui.decoding import text as decoding_text
from ui.decoding import views as decoding_views
from ui.decoding.figures import size
from ui.decoding.text import GrowingText

page = page_parts.start("decoding")


def token_view(text: GrowingText) -> None:
    """One choice, and what goes wrong at both ends."""
    decoding_views.one_token(page, text)
    question = st.container()
    if text.reading.config.causal:
        left, question = st.columns([1.55, 1], gap="medium")
        with left:
            more.break_card(page, text)
    with question:
        page_parts.predict(page, "warmer", 1, page["warmer.reveal"], **decoding_views.best_at_temperatures(text))


def tree_view(text: GrowingText) -> None:
    """Greedy, sampling and beam as one tree."""
    drawn = more.tree_card(page, text)
    if drawn:
        page_parts.predict(page, "beam_question", 1, page["beam_question.reveal"], **more.beam_numbers(drawn))


def surprise_view(text: GrowingText) -> None:
    """Surprise of each token."""
    more.surprise_card(page, text)
    page_parts.predict(page, "guess_surprise", 1, page["guess_surprise.reveal"])


def cache_view(text: GrowingText) -> None:
    """What the cache costs and saves."""
    more.cache_card(page, text)
    one, tokens = more.cache_numbers(text)
    page_parts.predict(page, "cache_question", 1, page["cache_question.reveal"], one=one, count=tokens, now=size(one * tokens))


VIEWS = {"token": token_view, "tree": tree_view, "surprise": surprise_view, "cache": cache_view}


@st.fragment
def stage() -> None:
    """All that changes while the text grows; the frame around it stays."""
    if decoding_text.adopted():
        st.rerun()
    text = decoding_text.open_text(page.reading, decoding_views.COMPONENTS)
    decoding_views.obey(text)
    view = "token"
    if text.reading.config.causal:
        view = page_parts.choose_view(page, list(VIEWS), "way")
    else:
        st.info(decoding_views.masked_words(page, text), icon=":material/info:")
    decoding_views.text_card(page, text, view)
    VIEWS[view](text)


stage()
page_parts.finish(page)
