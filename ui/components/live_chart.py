"""The live chart: curves of runs that grow while they train, fed by the runs' event stream and not by the script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llm.runs.store import Run
from ui.components.core import pack, renderer
from ui.text import load

COLUMNS = ("loss", "learning_rate", "grad_norm", "val_loss", "val_bits_per_byte")
DASHES = ((7, 5), (2, 4), (12, 4))


@dataclass(frozen=True)
class Curve:
    """One run to draw. ``active``: whether it trains or waits, as the server knows it now."""

    id: str
    title: str
    active: bool

    @classmethod
    def of(cls, run: Run, title: str | None = None) -> Curve:
        """A run's curve under its own title, or another one."""
        return cls(run.id, run.title if title is None else title, run.status().active)


@dataclass(frozen=True)
class Line:
    """A dashed line at one value, such as the cost of guessing. ``always``: the picture is high enough to show it."""

    value: float
    label: str
    always: bool = True


def live_chart(
    curves: Sequence[Curve],
    *,
    key: str,
    label: str,
    column: str = "loss",
    title: str = "",
    lines: Sequence[Line] = (),
    steady: bool = True,
    compact: bool = False,
    height: int = 360,
) -> None:
    """Draw runs over each other, live: ``live_chart([Curve.of(run), *map(Curve.of, others)], key="a", label="Loss of ...")``.

    The browser reads the runs' numbers from ``/live/RUN`` by itself: no data goes through here, nothing is polled by the
    script, and a rerun with the same ``key`` keeps the zoom. The first run is the main one: its steps are dots, its changes are
    marks, and with ``steady`` one stream stays open while it trains. All others, and the first too without ``steady``, are
    looked at in turn every two seconds until they end, so a page needs at most two connections for any number of runs.

    Args:
        curves: up to about 30 runs; more than seven differ by hue and dashes.
        label: one sentence for readers who do not see the picture.
        column: one of ``COLUMNS``. For "loss" there are also a smoothed line, the validation loss and the marks of changes.
        title: what a ``compact`` chart is called (small, no legend, no tools, no validation).
    """
    if column not in COLUMNS:
        raise ValueError(f"the column is {column!r}; choose one of {', '.join(COLUMNS)}")
    header = {
        "name": key,
        "label": label,
        "title": title,
        "runs": [vars(curve) for curve in curves],
        "column": column,
        "smooth": column == "loss",
        "validation": column == "loss" and not compact,
        "marks": True,
        "fromZero": compact,
        "lines": [vars(line) | {"dash": DASHES[i % len(DASHES)]} for i, line in enumerate(lines)],
        "steady": steady,
        "compact": compact,
        "height": height,
        "words": load("live")["chart"] | load("live")["origin"],
    }
    renderer("live_chart")(data=pack(header), key=key)
