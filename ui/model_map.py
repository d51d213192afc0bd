"""The architecture map of the model on the bench, and one token's way through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from llm.interpret.stream import stations
from ui.cached_layers import lens_at
from ui.components.map import Stop, architecture_map
from ui.numbers import digits
from ui.state import Reading
from ui.tokens import token_label

SHOWN = 3  # guesses at each stop


def show(now: Reading, words: Mapping[str, Any], *, key: str) -> None:
    """Draw the map; the reader chooses in it which token's way is played, the last one at first."""
    chosen = st.session_state.get(f"{key}-token")
    token = chosen[1] if chosen and chosen[0] == (now.model_id, now.ids) else len(now.ids) - 1

    def take(position: int) -> None:
        st.session_state[f"{key}-token"] = ((now.model_id, now.ids), position)

    architecture_map(
        now.config, len(now.ids), words, key=key, way=way(now, token), tokens=now.labels, token=token, on_token=take,
    )  # fmt: skip


def way(now: Reading, position: int) -> tuple[Stop, ...]:
    """The start, each attention and each MLP, and the end."""
    top = lens_at(now, position)
    made = []
    for i, stop in enumerate(stations(now.trace(), position)):
        pairs = list(zip(top.ids[i, 0], top.probabilities[i, 0], strict=True))[:SHOWN]
        guesses = tuple((token_label(now.tokenizer, int(token)), float(p)) for token, p in pairs)
        added = "" if stop.added is None else digits(stop.added)
        made.append(Stop(stop.part, -1 if stop.layer is None else stop.layer, digits(stop.size), added, guesses))
    last = made[-1]
    return (*made, Stop("end", last.layer, last.size, "", last.guesses))
