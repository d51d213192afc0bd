"""Live changes of a run: made and noted, and made again at their steps when a resumed run comes by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llm.runs.limits import Limits
from llm.runs.metrics import Row, short
from llm.runs.record import Recorder
from llm.training import Trainer

SETTINGS = ("learning_rate", "batch_size", "dropout")


class Changes:
    """Settings and prompt of a run as they are now. ``to_repeat``: changes that a resumed run has not come to again yet."""

    def __init__(self, trainer: Trainer, recorder: Recorder, prompt: str, to_repeat: list[Row], limits: Limits | None) -> None:
        self.trainer, self.recorder, self.limits = trainer, recorder, limits
        self.prompt, self.to_repeat = prompt, to_repeat

    def make(self, wanted: dict[str, Any]) -> Row:
        """Change what ``wanted`` names, note it, and return what became other than it was.

        Raises:
            ValueError: when a value cannot be taken; then nothing has changed.
        """
        if self.to_repeat:  # whoever changes the past gets another future
            self.to_repeat = []
            self.recorder.forget_changes_to_come()
        old = {**self.trainer.settings, "prompt": self.prompt}
        given = {name: wanted[name] for name in old if wanted.get(name) is not None}
        changed = {name: [old[name], value] for name, value in given.items() if value != old[name]}
        if changed:
            self._apply(changed)
            self.recorder.change({"step": self.trainer.step, "seconds": short(self.trainer.seconds), **changed})
        return changed

    def repeat(self) -> None:
        """Make the changes again that were made at this step."""
        while self.to_repeat and self.to_repeat[0]["step"] <= self.trainer.step:
            self._apply(self.to_repeat.pop(0))
            self.recorder.changes += 1

    def _apply(self, changed: Row) -> None:
        settings = {name: changed[name][1] for name in SETTINGS if name in changed}
        try:
            if self.limits is not None and "batch_size" in settings:
                train = replace(self.trainer.config, batch_size=settings["batch_size"])
                self.limits.check_model(self.trainer.model.config, train)
            if settings:
                self.trainer.change(**settings)
        except TypeError as error:
            raise ValueError(f"a setting is not a number ({error})") from error
        if "prompt" in changed:
            self.prompt = str(changed["prompt"][1])
