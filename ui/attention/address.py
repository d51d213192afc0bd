"""What the Attention page shows beside the bench, as one short word in the link: view or step, mask, chosen cell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import streamlit as st

ADDRESS = "show"
VIEW, STEP, MASK = "attention-view", "attention-at", "attention-mask"
CELL = "attention-cell"  # session key: (sentence, cell) chosen last
_WRITTEN, _STATE, _ROUND = "attention-link-written", "attention-link-state", "attention-link-round"  # session keys
_CONTROLS = (VIEW, STEP, MASK, "attention-matrix-", "attention-lines-")  # what their keys begin with
_CELL = re.compile(r"(\d{1,4})\.(\d{1,4})")
_SWAPPED = "swapped"


@dataclass(frozen=True)
class Shown:
    """What a link names; None where it names nothing. ``cell`` counts from 0, the link from 1."""

    view: str | None = None
    step: str | None = None
    swapped: bool = False  # the mask that the model was not trained with
    cell: tuple[int, int] | None = None


def parse(text: str) -> Shown:
    """The parts of ``softmax_swapped_7.3``; what is not known is left out."""
    parts = text.split("_")
    cell = next((match for match in map(_CELL.fullmatch, parts) if match), None)
    names = [part for part in parts if part.isalpha() and part != _SWAPPED]
    return Shown(
        view="lines" if "lines" in names else None,
        step=next((name for name in names if name != "lines"), None),
        swapped=_SWAPPED in parts,
        cell=(int(cell[1]) - 1, int(cell[2]) - 1) if cell and int(cell[1]) and int(cell[2]) else None,
    )


def written(shown: Shown) -> str:
    """The same as text; empty when everything is as at first."""
    parts = [shown.view if shown.view == "lines" else None, shown.step if shown.step not in (None, "softmax") else None]
    parts += [_SWAPPED if shown.swapped else None, f"{shown.cell[0] + 1}.{shown.cell[1] + 1}" if shown.cell else None]
    return "_".join(part for part in parts if part)


def linked() -> Shown:
    """What the link, or this reader's last visit to the page, asks for.

    After Back or Forward the link differs from what was written there last: the page's own controls then start from it. When
    something on the page was pressed meanwhile, the link is left alone: it may be older than that.
    """
    asked = st.query_params.get(ADDRESS, "")
    if ADDRESS in st.session_state and asked != st.session_state.get(_WRITTEN, asked) and not _pressed():
        for key in [CELL, *_controls()]:
            st.session_state.pop(key, None)
        st.session_state[ADDRESS] = st.session_state[_WRITTEN] = asked
        st.session_state[_ROUND] = current_round() + 1
    return parse(str(st.session_state.get(ADDRESS) or asked))


def current_round() -> int:
    """How often a link was followed on this page: pictures that keep a cell of their own start afresh with each."""
    return st.session_state.get(_ROUND, 0)


def keep(shown: Shown) -> None:
    """Put the present view into the link."""
    st.session_state[ADDRESS] = st.session_state[_WRITTEN] = written(shown)
    with st.container(key="hidden-attention-address"):
        st.text_input(ADDRESS, key=ADDRESS, bind="query-params")
    st.session_state[_STATE] = _controls()


def _controls() -> dict[str, Any]:
    """The present values of all controls whose state the link keeps."""
    return {key: st.session_state[key] for key in st.session_state if str(key).startswith(_CONTROLS)}


def _pressed() -> bool:
    before = st.session_state.get(_STATE, {})
    return any(before.get(key) != value for key, value in _controls().items())
