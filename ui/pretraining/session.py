"""What the starter remembers in a reader's session: the draft of the next run, and the reader's own text."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llm.corpora.public import TEXTS, stored
from llm.uploads import OwnText
from ui.pretraining import draft as drafts
from ui.pretraining.draft import Draft

DRAFT, OWN, NOTE = "pretraining-draft", "pretraining-own", "pretraining-note"


def draft() -> Draft:
    """The run that the starter describes now."""
    if DRAFT not in st.session_state:
        st.session_state[DRAFT] = drafts.fresh()
    return st.session_state[DRAFT]


def put(changed: Draft) -> None:
    """Another draft; what the starter said about the last one is forgotten."""
    st.session_state[DRAFT] = changed
    st.session_state.pop(NOTE, None)


def change(**values: Any) -> None:
    """Some values of the draft."""
    put({**draft(), **values})


def own_text(source: str | None = None) -> OwnText | None:
    """The text that the draft learns from, where it is not a generated corpus: the reader's own, or a public one at hand."""
    source = source or draft()["source"]
    if source in TEXTS:
        text = stored(source)
        return None if text is None else OwnText(TEXTS[source].title, text)
    return st.session_state.get(OWN) if source == drafts.OWN else None


def bring(own: OwnText | None) -> None:
    """The reader's own text (None: taken back); tokenizer and sentence of the draft follow it."""
    st.session_state[OWN] = own
    if own is not None:
        put(drafts.with_source(draft(), drafts.OWN, own))


def say(note: str) -> None:
    """A sentence that stands under the starter until the draft changes."""
    st.session_state[NOTE] = note


def said() -> str:
    """That sentence, if there is one."""
    return st.session_state.get(NOTE, "")
