"""Which run is on the stage, and which are drawn beside it. Both stand in the address, so a link, a reload and Back keep them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

RUN, BESIDE = "run", "with"
SHOWN = "pretraining-shown"  # for the way back from another page, whose address does not hold the run
MOST_BESIDE = 6


def shown() -> str:
    """The id in the address; empty when there is none."""
    return st.query_params.get(RUN, "")


def show(run_id: str) -> None:
    """Put a run on the stage."""
    st.session_state[SHOWN] = run_id
    st.query_params[RUN] = run_id
    if run_id in beside():
        draw_beside([other for other in beside() if other != run_id])


def last() -> str:
    """The run that this session looked at last."""
    return st.session_state.get(SHOWN, "")


def leave() -> None:
    """Nothing on the stage."""
    st.session_state.pop(SHOWN, None)
    st.query_params.pop(RUN, None)
    st.query_params.pop(BESIDE, None)


def beside() -> list[str]:
    """Ids of the runs whose curves are drawn as well."""
    return [run_id for run_id in st.query_params.get(BESIDE, "").split(",") if run_id][:MOST_BESIDE]


def draw_beside(run_ids: Sequence[str]) -> None:
    """Choose those."""
    if run_ids:
        st.query_params[BESIDE] = ",".join(list(run_ids)[:MOST_BESIDE])
    else:
        st.query_params.pop(BESIDE, None)
