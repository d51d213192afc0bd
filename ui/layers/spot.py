"""What all parts of the Layers page look at: one token of the sentence, in one layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from llm.trace import Trace
from ui import locked, ways
from ui import page as page_parts
from ui.components.tokens import token_strip
from ui.numbers import digits
from ui.origin.view import has
from ui.state import LAYER, Reading
from ui.text import load
from ui.tokens import token_label
from ui.ways import Cell

WIDE = [1.55, 1]


@dataclass(frozen=True)
class Spot:
    """The page, the chosen token's position, and the model's most probable next token there."""

    page: page_parts.Page
    position: int

    @property
    def now(self) -> Reading:
        return self.page.reading

    @cached_property
    def trace(self) -> Trace:
        return self.now.trace()

    @cached_property
    def answer(self) -> int:
        """Id of the token with the highest score at the chosen position."""
        return int(self.trace["logits"][self.position].argmax())

    @property
    def layer(self) -> int:
        return self.now.layer

    def name(self, token_id: int) -> str:
        """A vocabulary entry as it is written on the screen."""
        return token_label(self.now.tokenizer, int(token_id))

    def guesses(self, ids: Sequence[int], probabilities: Sequence[float]) -> str:
        """``·cu 0.36, ·exc 0.17`` for a sentence in a component."""
        return ", ".join(f"{self.name(i)} {digits(float(p))}" for i, p in zip(ids, probabilities, strict=True))

    def key(self, part: str) -> str:
        """A key for a component that belongs to this sentence, so that another sentence starts afresh."""
        return f"layers-{part}-{page_parts.hash_key(repr((self.now.model_id, self.now.ids)))}"


def choose(page: page_parts.Page) -> Spot:
    """The token strip: which token's vector the page is about, the last one where none is locked."""
    now = page.reading
    name = f"{Spot(page, 0).key('token')}-{locked.current_round()}"
    locked.hear(now.scope, name, "picked")
    lock = locked.of(now.scope)
    position = lock.token if lock else len(now.ids) - 1
    label = load("frame")["strip"]["label"]
    token_strip(now.chips, key=name, pick=True, picked=position, sentence=now.scope, label=label)
    return Spot(page, position)


def asked(spot: Spot) -> Cell | None:
    """The number that a link has come to ask for, when it is one of the chosen token's that the trace has."""
    way = ways.linked()
    return way[0] if way and has(spot.trace, way[0]) and way[0][1][-2:-1] == (spot.position,) else None


def chosen(question: str) -> bool:
    """Whether the reader has answered a question: what is only needed for the answer can wait until then."""
    return st.session_state.get(f"layers-{question}-choice") is not None


def go_to_layer(layer: int) -> None:
    """Put the bench on a layer, counted from 0. For callbacks: they run before the bench is drawn."""
    st.session_state[LAYER] = layer + 1


def norm(vector: np.ndarray) -> float:
    """Euclidean length."""
    return float(np.linalg.norm(vector.astype(np.float64)))
