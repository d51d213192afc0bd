"""What all parts of the Layers page look at: one token of the sentence, in one layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from llm.trace import Trace
from ui import page as page_parts
from ui.components.tokens import token_strip
from ui.numbers import digits
from ui.state import LAYER, Reading
from ui.tokens import token_label

WIDE = [1.55, 1]
TOKEN = "token"  # the chosen token's number in the link, from 1; the last one is left out
_WRITTEN, _PRESSED, _ROUND, _START = (f"layers-token-{name}" for name in ("written", "pressed", "round", "start"))


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
    """The token strip: which token's vector the page is about, the last one at first. The choice stands in the link."""
    last = len(page.reading.ids) - 1
    name = Spot(page, last).key("token")
    start = _followed(name, last)
    position = token_strip(page.reading.chips, key=_strip(name), pick=True, picked=start)
    _keep("" if position in (None, last) else str(position + 1), name)
    return Spot(page, last if position is None else position)


def _strip(name: str) -> str:
    """The strip's key. It starts afresh with each link that is followed, because it keeps a choice of its own."""
    return f"{name}-{st.session_state.get(_ROUND, 0)}"


def _followed(name: str, last: int) -> int:
    """The token at which the strip starts: that of the link where the reader followed one, or went Back; else the last."""
    asked = st.query_params.get(TOKEN, "")
    pressed = st.session_state.get(_strip(name)) != st.session_state.get(_PRESSED)
    if asked != st.session_state.get(_WRITTEN) and not pressed:
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
        named = int(asked) - 1 if asked.isascii() and asked.isdigit() and len(asked) < 5 else last
        st.session_state[_START] = (name, named if 0 <= named <= last else last)
    belongs, start = st.session_state.get(_START, ("", last))
    return start if belongs == name else last


def _keep(token: str, name: str) -> None:
    st.session_state[TOKEN] = st.session_state[_WRITTEN] = token
    st.session_state[_PRESSED] = st.session_state.get(_strip(name))
    with st.container(key="hidden-layers-token"):
        st.text_input(TOKEN, key=TOKEN, bind="query-params")


def chosen(question: str) -> bool:
    """Whether the reader has answered a question: what is only needed for the answer can wait until then."""
    return st.session_state.get(f"layers-{question}-choice") is not None


def go_to_layer(layer: int) -> None:
    """Put the bench on a layer, counted from 0. For callbacks: they run before the bench is drawn."""
    st.session_state[LAYER] = layer + 1


def norm(vector: np.ndarray) -> float:
    """Euclidean length."""
    return float(np.linalg.norm(vector.astype(np.float64)))
