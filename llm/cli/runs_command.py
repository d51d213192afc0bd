"""``python -m llm runs``: the training runs of a folder. Reads small files only, so it does not wait for PyTorch."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from llm.cli.progress import clock
from llm.runs.store import Run, RunStore

COLUMNS = ("id", "state", "step", "loss", "time", "size", "started", "title")
RECENT = 40  # rows of metrics that are looked at for the last validation loss


def run(args: Namespace) -> dict[str, Any]:
    """Print a table (without ``--json``) and return it."""
    store = RunStore(args.folder)
    found = [describe(run) for run in store.runs()]
    if not args.json:
        print(table(found) if found else f"no runs in {store.root}")
    return {"root": str(store.root), "runs": found}


def describe(run: Run) -> dict[str, Any]:
    """One run as plain values."""
    status = run.status()
    try:
        title = run.title
    except ValueError as error:  # a damaged spec.json
        title = str(error)
    loss = run.meta().get("val_loss")
    if loss is None:
        measured = [row["val_loss"] for row in run.metrics(at_most=RECENT) if "val_loss" in row]
        loss = measured[-1] if measured else None
    return {
        "id": run.id,
        "title": title,
        "state": status.state,
        "step": status.step,
        "steps": status.steps,
        "val_loss": loss,
        "seconds": status.seconds,
        "message": status.message,
        "kept": run.kept,
        "created": run.created,
        "bytes": run.size(),
        "folder": str(run.folder),
    }


def table(runs: list[dict[str, Any]]) -> str:
    """Aligned columns for a terminal."""
    lines = [COLUMNS, *map(_cells, runs)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS) - 1)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, [*widths, 0], strict=True)) for line in lines)


def _cells(run: dict[str, Any]) -> tuple[str, ...]:
    steps = f"{run['step']:,}" + (f"/{run['steps']:,}" if run["steps"] else "")
    loss = "" if run["val_loss"] is None else f"{run['val_loss']:.4f}"
    started = time.strftime("%Y-%m-%d %H:%M", time.localtime(run["created"])) if run["created"] else ""  # nothing was written
    kept = " (kept)" if run["kept"] else ""
    passed = "" if run["seconds"] is None else clock(run["seconds"])
    size = f"{run['bytes'] / 1e6:.1f} MB"
    return run["id"], run["state"], steps, loss, passed, size, started, _plain(run["title"]) + kept


def _plain(text: str) -> str:
    """Without what would move a terminal's cursor."""
    return "".join(character if character.isprintable() else "?" for character in text)
