"""The text that the reader lets grow on the Decoding page: what was chosen, rewinding, and its place in the link.

The text belongs to one sentence in one model and stays there when the reader comes back to it. It leaves the sentence on the
bench alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from ui import cached_decoding as computed
from ui.decoding import settings as decoding_settings
from ui.decoding.settings import Settings
from ui.state import MAX_CHARACTERS, TEXT, Reading

# Session keys: two hidden widgets bound to the address, then what only this session needs.
ADDRESS, CHOSEN_IDS = "decode", "said"
_TEXTS, _DONE, _WARMTH, _WRITTEN = "decoding-texts", "decoding-done", "decoding-warmth", "decoding-written"
_LEFT = "decoding-left"
_SETTINGS, _ADOPTED = "decoding-settings", "decoding-adopted"
MAX_NEW = 300
MAX_LINKED = 120  # tokens that a link carries
KEPT_TEXTS = 20
KEPT_PATHS = 12  # ways of one text that were gone and left again
DRAWN, BY_HAND, BEST, BRANCH, LINKED = "drawn", "by hand", "greedy", "branch", "link"


@dataclass(frozen=True)
class Chosen:
    """One token that was added: how, with which probability of the model's own, and after the reader's settings."""

    id: int
    how: str
    own: float
    chance: float | None
    step: int | None  # the weights that gave ``own``


@dataclass
class GrowingText:
    """Prompt and chosen tokens of one sentence in one model, with the settings that choose the next one."""

    reading: Reading
    chosen: list[Chosen]
    settings: Settings = field(default_factory=Settings)
    left: list[tuple[Chosen, ...]] = field(default_factory=list)  # ways that were gone and left by rewinding, the newest last

    @property
    def ids(self) -> tuple[int, ...]:
        """Prompt and chosen tokens."""
        return self.reading.ids + tuple(c.id for c in self.chosen)

    @property
    def key(self) -> tuple[str, int | None, tuple[int, ...]]:
        """What the cached computations ask for."""
        return self.reading.model_id, self.reading.step, self.ids

    @property
    def ended(self) -> bool:
        """Whether the last chosen token is the model's end of text."""
        return bool(self.chosen) and self.chosen[-1].id == computed.end_id(self.reading.tokenizer)

    @property
    def full(self) -> bool:
        return len(self.chosen) >= MAX_NEW

    @property
    def number(self) -> int:
        """Which random number of the seed the next draw uses: number i for the i-th new token, as in ``generate``."""
        return len(self.chosen) + self.settings.skip

    def draw(self, count: int = 1) -> None:
        """Add up to ``count`` tokens by the settings; ends at the model's end of text."""
        greedy = self.settings.temperature == 0
        for made in computed.drawn(*self.key, self.settings.sampling, self.number, min(count, MAX_NEW - len(self.chosen))):
            self.chosen.append(Chosen(made.id, BEST if greedy else DRAWN, made.own, made.chance, self.reading.step))

    def choose(self, token_id: int) -> None:
        """Add this token by hand."""
        if not self.full and 0 <= token_id < self.reading.config.vocab_size:
            made = computed.chance_of(*self.key, self.settings.sampling, token_id)
            self.chosen.append(Chosen(token_id, BY_HAND, made.own, made.chance, self.reading.step))

    def take_branch(self, token_ids: list[int]) -> None:
        """Add the tokens of a branch of the tree."""
        for token_id in token_ids[: MAX_NEW - len(self.chosen)]:
            own = computed.chance_of(*self.key, self.settings.sampling, token_id).own
            self.chosen.append(Chosen(token_id, BRANCH, own, None, self.reading.step))

    def rewind(self, keep: int) -> None:
        """Go back to the first ``keep`` chosen tokens; the way that is left can be taken up again from the tree."""
        gone = tuple(self.chosen)
        if gone and max(0, keep) < len(gone):
            self._leave(gone)
        del self.chosen[max(0, keep) :]

    def _leave(self, gone: tuple[Chosen, ...]) -> None:
        """Remember a way, unless it is the beginning of one that is remembered; drop those that are the beginning of it."""
        ids = [c.id for c in gone]
        ways = [[c.id for c in way] for way in self.left]
        if any(way[: len(ids)] == ids for way in ways):
            return
        self.left[:] = [way for way, its in zip(self.left, ways, strict=True) if its != ids[: len(its)]]
        self.left.append(gone)
        del self.left[:-KEPT_PATHS]

    def ways_on(self) -> list[list[int]]:
        """Ids of what followed the text as it stands now on the ways that were left, the newest first."""
        here = [c.id for c in self.chosen]
        ways = [[c.id for c in way] for way in reversed(self.left)]
        return [ids[len(here) :] for ids in ways if len(ids) > len(here) and ids[: len(here)] == here]

    def refresh(self) -> None:
        """Ask the weights on the bench again where the stored probabilities are of other weights, or came with a link."""
        stale = [i for i, c in enumerate(self.chosen) if c.step != self.reading.step or c.own < 0]
        if stale:
            own = computed.own_probabilities(*self.key)[-len(self.chosen) :]
            self.chosen[:] = [
                Chosen(c.id, c.how, float(p), c.chance if c.step == self.reading.step else None, self.reading.step)
                for c, p in zip(self.chosen, own, strict=True)
            ]


