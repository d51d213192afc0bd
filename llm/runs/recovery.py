"""The way back of a run that has exploded: to which step, and how fast it goes on from there."""

from __future__ import annotations

from dataclasses import dataclass

from llm.runs.state import good_facts
from llm.runs.store import Run

SLOWER = 0.5


@dataclass(frozen=True)
class WayBack:
    """``step`` is 0 when no state of a good loss is there."""

    step: int
    learning_rate: float


def way_back(run: Run) -> WayBack:
    """The last good state, and half of the rate that was set there, or of the one that exploded where that was lower."""
    facts = good_facts(run.folder)
    rates = [run.spec.train_config().learning_rate]
    rates += [row["learning_rate"][1] for row in run.changes() if "learning_rate" in row]
    if facts is None:
        return WayBack(0, SLOWER * min(rates[0], rates[-1]))
    trainer = facts["trainer"]
    return WayBack(trainer["step"], SLOWER * min(trainer["settings"]["learning_rate"], rates[-1]))
