"""What Home computes: one continuation of the sentence, and the parts of the model for the map."""

from __future__ import annotations

import streamlit as st

from llm.config import SamplingConfig
from llm.decoding import generate
from ui import cached
from ui.components.story import Written
from ui.tokens import chips, token_label

TOKENS = 80
TEMPERATURE, TOP_K = 0.7, 40
CANDIDATES = 8


@st.cache_resource(show_spinner=False, max_entries=64)
def continuation(model_id: str, step: int | None, ids: tuple[int, ...], seed: int) -> tuple[Written, ...]:
    """Up to ``TOKENS`` tokens after ``ids``, drawn at temperature 0.7 from the 40 best, with each step's candidates."""
    opened = cached.checkpoint(model_id, step)
    tokenizer = opened.tokenizer
    stop = tokenizer.special.get("<|end|>")
    sampling = SamplingConfig(temperature=TEMPERATURE, top_k=min(TOP_K, opened.config.vocab_size), seed=seed)
    steps = list(generate(opened.model, list(ids), sampling, TOKENS, stop_ids=() if stop is None else (stop,)))
    written = []
    for chip, made in zip(chips(tokenizer, [s.token_id for s in steps]), steps, strict=True):
        best = made.probabilities.argsort()[::-1][:CANDIDATES]
        shown = token_label(tokenizer, made.token_id)
        written.append(
            Written(
                text=""
                if chip.position != chip.group or made.token_id == stop
                else chip.text.replace("·", " ").replace("⏎", "\n"),
                shown=shown,
                probability=float(made.probabilities[made.token_id]),
                candidates=tuple((token_label(tokenizer, int(i)), float(made.probabilities[i])) for i in best),
            )
        )
    return tuple(written)
