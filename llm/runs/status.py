"""The state of a run, as its worker last wrote it, and what a reader has to conclude when the worker is gone."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from llm.files import read_json, write_bytes
from llm.runs.locks import is_held

STATES = {
    "waiting": "waits for its turn",
    "preparing": "makes its data ready",
    "running": "trains",
    "paused": "waits for its owner",
    "done": "has finished",
    "stopped": "was stopped by its owner",
    "failed": "could not go on",
    "interrupted": "its process ended without a word",
}
AT_WORK = ("preparing", "running", "paused")  # a worker has it
ACTIVE = ("waiting", *AT_WORK)
RESUMABLE = ("stopped", "failed", "interrupted")
FILE = "status.json"
ROOM = 4096  # bytes that status.json always takes up, so that it can be written over in place when the disk is full
LITTLE_SPACE = 2**20  # bytes
START_SECONDS = 60.0  # after this long a process that was started and does not hold the folder is no longer waited for


@dataclass(frozen=True)
class Status:
    """Where a run stands. ``message`` is one sentence for people; times are in seconds since the epoch.

    ``seconds`` is the time in training steps (None where nobody knows it, of an uploaded model), ``seconds_left`` an estimate by
    the clock on the wall; ``reason`` is why it ended, in one word (steps, max_seconds, plateau, stopped, exploded, disk ...).
    ``queued`` is when it took its place in the line.
    """

    state: str = "waiting"
    step: int = 0
    steps: int | None = None
    seconds: float | None = 0.0
    reason: str = ""
    message: str = ""
    device: str = ""
    precision: str = ""
    tokens_per_second: float | None = None
    seconds_left: float | None = None
    pid: int | None = None
    updated: float = 0.0
    queued: float = 0.0

    @property
    def active(self) -> bool:
        """Whether it trains, or will without anybody's help."""
        return self.state in ACTIVE

    @property
    def resumable(self) -> bool:
        """Whether it can be put back into the line."""
        return self.state in RESUMABLE

    @property
    def starting(self) -> bool:
        """Whether a process was started for it that does not hold the folder yet."""
        fresh = time.time() - self.updated < START_SECONDS
        return self.state == "waiting" and self.pid is not None and fresh and is_alive(self.pid)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``status.json`` stores them."""
        return asdict(self)


def write_status(folder: Path, status: Status, *, durable: bool = False) -> bool:
    """Store the status; False where even that cannot be done. On a full disk the old file is written over in place."""
    content = json.dumps(status.to_dict()).encode()
    content += b" " * max(0, ROOM - len(content) - 1) + b"\n"
    try:
        write_bytes(folder / FILE, content, durable=durable)
        return True
    except OSError:
        return _write_in_place(folder / FILE, content)


def _write_in_place(path: Path, content: bytes) -> bool:
    try:
        file = os.open(path, os.O_WRONLY)
        try:
            written = os.pwrite(file, content, 0) if hasattr(os, "pwrite") else os.write(file, content)
        finally:
            os.close(file)
    except OSError:
        return False
    return written == len(content)


def stored_status(folder: Path) -> Status:
    """What ``status.json`` says. Where it cannot be read, the run is at work when a worker holds it, else interrupted."""
    for wait in (0.01, 0.05, 0.0):
        try:
            values = read_json(folder / FILE)
            known = {f.name for f in fields(Status)}
            status = Status(**{name: value for name, value in values.items() if name in known})
            if status.state in STATES:
                return status
        except (ValueError, TypeError):
            time.sleep(wait)  # perhaps it is being written over in place
    if is_held(folder):
        return Status("running")
    return Status("interrupted", reason="interrupted", message="The file with the state of this run is damaged; resume to go on.")


def concluded(folder: Path, status: Status) -> Status:
    """The status as it really is: ``interrupted`` when it should be at work and no worker holds the folder."""
    if status.state not in AT_WORK or is_held(folder):
        return status
    again = stored_status(folder)  # it may have ended since
    if again.state not in AT_WORK:
        return again
    return replace(again, state="interrupted", reason="interrupted", message=_why(folder, again), seconds_left=None)


def _why(folder: Path, status: Status) -> str:
    """The likely cause, and that nothing is lost."""
    saved = f"Everything up to step {status.step:,} is kept as far as it was saved; resume to go on."
    if not os.access(folder, os.W_OK):
        return f"The training process ended because its folder can no longer be written. {saved}"
    try:
        full = shutil.disk_usage(folder).free < LITTLE_SPACE
    except OSError:
        full = False
    if full:
        return f"The training process ended because the disk is full: free some space first. {saved}"
    return f"The training process ended without a word: it was killed, or the machine was restarted. {saved}"


def is_alive(pid: int) -> bool:
    """Whether a process of this number exists."""
    if os.name == "nt":
        return True  # asking would end it; START_SECONDS has the last word
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
