"""The one owner of this process's store of runs and of its line."""

from __future__ import annotations

import threading

import streamlit as st

from llm.runs.limits import Limits
from llm.runs.queue import Queue
from llm.runs.spec import DataSpec
from llm.runs.store import Run, RunStore
from ui.visitor import visitor

TICK = 0.5  # seconds between two looks at the line


@st.cache_resource(show_spinner=False)
def limits() -> Limits:
    """What a visitor's run may take; read from the environment once."""
    return Limits.from_environment()


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """All runs of this server."""
    return RunStore()


@st.cache_resource(show_spinner=False)
def queue() -> Queue:
    """The line of this server. Without the ticking of the launcher (in a test) it moves when something is started."""
    return Queue(store(), limits(), spare=False)


def my_runs() -> list[Run]:
    """This visitor's runs and those that they watch, newest first."""
    return store().visible_to(visitor())


class Ticker:
    """Moves the line on twice a second while the server runs, and keeps a worker preloaded for the next start."""

    def __init__(self, warm: DataSpec | None = None, *, spare: bool = True) -> None:
        self.queue = queue()
        self.queue.spare = spare
        self.queue.launcher.warm = warm
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, name="line of runs", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.over.wait(TICK):
            self.queue.tick()

    def close(self) -> None:
        """Stop ticking; the worker in reserve ends, runs go on without this server."""
        self.over.set()
        self.thread.join(timeout=5)
        self.queue.close()
