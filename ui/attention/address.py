"""What the Attention page shows beside the bench, as one short word in the link: view or step, and mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

ADDRESS = "show"
VIEW, STEP, MASK = "attention-view", "attention-at", "attention-mask"
_WRITTEN, _STATE = "attention-link-written", "attention-link-state"  # session keys
_CONTROLS = (VIEW, STEP, MASK)  # what their keys begin with
_SWAPPED = "swapped"


@dataclass(frozen=True)
class Shown:
    """What a link names; None where it names nothing. The chosen cell is in ``ui.locked``."""

    view: str | None = None
    step: str | None = None
    swapped: bool = False  # the mask that the model was not trained with


def parse(text: str) -> Shown:
    """The parts of ``lines_swapped``; what is not known is left out."""
    parts = text.split("_")
    names = [part for part in parts if part.isalpha() and part != _SWAPPED]
    return Shown(
        view="lines" if "lines" in names else None,
        step=next((name for name in names if name != "lines"), None),
        swapped=_SWAPPED in parts,
    )


def written(shown: Shown) -> str:
    """The same as text; empty when everything is as at first."""
    parts = [shown.view if shown.view == "lines" else None, shown.step if shown.step not in (None, "softmax") else None]
    parts.append(_SWAPPED if shown.swapped else None)
    return "_".join(part for part in parts if part)


def linked() -> Shown:
    """What the link, or this reader's last visit to the page, asks for.

    After Back or Forward the link differs from what was written there last: the page's own controls then start from it. When
    something on the page was pressed meanwhile, the link is left alone: it may be older than that.
    """
    asked = st.query_params.get(ADDRESS, "")
    if ADDRESS in st.session_state and asked != st.session_state.get(_WRITTEN, asked) and not _pressed():
        for key in _controls():
            st.session_state.pop(key, None)
        st.session_state[ADDRESS] = st.session_state[_WRITTEN] = asked
    return parse(str(st.session_state.get(ADDRESS) or asked))


def put(shown: Shown) -> None:
    """Show this the next time that the page is drawn. For callbacks of other pages."""
    for key in _controls():
        st.session_state.pop(key, None)
    st.session_state[ADDRESS] = written(shown)
    st.session_state.pop(_WRITTEN, None)


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
