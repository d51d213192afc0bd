"""The way back that the reader has opened in "What made this number?": number by number, and part of the link.

``1.mlp.post-5-12~1.norm2-5-3`` is neuron 12 of token 5 in block 1, and then a number of the vector that it read; all of it
counted from 0, as in the trace. ``follow`` and ``keep`` stand around every page (``ui.page``): they read the link and write it; a
card with a number asks ``cells`` for its way in between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from llm.interpret.origin_parts import Index

Cell = tuple[str, Index]
ADDRESS = "way"  # its name in the link
LONGEST = 60  # cells of a way that are kept
_WRITTEN, _PAGE, _LINKED, _OPEN, _PRESSED = (f"way-{name}" for name in ("written", "page", "linked", "open", "pressed"))


def parse(text: str) -> list[Cell]:
    """The cells of a link, as far as they can be read."""
    cells: list[Cell] = []
    for part in text.split("~")[:LONGEST]:
        name, *numbers = part.split("-")
        if not name or len(name) > 40 or not all(n.isascii() and n.isdigit() and len(n) < 8 for n in numbers):
            break
        cells.append((f"blocks.{name}" if name[0].isdigit() else name, tuple(map(int, numbers))))
    return cells


def written(cells: list[Cell]) -> str:
    """The same as text."""
    return "~".join("-".join([point.removeprefix("blocks."), *map(str, index)]) for point, index in cells)


def entering(page: str) -> bool:
    """Whether another page was open before this one; to be asked before ``follow``."""
    return st.session_state.get(_PAGE) != page


def follow(page: str) -> None:
    """Take over the link's way where it differs from the one written last, unless the reader has just gone on from here."""
    wanted, before = st.query_params.get(ADDRESS, ""), st.session_state.get(_WRITTEN, "")
    entered, chose = entering(page), st.session_state.pop(_PRESSED, False)
    st.session_state[_LINKED] = parse(wanted) if wanted != before and (wanted or not entered) and not chose else None
    st.session_state[_OPEN] = None
    st.session_state[_PAGE] = page


def linked() -> list[Cell]:
    """The way that a link asks for, until a card has taken it."""
    return asked() or []


def asked() -> list[Cell] | None:
    """The same; empty where a link (or Back) has come to ask for none, None where no link has changed."""
    return st.session_state.get(_LINKED)


def pressed() -> None:
    """The reader has chosen another number: the link now follows the page, and not the page the link. For callbacks."""
    st.session_state[_PRESSED] = True


def cells(
    key: str,
    base: tuple[Any, ...],
    start: Cell,
    fits: Callable[[Cell], bool],
    *,
    whole: bool = False,
    in_link: bool = True,
) -> list[Cell]:
    """The way of the card ``key``: from ``start``, the cell that the page has chosen, to the one that is shown.

    It starts anew with each choice on the page, which ``base`` stands for. ``fits`` says whether this trace has a cell; ``whole``
    puts a chosen cell into the link even where nothing was opened behind it; without ``in_link`` the way stays out of the link.
    """
    wanted = asked() if in_link else None
    if in_link:
        st.session_state[_LINKED] = None
    kept = st.session_state.get(f"{key}-way")
    if wanted is not None or kept is None or kept["base"] != base:
        good = wanted if wanted and all(map(fits, wanted)) else [start]
        kept = st.session_state[f"{key}-way"] = {"base": base, "cells": good}
    if in_link and (len(kept["cells"]) > 1 or whole or st.session_state.get(_OPEN) is None):
        st.session_state[_OPEN] = kept["cells"] if len(kept["cells"]) > 1 or whole else []
    return kept["cells"]


def change(key: str) -> list[Cell]:
    """The way of a card, to be changed in a callback; the link then follows it, and not it the link."""
    pressed()
    return st.session_state[f"{key}-way"]["cells"]


def keep() -> None:
    """Put the way that is open into the link. On pages without a number to open nothing is said about it."""
    if st.session_state.get(_OPEN) is None:
        st.session_state[_WRITTEN] = ""
        return
    st.session_state[ADDRESS] = st.session_state[_WRITTEN] = written(st.session_state[_OPEN])
    with st.container(key="hidden-way"):
        st.text_input(ADDRESS, key=ADDRESS, bind="query-params")
