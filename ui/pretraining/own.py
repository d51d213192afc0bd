"""Own text: pasted, or from a file, or a public one that is fetched first."""

from __future__ import annotations

import streamlit as st

from llm.corpora.public import TEXTS, fetch
from llm.runs.limits import Limits
from llm.uploads import ENDINGS, OwnText, columns, pasted, read_file
from ui import cached_pretraining as computed
from ui.page import Page, prose, rerun_part
from ui.pretraining import draft as drafts
from ui.pretraining import session
from ui.text import plain

BOX, FILE, COLUMN, WAY, READ = (f"pretraining-own-{name}" for name in ("box", "file", "column", "way", "read"))


def show(page: Page, limits: Limits) -> None:
    """What the chosen source needs before it can be learned from."""
    source = session.draft()["source"]
    if source in TEXTS:
        _public(page, source)
    elif source == drafts.OWN:
        _own(page, limits)


def _own(page: Page, limits: Limits) -> None:
    words = page["own"]
    way = st.segmented_control(
        page["source.label"], ["paste", "file"], default="paste", key=WAY, required=True, label_visibility="collapsed",
        format_func=lambda name: words[name], persist_state="session",
    )  # fmt: skip
    if way == "file":
        _file(page)
    else:
        st.text_area(
            words["paste_label"], key=BOX, height=140, help=words["paste_help"], max_chars=limits.text_characters,
            persist_state="session", on_change=_pasted,
        )  # fmt: skip
    if problem := st.session_state.get(READ):
        st.error(problem)
    if (own := session.own_text()) is not None:
        teaches = next(entry["text"] for entry in words["teaches"] if len(own.text) < entry["below"])
        st.markdown(words["read"].format(name=plain(own.name), characters=f"{len(own.text):,}", teaches=teaches))
        for note in own.notes:
            st.caption(plain(note))


def _pasted() -> None:
    text = st.session_state[BOX]
    _take(lambda: pasted(text) if text.strip() else None)


def _file(page: Page) -> None:
    words = page["own"]
    file = st.file_uploader(words["file_label"], type=[ending[1:] for ending in ENDINGS], key=FILE, on_change=_uploaded)
    if file is None or not file.name.lower().endswith(".csv"):
        return
    try:
        found = columns(file.getvalue(), file.name)
    except ValueError:
        return  # the sentence stands below already
    names = {each.name: each for each in found}
    st.selectbox(
        words["column"], list(names), key=COLUMN, on_change=_uploaded,
        format_func=lambda name: words["column_format"].format(
            name=name, rows=f"{names[name].rows:,}", characters=f"{names[name].characters:,}"
        ),
    )  # fmt: skip


def _uploaded() -> None:
    file = st.session_state[FILE]
    if file is None:
        st.session_state.pop(COLUMN, None)
        _take(lambda: None)
        return
    column = st.session_state.get(COLUMN)

    def read() -> OwnText:
        if column is None or not file.name.lower().endswith(".csv"):
            return read_file(file.getvalue(), file.name)
        known = [each.name for each in columns(file.getvalue(), file.name)]
        return read_file(file.getvalue(), file.name, column if column in known else None)

    _take(read)


def _take(read) -> None:
    """The text that ``read`` gives, or the sentence why not; the text before stays only when nothing new came."""
    try:
        own = read()
    except ValueError as problem:
        st.session_state[READ] = str(problem)
        session.bring(None)
        return
    st.session_state.pop(READ, None)
    session.bring(own)


def _public(page: Page, source: str) -> None:
    """A button that fetches the text, where it is not at hand."""
    if session.own_text() is not None:
        return
    words = page["own"]
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(words["fetch"], key="pretraining-fetch", icon=":material/download:")
        prose(words["fetch_about"])
    if not pressed:
        return
    bar = st.progress(0.0, words["fetching"])
    try:
        fetch(source, lambda done: bar.progress(done, words["fetching"]))
    except ValueError as problem:
        bar.empty()
        st.error(plain(str(problem)))
        return
    computed.beginning.clear()
    session.put(drafts.with_source(drafts.fresh(), source, session.own_text()))
    rerun_part()
