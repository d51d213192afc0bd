"""Before a run: the beginning of what it will read, and what a whole run looks like."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from ui import cached
from ui import cached_pretraining as computed
from ui.components.chart import line_chart
from ui.page import Page, card, prose
from ui.pretraining import draft as drafts
from ui.pretraining import guess, more, session
from ui.text import plain

EXAMPLE = "stories"  # the model in the box whose training is shown
POINTS = 60


def show(page: Page) -> None:
    """The text beside a question and an example."""
    left, right = st.columns([1.55, 1], gap="medium")
    with left:
        _text(page)
    with right:
        _ask(page)
        _example(page)


def _ask(page: Page) -> None:
    draft, own = session.draft(), session.own_text()
    guess.ask(page, more.vocabulary(draft, own, drafts.likely_vocabulary(draft)))


def _text(page: Page) -> None:
    """The beginning of the text."""
    words, draft = page["before"], session.draft()
    text = more.text_of(draft, session.own_text())
    with card("pretraining-before", words["title"], page["source"][f"about_{draft['source']}"]):
        if not text:
            st.caption(words["waiting"])
            return
        with st.container(key="pretraining-excerpt"):
            st.markdown(plain(computed.excerpt(text, 1600)).replace("\n", "  \n"))
        prose(words["held"])


def _example(page: Page) -> None:
    """How the loss of the model in the box fell, from its first step to its last."""
    words = page["before"]
    rows = computed.recorded(EXAMPLE)
    if not rows:
        return
    with card("pretraining-example", words["example_title"], words["example_text"]):
        places = sorted({int(i) for i in np.geomspace(1, len(rows), POINTS)})
        chosen = [rows[i - 1] for i in places]
        losses = [row["loss"] for row in chosen]
        guess = math.log(cached.model_info(EXAMPLE).config.vocab_size)
        line_chart(
            range(len(chosen)), {words["example_loss"]: losses, words["example_guess"]: [guess] * len(chosen)},
            key="pretraining-example", label=words["example_label"], x_title=words["example_x"], x_word=words["example_word"],
            hint=words["example_hint"], hues=["accent", "soft"], height=220, x_labels=[f"{row['step']:,}" for row in chosen],
        )  # fmt: skip
        st.caption(words["example_provenance"].format(title=cached.model_info(EXAMPLE).title, n=f"{rows[-1]['step']:,}"))
