"""Who trains when. First come, first served, ``Limits.at_once`` at a time; two servers on one root share one line."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from filelock import Timeout

from llm.explosion import REASON as EXPLODED
from llm.runs import forecast
from llm.runs.control import Controls, forget_commands
from llm.runs.faults import cannot_store
from llm.runs.launch import Launcher
from llm.runs.limits import Limits
from llm.runs.locks import is_held
from llm.runs.recovery import way_back
from llm.runs.spec import DataSpec, RunSpec, check_text
from llm.runs.state import go_back
from llm.runs.status import AT_WORK, Status, write_status
from llm.runs.store import Run, RunStore

BUSY = "the line is busy at the moment; try again in a few seconds"
CLEAN_EVERY = 60.0  # seconds
SPARE_PAUSE = 5.0  # seconds after a start before the next worker is preloaded, so that it does not slow the start


class Queue:
    """The line of one server. Workers that another server, or this one before a restart, has started count as its own."""

    def __init__(
        self,
        store: RunStore,
        limits: Limits | None = None,
        slots: int | None = None,
        *,
        spare: bool = True,
        warm: DataSpec | None = None,
    ) -> None:
        """``spare``: keep a preloaded worker in reserve; ``warm``: data that it makes ready (for the page's first start)."""
        self.store = store
        self.limits = limits or Limits.from_environment()
        self.slots = slots or self.limits.at_once
        self.spare = spare
        self.launcher = Launcher(store.root, warm)
        self.started = 0.0
        self.cleaned = time.monotonic()

    def start(self, spec: RunSpec, visitor: str, text: str | None = None) -> Run:
        """Put a run into the line and start it if it is its turn.

        A run that trains the same is not started twice: the visitor is attached to it, and ``attached`` of the run is True.

        Raises:
            ValueError: when the run is beyond the limits, the visitor has another one that is active, or nothing can be stored.
        """
        spec = self._checked(spec, text)
        with self._locked():
            found = self._attach(spec, visitor)
            if found is not None:
                return found
            self._refuse_second(visitor)
            self.store.make_room(self.limits)
            run = self.store.create(spec, visitor, text)
        self.tick()
        return run

    def start_many(self, specs: list[RunSpec], visitor: str, text: str | None = None) -> list[Run]:
        """Put a sweep into the line: its first run takes a place as any other, the rest wait while anybody else waits.

        Where all of them are there already, the visitor is attached to them, whatever else of theirs is active.

        Raises:
            ValueError: as for ``start``, or when there are more than the limits allow.
        """
        if not 1 <= len(specs) <= self.limits.sweep:
            raise ValueError(f"these are {len(specs)} runs; from 1 to {self.limits.sweep} can be queued at once")
        specs = [self._checked(spec, text) for spec in specs]
        batch, runs = secrets.token_hex(8), []
        with self._locked():
            if not all(self.store.find_identical(spec.digest(), visitor) for spec in specs):
                self._refuse_second(visitor)
                self.store.make_room(self.limits)
            for spec in specs:
                found = self._attach(spec, visitor)
                turn = sum(not run.attached for run in runs)
                runs.append(found or self.store.create(spec, visitor, text, batch=batch, turn=turn))
        self.tick()
        return runs

    def resume(self, run: Run, **changes: float | int | str) -> None:
        """Put a run that was stopped, interrupted or has failed back into the line; it goes on from what it saved last.

        ``changes`` (learning_rate, batch_size, dropout, prompt) count from its first new step on. One that has exploded goes
        back to where its loss was good, by itself with a lower learning rate.

        Raises:
            ValueError: when it cannot go on, or its owner has another one that is active.
        """
        with self._locked():
            status = run.status()
            if not status.resumable:
                raise ValueError(f"this run {_cannot_resume(status)}")
            self._refuse_second(run.owner)
            forget_commands(run.folder)
            if status.reason == EXPLODED:
                changes = {"learning_rate": way_back(run).learning_rate, **changes}
                go_back(run.folder)
            now = time.time()
            waiting = replace(
                status, state="waiting", reason="", message="", pid=None, queued=now, updated=now, seconds_left=None
            )
            if not write_status(run.folder, waiting, durable=True):
                raise ValueError("the folder of this run cannot be written; free some disk space, then try again")
            if changes:
                Controls(run, self.limits).change(**changes)
        self.tick()

    def line(self) -> list[Run]:
        """Runs that wait, in the order of their turn. Of a sweep one run at a time stands in front."""
        waiting = [(run, run.status()) for run in self.store.unsorted()]
        waiting = [(run.turn, status.queued, run.id, run) for run, status in waiting if _waits(status)]
        return [run for *_, run in sorted(waiting, key=lambda item: item[:3])]

    def place(self, run: Run) -> tuple[int, float]:
        """(place in the line, seconds until it starts, about). Place 0 is for a run that does not wait."""
        line = self.line()
        if run not in line:
            return 0, 0.0
        place = line.index(run)
        return place + 1, self._seconds_to_start(line[:place])[1]

    def outlook(self) -> tuple[int, float]:
        """(how many runs have to end before one that comes now can start, seconds until then, about)."""
        line = self.line()
        at_work, seconds = self._seconds_to_start(line)
        return max(0, at_work + len(line) - self.slots + 1), seconds

    def _seconds_to_start(self, line: list[Run]) -> tuple[int, float]:
        """How many train, and when a run behind this line would start."""
        known = [(other.spec, other.status()) for other in self.store.unsorted() if _is_readable(other)]
        speed = forecast.measured_speed(known)
        at_work = [self._left(spec, status, speed) for spec, status in known if status.state in AT_WORK or status.starting]
        before = [forecast.duration(other.spec, speed, self.limits) for other in line if _is_readable(other)]
        return len(at_work), forecast.seconds_to_start(at_work, before, self.slots)

    def tick(self) -> None:
        """Start what can start. Call it every half second; when another server is just doing so, this one leaves it alone."""
        try:
            with self.store.lock().acquire(timeout=0):
                self._report_failed_starts()
                self._clean_up()
                free = self.slots - self._at_work()
                for run in self.line()[: max(0, free)]:
                    self._launch(run)
        except (Timeout, OSError):
            return
        if self.spare and time.monotonic() - self.started > SPARE_PAUSE:
            self.launcher.keep_spare()

    def close(self) -> None:
        """Before the server ends: the worker in reserve ends, runs go on."""
        self.spare = False
        self.launcher.close()

    def _checked(self, spec: RunSpec, text: str | None) -> RunSpec:
        if spec.data.kind == "upload":
            raise ValueError("the data of an uploaded model are not here; choose a corpus, or a text of your own")
        if spec.data.kind == "text":
            if text is None:
                raise ValueError("there is no text to train on; paste one or choose a file")
            check_text(text, self.limits)
            spec = spec.with_text(text)
        spec.check(self.limits)
        return spec

    def _attach(self, spec: RunSpec, visitor: str) -> Run | None:
        found = self.store.find_identical(spec.digest(), visitor)
        if found is None:
            return None
        found.attach(visitor)
        mine = Run(found.folder)  # one of its own, because the mark is for this caller alone
        mine.attached = True
        return mine

    def _refuse_second(self, visitor: str) -> None:
        for run in self.store.unsorted():
            if run.status().active and run.is_owner(visitor):
                doing = "waits for its turn" if run.status().state == "waiting" else "is not finished"
                raise ValueError(f"your run “{run.title}” {doing}; stop it first, or wait until it ends")

    def _at_work(self) -> int:
        return sum(status.starting or status.state in AT_WORK or is_held(run.folder) for run, status in self._unfinished())

    def _unfinished(self) -> Iterator[tuple[Run, Status]]:
        for run in self.store.unsorted():
            status = run.status()
            if status.active:
                yield run, status

    def _launch(self, run: Run) -> None:
        if is_held(run.folder):
            return
        worker = self.launcher.take()
        if not write_status(run.folder, replace(run.status(), pid=worker.pid, updated=time.time())):
            return self.launcher.give_back(worker)  # its folder cannot be written at the moment; it keeps its place
        self.launcher.hand_over(worker, run.folder)
        self.started = time.monotonic()

    def _report_failed_starts(self) -> None:
        """A worker that ended before it took its run would otherwise be started again and again."""
        for run_id, code in self.launcher.ended().items():
            for run in self.store.unsorted():
                status = run.status()
                if run.id == run_id and status.state == "waiting" and status.pid is not None and not is_held(run.folder):
                    message = f"The training process could not start (exit code {code}); resume to try again."
                    write_status(run.folder, replace(status, state="failed", reason="start", message=message, pid=None))

    def _clean_up(self) -> None:
        """Runs grow while they train."""
        if time.monotonic() - self.cleaned > CLEAN_EVERY:
            self.cleaned = time.monotonic()
            self.store.clean_up(self.limits)

    def _left(self, spec: RunSpec, status: Status, speed: float) -> float:
        if status.seconds_left is not None:
            return status.seconds_left
        return max(0.0, forecast.duration(spec, speed, self.limits) - status.seconds)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.store.root.mkdir(parents=True, exist_ok=True)
            with self.store.lock():
                yield
        except Timeout as error:
            raise ValueError(BUSY) from error
        except OSError as error:
            raise ValueError(cannot_store(self.store.root.name, error)) from error


def _is_readable(run: Run) -> bool:
    try:
        return bool(run.spec)
    except ValueError:  # a damaged folder: the others' times are known all the same
        return False


def _waits(status: Status) -> bool:
    return status.state == "waiting" and not status.starting


def _cannot_resume(status: Status) -> str:
    return "has finished; start a new one to train longer" if status.state == "done" else "is still active"
