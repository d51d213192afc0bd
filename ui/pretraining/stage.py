"""The run on the stage: status and controls, the loss, the sample text, and the sentence's own numbers forming."""

from __future__ import annotations

import streamlit as st

from llm.runs.store import Run
from ui import pages, visitor
from ui.page import Page, card
from ui.pretraining import controls, pictures
from ui.pretraining.facts import Facts, links, trained_here

WIDE = [1.55, 1]
STAGES = ("tokenization", "embeddings", "positions", "attention", "layers", "decoding")


def show(page: Page, run: Run, facts: Facts, beside: list[Run]) -> None:
    """Everything about one run that moves while it trains; the browser draws it from the run's stream."""
    words = page["stage"]
    mine = run.is_owner(visitor.visitor())
    with st.container(key="pretraining-bar", gap="small"):
        pictures.status(page, run)
        if not trained_here(run):
            st.caption(words["uploaded"])
        if mine:
            controls.show(page, run)
        else:
            st.caption(words["foreign"])
    if not trained_here(run) and not run.metrics(at_most=2):
        _open(page, run)
        return
    left, right = st.columns(WIDE, gap="medium")
    with left, card("pretraining-chart"):
        pictures.chart(page, run, facts, beside)
    if not trained_here(run):  # nobody watched a sentence there
        with right, card("pretraining-rates", words["rates"]):
            pictures.rates(page, run)
        _open(page, run)
        return
    with right, card("pretraining-sample"):
        pictures.sample(page, run)
    masked = run.spec.objective == "masked_tokens"
    first, second, third = st.columns([1, 1.25, 1], gap="medium")
    with first, card("pretraining-next", words["next_masked" if masked else "next"]):
        pictures.next_tokens(page, run)
    with second, card("pretraining-heads", words["heads"]):
        pictures.heads(page, run)
    with third, card("pretraining-rates", words["rates"]):
        pictures.rates(page, run)
    _open(page, run)


def _open(page: Page, run: Run) -> None:
    """This run's model on every stage page."""
    words = page["stage"]
    with st.container(key="pretraining-links", horizontal=True, vertical_alignment="center", gap="small"):
        if run.opens:
            st.markdown(f"**{words['open']}**", width="content")
            links([pages.by_slug(slug) for slug in STAGES], run)
        else:
            st.caption(words["nothing_yet"])
