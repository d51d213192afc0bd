"""Continuing a sentence: the causal model as it was trained, and the masked one given blank after blank."""

from __future__ import annotations

import math

import streamlit as st

from ui import cached_objectives as computed
from ui import page as page_parts
from ui import snippets_objectives as snippets
from ui.components.textline import textline
from ui.pretraining.pair import Pair
from ui.state import Reading
from ui.text import plain
from ui.tokens import chips

SEED = "objectives-seed"
ABOUT = 0.25  # nats per token within which two texts are called alike


def continue_card(pair: Pair) -> None:
    """Both continuations with what the causal model makes of them; the masked one's figure waits for the reader's guess."""
    words = pair.page["continue"]
    seed = st.session_state.setdefault(SEED, 0)
    made = {model: computed.continued(model, pair.ids, seed) for model in (computed.CAUSAL, computed.MASKED)}
    with page_parts.card("objectives-continue", words["title"], words["caption"]):
        known = _question(pair, made)
        blind = math.log(pair.causal.config.vocab_size)
        deepest = max([blind, *(float(s) for one in made.values() for s in one.surprises)])  # one scale of colour for both texts
        left, right = st.columns(2, gap="large")
        for column, reading in ((left, pair.causal), (right, pair.masked)):
            with column:
                name = "causal" if reading.config.causal else "masked"
                st.markdown(f"**{words[name]}**")
                _text(pair, reading, name, made[reading.model_id], deepest, known)
        st.button(words["another"], key="objectives-another", icon=":material/refresh:", on_click=_another)
        drawn = words["drawn"].format(temperature=f"{computed.TEMPERATURE:g}", count=computed.TOKENS)
        models = pair.page["blank.model_of"].format(masked=pair.masked.provenance, causal=pair.causal.provenance)
        st.caption(f"{models} · {drawn}")
        rows = [
            [model, pair.label(i), float(s)] for model, one in made.items() for i, s in zip(one.ids, one.surprises, strict=True)
        ]
        header = ["model", "token", "the causal model's surprise"]
        page_parts.take_away(pair.page, "continue", header=header, rows=rows, code=snippets.continue_code(pair, seed))


def _another() -> None:
    st.session_state[SEED] += 1


def _question(pair: Pair, made: dict[str, computed.Continued]) -> bool:
    causal, masked = made[computed.CAUSAL].mean, made[computed.MASKED].mean
    if math.isnan(causal) or math.isnan(masked):
        page_parts.prose(pair.page["goes_on.short"])
        return True
    option = 0 if masked < causal - ABOUT else 1 if masked < causal + ABOUT else 2
    return page_parts.predict(pair.page, "goes_on", option, pair.page["goes_on.reveal"], masked=masked, causal=causal)


def _text(pair: Pair, reading: Reading, name: str, made: computed.Continued, deepest: float, known: bool) -> None:
    words = pair.page["continue"]
    if not made.ids:
        page_parts.prose(words["empty"])
        return
    added = reading.tokenizer.decode([*pair.ids, *made.ids])[len(reading.tokenizer.decode(pair.ids)) :]
    with st.container(key=f"objectives-text-{name}"):
        st.markdown(f":gray[{_one_line(reading.sentence)}]{_one_line(added)}")
    nats = [float(s) for s in made.surprises]
    textline(
        chips(reading.tokenizer, made.ids), [s / deepest for s in nats], [f"{s:.1f}" for s in nats],
        [f"{s:.2f} nats" for s in nats], key=f"objectives-continued-{name}", label=words[name], hint=words["hint"],
    )  # fmt: skip
    if known:
        page_parts.prose(words["judged"], mean=made.mean)


def _one_line(text: str) -> str:
    """A text inside Markdown, its line ends as spaces."""
    return plain(" ".join(text.splitlines()) if "\n" in text else text)
