"""What this page keeps in the address beside the view: the experiment, the other model, the sweep's knobs.

A page that is left loses these from the address. So what an address says that does not name them is settled when the page is
entered: what was chosen there last. While one stays there it means that, and Back leads to it.
"""

from __future__ import annotations

import streamlit as st

LAST, UNSAID = "experiments-address", "experiments-address-unsaid"


def follow(*, entered: bool) -> None:
    """Once for each run of the page, before anything reads the address; ``entered`` when another page was open before."""
    last = st.session_state.get(LAST, {})
    if entered or UNSAID not in st.session_state:
        st.session_state[UNSAID] = last
    st.session_state[LAST] = {name: get(name) for name in {*last, *st.query_params.keys()}}


def get(name: str) -> str:
    """What the address says, else what it means without a word; empty when neither is known."""
    return st.query_params.get(name) or st.session_state.get(UNSAID, {}).get(name, "")


def put(**values: str) -> None:
    """Keep these; an empty one leaves the address."""
    gone = {name: "" for name, value in values.items() if not value}
    st.session_state[LAST] = {**st.session_state.get(LAST, {}), **values}
    st.session_state[UNSAID] = {**st.session_state.get(UNSAID, {}), **gone}
    for name, value in values.items():
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)
