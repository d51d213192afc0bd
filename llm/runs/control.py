"""Pause, resume, one step, stop and live changes: a small file of numbered commands that the worker looks at between steps."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm.files import read_json, write_json
from llm.runs.locks import edit_lock, queue_lock
from llm.runs.spec import LONGEST_PROMPT
from llm.runs.status import stored_status, write_status

if TYPE_CHECKING:
    from llm.runs.limits import Limits
    from llm.runs.store import Run

FILE = "control.json"
KEPT = 64  # commands; the worker looks twenty times a second
POLL = 0.05  # seconds between two looks


class Controls:
    """What an owner does with a run. Who may do so is for the caller to check (``run.is_owner``)."""

    def __init__(self, run: Run, limits: Limits | None = None) -> None:
        self.run, self.limits = run, limits

    def pause(self) -> None:
        """Stand still after the step that is under way; also before the first."""
        self._send({"command": "pause"})

    def resume(self) -> None:
        """Go on after a pause. A run whose worker is gone goes back into the line with ``Queue.resume``."""
        self._send({"command": "resume"})

    def one_step(self) -> None:
        """Pause, and do one step."""
        self._send({"command": "one_step"})

    def stop(self) -> None:
        """End, with a model that can be opened. A run that waits leaves the line at once."""
        with queue_lock(self.run.folder.parent):
            status = stored_status(self.run.folder)
            if status.state == "waiting" and not status.starting:
                write_status(self.run.folder, stopped_before_start(status))
                return
        self._send({"command": "stop"})

    def change(
        self,
        *,
        learning_rate: float | None = None,
        batch_size: int | None = None,
        dropout: float | None = None,
        prompt: str | None = None,
    ) -> None:
        """Other settings from the next step on; each becomes a line of ``changes.jsonl``.

        Raises:
            ValueError: for a value that the configuration or the limits do not take.
        """
        given = {"learning_rate": learning_rate, "batch_size": batch_size, "dropout": dropout, "prompt": prompt}
        given = {name: value for name, value in given.items() if value is not None}
        self._check(given)
        if given:
            self._send({"command": "change", **given})

    def _check(self, given: dict[str, Any]) -> None:
        from dataclasses import replace

        spec = self.run.spec
        names = {name: value for name, value in given.items() if name in ("learning_rate", "batch_size")}
        train = replace(spec.train_config(), **names)
        model = spec.model_config(spec.data.likely_vocabulary())
        if "dropout" in given:
            model = replace(model, dropout=given["dropout"])
        if len(given.get("prompt", "")) > LONGEST_PROMPT:
            raise ValueError(f"the prompt is longer than {LONGEST_PROMPT:,} characters; give a shorter one")
        if self.limits is not None and "batch_size" in given:
            self.limits.check_model(model, train)

    def _send(self, command: dict[str, Any]) -> None:
        folder = self.run.folder
        try:
            with edit_lock(folder):
                commands = read_commands(folder)
                number = commands[-1]["number"] + 1 if commands else 1
                commands = [*commands, {"number": number, "time": time.time(), **command}][-KEPT:]
                write_json(folder / FILE, {"commands": commands}, durable=False)
        except OSError as error:
            raise ValueError(
                f"the run could not be reached ({error.strerror or error}); free some disk space, then try again"
            ) from error


class Inbox:
    """The worker's side: the commands that are new, each once and in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = 0
        self.written: tuple[int, int] | None = None
        self.looked = 0.0

    def new(self) -> list[dict[str, Any]]:
        """Commands since the last call. Cheap: it looks at most every 50 ms, and reads only a file that changed."""
        now = time.monotonic()
        if now - self.looked < POLL:
            return []
        self.looked = now
        try:
            found = (self.folder / FILE).stat()
        except OSError:
            return []
        if self.written == (found.st_mtime_ns, found.st_ino):
            return []
        self.written = (found.st_mtime_ns, found.st_ino)
        new = [command for command in read_commands(self.folder) if command["number"] > self.seen]
        self.seen = max([self.seen, *(command["number"] for command in new)])
        return new


def read_commands(folder: Path) -> list[dict[str, Any]]:
    """The commands in the file, oldest first; none when there is no readable file."""
    try:
        commands = read_json(folder / FILE).get("commands", [])
    except ValueError:
        return []
    if not isinstance(commands, list):
        return []
    return [command for command in commands if isinstance(command, dict) and isinstance(command.get("number"), int)]


def forget_commands(folder: Path) -> None:
    """Drop all commands: they were for a worker that is gone."""
    (folder / FILE).unlink(missing_ok=True)


def stopped_before_start(status: Any) -> Any:
    """The status of a run that left the line before it was its turn."""
    from dataclasses import replace

    message = "Stopped before it was its turn."
    return replace(status, state="stopped", reason="stopped", message=message, updated=time.time(), pid=None, seconds_left=None)
