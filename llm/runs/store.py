"""The runs of a folder: made, listed, found, shared, cleaned up. The folder is the database; nothing is kept anywhere else."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from llm.files import read_json, snapshot_paths, write_bytes, write_json
from llm.runs.faults import cannot_store
from llm.runs.limits import Limits
from llm.runs.locks import edit_lock, queue_lock, worker_lock
from llm.runs.metrics import Row, read_rows
from llm.runs.spec import LONGEST_TITLE, RunSpec
from llm.runs.status import Status, concluded, stored_status, write_status

DEFAULT_ROOT = Path(__file__).resolve().parents[2] / "var" / "runs"
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
CACHE = ".cache"
LONGEST_NOTE = 2_000
MOST_VIEWERS = 1_000
TRAINING_CHANGES = ("learning_rate", "batch_size", "dropout")  # what makes a run another one than its spec says


class Remembered:
    """What a small file says, read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: tuple[tuple[int, int], Any] | None = None

    def get(self, read: Callable[[Path], Any]) -> Any:
        try:
            found = self.path.stat()
        except OSError:
            return read(self.path)
        written = (found.st_mtime_ns, found.st_ino)
        if self.known is None or self.known[0] != written:
            self.known = (written, read(self.path))
        return self.known[1]


class Run:
    """One run folder. Another process writes it, so everything that can change is looked up each time it is asked for."""

    attached = False  # set by Queue.start: whether the run was there before

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._status, self._owners = Remembered(folder / "status.json"), Remembered(folder / "owner.json")

    def __repr__(self) -> str:
        return f"<Run {self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.folder == self.folder

    def __hash__(self) -> int:
        return hash(self.folder)

    @property
    def id(self) -> str:
        return self.folder.name

    @cached_property
    def spec(self) -> RunSpec:
        """What is trained. ``ValueError`` when ``spec.json`` is damaged."""
        return RunSpec.from_dict(read_json(self.folder / "spec.json"))

    @cached_property
    def digest(self) -> str:
        return self.spec.digest()

    def status(self) -> Status:
        """Where it stands, ``interrupted`` concluded when its worker is gone."""
        return concluded(self.folder, self._status.get(lambda path: stored_status(path.parent)))

    def metrics(self, since: int = 0, at_most: int | None = None) -> list[Row]:
        """Rows of steps above ``since``, thinned to about ``at_most`` so that the curve keeps its shape."""
        return read_rows(self.folder / "metrics.jsonl", since, at_most)

    def samples(self, since: int = -1) -> list[Row]:
        """What the model made of the prompt at steps above ``since``, from step 0 on."""
        return [row for row in read_rows(self.folder / "samples.jsonl") if row.get("step", 0) > since]

    def changes(self) -> list[Row]:
        """Each live change: its step, and old and new value."""
        return read_rows(self.folder / "changes.jsonl")

    def snapshots(self) -> tuple[int, ...]:
        """Steps whose weights can be opened now, in order; the finished model's is among them."""
        steps = set(snapshot_paths(self.folder))
        if (self.folder / "model.safetensors").is_file():
            last = self.meta().get("step")
            steps |= {last} if isinstance(last, int) else set()
        return tuple(sorted(steps))

    @property
    def opens(self) -> bool:
        """Whether there are weights to open; those of an uploaded model may be of no known step."""
        return bool(self.snapshots()) or (self.folder / "model.safetensors").is_file()

    def meta(self) -> dict[str, Any]:
        """What the finished run says about itself; empty until then."""
        return _read_or_empty(self.folder / "meta.json")

    @property
    def created(self) -> float:
        """When it was started, in seconds since the epoch."""
        known = self.owners().get("created")
        return float(known) if known else self.status().queued  # the command line's runs belong to nobody

    @property
    def batch(self) -> str:
        """What its owner queued together (a sweep) has the same text here; else empty."""
        return str(self.owners().get("batch", ""))

    @property
    def turn(self) -> int:
        """Its number in its batch, from 0."""
        return int(self.owners().get("turn", 0))

    def is_owner(self, visitor: str) -> bool:
        """Whether the visitor (a SHA-256) may control it."""
        return bool(visitor) and secrets.compare_digest(str(self.owners().get("owner", "")).encode(), visitor.encode())

    @property
    def owner(self) -> str:
        return str(self.owners().get("owner", ""))

    def is_visible_to(self, visitor: str) -> bool:
        """Whether it stands in the visitor's list: own, or attached to."""
        return bool(visitor) and (self.is_owner(visitor) or visitor in self.owners().get("viewers", []))

    def attach(self, visitor: str) -> None:
        """Put it into the visitor's list, without any control over it."""
        with edit_lock(self.folder):
            owners = self.owners()
            viewers = list(owners.get("viewers", []))
            if visitor != owners.get("owner") and visitor not in viewers:
                write_json(self.folder / "owner.json", {**owners, "viewers": [*viewers, visitor][-MOST_VIEWERS:]})

    def detach(self, visitor: str) -> None:
        """Take it out of a viewer's list."""
        with edit_lock(self.folder):
            owners = self.owners()
            viewers = [viewer for viewer in owners.get("viewers", []) if viewer != visitor]
            write_json(self.folder / "owner.json", {**owners, "viewers": viewers})

    @property
    def title(self) -> str:
        """The name that its owner gave it, else one made from what is trained."""
        return str(self._label().get("title") or self.spec.title or describe(self.spec))

    @property
    def kept(self) -> bool:
        """Whether clean-up leaves it alone."""
        return self._label().get("kept") is True

    @property
    def note(self) -> str:
        """What its owner wrote beside it."""
        return str(self._label().get("note", ""))

    def rename(self, title: str) -> None:
        """Another title; an empty one gives back the first."""
        title = " ".join(title.split())
        if len(title) > LONGEST_TITLE:
            raise ValueError(f"the title has {len(title)} characters; at most {LONGEST_TITLE} fit")
        self._edit(title=title)

    def keep(self, flag: bool = True) -> None:
        """Whether clean-up is to leave it alone."""
        self._edit(kept=bool(flag))

    def annotate(self, note: str) -> None:
        """Write a note beside it."""
        if len(note) > LONGEST_NOTE:
            raise ValueError(f"the note has {len(note):,} characters; at most {LONGEST_NOTE:,} fit")
        self._edit(note=note)

    def size(self) -> int:
        """Bytes of all its files."""
        return sum(_sizes(self.folder))

    def owners(self) -> dict[str, Any]:
        """Who started it, when, and who attached to it (SHA-256 of visitors)."""
        return self._owners.get(_read_or_empty)

    def _label(self) -> dict[str, Any]:
        return _read_or_empty(self.folder / "label.json")

    def _edit(self, **values: object) -> None:
        try:
            with edit_lock(self.folder):
                write_json(self.folder / "label.json", {**self._label(), **values})
        except OSError as error:
            raise ValueError(
                f"this could not be stored ({error.strerror or error}); free some disk space and try again"
            ) from error


