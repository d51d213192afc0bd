"""What the owner of a run does with it: pause, one step, stop, go on, and other settings while it trains."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from llm.explosion import REASON as EXPLODED
from llm.runs.control import Controls
from llm.runs.recovery import way_back
from llm.runs.spec import LONGEST_PROMPT
from llm.runs.state import saved_step
from llm.runs.status import Status
from llm.runs.store import Run
from ui import runs
from ui.driven import key_for, moved
from ui.page import Page, prose, rerun_part
from ui.pretraining import draft as drafts
from ui.pretraining import session
from ui.text import plain

PROBLEM = "pretraining-control-problem"
PATIENCE = 3.0  # seconds that a press waits for the worker, so that the buttons fit when they are drawn again
MUCH = 30.0  # times the learning rate: the page's experiment


def settings(run: Run) -> dict[str, float | int | str]:
    """Learning rate, batch size, dropout and prompt as they are now: the spec's, what changed since, what was just asked for."""
    spec = run.spec
    train, model = spec.train_config(), spec.model_config(1)
    now = {"learning_rate": train.learning_rate, "batch_size": train.batch_size, "dropout": model.dropout, "prompt": spec.prompt}
    for row in run.changes():
        now |= {name: row[name][1] for name in now if isinstance(row.get(name), list) and len(row[name]) == 2}
    return now | st.session_state.get(_asked(run), {})


def change(run: Run, **values: float | int | str) -> None:
    """Other settings from the next step on; what does not fit is said and changes nothing."""
    try:
        Controls(run, runs.limits()).change(**values)
    except ValueError as problem:
        st.session_state[PROBLEM] = str(problem)
        return
    st.session_state.pop(PROBLEM, None)
    st.session_state[_asked(run)] = {**st.session_state.get(_asked(run), {}), **values}


def show(page: Page, run: Run) -> None:
    """Buttons and fields that fit the state."""
    words, status = page["control"], run.status()
    if status.resumable:
        _go_on(page, run, status)
        return
    if not status.active:
        return
    with st.container(key="pretraining-controls", horizontal=True, vertical_alignment="center", gap="small"):
        if status.state == "paused":
            _button(words["resume"], "play_arrow", run, "resume", "running", primary=True)
        elif status.state != "waiting":
            _button(words["pause"], "pause", run, "pause", "paused", primary=True)
        if status.state != "waiting":
            _button(words["one_step"], "skip_next", run, "one_step", "paused")
        _button(words["stop"], "stop", run, "stop", "stopped")
        _rate(page, run)
        _more(page, run)
    if problem := st.session_state.get(PROBLEM):
        st.error(words["unchanged"].format(problem=plain(problem)))


def _button(label: str, icon: str, run: Run, command: str, then: str, *, primary: bool = False) -> None:
    """Sends its command when pressed; no callback: a server that has just come back knows none, and the press would be lost."""
    kind = "primary" if primary else "secondary"
    if st.button(label, key=f"pretraining-{command}", icon=f":material/{icon}:", type=kind):
        _send(run, command, then)
        st.rerun()


def _send(run: Run, command: str, then: str) -> None:
    """Send it, and wait a moment for the worker to answer."""
    step = run.status().step
    _try(lambda: getattr(Controls(run), command)())
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        status = run.status()
        if (status.state == then and (command != "one_step" or status.step != step)) or not status.active:
            return
        time.sleep(0.05)


def _try(work: Callable[[], object]) -> None:
    try:
        work()
        st.session_state.pop(PROBLEM, None)
    except ValueError as problem:
        st.session_state[PROBLEM] = str(problem)


