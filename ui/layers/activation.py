"""Activation functions: six curves, with this layer's own numbers of the chosen token on them."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from llm.interpret.activations import FORMULAS, LINEAR, activation_curve
from ui import cached_layers
from ui import page as page_parts
from ui import snippets_layers as snippets
from ui.components.curve import activation_curves
from ui.components.ledger import Line, ledger
from ui.layers.spot import WIDE, Spot, chosen
from ui.numbers import digits

POINTS = 241
LEAST, MOST = 3.0, 12.0  # how far x reaches to both sides


def show(spot: Spot) -> None:
    words, own = spot.page["activation"], spot.now.config.activation
    gated = own == "swiglu"
    before = spot.trace[f"blocks.{spot.layer}.mlp.{'gate' if gated else 'pre'}"][spot.position]  # (F,)
    after = activation_curve(own, before)
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("layers-activation", words["title"]):
        page_parts.prose(words["caption_swiglu" if gated else "caption"], count=len(before))
        _curves(spot, before)
        page_parts.provenance(spot.now)
        _take_away(spot, before, after)
    with right:
        with page_parts.card("layers-activation-numbers", words["numbers"]):
            ledger(_lines(spot, before, after), key="layers-activation-lines")
            st.markdown(f"**{words['formula']}: {words['titles'][own]}**")
            st.latex(FORMULAS[own])
        _bend(spot)


def _curves(spot: Spot, before: np.ndarray) -> None:
    words, own = spot.page["activation"], spot.now.config.activation
    reach = float(np.clip(np.abs(before).max(initial=0.0) * 1.05, LEAST, MOST))
    x = np.linspace(-reach, reach, POINTS, dtype=np.float32)
    curves = {kind: activation_curve(kind, x) for kind in FORMULAS}
    titles = [words["own"].format(title=words["titles"][kind]) if kind == own else words["titles"][kind] for kind in curves]
    activation_curves(
        x, curves, before, key="layers-activation-curves", label=words["label"].format(own=words["titles"][own]), own=own,
        titles=titles, hints=[words["hints"][kind] for kind in curves], axis=words["axis_swiglu" if own == "swiglu" else "axis"],
        names_label=words["names"], reach=(-0.18 * reach, reach),
    )  # fmt: skip


def _lines(spot: Spot, before: np.ndarray, after: np.ndarray) -> list[Line]:
    words = spot.page["activation"]
    low, high = int(before.argmin()), int(before.argmax())
    kept = float(np.abs(after).sum() / max(float(np.abs(before).sum()), 1e-30))
    pairs = [
        (words["below"], str(int((before < 0).sum()))),
        (words["above"], str(int((before > 0).sum()))),
        (words["lowest"], f"{digits(float(before[low]))} → {digits(float(after[low]))}"),
        (words["highest"], f"{digits(float(before[high]))} → {digits(float(after[high]))}"),
    ]
    lines = [Line(((label, ""),), value) for label, value in pairs]
    return [*lines, Line(((words["kept"], ""),), f"{100 * kept:.0f} %", result=True)]


def _bend(spot: Spot) -> None:
    """The question: what happens to the loss without any bend?"""
    now = spot.now
    where = (now.model_id, now.step, now.ids, spot.position)
    whole = cached_layers.outcome(*where, cached_layers.WHOLE)
    if math.isnan(whole.loss):
        return
    key = "bend_sentence" if math.isnan(whole.sample_loss) else "bend"
    if not chosen(key):
        page_parts.predict(spot.page, key, None, "")
        return
    linear = cached_layers.outcome(*where, cached_layers.Change(LINEAR, tuple(range(now.config.n_layers))))
    before, after = whole.loss, linear.loss
    growth = after / max(before, 1e-9) - 1
    option = 0 if growth < 0.05 else 1 if growth <= 0.5 else 2
    vocabulary = now.config.vocab_size
    page_parts.predict(
        spot.page, key, option, spot.page["bend.reveal"],
        before=before, after=after, vocabulary=vocabulary, uniform=math.log(vocabulary),
    )  # fmt: skip


def _take_away(spot: Spot, before: np.ndarray, after: np.ndarray) -> None:
    rows = [[i + 1, float(a), float(b)] for i, (a, b) in enumerate(zip(before, after, strict=True))]
    code = snippets.activation_code(spot.now, spot.position)
    page_parts.take_away(spot.page, "activation", header=["neuron", "before", "after"], rows=rows, code=code)
