"""The bench: sentence, model, training step, layer and head, shared by all pages and kept in the address.

Widgets bound to query parameters hold them; ``reading()`` turns them into what a page works with.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from llm.config import ModelConfig
from llm.library import ModelInfo
from llm.trace import Trace
from ui import cached
from ui.text import load
from ui.tokens import Chip, chips, visible

MAX_CHARACTERS = 1000
# Session keys of the bound widgets; each is also the name in the address.
TEXT, MODEL, STEP, LAYER, HEAD = "text", "model", "step", "layer", "head"
VISITED = "visited_pages"


@dataclass(frozen=True)
class Reading:
    """What the reader looks at: a sentence in a model at a training step, cut to what the model can hold.

    ``layer`` and ``head`` count from 0 (the screen counts from 1). ``cut`` is the text that did not fit, ``notes`` are
    sentences about the input that the frame shows.
    """

    model_id: str
    step: int | None
    info: ModelInfo
    config: ModelConfig
    tokenizer: Any
    sentence: str
    ids: tuple[int, ...]
    chips: tuple[Chip, ...]
    cut: str
    notes: tuple[str, ...]
    layer: int
    head: int

    @property
    def labels(self) -> list[str]:
        """Axis labels of the tokens."""
        return [chip.label for chip in self.chips]

    @property
    def scope(self) -> str:
        """A short name for this sentence in this model: tokens are linked only where it is the same."""
        return hashlib.sha256(f"{self.model_id} {self.ids}".encode()).hexdigest()[:8]

    @property
    def model(self) -> Any:
        """The cached model, shared by all sessions: look, do not touch."""
        return cached.checkpoint(self.model_id, self.step).model

    @property
    def shown_step(self) -> int:
        """The training step of the weights on screen."""
        return self.info.steps[-1] if self.step is None and self.info.steps else (self.step or 0)

    @property
    def provenance(self) -> str:
        """Which weights made the numbers: ``stories · step 12,000 · trained``."""
        words = load("frame")["provenance"]
        # whether weights from elsewhere were ever trained, nobody here can say
        state = words["random" if self.step == 0 else "trained" if self.info.steps else "imported"]
        step = f" · {words['step'].format(n=f'{self.shown_step:,}')}" if self.info.steps else ""
        return f"{self.info.title}{step} · {state}"

    def trace(self, **options: Any) -> Trace:
        """The trace of this sentence (``cached.trace_of``'s options)."""
        return cached.trace_of(self.model_id, self.step, self.ids, **options)

    def probabilities(self) -> np.ndarray:
        """(V,) probabilities of the next token."""
        return cached.next_token_probabilities(self.model_id, self.step, self.ids)


def reading() -> Reading:
    """The bench as it stands, with the input made fit for the model and every change to it said in a note."""
    info = chosen_model()
    step = chosen_step(info)
    opened = cached.checkpoint(info.id, step)
    sentence = st.session_state.get(TEXT, info.default_text)[:MAX_CHARACTERS]
    notes: list[str] = []
    if not sentence.strip():
        notes.append(load("frame")["notes"]["empty"])
        sentence = info.default_text
    ids, cut = _fit(opened, info, sentence, notes)
    return Reading(
        model_id=info.id,
        step=step,
        info=info,
        config=opened.config,
        tokenizer=opened.tokenizer,
        sentence=sentence,
        ids=ids,
        chips=chips(opened.tokenizer, ids),
        cut=cut,
        notes=tuple(notes),
        layer=min(st.session_state.get(LAYER) or 1, opened.config.n_layers) - 1,
        head=min(st.session_state.get(HEAD) or 1, opened.config.n_heads) - 1,
    )


def chosen_model() -> ModelInfo:
    """The model on the bench; the first in the box when the address names none that is here."""
    listed = cached.models()
    wanted = st.session_state.get(MODEL) or st.query_params.get(MODEL)  # the address, until the widget has read it
    return next((info for info in listed if info.id == wanted), listed[0])


def chosen_step(info: ModelInfo) -> int | None:
    """The snapshot on the bench; None for the finished model."""
    step = st.session_state.get(STEP)
    return step if step in info.steps[:-1] else None


def _fit(opened: Any, info: ModelInfo, sentence: str, notes: list[str]) -> tuple[tuple[int, ...], str]:
    """Token ids that the model can hold, and the text that was cut off."""
    tokenizer = opened.tokenizer
    ids = list(tokenizer.encode(sentence))
    _name_unknown(tokenizer, sentence, ids, notes)
    limit = cached.longest_trace(info.id)
    if len(ids) <= limit:
        return tuple(ids), ""
    cut = visible(tokenizer.decode(ids[limit:]))
    whole = limit == opened.config.context_length
    words = load("frame")["notes"]["cut_context" if whole else "cut_picture"]
    notes.append(words.format(tokens=f"{len(ids):,}", limit=f"{limit:,}", cut=_shorten(cut)))
    return tuple(ids[:limit]), cut


def _name_unknown(tokenizer: Any, sentence: str, ids: list[int], notes: list[str]) -> None:
    unknown = tokenizer.special.get("<unk>")
    if unknown is None or unknown not in ids:
        return
    parts = sentence if tokenizer.kind == "char" else sentence.split()
    missing = [part for part in dict.fromkeys(parts) if unknown in tokenizer.encode(part)]
    listed = ", ".join(f"“{visible(part)}”" for part in missing[:8]) + (" …" if len(missing) > 8 else "")
    kind = "characters" if tokenizer.kind == "char" else "words"
    notes.append(load("frame")["notes"][f"unknown_{kind}"].format(listed=listed))


def _shorten(text: str, longest: int = 160) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
