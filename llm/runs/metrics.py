"""Lines of JSON that only grow: metrics, samples, changes. Read by byte offset, thinned without parsing all, cut by step."""

from __future__ import annotations

import json
import math
import os
from bisect import bisect_left
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
EVALUATION = b'"val_loss"'


class Tail:
    """What was added to a file since the last look. ``rewound`` says that the file became shorter (a resume), so all is new."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.last = b""  # the line before the offset: the same place in another file has another one
        self.rewound = False

    def read(self) -> list[Row]:
        """The whole lines that are new; a line that is still being written waits."""
        self.rewound = False
        try:
            with self.path.open("rb") as file:
                if self.offset and not self._is_where_it_was(file):
                    self.offset, self.last, self.rewound = 0, b"", True
                file.seek(self.offset)
                content = file.read()
        except OSError:
            return []
        end = content.rfind(b"\n") + 1
        if end:
            self.offset += end
            self.last = content[:end].rsplit(b"\n", 2)[-2] + b"\n"
        return rows_of(content[:end])

    def _is_where_it_was(self, file: Any) -> bool:
        size = os.fstat(file.fileno()).st_size
        if size < self.offset:
            return False
        file.seek(self.offset - len(self.last))
        return file.read(len(self.last)) == self.last


def rows_of(content: bytes) -> list[Row]:
    """The objects of whole lines; what a crash left half written is passed over."""
    found = (_row(line) for line in content.split(b"\n") if line)
    return [row for row in found if row is not None]


def read_rows(path: Path, since: int = 0, at_most: int | None = None, key: str = "step") -> list[Row]:
    """Rows with a step above ``since`` (from 0 on: all), thinned to about ``at_most``.

    Half of what is kept lies evenly on a linear and half on a logarithmic scale, so that the curve keeps its shape on both;
    evaluations go first. A file of 100,000 lines is not parsed for that: lines are found by their ends.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return []
    content = content[: content.rfind(b"\n") + 1]
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n"))
    lines = Lines(content, ends)
    first = lines.first_above(since, key) if since > 0 else 0
    wanted: Iterable[int] = range(first, len(lines))
    if at_most is not None and len(lines) - first > at_most:
        wanted = lines.thin(first, at_most)
    rows = (lines.row(i) for i in wanted)
    return [row for row in rows if row is not None]


class Lines:
    """Lines of a file by number, parsed when asked for."""

    def __init__(self, content: bytes, ends: np.ndarray) -> None:
        self.content, self.ends = content, ends

    def __len__(self) -> int:
        return len(self.ends)

    def row(self, number: int) -> Row | None:
        start = int(self.ends[number - 1]) + 1 if number else 0
        return _row(self.content[start : int(self.ends[number])])

    def first_above(self, since: int, key: str) -> int:
        """The number of the first line with a greater step; steps never fall."""

        def step(number: int) -> float:
            row = self.row(number)
            return row.get(key, -1) if row else -1

        return bisect_left(range(len(self)), since + 1, key=step)

    def thin(self, first: int, at_most: int) -> list[int]:
        """About ``at_most`` line numbers from ``first`` on, the first and the last among them."""
        evaluations = spread(self._with_evaluation(first), at_most // 3)
        count, rest = len(self) - first, max(2, at_most - len(evaluations))
        even = np.linspace(0, count - 1, (rest + 1) // 2)
        early = np.geomspace(1, count, rest // 2) - 1
        chosen = {*even.round().astype(int).tolist(), *early.round().astype(int).tolist()}
        return sorted({*evaluations, *(first + i for i in chosen)})

    def _with_evaluation(self, first: int) -> list[int]:
        found, at = [], int(self.ends[first - 1]) + 1 if first else 0
        while (at := self.content.find(EVALUATION, at)) >= 0:
            found.append(int(np.searchsorted(self.ends, at)))
            at = int(self.ends[found[-1]])
        return found


def spread(items: list[int], at_most: int) -> list[int]:
    """Evenly chosen items, the first and the last among them."""
    if len(items) <= at_most:
        return items
    return [items[i] for i in sorted({round(x) for x in np.linspace(0, len(items) - 1, max(2, at_most)).tolist()})]


def cut_rows(path: Path, keep: Callable[[Row], bool]) -> None:
    """Shorten the file to the lines before the first that is damaged or not to be kept."""
    if not path.is_file():
        return
    kept = 0
    with path.open("rb") as file:
        for line in file:
            row = _row(line) if line.endswith(b"\n") else None
            if row is None or not keep(row):
                break
            kept += len(line)
    os.truncate(path, kept)


class Appender:
    """Adds lines to a file, each whole: on a full disk the part of a line that still fitted is taken back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: int | None = None  # opened by the first line: no empty files
        self.size = 0

    def add(self, row: Row, *, durable: bool = False) -> None:
        """One more line. ``OSError`` when the disk has no room for it."""
        if self.file is None:
            self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
            self.size = os.fstat(self.file).st_size
        line = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        done = 0
        try:
            while done < len(line):
                done += os.write(self.file, line[done:])
        except OSError:
            os.ftruncate(self.file, self.size)
            raise
        self.size += len(line)
        if durable:
            os.fsync(self.file)

    def close(self) -> None:
        if self.file is not None:
            os.close(self.file)
        self.file = None


def short(value: float) -> float:
    """Six significant digits: more than a chart shows."""
    return float(f"{value:.6g}") if isinstance(value, float) and math.isfinite(value) else value


def _row(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
