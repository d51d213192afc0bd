"""The starter: what to learn from, how big, Start. Everything else is under More, and every number moves with it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import streamlit as st

from llm import estimate, presets
from llm.cost import count_parameters
from llm.runs.control import Controls
from llm.runs.limits import step_memory
from llm.runs.spec import RunSpec, check_text
from llm.runs.store import Run
from ui import cached_pretraining as computed
from ui import runs, visitor
from ui.driven import key_for, moved
from ui.page import Page, prose
from ui.pretraining import address, more, own, session
from ui.pretraining import draft as drafts
from ui.text import plain

SOURCE, SIZE, MORE = "pretraining-source", "pretraining-size", "pretraining-more"
BUSY = "pretraining-busy"  # the run that has to end before another can start
PATIENCE = 15.0  # seconds to wait for a run to stop


@st.fragment
def show(page: Page, *, compact: bool, below: Callable[[Page], None] | None = None) -> None:
    """The starter as a card; ``compact`` while a run is on the stage. ``below`` draws what moves with it.

    Moving anything in it leaves the rest of the page alone.
    """
    with st.container(key="card-pretraining-start", border=True, gap="small"):
        spec, problem = _row(page, compact)
        _messages(page, spec, problem)
        own.show(page, runs.limits())
        if st.session_state.get(MORE):
            more.show(page, runs.limits())
    if below is not None:
        below(page)


def _row(page: Page, compact: bool) -> tuple[RunSpec | None, str]:
    """Source, size, More and Start in one row, and what the run will be; returns its spec, or what is wrong with it."""
    draft = session.draft()
    labels, level = ("collapsed", "center") if compact else ("visible", "bottom")
    with st.container(key="pretraining-row", horizontal=True, vertical_alignment=level, gap="medium"):
        source_key = key_for(SOURCE, draft["source"])
        st.segmented_control(
            page["source.label"], list(drafts.SOURCES), key=source_key, format_func=lambda name: page["source"][name],
            required=True, label_visibility=labels, on_change=_source_changed, args=(source_key,),
        )  # fmt: skip
        size = drafts.size_of(draft)
        sizes = [*presets.SIZES, *([] if size else ["own"])]
        size_key = key_for(SIZE, size or "own")
        st.segmented_control(
            page["size.label"], sizes, key=size_key, format_func=lambda name: page["size"][name], required=True,
            label_visibility=labels, on_change=_size_changed, args=(size_key,),
        )  # fmt: skip
        st.toggle(page["start.more"], key=MORE, persist_state="session")
        spec, problem = _checked(draft)
        pressed = st.button(
            page["start.button"],
            key="pretraining-start-button",
            type="primary",
            icon=":material/play_arrow:",
            disabled=spec is None,
        )
    if spec is not None and (not compact or st.session_state.get(MORE)):
        _about(page, spec)
    if pressed and spec is not None:
        _start(page, spec)
    return spec, problem


def _source_changed(key: str) -> None:
    source = st.session_state[key]
    if moved(SOURCE, key):
        session.put(drafts.with_source(session.draft(), source, session.own_text(source)))


def _size_changed(key: str) -> None:
    size = st.session_state[key]
    if moved(SIZE, key) and size in presets.SIZES:
        session.put(drafts.resized(session.draft(), size, session.own_text()))


def _checked(draft: drafts.Draft) -> tuple[RunSpec | None, str]:
    """The spec of the draft, or one sentence about what is wrong with it."""
    try:
        text = session.own_text()
        spec = drafts.spec_of(draft, text)
        spec.check(runs.limits())
        if text is not None:
            check_text(text.text, runs.limits())
    except ValueError as problem:
        return None, str(problem)
    return spec, ""


def _about(page: Page, spec: RunSpec) -> None:
    """Weights, shape, memory and time of the run, measured for this machine."""
    words = page["start"]
    size = more.vocabulary(session.draft(), session.own_text(), spec.data.likely_vocabulary())
    model, train = spec.model_config(size), spec.train_config()
    count = count_parameters(model)
    memory = step_memory(model, train.batch_size, count) / 1e6
    about = words["about"].format(
        parameters=_count(count),
        layers=model.n_layers,
        heads=model.n_heads,
        memory=f"{memory:,.0f}",
        time=_time(page, model, train),
    )
    line = _line(page)
    prose(about + (f" · {line}" if line else ""))


def _time(page: Page, model, train) -> str:
    words, machine = page["start"], computed.machine()
    if machine is None:
        return words["time_unknown"]
    seconds = estimate.run_seconds(model, train, machine)
    if seconds is None:
        return words["time_open"]
    cut = train.max_seconds is not None and seconds >= train.max_seconds
    return words["time_cut" if cut else "time"].format(time=duration(page, seconds))


def duration(page: Page, seconds: float) -> str:
    """A time to plan with: whole seconds in steps of five, then half minutes."""
    words = page["start"]
    if seconds < 91:
        return words["seconds"].format(n=max(5, 5 * math.ceil(seconds / 5)) if seconds > 4 else max(1, round(seconds)))
    return words["minutes"].format(n=f"{math.ceil(seconds / 30) / 2:g}")


def _line(page: Page) -> str:
    """How many wait before a new run, and how long that takes; empty when it would start at once."""
    place, seconds = runs.queue().outlook()
    if place == 0:
        return ""
    words = page["start"]
    text = words["line_one" if place == 1 else "line"]
    return text.format(n=place, time=duration(page, max(seconds, 5.0)))


def _count(number: int) -> str:
    if number >= 999_500:
        return f"{number / 1e6:.1f} million"
    return f"{number:,}"


def _start(page: Page, spec: RunSpec) -> None:
    """Put the run into the line, or say why not."""
    text = session.own_text()
    me = visitor.visitor()
    try:
        run = runs.queue().start(spec, me, text.text if text is not None else None)
    except ValueError as problem:
        mine = active_run()
        st.session_state[BUSY] = mine.id if mine is not None else None
        if mine is None:
            session.say(page["start.problem"].format(problem=plain(str(problem))))
        return
    st.session_state.pop(BUSY, None)
    session.say("" if not run.attached else page["start.attached_own" if run.is_owner(me) else "start.attached"])
    address.show(run.id)
    st.rerun(scope="app")


def active_run() -> Run | None:
    """The reader's own run that waits or trains."""
    me = visitor.visitor()
    return next((run for run in runs.store().runs() if run.is_owner(me) and run.status().active), None)


