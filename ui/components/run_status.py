"""The status line of a run, kept up to date by its event stream."""

from __future__ import annotations

from llm.estimate import WATTS_PER_CORE
from llm.runs.store import Run
from ui.components.core import pack, renderer
from ui.text import load


def run_status(run: Run, *, key: str, told: bool) -> None:
    """Show state, step, loss, time, speed, energy and device of a run as they change.

    When the state becomes one for which the page's buttons no longer fit (a run begins, ends, is paused), the page runs once
    again; while it trains, never. ``told``: the page says itself why the run stands still.
    """
    status, words = run.status(), load("live")["status"]
    header = {
        "run": run.id,
        "state": status.state,
        "active": status.active,
        "told": told,
        "watts": WATTS_PER_CORE,
        "words": words,
    }
    renderer("run_status")(data=pack(header), key=key, on_state_change=lambda: None)
