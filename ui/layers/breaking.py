"""Now break it: an attention, an MLP or the bend is changed, and the next token and the loss move."""

from __future__ import annotations

import math

import streamlit as st

from llm.interpret.activations import FORMULAS, LINEAR
from llm.interpret.comparison import top_changes
from ui import page as page_parts
from ui import snippets_layers as snippets
from ui.cached_layers import WHOLE, Change, Outcome, outcome
from ui.components.before_after import before_after
from ui.layers.spot import WIDE, Spot, chosen


def show(spot: Spot) -> None:
    words, now = spot.page["break"], spot.now
    with page_parts.break_it(spot.page):
        change = _choose(spot)
        where = (now.model_id, now.step, now.ids, spot.position)
        whole, changed = outcome(*where, WHOLE), outcome(*where, change)
        left, right = st.columns(WIDE, gap="medium")
        with left:
            ids = top_changes(whole.probabilities, changed.probabilities, 8)
            before_after(
                [spot.name(i) for i in ids], whole.probabilities[ids], changed.probabilities[ids], key="layers-break-bars",
                label=words["bars"], names=(words["before"], words["after"]),
            )  # fmt: skip
            if not now.config.causal:
                page_parts.prose(words["masked"])
            page_parts.provenance(now)
            _take_away(spot, change, whole, changed, ids)
        with right:
            _losses(spot, whole, changed)
            _spent(spot, whole)


def _choose(spot: Spot) -> Change:
    words, config = spot.page["break"], spot.now.config
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.segmented_control(
            words["what"], ["mlp", "attention", "bend"], format_func=lambda k: words[k], default="mlp", required=True,
            key="layers-break-what", wrap=True,
        )  # fmt: skip
        every = st.segmented_control(
            words["where"], [False, True], default=False, required=True, key="layers-break-where", wrap=True,
            format_func=lambda everywhere: words["all_layers"] if everywhere else words["one_layer"].format(layer=spot.layer + 1),
        )  # fmt: skip
        if kind == "bend":
            titles = spot.page["activation.titles"]
            others = [LINEAR, *(name for name in FORMULAS if name not in (config.activation, "swiglu"))]
            kind = st.selectbox(words["to"], others, format_func=lambda name: titles[name], key="layers-break-to", width=200)
    return Change(kind, tuple(range(config.n_layers)) if every else (spot.layer,))


def _losses(spot: Spot, whole: Outcome, changed: Outcome) -> None:
    words, vocabulary = spot.page["break"], spot.now.config.vocab_size
    pairs = [
        (words["sentence"], whole.sentence_loss, changed.sentence_loss),
        (words["sample"], whole.sample_loss, changed.sample_loss),
    ]
    said = "loss_help" if spot.now.config.causal else "loss_help_blanks"
    shown = [pair for pair in pairs if not math.isnan(pair[1])]
    for column, (label, before, after) in zip(st.columns(max(1, len(shown))), shown, strict=False):
        delta = f"{after - before:+.2f}"
        column.metric(label, f"{after:.2f}", delta, delta_color="inverse", help=words[said])
    if len(spot.now.ids) == 1:
        page_parts.prose(words["alone"])
    page_parts.prose(words["explain"], vocabulary=vocabulary, uniform=math.log(vocabulary))


def _spent(spot: Spot, whole: Outcome) -> None:
    """The question: does this layer's attention or its MLP matter more?"""
    now = spot.now
    if math.isnan(whole.loss):
        return
    if not chosen("spent"):
        page_parts.predict(spot.page, "spent", None, "")
        return
    where = (now.model_id, now.step, now.ids, spot.position)
    attention, mlp = (outcome(*where, Change(kind, (spot.layer,))).loss for kind in ("attention", "mlp"))
    page_parts.predict(
        spot.page, "spent", 0 if attention > mlp else 1, spot.page["spent.reveal"],
        layer=spot.layer + 1, whole=whole.loss, attention=attention, mlp=mlp,
    )  # fmt: skip


def _take_away(spot: Spot, change: Change, whole: Outcome, changed: Outcome, ids: list[int]) -> None:
    rows = [[spot.name(i), float(whole.probabilities[i]), float(changed.probabilities[i])] for i in ids]
    rows.append(["loss on the sentence", whole.sentence_loss, changed.sentence_loss])
    rows.append(["loss on unseen text", whole.sample_loss, changed.sample_loss])
    code = snippets.break_code(spot.now, spot.position, change)
    page_parts.take_away(spot.page, "break", header=["token", "whole", "changed"], rows=rows, code=code)
