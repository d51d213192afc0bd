"""The live pictures of a run (temporary: drawn once by the server)."""

from __future__ import annotations

import streamlit as st

from ui.components.chart import line_chart
from ui.text import plain


def status(page, run):
    s = run.status()
    st.markdown(f"**{s.state}** · step {s.step:,} of {s.steps or 0:,} · {s.seconds:.0f} s · {plain(s.message)}")


def chart(page, run, facts, beside):
    rows = run.metrics(at_most=600)
    if len(rows) > 1:
        line_chart(
            [r["step"] for r in rows],
            {"loss": [r["loss"] for r in rows]},
            key="pretraining-loss",
            label="loss",
            x_title="step",
            height=280,
        )


def sample(page, run):
    found = run.samples()
    if found:
        st.markdown(f"**{page['stage.sample']}**")
        st.markdown(f"{plain(found[-1]['prompt'])}**{plain(found[-1]['text'])}**")


def next_tokens(page, run):
    found = run.samples()
    if found:
        st.write(found[-1]["next"])


def heads(page, run):
    pass


def rates(page, run):
    pass
