"""The bench: sentence, model, training step, layer and head, shared by all pages and kept in the address.

Widgets bound to query parameters hold them; ``reading()`` turns them into what a page works with. Model and step stand in
the address by their bare id and number; an empty step is the finished model, or the newest of a run that still trains.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from llm.config import ModelConfig
from llm.library import ModelInfo
from llm.runs.models import is_run, nearest_step
from llm.trace import Trace
from ui import cached, run_models
from ui.text import load, plain
from ui.tokens import Chip, chips, visible

MAX_CHARACTERS = 1000
# Session keys of the bound widgets; each is also the name in the address.
TEXT, MODEL, STEP, LAYER, HEAD = "text", "model", "step", "layer", "head"
EMPTIED = "bench-emptied"  # by the reader, and not by Back to an address without a sentence
VISITED = "visited_pages"
# Models that the list has seen only the configuration of: the files may be damaged, or be made for another tokenizer.
FROM_ELSEWHERE = ("folder", "gpt2")
SETTLED = "bench-settled"  # what the bench found at the start of this script run: all of the page shows the same


@dataclass(frozen=True)
class Reading:
    """What the reader looks at: a sentence in a model at a training step, cut to what the model can hold.

    ``step`` is None for the finished weights; a run's is always a number, because its newest weights change. ``layer`` and
    ``head`` count from 0 (the screen counts from 1). ``cut`` is the text that did not fit, ``notes`` are sentences about the
    input that the frame shows.
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
        return f"{self.info.title}{self._weights}"

    @property
    def cited(self) -> str:
        """The same as Markdown, in which a title is only text."""
        return f"{plain(self.info.title)}{self._weights}"

    @property
    def _weights(self) -> str:
        words = load("frame")["provenance"]
        # whether weights from elsewhere were ever trained, nobody here can say
        state = words["random" if self.step == 0 else "trained" if self.info.steps else "imported"]
        step = f" · {words['step'].format(n=f'{self.shown_step:,}')}" if self.info.steps else ""
        return f"{step} · {state}"

    def trace(self, **options: Any) -> Trace:
        """The trace of this sentence (``cached.trace_of``'s options)."""
        return cached.trace_of(self.model_id, self.step, self.ids, **options)

    def probabilities(self) -> np.ndarray:
        """(V,) probabilities of the next token."""
        return cached.next_token_probabilities(self.model_id, self.step, self.ids)


@dataclass(frozen=True)
class Settled:
    """What the address came to. ``wanted`` is the model that it names; ``note`` says why another one is shown.

    ``active``: it is a run that had not ended when ``info`` was looked up, so later weights may be there by now.
    """

    wanted: str
    info: ModelInfo
    note: str = ""
    active: bool = False


def settle() -> Settled:
    """Look at the address anew; until the next script run ``chosen_model`` gives this answer."""
    st.session_state[SETTLED] = found = _look(_wanted())
    return found


def reading() -> Reading:
    """The bench as it stands, with the input made fit for the model and every change to it said in a note."""
    info = chosen_model()
    info, step, opened, notes = _open(info, chosen_step(info))
    sentence = st.session_state.get(TEXT, info.default_text)[:MAX_CHARACTERS]
    if not sentence.strip():
        if sentence or st.session_state.get(EMPTIED):  # not by Back to an address without a sentence
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
    settled, wanted = st.session_state.get(SETTLED), _wanted()
    return settled.info if settled is not None and settled.wanted == wanted else _look(wanted).info


def gone() -> bool:
    """Whether what this page began to show is no longer there: a run can be deleted, and loses old snapshots while it trains."""
    settled = st.session_state.get(SETTLED)
    if settled is None or settled.info.kind != "run":
        return False
    try:
        return not set(settled.info.steps) <= set(run_models.run_of(settled.info.id).snapshots())
    except ValueError:
        return True


def chosen_step(info: ModelInfo) -> int | None:
    """The snapshot on the bench, the nearest that is there; None for the finished model."""
    wanted = wanted_step()
    step = nearest_step(info.steps, wanted) if wanted is not None and info.steps else None
    if info.kind == "run":
        return info.steps[-1] if step is None and info.steps else step
    return None if step is not None and step == info.steps[-1] else step


def wanted_step() -> int | None:
    """The step that the address names; None for the finished, or newest, weights."""
    text = str(st.session_state.get(STEP, st.query_params.get(STEP, "")))  # the address, until the widget has read it
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _wanted() -> str:
    return str(st.session_state.get(MODEL) or st.query_params.get(MODEL) or "")


def _look(wanted: str) -> Settled:
    first = cached.models()[0]
    if not wanted:
        return Settled(wanted, first)
    active, name = run_models.trains(wanted), "no_run" if is_run(wanted) else "no_model"
    try:
        info = cached.model_info(wanted)
        if info.kind in FROM_ELSEWHERE:
            name = "closed_model"
            cached.checkpoint(info.id, None)
        return Settled(wanted, info, active=active)
    except (ValueError, OSError) as error:
        note = load("frame")["notes"][name].format(model=wanted[:80], why=error, shown=first.title)
        return Settled(wanted, first, note, active)


def _open(info: ModelInfo, step: int | None) -> tuple[ModelInfo, int | None, Any, list[str]]:
    """The weights, or the nearest that can be read: a run's snapshots come and go, and any may be damaged."""
    notes = load("frame")["notes"]
    left = list(info.steps)
    wanted = step
    while True:
        try:
            opened = cached.checkpoint(info.id, step)
            said = [] if step == wanted else [notes["other_step"].format(wanted=f"{wanted:,}", step=f"{step:,}")]
            return info, step, opened, said
        except (ValueError, OSError) as error:
            if info.kind == "box":
                raise
            left = [each for each in left if each != step]
            if step is None or not left:
                first = cached.models()[0]
                said = notes["no_run"].format(model=info.id, why=error, shown=first.title)
                return first, None, cached.checkpoint(first.id, None), [said]
            step = nearest_step(tuple(left), wanted)


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
    missing = tokenizer.unknown_pieces(sentence)
    words, listed = load("frame")["notes"], ", ".join(f"“{visible(part)}”" for part in missing[:8])
    if len(missing) > 8:
        listed = words["unknown_more"].format(listed=listed, n=len(missing) - 8)
    kind = "characters" if tokenizer.kind == "char" else "words"
    notes.append(words[f"unknown_{kind}"].format(listed=listed))


def _shorten(text: str, longest: int = 160) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
