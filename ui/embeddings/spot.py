"""The token that all views of the Embeddings page are about: one of the sentence, or any other of the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ui import cached_embeddings as computed
from ui import locked
from ui import page as page_parts
from ui.components.tokens import token_strip
from ui.state import Reading
from ui.text import load
from ui.tokens import token_label

CHOSEN = "embeddings_chosen"  # {"for": model and sentence, "id", "position" in the sentence or None, "lock"}
WIDE = [1.55, 1]


@dataclass(frozen=True)
class Spot:
    """The page, the chosen token's id, and a position in the sentence (the chosen token's, where it is there)."""

    page: page_parts.Page
    token: int
    position: int

    @property
    def now(self) -> Reading:
        return self.page.reading

    @property
    def where(self) -> tuple[str, int | None]:
        """Model and step, the first arguments of everything in ``ui.cached_embeddings``."""
        return self.now.model_id, self.now.step

    @property
    def table(self) -> np.ndarray:
        """(V, C) embedding of every token."""
        return computed.table(*self.where)

    def name(self, token: int) -> str:
        """A vocabulary entry as it is written on the screen."""
        return token_label(self.now.tokenizer, int(token))


def choose(page: page_parts.Page) -> Spot:
    """What is locked in this sentence, another token that was chosen for it, or the one with the nearest neighbour."""
    now, lock = page.reading, locked.of(page.reading.scope)
    chosen = st.session_state.get(CHOSEN) or {}
    fresh = chosen.get("for") != (now.model_id, now.ids)
    if fresh or (lock and lock != chosen["lock"]):
        position = lock.token if lock else computed.default_position(now.model_id, None, now.ids)
        chosen = {"for": (now.model_id, now.ids), "id": now.ids[position], "position": position, "lock": lock}
        st.session_state[CHOSEN] = chosen
    chosen["lock"] = lock
    position = chosen["position"]
    return Spot(page, chosen["id"], computed.default_position(now.model_id, None, now.ids) if position is None else position)


def take(now: Reading, token: int, position: int | None = None) -> None:
    """Choose a token; without a position, by its id alone (its first place in the sentence, if it is there)."""
    if position is None and token in now.ids:
        position = now.ids.index(token)
    lock = None if position is None else locked.Lock(position)
    locked.put(now.scope, lock)
    st.session_state[CHOSEN] = {"for": (now.model_id, now.ids), "id": int(token), "position": position, "lock": lock}


def strip(spot: Spot, part: str) -> Spot:
    """The sentence as chips that choose; returns the spot after the choice."""
    now = spot.now
    key = f"embeddings-{part}-strip-{page_parts.hash_key(repr((now.model_id, now.ids)))}-{locked.current_round()}"
    locked.hear(now.scope, key, "picked")
    spot = choose(spot.page)
    label, picked = load("frame")["strip"]["label"], st.session_state[CHOSEN]["position"]
    token_strip(now.chips, key=key, pick=True, picked=picked, sentence=now.scope, label=label)
    return spot
