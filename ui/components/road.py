"""The residual stream as a road: what joins it at each station, and the guess beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from ui.components.core import linked, pack, renderer


@dataclass(frozen=True)
class Guess:
    """One token that would be written here. ``answer`` frames the token that the whole model finds most probable."""

    text: str
    probability: float
    answer: bool = False
    id: int = -1


@dataclass(frozen=True)
class RoadStation:
    """One place on the road.

    ``size`` is the length of the stream's vector here, ``added`` that of what joined (None at the start), ``share`` the part
    of the stream, along its own direction, that what joined makes up. ``note`` stands under the title, ``words`` is the whole
    in one sentence.
    """

    title: str
    short: str
    part: str  # start | attention | mlp
    size: float
    guesses: tuple[Guess, ...]
    note: str
    note_short: str
    words: str
    added: float | None = None
    share: float | None = None


def road(
    stations: Sequence[RoadStation],
    *,
    key: str,
    label: str,
    heads: Sequence[str],
    picked: int,
    on_pick: Callable[[int], None],
    sentence: str | None = None,
) -> None:
    """Draw the road.

    Args:
        label: one sentence for readers who do not see the picture.
        heads: four column heads: what joins, the road, the guess, and the guess on a narrow screen.
        picked: the station that is shown as chosen; ``on_pick`` is called with a clicked one before the page runs again.
        sentence: the tokens guessed light up wherever else this sentence (``Reading.scope``) is shown.
    """
    header = {"name": key, "label": label, "heads": list(heads), "picked": picked, "stations": [asdict(s) for s in stations]}
    header |= linked(sentence)

    def clicked() -> None:
        station = (st.session_state.get(key) or {}).get("station")
        if station is not None and 0 <= int(station) < len(stations):
            on_pick(int(station))

    renderer("road")(data=pack(header), key=key, on_station_change=clicked)
