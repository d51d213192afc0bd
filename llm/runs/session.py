"""One run from its folder to a finished model: prepare, resume, train, obey, save, and end with a sentence whatever happens."""

from __future__ import annotations

import math
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import Timeout

from llm.explosion import REASON as EXPLODED
from llm.model import Transformer
from llm.runs.changes import SETTINGS, Changes
from llm.runs.clock import SAVE_EVERY, SAVE_SHARE, STATUS_EVERY, Every, SampleClock, Speed
from llm.runs.control import Inbox
from llm.runs.faults import explain
from llm.runs.finish import figures, store_model
from llm.runs.limits import Limits, check_tensorboard
from llm.runs.locks import worker_lock
from llm.runs.metrics import short
from llm.runs.output import Output
from llm.runs.prepare import fingerprint, load_data
from llm.runs.record import Recorder
from llm.runs.samples import make_sample
from llm.runs.state import has_state, read_states, remove_states
from llm.runs.status import Status, stored_status, write_status
from llm.runs.store import Run
from llm.sources import Source
from llm.training import StepRecord, Trainer

IDLE = 0.02  # seconds between two looks at the controls during a pause
PATIENCE = 3.0  # seconds to get the folder; others hold it for an instant at most
LOG = "worker.log"
REASONS = {
    "steps": "All {steps:,} steps are done.",
    "max_seconds": "The time for this run is over.",
    "stop_at_val_loss": "The validation loss has reached its target.",
    "plateau": "The validation loss has stopped falling.",
    EXPLODED: "It exploded: since step {since:,} its loss is above what guessing costs ({guess:.2f}).",
    "stopped": "Stopped. It can go on from here.",
    "pause": "Paused for so long that it made room for others. It can go on from here.",
}
RETRACTABLE = ("stopped", "pause")  # ends after which it can go on
STARTED_AGAIN = "Both saved states were damaged, so the run started again from its first step."

Watch = Callable[[StepRecord, Trainer], None]


class Ending(BaseException):
    """The process was asked to end: what is there is saved, and the run can be resumed."""


