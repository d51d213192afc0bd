"""The time slider: a training's stored steps, with play, and the newest one while a run trains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from ui.components.core import renderer
from ui.text import load


@dataclass(frozen=True)
class TimeView:
    """What the slider shows. ``run`` is the id of the run behind the model, ``active`` whether it waits or trains, ``live``
    whether the page moves on with it; ``starting``: the run has no weights yet, and the page shows another model.
    """

    steps: tuple[int, ...]
    shown: int
    run: str
    active: bool
    live: bool
    starting: bool


def time_slider(view: TimeView, *, key: str, on_move: Callable[[], None], on_live: Callable[[], None]) -> None:
    """Draw it. ``move`` brings [step, the last step of a finished training or -1], ``live`` [step, whether on].

    ``news`` has the page's script run once, because there is a newer snapshot or the run has ended.
    """
    renderer("time_slider")(
        data={**asdict(view), "words": load("frame")["time"]},
        key=key,
        on_move_change=on_move,
        on_live_change=on_live,
        on_news_change=lambda: None,
    )
