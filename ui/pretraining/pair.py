"""The bench's sentence in two models of one shape: the box's causal one and its masked one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import streamlit as st

from llm.interpret.blanks import Guesses
from llm.tokenizers import MASK
from ui import cached_objectives as computed
from ui import page as page_parts
from ui.pretraining.subject import reading_in
from ui.state import Reading
from ui.tokens import token_label

PLACE = "objectives-place"


@dataclass(frozen=True)
class Pair:
    """The same tokens in both models (their tokenizers learned the same merges), cut to what both can take in."""

    page: page_parts.Page
    causal: Reading
    masked: Reading

    @property
    def ids(self) -> tuple[int, ...]:
        return self.masked.ids

    @property
    def cut(self) -> bool:
        """Whether a part of the sentence did not fit."""
        return bool(self.masked.cut)

    @property
    def mask_id(self) -> int:
        return self.masked.tokenizer.special[MASK]

    @cached_property
    def both(self) -> Guesses:
        return computed.both_sides(self.ids)

    @cached_property
    def left(self) -> Guesses:
        return computed.left_side(self.ids)

    @cached_property
    def end(self) -> Guesses:
        return computed.at_the_end(self.ids)

    @property
    def name(self) -> str:
        """A short name of the sentence, for keys."""
        return page_parts.hash_key(repr(self.ids))

    @property
    def place(self) -> int:
        """The hidden place: the reader's, or at first the one where reading both sides helps most."""
        belongs, place = st.session_state.get(PLACE, ("", 0))
        return place if belongs == self.name else int((self.both.own - self.left.own).argmax())

    def remember(self, place: int) -> None:
        """Keep the reader's place for the other views."""
        st.session_state[PLACE] = (self.name, place)

    def label(self, token_id: int) -> str:
        """A vocabulary entry as it is written on the screen."""
        return token_label(self.masked.tokenizer, token_id)

    def hidden(self, place: int) -> tuple[int, ...]:
        """The sentence with ``[MASK]`` at one place."""
        return (*self.ids[:place], self.mask_id, *self.ids[place + 1 :])


def pair_of(page: page_parts.Page) -> Pair:
    """The bench's sentence in the box's two models."""
    causal, masked = (reading_in(page.reading, model) for model in (computed.CAUSAL, computed.MASKED))
    count = min(len(causal.ids), len(masked.ids))
    return Pair(page, *(_shortened(reading, count) for reading in (causal, masked)))


def _shortened(reading: Reading, count: int) -> Reading:
    if len(reading.ids) == count:
        return reading
    rest = reading.tokenizer.decode(reading.ids[count:]) + reading.cut
    return replace(reading, ids=reading.ids[:count], chips=reading.chips[:count], cut=rest)