def open_text(reading: Reading, components: Collection[str] = ()) -> GrowingText:
    """The text and settings of this sentence: from this session, or from the link where the reader followed one (or went Back).

    While one of the ``components`` asks for something, the link is left alone: it may be older than the last request.
    """
    asked = any(_waiting(key) is not None for key in components)
    arrived = not any(key in st.session_state for key in components)
    texts: dict[tuple, list[Chosen]] = st.session_state.setdefault(_TEXTS, {})
    key = (reading.model_id, reading.ids)
    known = texts.pop(key, [])
    said = None if asked else _followed(CHOSEN_IDS, arrived)
    if said is not None:
        linked = _linked(said, reading)
        known = known if linked is None else [Chosen(i, LINKED, -1.0, None, reading.step) for i in linked]
    texts[key] = known
    left: dict[tuple, list[tuple[Chosen, ...]]] = st.session_state.setdefault(_LEFT, {})
    while len(texts) > KEPT_TEXTS:
        oldest = next(iter(texts))
        del texts[oldest]
        left.pop(oldest, None)
    address = None if asked else _followed(ADDRESS, arrived)
    settings = st.session_state.get(_SETTINGS, Settings()) if address is None else decoding_settings.from_address(address)
    text = GrowingText(reading, known, settings, left.setdefault(key, []))
    text.refresh()
    return text


def keep(text: GrowingText, *, in_link: bool = True) -> None:
    """Remember the settings, and put them and the chosen tokens where the two hidden widgets carry them into the link.

    Each change of the link is a step for the browser's Back; while a text plays, there is only one at the end.
    """
    st.session_state[_SETTINGS] = text.settings
    if not in_link:
        return
    address = text.settings.address
    ids = [str(c.id) for c in text.chosen[:MAX_LINKED]]
    values = {
        ADDRESS: "" if address == Settings().address else address,
        CHOSEN_IDS: ".".join([_stamp(text.reading), *ids]) if ids else "",
    }
    st.session_state[_WRITTEN] = values
    st.session_state.update(values)


def _followed(key: str, arrived: bool) -> str | None:
    """What the link says, if that is not what was written there last; coming from another page it may say nothing."""
    value = st.query_params.get(key, "")
    if arrived and not value:
        return None
    return None if value == st.session_state.get(_WRITTEN, {}).get(key, "") else value


def adopt(text: GrowingText) -> None:
    """Make the grown text the sentence on the bench; the whole page then runs again. For a button's callback."""
    end = computed.end_id(text.reading.tokenizer)
    written = text.reading.tokenizer.decode([i for i in text.ids if i != end])
    st.session_state[TEXT] = " ".join(written.split("\n"))[:MAX_CHARACTERS]
    st.session_state[_ADOPTED] = True


def adopted() -> bool:
    """Whether a text has just been adopted."""
    return st.session_state.pop(_ADOPTED, False)


def new_act(key: str) -> Mapping[str, Any] | None:
    """What the component ``key`` asked for and has not been done yet. Each request has a number of its own."""
    act = _waiting(key)
    if act is not None:
        st.session_state.setdefault(_DONE, {})[key] = act["n"]
    return act


def _waiting(key: str) -> Mapping[str, Any] | None:
    act = (st.session_state.get(key) or {}).get("act")
    new = isinstance(act, Mapping) and "n" in act and done(key) != act["n"]
    return act if new else None


def done(key: str) -> str | None:
    """The last request of a component that has been done."""
    return st.session_state.get(_DONE, {}).get(key)


def change_settings(text: GrowingText, **changes: Any) -> None:
    """Change settings from the Python side."""
    text.settings = decoding_settings.from_dict(changes, text.settings)


def toggle_greedy(text: GrowingText) -> None:
    """Temperature 0, or back to what it was."""
    if text.settings.temperature == 0:
        change_settings(text, temperature=st.session_state.pop(_WARMTH, Settings().temperature))
    else:
        st.session_state[_WARMTH] = text.settings.temperature
        change_settings(text, temperature=0.0)


def _stamp(reading: Reading) -> str:
    """A few signs that tie chosen tokens to their sentence and model."""
    return f"{zlib.crc32(repr((reading.model_id, reading.ids)).encode()):08x}"


def _linked(value: str, reading: Reading) -> list[int] | None:
    """The chosen ids of a link; None when they belong to another sentence."""
    stamp, _, rest = value.partition(".")
    if not value:
        return []
    ids = rest.split(".")
    if stamp != _stamp(reading) or not all(i.isascii() and i.isdigit() and len(i) < 8 for i in ids):
        return None
    numbers = [int(i) for i in ids][:MAX_NEW]
    return numbers if max(numbers) < reading.config.vocab_size else None
