"""Take a run away: its numbers, and what trains it again."""

from __future__ import annotations

import streamlit as st

from llm.runs.store import Run
from ui import page as page_parts
from ui import snippets_pretraining as snippets
from ui.text import plain

MOST_ROWS = 2000
COLUMNS = ("step", "loss", "val_loss", "learning_rate", "grad_norm", "seconds")


def show(page: page_parts.Page, run: Run) -> None:
    """The line under the pictures: numbers and Python in one place, the command in another."""
    words = page["take"]
    rows = [[row.get(name, "") for name in COLUMNS] for row in run.metrics(at_most=MOST_ROWS)]
    with st.container(key="pretraining-away", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(words["about"].format(title=plain(run.title)))
        with st.popover(words["command_title"], key="pretraining-command", icon=":material/code_blocks:", type="tertiary"):
            st.caption(words["command"])
            st.code(snippets.COMMAND, language="bash")
            st.download_button(
                words["spec"], snippets.spec_json(run.spec), snippets.SPEC_FILE, "application/json", key="pretraining-spec",
                on_click="ignore", icon=":material/download:",
            )  # fmt: skip
        page_parts.take_away(page, "run", header=COLUMNS, rows=rows, code=snippets.python_code(run.spec))