class Session:
    """Trains the run of one folder. ``watch`` is called after each step; ``limits`` are a server's, None on one's own machine."""

    def __init__(
        self,
        folder: Path,
        *,
        limits: Limits | None = None,
        cache: Path | None = None,
        watch: Watch | None = None,
        source: Source | None = None,
    ) -> None:
        """``source``: the run's data, where the caller has them already."""
        self.source = source
        self.folder, self.limits, self.cache, self.watch = folder, limits, cache, watch
        self.lock = worker_lock(folder)
        self.inbox = Inbox(folder)
        self.status = Status()
        self.recorder: Recorder | None = None
        self.trainer: Trainer | None = None
        self.result: dict[str, Any] = {}  # figures of the finished model
        self.paused_at: float | None = None
        self.singles = 0  # steps that are to be done although it is paused
        self.training = self.ending = False

    def run(self) -> Status:
        """Train until the end and return how it stands. What can go wrong with a run ends in a sentence, never in an exception.

        Raises:
            Ending: after ``end``; everything is saved.
        """
        try:
            self.lock.acquire(timeout=PATIENCE)
        except Timeout:
            return stored_status(self.folder)  # another process trains it
        except OSError as error:
            return self._failed(error)
        try:
            if stored_status(self.folder).state == "done":
                return stored_status(self.folder)  # another process has just trained it
            self._prepare()
            self.training = True
            return self._finish(self._loop())
        except Exception as error:
            return self._failed(error)
        finally:
            if self.recorder is not None:
                self.recorder.close()
            self.lock.release()

    def end(self, *_: object) -> None:
        """Leave at the next moment when nothing is half done. A signal handler: a step that is under way ends first."""
        if not self.training:
            raise Ending
        self.ending = True

    # Preparing

    def _prepare(self) -> None:
        self.status = stored_status(self.folder)
        self._say(state="preparing", reason="", message="", pid=os.getpid(), seconds_left=None)
        self.spec = Run(self.folder).spec
        check_tensorboard(self.spec)
        self.output = Output.load(self.folder)
        self.source = self.source or self._data()
        self.fingerprint = fingerprint(self.source)
        self.recorder = Recorder(self.folder, self.spec, self.output)
        self.trainer, facts = self._resumed_trainer()
        self.recorder.describe(self.source, self.trainer)
        to_repeat = self.recorder.open_at(self.trainer.step, facts)
        self.changes = Changes(self.trainer, self.recorder, facts.get("prompt", self.spec.prompt), to_repeat, self.limits)
        self.speed, self.beats = Speed(), Every(STATUS_EVERY)
        self.saves, self.samples = Every(SAVE_EVERY, SAVE_SHARE), SampleClock()
        message = STARTED_AGAIN if has_state(self.folder) and not facts else ""
        self._beat(state="running", message=message, device=self.trainer.device, precision=self.trainer.precision)
        if facts:
            self.recorder.mend_snapshot(self.trainer)
        else:
            self.recorder.snapshot(self.trainer)
        self._sample()
        self.saves.done()

    def _data(self) -> Source:
        path = self.folder / "text.txt"
        text = path.read_bytes().decode("utf-8", "surrogatepass") if path.is_file() else None
        masked = self.spec.objective == "masked_tokens"
        return load_data(self.spec.data, masked, cache=self.cache, text=text, made=self.folder)

    def _resumed_trainer(self) -> tuple[Trainer, dict[str, Any]]:
        """A trainer where the newest whole state was taken, and its facts; at the first step, without facts, if there is none."""
        trainer = self._new_trainer()
        for tensors, facts in read_states(self.folder):
            if facts["data"] != self.fingerprint:
                raise ValueError("the data of this run are made in another way by now; start it again as a new run")
            trainer.restore(tensors, facts["trainer"])
            return trainer, facts
        return trainer, {}

    def _new_trainer(self) -> Trainer:
        model = self.spec.model_config(self.source.tokenizer.vocab_size)
        train = self.spec.train_config()
        if self.limits is not None:
            self.limits.check_model(model, train)
            train = replace(
                train,
                max_seconds=min(train.max_seconds or math.inf, self.limits.seconds),
                explosion_steps=train.explosion_steps or self.limits.explosion,
            )
        self.source.data.check(model.context_length)
        return Trainer(Transformer(model), self.source.data, train)

    # Training

    def _loop(self) -> str:
        """Steps until there is a reason to end; returns it."""
        while self.trainer.stop_reason is None:
            if self.ending:
                self._save_before_ending()
                raise Ending
            if self._obey():
                return "stopped"
            if self.paused_at is None or self.singles:
                self._step()
            elif self._paused_too_long():
                return "pause"
            else:
                self._idle()
        return self.trainer.stop_reason

    def _step(self) -> None:
        self.changes.repeat()
        record = self.trainer.advance()
        self.recorder.step(record)
        self.recorder.judge(self.trainer)
        if self.watch is not None:
            self.watch(record, self.trainer)
        single = self.singles > 0
        self.singles = max(0, self.singles - 1)
        kept = self.recorder.is_kept(record.step)
        if kept or single or self.saves.due():
            self._save(durable=not kept)
        if single or self.samples.due():
            self._sample()
        if single or self.beats.due():
            self._beat()

    def _idle(self) -> None:
        time.sleep(IDLE)
        if self.beats.due():
            self._beat()

    def _paused_too_long(self) -> bool:
        return self.limits is not None and time.monotonic() - self.paused_at > self.limits.pause

    def _save(self, *, durable: bool = True) -> None:
        facts = {"data": self.fingerprint, "prompt": self.changes.prompt}
        self.saves.done(self.recorder.save(self.trainer, facts, durable=durable))

    def _sample(self) -> None:
        start = time.perf_counter()
        prompt = self.changes.prompt
        row = make_sample(self.trainer.model, self.source.tokenizer, prompt) if prompt else None
        if row is not None:
            self.recorder.sample({"step": self.trainer.step, "seconds": short(self.trainer.seconds), **row})
        self.samples.done(time.perf_counter() - start)

    # Obeying

    def _obey(self) -> bool:
        """Do what the owner asks; True when that is to stop."""
        for command in self.inbox.new():
            match command.get("command"):
                case "stop":
                    return True
                case "pause":
                    self._pause()
                case "one_step":
                    self._pause()
                    self.singles += 1
                case "resume":
                    self._go_on()
                case "change":
                    self._change(command)
        return False

    def _pause(self) -> None:
        if self.paused_at is None:
            self.paused_at = time.monotonic()
            self._save()
            self._beat(state="paused", message="Paused.")

    def _go_on(self) -> None:
        self.paused_at, self.singles = None, 0
        self.speed.forget()
        self._beat(state="running", message="")

    def _change(self, wanted: dict[str, Any]) -> None:
        if any(wanted.get(name) is not None for name in SETTINGS):
            self._save()  # the way back, should it explode
        try:
            changed = self.changes.make(wanted)
        except ValueError as error:
            self._beat(message=f"A change was not made: {error}.")
            return
        if "prompt" in changed:
            self._sample()

    # Ending

    def _finish(self, reason: str) -> Status:
        """Store the finished model, or that of a stop, and say why it ended."""
        self._say(message="Storing the model.")
        self.training = False
        if reason in RETRACTABLE:
            self._save()
        self._sample()
        self.result = figures(self.trainer, self.source, reason, self.recorder.evaluation, self.output.dtype)
        store_model(self.folder, self.trainer, self.source, self.result, self.output)
        state = "stopped" if reason in RETRACTABLE else "failed" if reason == EXPLODED else "done"
        explosion = self.trainer.explosion
        message = REASONS[reason].format(steps=self.trainer.step, guess=explosion.guess, since=explosion.since)
        self._beat(state=state, reason=reason, message=message, seconds_left=None)
        if state == "done":
            self.recorder.drop_rolling()
            remove_states(self.folder)
        return self.status

    def _save_before_ending(self) -> None:
        """Readers will conclude that the run is interrupted."""
        try:
            self._save()
            self._beat()
        except (OSError, ValueError):
            return  # what was saved before is still there

    def _failed(self, error: Exception) -> Status:
        reason, message = explain(error)
        if reason == "error":
            _log(self.folder, error)
        self._say(state="failed", reason=reason, message=message, seconds_left=None)
        return self.status

    # Saying

    def _beat(self, **values: Any) -> None:
        """Write how far it is, and other values."""
        trainer = self.trainer
        self.speed.mark(trainer.seconds, trainer.step, trainer.tokens)
        steps, most = trainer.config.steps, trainer.config.max_seconds
        left = self.speed.seconds_left(
            None if steps is None else steps - trainer.step, None if most is None else most - trainer.seconds
        )
        progress = {
            "step": trainer.step,
            "steps": steps,
            "seconds": short(trainer.seconds),
            "tokens_per_second": self.speed.tokens_per_second or self.status.tokens_per_second,
            "seconds_left": left if left is not None else self.status.seconds_left,
        }
        self._say(**{**progress, **values})
        self.beats.done()

    def _say(self, **values: Any) -> None:
        self.status = replace(self.status, **values, updated=time.time())
        write_status(self.folder, self.status)


def _log(folder: Path, error: Exception) -> None:
    try:
        (folder / LOG).write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return
