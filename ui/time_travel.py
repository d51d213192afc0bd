"""The time slider of the bench: any stored training step of the model, and the newest of a run while it trains.

In the address an empty step means the finished weights, or for a run that trains "live": each page moves on with the newest
snapshot. A number stays where it is.
"""

from __future__ import annotations

import contextlib

import streamlit as st

from llm.runs.models import is_run
from ui import run_models
from ui.components.time_slider import TimeView, time_slider
from ui.state import STEP, Settled, chosen_step, wanted_step
from ui.text import load

KEY = "bench-time"


def show(settled: Settled) -> None:
    """Draw the slider of the model on the bench, and wait for the first weights of a run that the address names."""
    info, run, active = settled.info, "", settled.active
    if is_run(settled.wanted):
        with contextlib.suppress(ValueError, OSError):
            run = run_models.run_of(settled.wanted).id
    starting = bool(settled.note) and active
    if len(info.steps) < 2 and not active:
        st.markdown(f":small[:gray[{load('frame')['bench']['no_steps']}]]")
        return
    step = chosen_step(info)
    view = TimeView(
        steps=info.steps,
        shown=info.steps[-1] if step is None and info.steps else step or 0,
        run=run,
        active=active,
        live=active and wanted_step() is None,
        starting=starting,
    )
    time_slider(view, key=KEY, on_move=_moved, on_live=_switched)


def _moved() -> None:
    """The reader has gone to a step. The last one of a finished training needs no number in the address."""
    step, last = _said("move")
    st.session_state[STEP] = "" if step == last else str(step)


def _switched() -> None:
    """Live is on without a number; off stays at the step that was shown."""
    step, on = _said("live")
    st.session_state[STEP] = "" if on else str(step)


def _said(name: str) -> tuple[int, int]:
    """Two whole numbers from the component, whatever a stranger's browser sent."""
    value = (st.session_state.get(KEY) or {}).get(name)
    try:
        first, second = value
        return max(0, int(first)), int(second)
    except (TypeError, ValueError, OverflowError):
        return wanted_step() or 0, -1
