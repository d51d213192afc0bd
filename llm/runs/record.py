"""Writes a run's folder while it trains: metrics, samples, changes, snapshots, state. Reads it again for a resume."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llm.checkpoints import FORMAT, load_weights, save_snapshot
from llm.files import read_json, snapshot_paths, write_bytes, write_json
from llm.runs.metrics import Appender, Row, cut_rows, read_rows, short
from llm.runs.output import Output
from llm.runs.spec import RunSpec
from llm.runs.state import keep_good, write_state
from llm.sources import Source
from llm.training import StepRecord, Trainer

METRIC_FIELDS = ("step", "loss", "learning_rate", "grad_norm", "seconds", "tokens")
EVALUATION_FIELDS = ("val_loss", "val_tokens", "val_bits_per_byte")
ROLLING = 3  # newest snapshots that are kept beside those of the grid
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{32}")


class Recorder:
    """All files of one run folder that grow while it trains. What cannot be written raises ``OSError``; old files stay whole."""

    def __init__(self, folder: Path, spec: RunSpec, output: Output) -> None:
        self.folder, self.spec, self.output = folder, spec, output
        self.appenders: dict[str, Appender] = {}
        self.evaluation: Row = {}  # the last one, and the training loss of the last step
        self.rolling: list[int] = []
        self.saved_step = -1
        self.changes = 0  # lines of changes.jsonl that have taken effect
        self.events: Any = None

    def describe(self, source: Source, trainer: Trainer) -> None:
        """Configuration and tokenizer, so that snapshots can be opened."""
        described = {
            "format": FORMAT,
            "model": trainer.model.config.to_dict(),
            "train": trainer.config.to_dict(),
            "data": source.recorded,
        }
        if _read_or_none(self.folder / "config.json") != _plain(described):
            write_json(self.folder / "config.json", described)
        if _read_or_none(self.folder / "tokenizer.json") != _plain(source.tokenizer.to_json()):
            content = json.dumps(source.tokenizer.to_json(), ensure_ascii=False)
            write_bytes(self.folder / "tokenizer.json", content.encode("utf-8"))

    def open_at(self, step: int, facts: Mapping[str, Any]) -> list[Row]:
        """Cut what comes after ``step``, because it will be computed again, and return the changes that are to be made again."""
        self._remove_leftovers()
        for name in ("metrics.jsonl", "samples.jsonl"):
            cut_rows(self.folder / name, lambda row: row.get("step", 0) <= step)
        cut_rows(self.folder / "changes.jsonl", lambda row: True)  # a damaged end
        for later, path in snapshot_paths(self.folder).items():
            if later > step:
                path.unlink(missing_ok=True)
        (self.folder / "model.safetensors").unlink(missing_ok=True)  # of a stop: the newest snapshot is newer from now on
        names = ("metrics", "samples", "changes")
        self.appenders = {name: Appender(self.folder / f"{name}.jsonl") for name in names}
        self.rolling = sorted(step for step in snapshot_paths(self.folder) if not self.is_kept(step))
        self.evaluation = dict(facts.get("evaluation", {}))
        self.changes = facts.get("changes", 0)
        self.events = open_events(self.folder, step) if self.spec.tensorboard else None
        return read_rows(self.folder / "changes.jsonl")[self.changes :]

    def step(self, record: StepRecord) -> None:
        """The line of one step."""
        evaluation = {name: short(value) for name in EVALUATION_FIELDS if (value := getattr(record, name)) is not None}
        if evaluation:
            self.evaluation = {"step": record.step, "val_loss": record.val_loss, "val_whole": record.val_whole}
        self.evaluation["train_loss"] = record.loss
        if evaluation or record.step == 1 or record.step % self.output.log_every == 0:
            row = {name: short(getattr(record, name)) for name in METRIC_FIELDS} | evaluation
            self.appenders["metrics"].add(row)
            if self.events is not None:
                self._write_events(row)

    def sample(self, row: Row) -> None:
        """What the model made of the prompt."""
        self.appenders["samples"].add(row)

    def change(self, row: Row) -> None:
        """A live change that has taken effect."""
        self.appenders["changes"].add(row, durable=True)
        self.changes += 1

    def forget_changes_to_come(self) -> None:
        """Somebody changes a run that still repeats its past: what was changed after this moment will not come again."""
        kept = iter(range(self.changes))
        cut_rows(self.folder / "changes.jsonl", lambda row: next(kept, None) is not None)
        self.appenders.pop("changes").close()
        self.appenders["changes"] = Appender(self.folder / "changes.jsonl")

    def is_kept(self, step: int) -> bool:
        """Whether the step's snapshot stays: on a grid of 0, 1, 2, 5, 10, 20, 50 ..., or at the steps asked for."""
        every, wanted = self.spec.snapshot_every, self.spec.snapshots
        if every is not None and step % every == 0:
            return True
        return on_grid(step) if wanted is None and every is None else step in (wanted or ())

    def save(self, trainer: Trainer, facts: Mapping[str, Any], *, durable: bool = True) -> float:
        """State and snapshot of this moment; returns the seconds that it took.

        The state comes first, so a resume never starts before the newest snapshot.
        """
        if trainer.step == self.saved_step:
            return 0.0
        start = time.perf_counter()
        tensors, of_trainer = trainer.state()
        known = {"trainer": of_trainer, "changes": self.changes, "evaluation": self.evaluation}
        write_state(self.folder, tensors, known | dict(facts), durable=durable)
        self.snapshot(trainer)
        self.saved_step = trainer.step
        return time.perf_counter() - start

    def judge(self, trainer: Trainer) -> None:
        """Keep the state of the step before as a good one when the loss, which is that of its weights, says so."""
        if self.saved_step == trainer.step - 1 and trainer.explosion.good:
            keep_good(self.folder)

    def snapshot(self, trainer: Trainer) -> None:
        """The weights of this moment; of those off the grid only the newest stay."""
        try:
            save_snapshot(self.folder, trainer.model, trainer.step, self.output.snapshot_dtype)
        except ValueError:  # a weight too large for 16 bits
            save_snapshot(self.folder, trainer.model, trainer.step, "float32")
        if not self.is_kept(trainer.step) and trainer.step not in self.rolling:
            self.rolling.append(trainer.step)
        while len(self.rolling) > ROLLING:
            self._unlink_snapshot(self.rolling.pop(0))

    def mend_snapshot(self, trainer: Trainer) -> None:
        """Write the snapshot of the step that a run resumes from again where it is missing or damaged."""
        path = snapshot_paths(self.folder).get(trainer.step)
        try:
            if path is None:
                raise ValueError("missing")
            load_weights(path, trainer.model.config)
        except ValueError:
            self.snapshot(trainer)
        self.saved_step = trainer.step

    def drop_rolling(self) -> None:
        """Once the finished model is stored, the snapshots off the grid have served."""
        for step in self.rolling:
            self._unlink_snapshot(step)
        self.rolling = []

    def close(self) -> None:
        for appender in self.appenders.values():
            appender.close()
        self.appenders = {}
        if self.events is not None:
            self.events.close()

    def _unlink_snapshot(self, step: int) -> None:
        (self.folder / "snapshots" / f"step-{step:06d}.safetensors").unlink(missing_ok=True)

    def _remove_leftovers(self) -> None:
        """Files that a killed process was about to rename."""
        for folder in (self.folder, self.folder / "snapshots"):
            for path in folder.glob(".*"):
                if TEMPORARY.fullmatch(path.name) or path.name.startswith(".new-"):
                    path.unlink(missing_ok=True)

    def _write_events(self, row: Row) -> None:
        for name, value in row.items():
            if name not in ("step", "tokens", "val_tokens"):
                self.events.add_scalar(name, value, row["step"])


def on_grid(step: int) -> bool:
    """0, 1, 2, 5, 10, 20, 50, 100 ..."""
    while step >= 10 and step % 10 == 0:
        step //= 10
    return step in (0, 1, 2, 5)


def open_events(folder: Path, step: int) -> Any:
    """TensorBoard's own writer, on the folder ``tensorboard``; what a resumed run had written after ``step`` is void."""
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(folder / "tensorboard", purge_step=step + 1 if step else None, flush_secs=5)


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _read_or_none(path: Path) -> dict[str, Any] | None:
    try:
        return read_json(path)
    except ValueError:
        return None
