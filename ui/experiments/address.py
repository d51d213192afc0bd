"""What this page keeps in the address beside the view: the experiment, the other model, the sweep's knobs."""

from __future__ import annotations

import streamlit as st

KEPT = "experiments-address"  # for the way back from another page, whose address does not hold these


def get(name: str) -> str:
    """What the address says, else what this session chose last; empty when neither does."""
    return st.query_params.get(name) or st.session_state.get(KEPT, {}).get(name, "")


def put(**values: str) -> None:
    """Keep these; an empty one leaves the address."""
    st.session_state[KEPT] = {**st.session_state.get(KEPT, {}), **values}
    for name, value in values.items():
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)
