"""Runs that were queued together: how each stands, live; the script runs again when one of them ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llm.runs.store import Run
from ui.components.core import pack, renderer


def batch(runs: Sequence[tuple[str, Run]], words: Mapping[str, str], *, key: str, label: str) -> str | None:
    """Draw a line for each (title, run); returns the id of the run that has just ended, if one has.

    ``words`` say each state (``waiting``, ``preparing``, ``running`` ...), with ``{step}``, ``{steps}``, ``{place}``, ``{loss}``.
    The runs' own streams bring the numbers; nothing is polled by the script.
    """
    header = {"name": key, "label": label, "words": dict(words), "runs": [_described(title, run) for title, run in runs]}
    return renderer("batch")(data=pack(header), key=key, on_ended_change=lambda: None).ended


def _described(title: str, run: Run) -> dict[str, Any]:
    status = run.status()
    steps = status.steps or run.spec.train_config().steps
    return {
        "id": run.id, "title": title, "active": status.active, "state": status.state, "step": status.step, "steps": steps,
    }  # fmt: skip
