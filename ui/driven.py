"""Fields whose value the page also sets by itself: the learning rate that a button doubles, a size that the dial turns.

With each message a browser sends what its fields show. Until it has heard of a value that was just set, that is the old one, and
the next press, or a picture's report, would look as if the reader had moved the field back. So a value that does not come from
the field itself is shown in a new field, under a key of its own, and what the old one says no longer counts.
"""

from __future__ import annotations

from typing import Any

import streamlit as st


def key_for(name: str, value: Any) -> str:
    """The widget's key, under which this value is shown; to be called right before the widget is drawn."""
    key = _key(name)
    if key in st.session_state and st.session_state[key] != value:
        st.session_state[_times(name)] = st.session_state.get(_times(name), 0) + 1
        key = _key(name)
    if key not in st.session_state:
        st.session_state[key] = value
    return key


def moved(name: str, key: str) -> bool:
    """Whether the reader moved the field, for its callback: not when this is an old value of a field that is gone."""
    return key == _key(name)


def _key(name: str) -> str:
    times = st.session_state.get(_times(name), 0)
    return f"{name}-{times}" if times else name


def _times(name: str) -> str:
    return f"{name}-times-set"
