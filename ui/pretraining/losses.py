"""Two losses: what each counts, with the models' real figures, and why they are no race."""

from __future__ import annotations

import math

import streamlit as st

from ui import cached_objectives as computed
from ui import page as page_parts
from ui import snippets_objectives as snippets
from ui.components.before_after import before_after
from ui.numbers import latex
from ui.pretraining.pair import Pair
from ui.state import Reading


def losses_card(pair: Pair) -> None:
    """A table of both models' figures, and the surprise at each token of the sentence."""
    words = pair.page["losses"]
    with page_parts.card("objectives-losses", words["title"], words["caption"]):
        left, right = st.columns(2, gap="large")
        with left:
            page_parts.prose(_table(pair))
            page_parts.prose(words["why"])
        with right:
            page_parts.prose(f"**{words['bars']}**")
            before_after(
                pair.masked.labels, pair.left.surprise, pair.both.surprise, key=f"objectives-surprise-{pair.name}",
                label=words["bars_label"], names=(words["left"], words["both"]),
            )  # fmt: skip
            left_sum, both_sum = float(pair.left.surprise.sum()), float(pair.both.surprise.sum())
            chance = f"${latex(math.exp(-left_sum))}$"
            page_parts.prose(words["sum"], chance=chance, left=left_sum, both=both_sum, count=len(pair.ids))
        st.caption(pair.page["blank.model_of"].format(masked=pair.masked.provenance, causal=pair.causal.provenance))
        surprises = zip(pair.masked.chips, pair.left.surprise, pair.both.surprise, strict=True)
        rows = [[chip.label, float(left), float(both)] for chip, left, both in surprises]
        page_parts.take_away(
            pair.page, "losses", header=["token", words["left"], words["both"]], rows=rows, code=snippets.losses_code(pair)
        )  # fmt: skip


def _table(pair: Pair) -> str:
    """The figures of both models as Markdown; only numbers and the project's own words."""
    words = pair.page["losses"]
    first, second = (_figures(pair, reading) for reading in (pair.causal, pair.masked))
    tokens = f"{computed.held_out_loss(computed.CAUSAL).tokens:,}"
    names = [row.format(tokens=tokens) for row in words["rows"]]
    lines = [f"| {a} | {b} | {c} |" for a, b, c in zip(names, first, second, strict=True)]
    return "\n".join([f"| {' | '.join(words['heads'])} |", "|-|-|-|", *lines])


def _figures(pair: Pair, reading: Reading) -> list[str]:
    words, loss, meta = pair.page["losses"], computed.held_out_loss(reading.model_id), reading.info.meta
    return [
        *words["causal" if reading.config.causal else "masked"],
        f"{loss.tokens:,}",
        f"**{loss.mean:.3f}**",
        f"{math.exp(loss.mean):.2f}",
        f"{meta['bits_per_byte']:.3f}" if reading.config.causal else words["no_bits"],
        f"{math.log(reading.config.vocab_size):.2f}",
        f"{meta['steps']:,}",
        f"{_asked_in_training(reading):,}",
    ]


def _asked_in_training(reading: Reading) -> int:
    """How many predictions the model was corrected by: every token that it read, or the hidden part of them."""
    tokens, context = int(reading.info.meta["tokens"]), reading.config.context_length
    if reading.config.causal:
        return tokens
    fraction = computed.mask_fraction(reading.model_id)
    return tokens // context * max(1, round(fraction * context))
