"""Starts worker processes. One preloaded worker waits in reserve, so that a start does not wait for PyTorch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO

from llm.runs.spec import DataSpec

PROJECT = Path(__file__).resolve().parents[2]
LOG = ".workers.log"
LARGEST_LOG = 2**20  # bytes
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Launcher:
    """The workers that this process has started. They live on when it ends, but for the one in reserve."""

    def __init__(self, root: Path, warm: DataSpec | None = None) -> None:
        """``warm``: data that the first worker in reserve makes ready, so that the first start finds them."""
        self.root, self.warm = root, warm
        self.spare: subprocess.Popen | None = None
        self.working: dict[str, subprocess.Popen] = {}  # by run id
        self.guard = threading.Lock()

    def keep_spare(self) -> None:
        """Have a worker in reserve."""
        with self.guard:
            if self.spare is not None and self.spare.poll() is None:
                return
            self.spare = self._spawn()
            if self.warm is not None:
                _tell(self.spare, {"prepare": asdict(self.warm), "cache": str(self.root)})

    def take(self) -> subprocess.Popen:
        """A worker that waits for a folder: the one in reserve, else a new one."""
        with self.guard:
            found, self.spare = self.spare, None
        return found if found is not None and found.poll() is None else self._spawn()

    def give_back(self, worker: subprocess.Popen) -> None:
        """Put a worker that got nothing to do into reserve."""
        with self.guard:
            if self.spare is None:
                self.spare = worker
                return
        _dismiss(worker)

    def hand_over(self, worker: subprocess.Popen, folder: Path) -> None:
        """Let the worker train this run. From now on it does not end with this process."""
        with self.guard:
            self.working[folder.name] = worker
        _tell(worker, {"run": str(folder)})
        worker.stdin.close()

    def ended(self) -> dict[str, int]:
        """Exit codes of the workers that have ended since the last call, by run id."""
        with self.guard:
            codes = {run_id: worker.poll() for run_id, worker in self.working.items()}
            over = {run_id: code for run_id, code in codes.items() if code is not None}
            for run_id in over:
                del self.working[run_id]
        return over

    def close(self) -> None:
        """Let the worker in reserve end; those that train go on."""
        with self.guard:
            spare, self.spare = self.spare, None
        if spare is not None:
            _dismiss(spare)

    def _spawn(self) -> subprocess.Popen:
        environment = os.environ | dict.fromkeys(THREADS, "1") | {"PYTHONPATH": str(PROJECT)}
        if os.name == "nt":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
        else:
            apart = {"start_new_session": True}  # a Ctrl-C for the server is not for its workers
        log = self._log()
        try:
            return subprocess.Popen(
                [sys.executable, "-m", "llm.runs.worker"],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                **apart,
            )
        finally:
            if log != subprocess.DEVNULL:
                log.close()

    def _log(self) -> IO[bytes] | int:
        """Where a worker that has no run yet writes its errors."""
        path = self.root / LOG
        try:
            too_long = path.exists() and path.stat().st_size > LARGEST_LOG
            return path.open("wb" if too_long else "ab")
        except OSError:
            return subprocess.DEVNULL


def _dismiss(worker: subprocess.Popen) -> None:
    worker.stdin.close()  # it would read the end of its input and leave, but perhaps it still loads
    worker.terminate()
    worker.wait()


def _tell(worker: subprocess.Popen, message: dict[str, object]) -> None:
    try:
        worker.stdin.write(json.dumps(message).encode() + b"\n")
        worker.stdin.flush()
    except OSError:
        pass  # it has ended; ``ended`` and the queue see that
