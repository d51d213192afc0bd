"""The runs of an experiment or a sweep, found by what they train: a reload, a link and a second visitor find the same ones."""

from __future__ import annotations

from collections.abc import Sequence

from llm.experiments import BITS, LOSS
from llm.explosion import FAR
from llm.explosion import REASON as EXPLODED
from llm.runs.metrics import Row
from llm.runs.spec import RunSpec
from llm.runs.store import Run
from ui import runs, visitor


def mine(specs: Sequence[RunSpec]) -> list[Run | None]:
    """For each spec this visitor's newest run of it, own or watched, if there is one."""
    newest: dict[str, Run] = {}
    for run in runs.store().visible_to(visitor.visitor()):
        try:
            newest.setdefault(run.digest, run)
        except ValueError:  # a damaged folder is as good as none
            continue
    return [newest.get(spec.digest()) for spec in specs]


def are_there(specs: Sequence[RunSpec]) -> list[bool]:
    """Whether somebody trains, or has trained, exactly this: such a run need not be trained again."""
    me = visitor.visitor()
    return [runs.store().find_identical(spec.digest(), me) is not None for spec in specs]


def result(run: Run | None, measure: str = LOSS) -> float | None:
    """What a finished run came to; None before it is done. Without a number at all it is None too."""
    if run is None or run.status().state != "done":
        return None
    value = run.meta().get("bits_per_byte" if measure == BITS else "val_loss")
    return float(value) if isinstance(value, (int, float)) else None


def diverged(run: Run | None) -> bool:
    """Whether it has exploded: for a change to a run this is a result too. Any other failure says nothing about the change."""
    return run is not None and run.status().state == "failed" and run.status().reason == EXPLODED


def above(run: Run, guess: float) -> list[Row]:
    """The steps of a run whose loss was far above that of guessing."""
    return [row for row in run.metrics() if row.get("loss", 0.0) > guess + FAR]