def _messages(page: Page, spec: RunSpec | None, problem: str) -> None:
    """What stands in the way of a start, what became of the last one, and what the source is."""
    draft = session.draft()
    if problem and not (draft["source"] in drafts.TEXTS or (draft["source"] == drafts.OWN and session.own_text() is None)):
        st.error(page["start.problem"].format(problem=plain(problem)))
    if (busy := st.session_state.get(BUSY)) and spec is not None:
        _busy(page, busy, spec)
    if said := session.said():
        st.info(said, icon=":material/info:")


def _busy(page: Page, run_id: str, spec: RunSpec) -> None:
    """One run at a time: offer to show the one that trains, or to stop it for the new one."""
    mine = active_run()
    if mine is None or mine.id != run_id:
        st.session_state.pop(BUSY, None)
        return
    st.warning(page["start.busy"].format(title=plain(mine.title)), icon=":material/info:")
    with st.container(horizontal=True):
        if st.button(page["start.replace"], key="pretraining-replace", type="primary"):
            with st.spinner(page["start.stopping"]):
                _stop_and_wait(mine)
            _start(page, spec)
        if st.button(page["start.open"], key="pretraining-open-active"):
            st.session_state.pop(BUSY, None)
            address.show(mine.id)
            st.rerun(scope="app")


def _stop_and_wait(run: Run) -> None:
    Controls(run).stop()
    end = time.monotonic() + PATIENCE
    while run.status().active and time.monotonic() < end:
        time.sleep(0.1)
