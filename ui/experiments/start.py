"""Starting runs that belong together, and stopping them: as one batch, so that others are not kept waiting by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import streamlit as st

from llm import estimate
from llm.runs.control import Controls
from llm.runs.forecast import OVERHEAD
from llm.runs.spec import RunSpec
from llm.runs.store import Run
from ui import cached_pretraining, runs, visitor
from ui.experiments import found
from ui.page import Page, rerun_part
from ui.text import plain

PROBLEM = "experiments-problem"
PATIENCE = 15.0  # seconds to wait for runs to stop


def start(specs: Sequence[RunSpec]) -> None:
    """Queue them; what stands in the way is kept for ``problem``."""
    try:
        runs.queue().start_many(list(specs), visitor.visitor())
        st.session_state.pop(PROBLEM, None)
    except ValueError as problem:
        st.session_state[PROBLEM] = str(problem)


def problem(page: Page, specs: Sequence[RunSpec], key: str) -> None:
    """What stood in the way; a run of the visitor's own can be stopped for the new ones."""
    said = st.session_state.get(PROBLEM)
    if not said:
        return
    busy = active()
    st.error(page["start.problem"].format(problem=plain(said)))
    if busy and st.button(page["start.replace"], key=f"experiments-replace-{key}", type="primary"):
        with st.spinner(page["start.stopping"]):
            stop(busy, wait=True)
        start(specs)
        st.rerun()


def active() -> list[Run]:
    """The visitor's own runs that wait or train."""
    me = visitor.visitor()
    return [run for run in runs.store().runs() if run.is_owner(me) and run.status().active]


def stop(some: Sequence[Run], *, wait: bool = False) -> None:
    """End the visitor's own of these runs, those that wait first: else the next would start at once."""
    me = visitor.visitor()
    ours = [run for run in some if run.is_owner(me) and run.status().active]
    for run in sorted(ours, key=lambda run: run.status().state != "waiting"):
        try:
            Controls(run).stop()
        except ValueError as error:
            st.session_state[PROBLEM] = str(error)
    end = time.monotonic() + PATIENCE
    while wait and any(run.status().active for run in ours) and time.monotonic() < end:
        time.sleep(0.1)


def seconds(specs: Sequence[RunSpec]) -> float | None:
    """How long these take one after the other on this machine; None while it is being measured."""
    machine = cached_pretraining.machine()
    if machine is None:
        return None
    each = [estimate.run_seconds(s.model_config(s.data.likely_vocabulary()), s.train_config(), machine) or 0.0 for s in specs]
    return sum(each) + OVERHEAD * len(each)


def duration(page: Page, specs: Sequence[RunSpec]) -> str:
    """That in words."""
    time_ = seconds(specs)
    return page["start.unknown"] if time_ is None else say(page, time_)


def line(page: Page) -> str:
    """One more sentence, about the line that these would wait in; empty where they would start at once."""
    place, wait = runs.queue().outlook()
    return f" {page['start.line'].format(n=place, time=say(page, max(5.0, wait)))}" if place else ""


def say(page: Page, time_: float) -> str:
    """Seconds, or from a minute and a half on minutes."""
    words = page["start"]
    return words["seconds"].format(n=max(1, round(time_))) if time_ < 91 else words["minutes"].format(n=f"{time_ / 60:.0f}")


def missing(specs: Sequence[RunSpec]) -> list[RunSpec]:
    """Those that nobody has trained yet."""
    return [spec for spec, there in zip(specs, found.are_there(specs), strict=True) if not there]


def button(page: Page, label: str, key: str, specs: Callable[[], Sequence[RunSpec]], *, disabled: bool = False) -> None:
    """The button that starts them. No callback: a server that has just come back knows none, and the press would be lost."""
    if st.button(label, key=key, type="primary", icon=":material/play_arrow:", disabled=disabled):
        start(specs())
        rerun_part()


def stop_button(label: str, key: str, some: Sequence[Run]) -> None:
    """The button that stops the visitor's own of these runs, in the same way."""
    if st.button(label, key=key, icon=":material/stop:"):
        stop(some)
        rerun_part()
