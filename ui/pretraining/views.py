"""The page's three questions: training itself, what training asks for, and whether the text was learned by heart."""

from __future__ import annotations

import streamlit as st

from ui import page as page_parts
from ui import state
from ui.pretraining import memorised, objectives
from ui.text import load

TRAIN = "train"
OTHERS = {"asked": ("objectives", objectives.show), "memorised": ("memorised", memorised.show)}


def start() -> tuple[page_parts.Page, str]:
    """Heading and choice of the view; returns the page and the chosen view. Each view has a question of its own."""
    words = load("pretraining")
    page = page_parts.Page("pretraining", words, state.reading())
    with st.container(key="pretraining-head", horizontal=True, vertical_alignment="center"):
        question = st.container(width="stretch")  # before the choice that decides what stands in it
        view = page_parts.choose_view(page, [TRAIN, *OTHERS], "view")
    shown = words if view == TRAIN else load(OTHERS[view][0])
    question.header(shown["question"], anchor=False)
    page_parts.prose(shown["lead"], lead=True)
    return page, view


def show(page: page_parts.Page, view: str) -> None:
    """One of the other two views, whole."""
    slug, draw = OTHERS[view]
    here = page_parts.Page(slug, load(slug), page.reading)
    draw(here)
    page_parts.not_shown(here)
    page_parts.way_on(page)
