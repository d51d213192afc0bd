"""What the Attention page shows beside the bench, as one short word in the link: view or step, mask, chosen cell."""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

ADDRESS = "show"
VIEW, STEP, MASK = "attention-view", "attention-at", "attention-mask"
CELL = "attention-cell"  # session key: (sentence, cell) chosen last
_CELL = re.compile(r"(\d{1,4})\.(\d{1,4})")
_SWAPPED = "swapped"


@dataclass(frozen=True)
class Shown:
    """What a link names; None where it names nothing. ``cell`` counts from 0, the link from 1."""

    view: str | None = None
    step: str | None = None
    swapped: bool = False  # the mask that the model was not trained with
    cell: tuple[int, int] | None = None


def parse(text: str) -> Shown:
    """The parts of ``softmax_swapped_7.3``; what is not known is left out."""
    parts = text.split("_")
    cell = next((match for match in map(_CELL.fullmatch, parts) if match), None)
    names = [part for part in parts if part.isalpha() and part != _SWAPPED]
    return Shown(
        view="lines" if "lines" in names else None,
        step=next((name for name in names if name != "lines"), None),
        swapped=_SWAPPED in parts,
        cell=(int(cell[1]) - 1, int(cell[2]) - 1) if cell and int(cell[1]) and int(cell[2]) else None,
    )


def written(shown: Shown) -> str:
    """The same as text; empty when everything is as at first."""
    parts = [shown.view if shown.view == "lines" else None, shown.step if shown.step not in (None, "softmax") else None]
    parts += [_SWAPPED if shown.swapped else None, f"{shown.cell[0] + 1}.{shown.cell[1] + 1}" if shown.cell else None]
    return "_".join(part for part in parts if part)


def linked() -> Shown:
    """What the link, or this reader's last visit to the page, asks for."""
    return parse(str(st.session_state.get(ADDRESS) or st.query_params.get(ADDRESS) or ""))


def keep(shown: Shown) -> None:
    """Put the present view into the link."""
    st.session_state[ADDRESS] = written(shown)
    with st.container(key="hidden-attention-address"):
        st.text_input(ADDRESS, key=ADDRESS, bind="query-params")
