"""The starter's widgets: each shows one value of the draft and writes it back when it is moved."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import streamlit as st

from ui.driven import key_for, moved
from ui.page import Page
from ui.pretraining import draft as drafts
from ui.pretraining import session

KEY = "pretraining-field-"
Apply = Callable[[Any], None] | None  # what is done with a new value; None: it is put into the draft


def choice(page: Page, name: str, options: Collection[str], apply: Apply = None) -> None:
    """A select box over named options."""
    words = page["option"]
    key = key_for(KEY + name, session.draft()[name])
    st.selectbox(
        page["field"][name], list(options), key=key, format_func=lambda option: words.get(option, option),
        help=page["field"].get(f"{name}_help"), on_change=_moved, args=(name, key, apply),
    )  # fmt: skip


def whole(page: Page, name: str, low: int, high: int, step: int = 1, *, zero_is_none: bool = False, apply: Apply = None) -> None:
    """A whole number; with ``zero_is_none`` 0 stands for "no such thing"."""
    value = session.draft()[name]
    key = key_for(KEY + name, min(high, max(low, int(value or 0))))
    st.number_input(
        page["field"][name], low, high, key=key, step=step, help=page["field"].get(f"{name}_help"),
        on_change=_moved, args=(name, key, _or_none(name) if zero_is_none else apply),
    )  # fmt: skip


def real(page: Page, name: str, low: float, high: float, *, step: float = 0.01, zero_is_none: bool = False) -> None:
    """A number."""
    value = session.draft()[name]
    key = key_for(KEY + name, min(high, max(low, float(value or 0.0))))
    st.number_input(
        page["field"][name], low, high, key=key, step=step, format="%g", help=page["field"].get(f"{name}_help"),
        on_change=_moved, args=(name, key, _or_none(name) if zero_is_none else None),
    )  # fmt: skip


def flag(page: Page, name: str) -> None:
    """A switch."""
    key = key_for(KEY + name, bool(session.draft()[name]))
    st.checkbox(page["field"][name], key=key, help=page["field"].get(f"{name}_help"), on_change=_moved, args=(name, key, None))


def line(page: Page, name: str, most: int, help_: str) -> None:
    """A line of text."""
    key = key_for(KEY + name, session.draft()[name])
    st.text_input(page["field"][name], key=key, max_chars=most, help=help_, on_change=_moved, args=(name, key, None))


def vocabulary(page: Page, sizes: Collection[int], usual: Mapping[str, int]) -> None:
    """The size of a learned vocabulary; the usual one is stored as None, so that equal runs are equal."""
    name, draft = "vocab_size", session.draft()
    learned = draft["tokenizer"] in drafts.LEARNED
    now = draft[name] or usual.get(draft["tokenizer"], 0)
    key = key_for(KEY + name, now if now in sizes else min(sizes, key=lambda size: abs(size - now)))
    st.select_slider(
        page["field"][name], list(sizes), key=key, format_func=lambda n: f"{n:,}", help=page["field"][f"{name}_help"],
        disabled=not learned, on_change=_moved,
        args=(name, key, lambda v: session.change(vocab_size=None if v == usual.get(session.draft()["tokenizer"]) else v)),
    )  # fmt: skip


def _or_none(name: str) -> Callable[[Any], None]:
    return lambda value: session.change(**{name: value or None})


def _moved(name: str, key: str, apply: Apply) -> None:
    if not moved(KEY + name, key):
        return
    value = st.session_state[key]
    if apply is None:
        session.change(**{name: value})
    else:
        apply(value)
