"""Who holds a run folder. A lock ends with the process that has it, so a dead worker is seen at once and pids do not matter."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock, Timeout

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

WORKER_LOCK = "worker.lock"
EDIT_LOCK = ".edit.lock"
QUEUE_LOCK = ".queue.lock"
PATIENCE = 10.0  # seconds to wait for a lock that is held for an instant only


def worker_lock(folder: Path) -> FileLock:
    """The lock that a worker holds for its life; others only look (``is_held``)."""
    return FileLock(folder / WORKER_LOCK)


def edit_lock(folder: Path) -> FileLock:
    """For small edits of a run's files by controllers, which read, change and write."""
    return FileLock(folder / EDIT_LOCK, timeout=PATIENCE)


def queue_lock(root: Path) -> FileLock:
    """For whoever starts workers or takes a place in the line: one at a time among all servers of a root."""
    return FileLock(root / QUEUE_LOCK, timeout=PATIENCE)


def is_held(folder: Path) -> bool:
    """Whether a worker holds the folder at this moment."""
    path = folder / WORKER_LOCK
    if not path.exists():
        return False
    if fcntl is None:
        return _is_held_portably(path)
    try:
        file = os.open(path, os.O_RDONLY)  # reading is enough, so a folder that cannot be written can be looked at
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: those who look do not see each other
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def _is_held_portably(path: Path) -> bool:
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
