"""The parts that every page is made of: heading, cards, a question first, what the picture hides, and what to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from ui import locked, pages, state, ways
from ui.text import load, with_terms


@dataclass(frozen=True)
class Page:
    """One page's words (``assets/text/en/<slug>.toml``) and the reader's bench."""

    slug: str
    words: Mapping[str, Any]
    reading: state.Reading

    def __getitem__(self, key: str) -> Any:
        """A text of this page; ``page["a.b"]`` looks inside a table."""
        value: Any = self.words
        for part in key.split("."):
            value = value[part]
        return value


def start(slug: str) -> Page:
    """Heading and first sentence; returns the page's words and the bench."""
    words, now = load(slug), state.reading()
    locked.follow(slug, now.scope, len(now.ids))
    ways.follow(slug)
    st.header(words["question"], anchor=False)
    prose(words["lead"], lead=True)
    return Page(slug, words, now)


def choose_view(page: Page, views: Sequence[str], address: str) -> str:
    """The page's views as a row of buttons, named by ``page["views"]``; returns the chosen one, the first by default.

    ``address`` is the name in the link, where the view stands by its short name and not by its label, so that links outlive
    translations. A widget bound to the link would write the label, so a hidden one is bound instead.
    """
    shown, before = f"{page.slug}-view", f"{page.slug}-view-before"
    linked = st.query_params.get(address, "")
    pressed = st.session_state.pop(f"{page.slug}-view-pressed", False)
    if shown not in st.session_state or (linked != st.session_state.get(before) and not pressed):  # a link, Back or Forward
        st.session_state[shown] = linked if linked in views else views[0]
    chosen = st.segmented_control(
        page["view"], views, key=shown, format_func=lambda name: page["views"][name], required=True,
        label_visibility="collapsed", on_change=_pressed, args=(page.slug,),
    )  # fmt: skip
    st.session_state[address] = st.session_state[before] = "" if chosen == views[0] else chosen
    with st.container(key=f"hidden-{address}"):
        st.text_input(address, key=address, bind="query-params")
    return chosen


def put_view(slug: str, name: str, address: str) -> None:
    """Open a page's view (see ``choose_view``) the next time that the page is drawn. For callbacks."""
    st.session_state[f"{slug}-view"] = st.session_state[address] = name
    _pressed(slug)


def _pressed(slug: str) -> None:
    st.session_state[f"{slug}-view-pressed"] = True


def prose(markdown: str, *, lead: bool = False, **values: Any) -> None:
    """The project's own Markdown with ``[[terms]]`` that explain themselves. ``values`` fill ``{names}``; pass numbers only."""
    text = with_terms(markdown.format(**values) if values else markdown)
    with st.container(key=f"lead-{hash_key(markdown)}") if lead else st.container(gap=None):
        st.markdown(text, unsafe_allow_html=True)


def rerun_part() -> None:
    """Run the fragment that this stands in again; all of the page where it runs as a whole, as after a restart of the server."""
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:
        st.rerun()


def hash_key(text: str) -> str:
    """A short, stable key for a piece of text."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:8]


@contextmanager
def card(key: str, title: str | None = None, caption: str | None = None) -> Iterator[None]:
    """A white card with a serif title; ``key`` is unique on the page."""
    with st.container(key=f"card-{key}", border=True):
        if title:
            st.subheader(title, anchor=False)
        if caption:
            prose(caption)
        yield


def predict(page: Page, key: str, answer: int | None, reveal: str, **values: Any) -> bool:
    """A question before the answer. ``page["<key>.question"]`` and ``options``; ``answer`` is the right option's index.

    ``reveal`` is shown after a choice, with the numbers of this sentence in it. Returns whether the reader has chosen.
    """
    words = page[key]
    frame = load("frame")["predict"]
    with st.container(key=f"ask-{page.slug}-{key}"):
        prose(f"**{frame['before']}** {words['question']}")
        choice = st.pills(
            words["question"],
            words["options"],
            key=f"{page.slug}-{key}-choice",
            label_visibility="collapsed",
            selection_mode="single",
        )
        if choice is None:
            return False
        if answer is not None:
            right = words["options"].index(choice) == answer
            st.markdown(f"**{frame['right'] if right else frame['wrong']}**")
        prose(reveal, **values)
        return True


def break_it(page: Page) -> Any:
    """The card of the page's one experiment; use it as a context. Title and text come from ``page["break"]``."""
    return card(f"{page.slug}-break", page["break.title"], page["break.text"])


def not_shown(page: Page) -> None:
    """What the picture does not show."""
    with st.expander(load("frame")["not_shown"]):
        for sentence in page["not_shown"]:
            prose(f"- {sentence}")


def provenance(reading: state.Reading, extra: str = "") -> None:
    """The small line under a figure: which weights made its numbers."""
    st.caption(f"{reading.cited}{' · ' + extra if extra else ''}")


def take_away(page: Page, key: str, *, header: Sequence[str], rows: Sequence[Sequence[Any]], code: str) -> None:
    """Data as CSV and as a table, and the lines of Python that reproduce the numbers.

    Pictures are taken from the figures themselves (each has PNG and SVG in its corner).
    """
    words = load("frame")["take_away"]
    with st.popover(words["title"], key=f"{page.slug}-{key}-take"):
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(header)
        writer.writerows(rows)
        st.download_button(
            words["csv"],
            "\ufeff" + buffer.getvalue(),
            f"glassformer-{page.slug}-{key}.csv",
            "text/csv",
            key=f"{page.slug}-{key}-csv",
            on_click="ignore",
        )
        st.caption(words["code"])
        st.code(code, language="python")
        st.caption(words["table"])
        st.dataframe([dict(zip(header, map(str, row), strict=True)) for row in rows[:200]], hide_index=True, height=240)


def finish(page: Page) -> None:
    """What is not shown, and the way on; the link keeps the number that is open."""
    ways.keep()
    not_shown(page)
    way_on(page)


def way_on(page: Page) -> None:
    """The link to the next page on the reader's path."""
    following = pages.after(page.slug)
    if following is not None:
        words = load("frame")
        with st.container(key=f"next-{page.slug}", horizontal=True, horizontal_alignment="right"):
            st.page_link(following.path, label=f"{words['next']}: {following.title} →")