class RunStore:
    """All runs under one root folder: ``root``, else ``GLASSFORMER_RUNS``, else ``var/runs``."""

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = Path(root or os.environ.get("GLASSFORMER_RUNS") or DEFAULT_ROOT).expanduser().absolute()
        self._runs: dict[str, Run] = {}  # by id; each remembers what it read until the file changes

    @property
    def cache(self) -> Path:
        """Where tokenised corpora are kept."""
        return self.root / CACHE

    def lock(self) -> FileLock:
        """For changes of the line and of who trains, by one server at a time."""
        return queue_lock(self.root)

    def create(
        self,
        spec: RunSpec,
        owner: str,
        text: str | None = None,
        *,
        batch: str = "",
        turn: int = 0,
        status: Status | None = None,
        fill: Callable[[Path], None] | None = None,
    ) -> Run:
        """A new run that waits. The folder appears whole or not at all.

        ``turn`` is its number in its ``batch``. A run that is not to wait has another ``status``, and ``fill`` writes its files.

        Raises:
            ValueError: when the root cannot be written or the disk is full.
        """
        run = Run(self.root / new_id())
        building = self.root / f".new-{run.id}"
        try:
            building.mkdir(parents=True)
            now = time.time()
            write_json(building / "spec.json", spec.to_dict())
            owners = {"owner": owner, "viewers": [], "created": now, "batch": batch, "turn": turn}
            write_json(building / "owner.json", owners)
            if text is not None:
                write_bytes(building / "text.txt", text.encode("utf-8", "surrogatepass"))
            if fill is not None:
                fill(building)
            status = status or Status(steps=spec.train_config().steps, queued=now, updated=now)
            if not write_status(building, status, durable=True):
                raise OSError("status.json could not be written")
            building.rename(run.folder)
        except OSError as error:
            shutil.rmtree(building, ignore_errors=True)
            raise ValueError(cannot_store(self.root.name, error)) from error
        return run

    def runs(self) -> list[Run]:
        """Every run, newest first."""
        return sorted(self.unsorted(), key=lambda run: (run.created, run.id), reverse=True)

    def get(self, run_id: str) -> Run:
        """The run of this id, which is looked up in the list and never joined to a path. ``ValueError`` when there is none."""
        for run in self.unsorted():
            if run.id == run_id:
                return run
        raise ValueError("there is no such run; it may have been deleted, or made room for newer ones")

    def find_identical(self, digest: str, visitor: str = "") -> Run | None:
        """A run that trains, will train or has trained exactly this, the newest first.

        Not one that was changed while it trained, and one that stands still only for its owner: others could not go on with it.
        Nor one whose time was over before a quarter of its steps: the machine was busy, another start gets further.
        """
        for run in self.runs():
            status = run.status()
            fits = status.state in ("waiting", "preparing", "running", "done") and not _cut_short(status)
            fits = fits or (status.state == "paused" and run.is_owner(visitor))
            if fits and _digest(run) == digest and not any(name in row for row in run.changes() for name in TRAINING_CHANGES):
                return run
        return None

    def visible_to(self, visitor: str) -> list[Run]:
        """The visitor's own runs and those attached to, newest first."""
        return [run for run in self.runs() if run.is_visible_to(visitor)]

    def remove(self, run: Run) -> None:
        """Delete a run for good. ``ValueError`` while it waits or trains."""
        if run.status().active:
            raise ValueError("this run still trains or waits for its turn; stop it first")
        gone = self.root / f".gone-{run.id}-{secrets.token_hex(4)}"
        try:
            with worker_lock(run.folder).acquire(timeout=1):
                run.folder.rename(gone)  # at once for every reader; the files follow
        except Timeout as error:
            raise ValueError("this run still trains; stop it first") from error
        except OSError as error:
            raise ValueError(f"the run could not be deleted ({error.strerror or error})") from error
        shutil.rmtree(gone, ignore_errors=True)

    def make_room(self, limits: Limits) -> None:
        """``clean_up``; ``ValueError`` when all together are still over the limit, because they are kept or train."""
        self.clean_up(limits)
        if sum(run.size() for run in self.unsorted()) > limits.bytes:
            raise ValueError("there is no room for another run; delete some, or no longer keep them")

    def clean_up(self, limits: Limits) -> list[str]:
        """Remove the oldest finished runs that nobody keeps, until all together fit the limit; returns their ids."""
        self._sweep_leftovers()
        sizes = {run: run.size() for run in self.runs()}
        over = sum(sizes.values()) - limits.bytes
        removed = []
        for run in sorted(sizes, key=lambda run: (run.created, run.id)):
            if over <= 0:
                break
            if run.kept or run.status().active:
                continue
            try:
                self.remove(run)
            except ValueError:
                continue
            over -= sizes[run]
            removed.append(run.id)
        return removed

    def unsorted(self) -> list[Run]:
        """Every run in no order: quicker than ``runs``."""
        try:
            names = sorted(os.listdir(self.root))
        except OSError:
            return []
        found = {}
        for name in names:
            if RUN_ID.fullmatch(name) and (self.root / name / "spec.json").is_file():
                found[name] = self._runs.get(name) or Run(self.root / name)
        self._runs = found
        return list(found.values())

    def _sweep_leftovers(self) -> None:
        """What a crash left between two renames: an hour old, nobody works on it any more."""
        for pattern in (".new-*", ".gone-*"):
            for folder in self.root.glob(pattern):
                try:
                    old = time.time() - folder.stat().st_mtime > 3600 or pattern == ".gone-*"
                except OSError:
                    continue
                if old:
                    shutil.rmtree(folder, ignore_errors=True)


def new_id() -> str:
    """A name that nobody can guess and every file system takes: 96 random bits, the first character a letter or digit."""
    while not RUN_ID.fullmatch(name := secrets.token_urlsafe(12)):
        pass
    return name


def describe(spec: RunSpec) -> str:
    """A title from what is trained: ``Stories, 4 layers of 128``."""
    model = spec.model_config(spec.data.likely_vocabulary())
    masked = ", masked" if spec.objective == "masked_tokens" else ""
    layers = "1 layer" if model.n_layers == 1 else f"{model.n_layers} layers"
    return f"{spec.data.label}, {layers} of {model.d_model}{masked}"[:LONGEST_TITLE]


def _cut_short(status: Status) -> bool:
    return status.reason == "max_seconds" and status.steps is not None and 4 * status.step < status.steps


def _digest(run: Run) -> str:
    try:
        return run.digest
    except ValueError:
        return ""


def _read_or_empty(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except ValueError:
        return {}


def _sizes(folder: Path) -> Iterator[int]:
    """Bytes of each file; what is gone by the time it is asked for, a worker has renamed or somebody deleted."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(Path(entry.path))
                    continue
                with suppress(FileNotFoundError):
                    yield entry.stat(follow_symlinks=False).st_size
    except OSError:
        return
