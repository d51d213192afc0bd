"""Signed numbers as labelled bars around a line, on their own or as a running sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from ui.components.core import pack, renderer


@dataclass(frozen=True)
class Bar:
    """One bar from ``start`` to ``start + value``. ``total`` marks a sum; ``words`` is shown while it is pointed at."""

    label: str
    value: float
    words: str = ""
    start: float = 0.0
    total: bool = False


def running(bars: Sequence[Bar], total: str) -> list[Bar]:
    """The same bars, each starting where the one before ended, and their sum at the end."""
    made, start = [], 0.0
    for bar in bars:
        made.append(Bar(bar.label, bar.value, bar.words, start))
        start += bar.value
    return [*made, Bar(total, start, total=True)]


def signed_bars(
    bars: Sequence[Bar],
    *,
    key: str,
    label: str,
    hint: str = "",
    limit: float | None = None,
    plus: bool = True,
    paired: tuple[str, str] | None = None,
    picked: int | None = None,
    on_pick: Callable[[int], None] | None = None,
) -> None:
    """Draw bars.

    Args:
        label: one sentence for readers who do not see the picture.
        hint: what stands under the bars while none is pointed at.
        limit: the number at the end of a lane (None: the largest); ``plus`` writes a plus sign before positive numbers.
        paired: the names of a ``before_after`` on its left, in a column as wide: each bar is level with the pair of its row.
        picked: the bar that is shown as chosen; ``on_pick`` makes bars clickable and is called with the clicked one before
            the page runs again.
    """
    header = {
        "name": key,
        "label": label,
        "hint": hint,
        "limit": limit,
        "plus": plus,
        "paired": paired and list(paired),
        "pick": on_pick is not None,
        "picked": picked,
        "rows": [asdict(bar) for bar in bars],
    }

    def clicked() -> None:
        row = (st.session_state.get(key) or {}).get("row")
        if on_pick is not None and row is not None and 0 <= int(row) < len(bars):
            on_pick(int(row))

    renderer("signed")(data=pack(header), key=key, on_row_change=clicked)
