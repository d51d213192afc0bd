"""What the reader has locked: a token of the sentence, or a query and a key. One for all pages, and part of the link.

In the browser ``assets/web/bus.js`` carries it; one component a page reports it, and says so here with ``hear`` before
anything is drawn. ``follow`` and ``keep`` stand around every page: they read the link and write it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

ADDRESS = "token"  # its name in the link: "7" for a token, "7.3" for query 7 and key 3, counted from 1
LOCKED = "locked"  # session key: (sentence, lock)
_WRITTEN, _PAGE, _SCOPE, _ROUND, _BEFORE = (f"locked-{name}" for name in ("written", "page", "scope", "round", "before"))
_PLAIN = (str, int, float, bool, tuple, list, dict, type(None))


@dataclass(frozen=True)
class Lock:
    """A token's position, or that of a query and a key, counted from 0."""

    token: int
    key: int | None = None

    def fits(self, length: int) -> bool:
        """Whether a sentence of so many tokens has them."""
        return max(self.token, self.key or 0) < length


def parse(text: str) -> Lock | None:
    """``7`` or ``7.3``; anything else locks nothing."""
    parts = str(text).split(".")
    if len(parts) > 2 or not all(part.isascii() and part.isdigit() and len(part) < 5 and int(part) for part in parts):
        return None
    return Lock(*(int(part) - 1 for part in parts))


def written(lock: Lock | None) -> str:
    """The same as text; empty when nothing is locked."""
    return "" if lock is None else str(lock.token + 1) + ("" if lock.key is None else f".{lock.key + 1}")


def of(sentence: str | None) -> Lock | None:
    """What is locked in this sentence (``Reading.scope``): a lock never lands in another one."""
    belongs, lock = st.session_state.get(LOCKED, (None, None))
    return lock if sentence is not None and belongs == sentence else None


def put(sentence: str, lock: Lock | None) -> None:
    """Lock something, or nothing."""
    st.session_state[LOCKED] = (sentence, lock)


def current_round() -> int:
    """Changes with each link that is followed and each page that is entered: components that keep a choice start afresh."""
    return st.session_state.get(_ROUND, 0)


def follow(page: str, sentence: str, length: int) -> None:
    """Take over the link's lock where it differs from the one written last: a link that was opened, Back or Forward.

    When something was pressed meanwhile, the link is left alone: it may be older than that.
    """
    asked, before = st.query_params.get(ADDRESS, ""), st.session_state.get(_WRITTEN, "")
    entered = st.session_state.get(_PAGE) != page
    wanted = parse(asked)
    if asked != before and (asked or not entered) and not _pressed():
        put(sentence, wanted if wanted and wanted.fits(length) else None)
        st.session_state[_ROUND] = current_round() + 1
    elif entered:
        st.session_state[_ROUND] = current_round() + 1
    st.session_state[_PAGE], st.session_state[_SCOPE] = page, sentence


def hear(sentence: str, key: str, name: str) -> None:
    """Lock what the component ``key`` reports as its state ``name``, when the reader changed it: a position, a pair or None."""
    before, said = st.session_state.get(_BEFORE, {}), st.session_state.get(key)
    if said is not None and key in before and said != before[key]:
        put(sentence, _lock(said.get(name)))


def keep() -> None:
    """Put what is locked into the link. For the main script: what a page binds is taken out of the link when it is left."""
    st.session_state[ADDRESS] = st.session_state[_WRITTEN] = written(of(st.session_state.get(_SCOPE)))
    with st.container(key="hidden-locked"):
        st.text_input(ADDRESS, key=ADDRESS, bind="query-params")
    st.session_state[_BEFORE] = _controls()


def _lock(said: int | Sequence[int] | None) -> Lock | None:
    """From a position, or ``[position, key or -1, ...]`` (what follows only makes two reports of the same differ); -1 frees."""
    if said is None:
        return None
    token, key = (*said, -1)[:2] if isinstance(said, Sequence) else (said, -1)
    if int(token) < 0:
        return None
    return Lock(int(token), int(key) if int(key) >= 0 else None)


def _controls() -> dict[str, Any]:
    """The present values of the pages' own controls. The bound ones, whose names have no dash, follow the link."""
    return {
        key: copy.deepcopy(value)
        for key, value in st.session_state.items()
        if "-" in str(key) and not str(key).startswith("locked-") and isinstance(value, _PLAIN)
    }


def _pressed() -> bool:
    before = st.session_state.get(_BEFORE, {})
    return any(key in before and _set(before[key], value) for key, value in _controls().items())


def _set(before: Any, now: Any) -> bool:
    """Whether a control has a new value; a button or an event of the last run that fell back to nothing has not."""
    if isinstance(now, dict) and isinstance(before, dict):
        return any(_set(before.get(name), value) for name, value in now.items())
    return now not in (None, False) and now != before
