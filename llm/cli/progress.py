"""A progress bar for the terminal, on stderr, so that stdout stays for results."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm.config import TrainConfig
    from llm.training import StepRecord, Trainer

WIDTH = 24
INTERVAL = 0.2  # seconds between two drawings


class Progress:
    """``update`` as often as you like; it draws at most five times a second, and nothing at all when not ``enabled``."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self.started = self.drawn = time.monotonic()

    def update(self, done: float | None, text: str) -> None:
        """``done`` is a part of 1, or None when the end is not known."""
        now = time.monotonic()
        if not self.enabled or now - self.drawn < INTERVAL:
            return
        self.drawn = now
        elapsed = now - self.started
        if done is None:
            line = f"{clock(elapsed)} {text}"
        else:
            bar = "#" * round(WIDTH * min(done, 1.0))
            left = clock(elapsed / done - elapsed) + " left" if done > 0.01 else ""
            line = f"[{bar:.<{WIDTH}}] {100 * done:3.0f} %  {text}  {left}"
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()

    def close(self) -> None:
        """Clear the line."""
        if self.enabled:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class TrainingProgress(Progress):
    """The progress of a training run; called with each record."""

    def __init__(self, enabled: bool) -> None:
        super().__init__(enabled)
        self.validation = ""

    def __call__(self, record: StepRecord, trainer: Trainer) -> None:
        if record.val_loss is not None:
            self.validation = f"validation {record.val_loss:.3f}"
        if self.enabled:
            speed = f"{record.tokens / max(record.seconds, 1e-9):,.0f} tokens/s"
            text = f"step {record.step:,}  loss {record.loss:.3f}  {self.validation}  {speed}"
            self.update(_share(record, trainer.config), text)


def _share(record: StepRecord, config: TrainConfig) -> float | None:
    """How far training has come, as a part of 1."""
    parts = []
    if config.steps:
        parts.append(record.step / config.steps)
    if config.max_seconds:
        parts.append(record.seconds / config.max_seconds)
    return max(parts, default=None)


def wanted(flag: bool | None) -> bool:
    """What the user asked for, else whether stderr is a terminal."""
    return sys.stderr.isatty() if flag is None else flag


def clock(seconds: float) -> str:
    """Minutes and seconds, as 2:05."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
