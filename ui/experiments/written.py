"""What a model wrote: the reader's beginning in ink, the model's part in the accent."""

from __future__ import annotations

import streamlit as st

from ui.text import plain

LONGEST = 80  # characters of a beginning


def written(beginning: str, text: str, *, key: str) -> None:
    """Show both as one line of text; signs that Markdown knows stay signs."""
    before = _line(beginning)
    before = before if len(before) <= LONGEST else f"…{before[-LONGEST:]}"
    with st.container(key=key):
        st.markdown(f"{plain(before)}:primary[{plain(_line(text)) or '…'}]")


def _line(text: str) -> str:
    """Line ends made visible; a directive of Markdown ends at a real one."""
    return text.rstrip().replace("\r", "").replace("\n", " ⏎ ")
