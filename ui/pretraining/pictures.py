"""The live pictures of a run: all of them are drawn in the browser, from the run's own event stream."""

from __future__ import annotations

import streamlit as st

from llm.runs.store import Run
from ui import visitor
from ui.components.live_chart import Curve, Line, live_chart
from ui.components.run_status import run_status
from ui.page import Page
from ui.pretraining.facts import Facts
from ui.text import plain


def status(page: Page, run: Run) -> None:
    """State, step, time, speed, loss, energy, device; the place in the line; why it ended."""
    run_status(run, key="pretraining-status", told=run.is_owner(visitor.visitor()))


def chart(page: Page, run: Run, facts: Facts, beside: list[Run]) -> None:
    """The loss of this run, with what guessing costs, and other runs over it."""
    words = page["stage"]
    lines = [Line(facts.guess, words["line_guess"].format(loss=f"{facts.guess:.2f}", v=f"{facts.vocab_size:,}"))]
    if facts.unigram_loss is not None:
        lines.append(Line(facts.unigram_loss, words["line_unigram"].format(loss=f"{facts.unigram_loss:.2f}"), always=False))
    live_chart(
        [Curve.of(run), *map(Curve.of, beside)], key="pretraining-loss", label=words["chart_label"], lines=lines, height=372
    )


def sample(page: Page, run: Run) -> None:
    """What the model wrote last."""
    found = run.samples()
    if found:
        st.markdown(f"**{page['stage.sample']}**")
        st.markdown(f"{plain(found[-1]['prompt'])}**{plain(found[-1]['text'])}**")


def next_tokens(page: Page, run: Run) -> None:
    """What it would have put next, when the page was drawn."""
    found = run.samples()
    if found:
        st.dataframe([{"token": token, "p": p} for token, p in found[-1]["next"]], hide_index=True)


def heads(page: Page, run: Run) -> None:
    """Where its heads look (drawn once they are)."""


def rates(page: Page, run: Run) -> None:
    """Learning rate and length of the gradient."""
    words, curves = page["stage"], [Curve.of(run)]
    for column in ("learning_rate", "grad_norm"):
        live_chart(
            curves, key=f"pretraining-{column}", label=words[f"{column}_label"], title=words[column], column=column,
            compact=True, height=132,
        )  # fmt: skip
