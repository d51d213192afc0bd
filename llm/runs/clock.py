"""What is due by the clock while a run trains: saves, samples, status, and how fast it goes."""

from __future__ import annotations

import time
from collections import deque

SAVE_EVERY = 2.0  # seconds between two saves, or longer where a save is slow:
SAVE_SHARE = 40  # at least this many times what the last one took
SAMPLE_SHARE = 30
EARLY, EARLY_SHARE = 10.0, 8  # in the first seconds, when most changes, samples may take more (the first is slow: cold)
STATUS_EVERY = 0.4
SPEED_MARKS = 10  # marks of the status's interval that a speed is taken over


class Every:
    """Says when something is due again. ``share``: it shall take at most one part in so many of the time."""

    def __init__(self, seconds: float, share: float = 0.0) -> None:
        self.seconds, self.share = seconds, share
        self.next = time.monotonic()

    def due(self) -> bool:
        return time.monotonic() >= self.next

    def done(self, took: float = 0.0) -> None:
        """It was done just now and took so long."""
        self.next = time.monotonic() + max(self.seconds, self.share * took)


class SampleClock(Every):
    """Samples each second at first, when most changes, then every three, and ever more rarely: their number stays small."""

    def __init__(self) -> None:
        super().__init__(1.0, SAMPLE_SHARE)
        self.began = time.monotonic()

    def done(self, took: float = 0.0) -> None:
        running = time.monotonic() - self.began
        self.seconds = 1.0 if running < EARLY else max(3.0, running / 100)
        self.share = EARLY_SHARE if running < EARLY else SAMPLE_SHARE
        super().done(took)


class Speed:
    """Tokens a second in training steps, and seconds by the wall clock for one more step or second of training."""

    def __init__(self) -> None:
        self.marks: deque[tuple[float, float, int, int]] = deque(maxlen=SPEED_MARKS)

    def mark(self, seconds: float, step: int, tokens: int) -> None:
        """Where training stands."""
        self.marks.append((time.monotonic(), seconds, step, tokens))

    def forget(self) -> None:
        """After a pause the wall clock says nothing."""
        self.marks.clear()

    @property
    def tokens_per_second(self) -> float | None:
        seconds = self._passed(1)
        return round(self._passed(3) / seconds, 1) if seconds else None

    def seconds_left(self, steps: int | None, seconds: float | None) -> float | None:
        """By the wall clock, for at most so many more steps and seconds of training."""
        wall, trained, done = self._passed(0), self._passed(1), self._passed(2)
        by_steps = steps * wall / done if steps is not None and done else None
        by_seconds = seconds * wall / trained if seconds is not None and trained else None
        known = [left for left in (by_steps, by_seconds) if left is not None]
        return round(max(0.0, min(known)), 1) if known else None

    def _passed(self, what: int) -> float:
        return self.marks[-1][what] - self.marks[0][what] if len(self.marks) > 1 else 0.0