def _rate(page: Page, run: Run) -> None:
    """The learning rate: half, double, or an exact number."""
    words, now = page["control"], float(settings(run)["learning_rate"])
    st.markdown(words["rate"], help=words["rate_help"], width="content")
    if st.button(words["half"], key="pretraining-half"):
        change(run, learning_rate=now / 2)
        st.rerun()
    name = f"pretraining-rate-{run.id}"
    key = key_for(name, now)
    st.number_input(
        words["rate"], 0.0, 100.0, key=key, step=0.001, format="%g", width=140, label_visibility="collapsed",
        on_change=lambda: moved(name, key) and change(run, learning_rate=st.session_state[key]),
    )  # fmt: skip
    if st.button(words["double"], key="pretraining-double"):
        change(run, learning_rate=now * 2)
        st.rerun()


def _more(page: Page, run: Run) -> None:
    """Batch size, dropout and the sentence to watch."""
    words, now = page["control"], settings(run)
    with (
        st.popover(words["more"], key="pretraining-change", icon=":material/tune:"),
        st.form("pretraining-change-form", border=False),
    ):
        batch = st.number_input(words["batch_size"], 1, 1024, int(now["batch_size"]))
        dropout = st.number_input(words["dropout"], 0.0, 0.9, float(now["dropout"]), 0.05)
        prompt = st.text_input(words["prompt"], str(now["prompt"]), max_chars=LONGEST_PROMPT)
        if st.form_submit_button(words["apply"]):
            asked = {"batch_size": batch, "dropout": dropout, "prompt": prompt}
            changed = {name: value for name, value in asked.items() if value != now[name]}
            if changed:
                change(run, **changed)
                rerun_part()


def _go_on(page: Page, run: Run, status: Status) -> None:
    """Why it stands still, and one click to resume it."""
    words = page["control"]
    message = words[status.state].format(message=plain(status.message), step=f"{status.step:,}")
    {"failed": st.error, "interrupted": st.warning}.get(status.state, st.info)(message)
    with st.container(horizontal=True):
        again = st.button(_label(words, run, status), key="pretraining-again", type="primary", icon=":material/play_arrow:")
    if again:
        _try(lambda: runs.queue().resume(run))
        st.session_state.pop(_asked(run), None)
        st.rerun()
    if problem := st.session_state.get(PROBLEM):
        st.error(words["problem"].format(problem=plain(problem)))


def _label(words: dict[str, str], run: Run, status: Status) -> str:
    """What a press does: after an explosion it goes back, and on with a lower rate."""
    if status.reason == EXPLODED:
        back = way_back(run)
        return words["back" if back.step else "back_to_start"].format(step=f"{back.step:,}", rate=f"{back.learning_rate:.4g}")
    step = saved_step(run.folder)
    return words["again"].format(step=f"{step:,}") if step else words["continue"]


def experiment(page: Page, run: Run, *, mine: bool) -> None:
    """Now break it: thirty times the learning rate, in the run that trains or from the start of another."""
    words = page["break"]
    with st.container(horizontal=True):
        if mine and run.status().state in ("running", "paused"):
            rate = _much(settings(run)["learning_rate"])
            if st.button(words["now"], key="pretraining-break-now", help=words["now_help"], icon=":material/bolt:"):
                change(run, learning_rate=rate)
                st.rerun()
        st.button(words["start"], key="pretraining-break-start", icon=":material/bolt:", on_click=_fill_in, args=(page, run))
    prose(words["too_large"])


def _fill_in(page: Page, run: Run) -> None:
    """The starter with everything as in this run, but for the rates."""
    draft = drafts.from_spec(run.spec)
    if draft["source"] == drafts.OWN:  # its text may not be the reader's to use
        draft = session.draft()
    rates = {name: _much(draft[name]) for name in ("learning_rate", "muon_learning_rate")}
    session.put({**draft, **rates})
    session.say(page["break.filled"])


def _much(rate: float | int | str) -> float:
    return float(f"{float(rate) * MUCH:.6g}")  # 0.9, and not the 0.8999999999999999 that a field would show


def _asked(run: Run) -> str:
    return f"pretraining-asked-{run.id}"
