"""The three runs of one experiment as the visitor has them: unchanged, changed, and unchanged with another seed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from llm.experiments import EXPERIMENTS, Experiment, Outcome
from llm.runs.store import Run
from ui.experiments import found


@dataclass(frozen=True)
class Trio:
    """``runs`` stand in the order of ``Experiment.specs``; one that was not started is None."""

    name: str
    experiment: Experiment
    runs: tuple[Run | None, Run | None, Run | None]

    @property
    def started(self) -> bool:
        """Whether the visitor has asked for it: the unchanged runs belong to other experiments too, so the changed one counts."""
        return self.runs[1] is not None

    @property
    def there(self) -> list[Run]:
        """Those that there are."""
        return [run for run in self.runs if run is not None]

    @property
    def training(self) -> bool:
        """Whether one of them still waits or trains."""
        return any(run.status().active for run in self.there)

    @property
    def broken_off(self) -> bool:
        """Whether one is missing that will not come by itself: it was stopped, or could not go on though it should have."""
        base, changed, twin = self.runs
        lost = [run is None or (not run.status().active and found.result(run) is None) for run in (base, twin)]
        failed = changed is not None and changed.status().resumable and not found.diverged(changed)
        return self.started and (any(lost) or failed)

    @property
    def outcome(self) -> Outcome | None:
        """The measured result, once all three are done."""
        base, changed, twin = (found.result(run, self.experiment.measure) for run in self.runs)
        if found.diverged(self.runs[1]):
            changed = math.inf
        if base is None or changed is None or twin is None:
            return None
        return Outcome(base, changed, twin)


def trio(name: str) -> Trio:
    """An experiment with the visitor's runs of it."""
    experiment = EXPERIMENTS[name]
    return Trio(name, experiment, tuple(found.mine(experiment.specs)))
