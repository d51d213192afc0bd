"""Memorised or generalised: a text with the stretches marked that stand in the training text, and the train/validation gap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from llm.interpret.memorised import Findings, Passage, excerpts, word_count
from ui import cached_memorised as computed
from ui import page as page_parts
from ui import snippets_memorised as snippets
from ui.components.chart import line_chart
from ui.components.stretches import marked_text
from ui.pretraining.gap import gap_card
from ui.pretraining.reciting import recite_card

WIDE = [1.55, 1]
LOOK = 8  # words: stretches that the page's sentences speak of
TEMPERATURES = (0.0, 0.7, 1.0)
SEED = "memorised-seed"
EXAMPLE_WORDS = 130  # of a held-out piece to look at
FEWEST = 12  # words that a comparison needs
RIGHT, POOR, APART = 0.9, 0.5, 0.1  # shares of exact answers: a rule, too few to say, and how far apart is clear


def show(here: page_parts.Page) -> None:
    """The cards for the model on the bench."""
    now = here.reading
    if not computed.has_text(now.model_id):
        with page_parts.card("memorised-none", here["none.title"]):
            page_parts.prose(here["none.text"])
        return
    with st.spinner(here["copied.making"]):
        computed.known(now.model_id)
    if now.config.causal and computed.corpus_of(now.model_id) != "arithmetic":
        _copied(here)
        return
    if now.config.causal:
        _exam(here)
    else:
        with page_parts.card("memorised-none", here["none.title"]):
            page_parts.prose(here["none.masked"])
    gap_card(here)


@dataclass(frozen=True)
class Looked:
    """The text that is looked at: where it comes from, its prompt, and all that was found."""

    page: page_parts.Page
    source: str
    prompt: str
    text: str

    @cached_property
    def found(self) -> Findings:
        return computed.findings(self.page.reading.model_id, self.prompt + self.text, len(self.prompt))

    @cached_property
    def held_out(self) -> np.ndarray:
        """Shares of held-out pieces as long as the text and as far into their documents, (pieces, lengths)."""
        words = max(FEWEST, round(len(self.found.lengths), -1))  # to ten words: texts of nearly one length share the work
        return computed.held_out_shares(self.page.reading.model_id, words, word_count(self.prompt))

    @property
    def comparable(self) -> bool:
        return len(self.found.lengths) >= FEWEST and len(self.held_out) > 0


def _copied(here: page_parts.Page) -> None:
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("memorised-copied", here["copied.title"], here["copied.caption"]):
        looked = _look(here)
        drawing = st.container()
    with right:
        known = _question(here)
    with drawing:
        _draw(looked, known)
    if known and looked.comparable:
        with right, page_parts.card("memorised-curve", here["curve.title"], here["curve.caption"]):
            _curve(looked)
    with left:
        recite_card(here)
    with right:
        gap_card(here, wide=False)


def _look(here: page_parts.Page) -> Looked:
    """The controls, and the text that they ask for."""
    words, now = here["copied"], here.reading
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        source = st.segmented_control(
            words["sources_label"], list(words["sources"]), default="model", required=True, key="memorised-source",
            format_func=lambda name: words["sources"][name], label_visibility="collapsed", wrap=True,
        )  # fmt: skip
        temperature = 0.7
        if source == "model":
            temperature = st.segmented_control(
                words["temperature_label"], TEMPERATURES, default=0.7, required=True, key="memorised-temperature",
                format_func=lambda value: words["temperature"].format(value=f"{value:g}"), label_visibility="collapsed",
                wrap=True,
            )  # fmt: skip
        seed = st.session_state.setdefault(SEED, 0)
        if source != "sentence" and not (source == "model" and temperature == 0):
            st.button(words["another"], key="memorised-another", icon=":material/refresh:", on_click=_another)
    if source == "model":
        prompt, text = computed.written(now.model_id, now.step, now.ids, temperature, seed)
        return Looked(here, source, prompt, text)
    return Looked(here, source, "", now.sentence if source == "sentence" else _example(here, source, seed))


def _another() -> None:
    st.session_state[SEED] += 1


def _example(here: page_parts.Page, source: str, seed: int) -> str:
    """One training text, or one held-out piece; each seed another."""
    known = computed.known(here.reading.model_id)
    if source == "train" and known.bounded:
        return known.search.document((7 + 101 * seed) % len(known.search))
    documents = [known.search.document(0)] if source == "train" else known.val
    pieces = excerpts(documents, EXAMPLE_WORDS, computed.PIECES) or list(documents)
    return pieces[(3 + 7 * seed) % len(pieces)]


def _question(here: page_parts.Page) -> bool:
    """How much of held-out text stands in the training text? Returns whether the answer may be shown.

    Asked about what the model writes at temperature 0.7, whatever the reader looks at just now.
    """
    if st.session_state.get("memorised-held-choice") is None:
        return page_parts.predict(here, "held", None, "")
    now = here.reading
    usual = Looked(here, "model", *computed.written(now.model_id, now.step, now.ids, 0.7, st.session_state[SEED]))
    if not usual.comparable:
        page_parts.predict(here, "held", None, here["held.verdict.short"])
        return True
    column = computed.LEAST.index(LOOK)
    shares, own = usual.held_out[:, column], usual.found.share(LOOK)
    held = float(shares.mean())
    low, high = (float(np.quantile(shares, q)) for q in (0.1, 0.9))
    answer = 0 if held < 0.05 else 1 if held < own - 0.05 else 2
    verdict = "above" if own > high else "below" if own < low else "inside"
    page_parts.predict(
        here, "held", answer, here["held.reveal"] + "\n\n" + here["held.verdict"][verdict],
        held=_percent(held), own=_percent(own), pieces=len(shares), low=_percent(low), high=_percent(high),
    )  # fmt: skip
    return True


def _draw(looked: Looked, known: bool) -> None:
    here, found = looked.page, looked.found
    words, now = here["marked"], here.reading
    search = computed.known(now.model_id).search
    percent = _percent(found.share(LOOK)) if len(found.lengths) else 0
    marked_text(
        found, search.passage, lambda passage: _where(here, passage), words, key="memorised-text",
        run=page_parts.hash_key(repr((now.model_id, now.step, looked.source, found.text))),
        label=words["label"].format(words=len(found.lengths), percent=percent, least=LOOK, longest=found.longest),
        own=words["own"][looked.source], lengths=list(computed.LEAST), least=LOOK, start=len(looked.prompt),
        held_out=looked.held_out.mean(axis=0) if known and looked.comparable else None,
    )  # fmt: skip
    page_parts.provenance(now, here["copied.searched"].format(words=search.words))
    rows = [
        [s.words, s.count, found.text[s.start : s.end], _where(here, search.passage(s.places[0]))] for s in found.stretches
    ]  # fmt: skip
    page_parts.take_away(
        here, "text", header=words["columns"], rows=rows, code=snippets.stretches_code(now, looked.prompt, found)
    )


def _where(here: page_parts.Page, passage: Passage) -> str:
    known = computed.known(here.reading.model_id)
    texts = here["marked.where"]
    if not known.bounded:
        return texts["text"].format(percent=100 * passage.place / max(1, len(known.search.text)))
    name = computed.corpus_of(here.reading.model_id)
    return texts[name if name in texts else "other"].format(number=passage.document + 1, count=len(known.search))


def _curve(looked: Looked) -> None:
    words = looked.page["curve"]
    own = looked.page["marked.own"][looked.source]
    shares = looked.held_out
    line_chart(
        list(computed.LEAST),
        {own: [looked.found.share(n) for n in computed.LEAST], words["held"]: shares.mean(axis=0),
         words["high"]: np.quantile(shares, 0.9, axis=0)},
        key="memorised-curve-chart", label=words["label"], x_title=words["axis"], x_word=words["word"], hint=words["hint"],
        hues=["accent", "key", "soft"], y_range=(0, 1.03), height=240,
    )  # fmt: skip
    page_parts.provenance(looked.page.reading)


def _exam(here: page_parts.Page) -> None:
    """Arithmetic: the share of exact answers to known and to new sums."""
    words, now = here["exam"], here.reading
    with page_parts.card("memorised-exam", words["title"], words["caption"]):
        shares = computed.exam(now.model_id, now.step)
        for column, name, share in zip(st.columns(2), ("train", "val"), shares, strict=True):
            column.metric(words[name], f"{100 * share:.1f} %")
        page_parts.prose(words["help"], count=computed.EXAM)
        trained, new = shares
        page_parts.prose(
            words["poor" if trained < POOR else "rule" if min(shares) > RIGHT and trained - new < APART else "table"]
        )
        page_parts.provenance(now)
        page_parts.take_away(
            here, "exam", header=["part", "exact answers"], rows=[[words["train"], trained], [words["val"], new]],
            code=snippets.exam_code(now, computed.EXAM),
        )  # fmt: skip


def _percent(share: float) -> int:
    return round(100 * share)
