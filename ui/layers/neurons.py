"""Neurons: the strongest of this layer at the chosen token, where each fires in a text, and what it raises and lowers."""

from __future__ import annotations

import numpy as np
import streamlit as st

from llm.interpret.attribution import neuron_attribution
from ui import cached_layers, ways
from ui import page as page_parts
from ui import snippets_layers as snippets
from ui.components.contexts import contexts
from ui.components.signed import Bar, signed_bars
from ui.layers.spot import Spot, asked
from ui.numbers import digits
from ui.origin import view as origin

LISTED = 12


def show(spot: Spot) -> None:
    now, width = spot.now, spot.now.config.mlp_width
    post = spot.trace[_point(spot)][spot.position]  # (F,)
    effects, _ = neuron_attribution(now.model, spot.trace, spot.layer, spot.answer, spot.position)  # (F,)
    left, right = st.columns([1, 1.25], gap="medium")
    with left:
        with page_parts.card("layers-neurons", spot.page["neurons.title"]):
            page_parts.prose(spot.page["neurons.caption"], width=width)
            _follow(spot)
            listed = _listed(spot, post, effects)
            neuron = _chosen(spot, listed)
            _bars(spot, post, effects, listed, neuron)
            page_parts.provenance(now)
            _take_away(spot, post, effects, neuron)
        active = int((post > 0).sum())
        share = active / width
        option = 0 if share < 0.1 else 1 if share < 1 / 3 else 2 if share < 2 / 3 else 3
        reveal = spot.page["active.reveal"]
        page_parts.predict(spot.page, "active", option, reveal, active=active, width=width, percent=100 * share)
        _raises(spot, neuron)
    with right:
        _detail(spot, neuron)
        with page_parts.card("layers-neuron-made"):
            mine = neuron != int(np.abs(post).argmax())  # the strongest needs no link
            origin.show(now, _point(spot), (spot.position, neuron), key="layers-neuron", whole=mine)


def _point(spot: Spot) -> str:
    return f"blocks.{spot.layer}.mlp.post"


def _follow(spot: Spot) -> None:
    """Choose the neuron of a link; the strongest where Back leads to a link without one."""
    if ways.asked() is not None:
        cell = asked(spot)
        st.session_state[_number_key(spot)] = cell[1][-1] + 1 if cell and cell[0] == _point(spot) else None


def _listed(spot: Spot, post: np.ndarray, effects: np.ndarray) -> list[int]:
    """The strongest neurons, by the reader's order."""
    words = spot.page["neurons"]
    sort = st.segmented_control(
        words["sort"], ["activation", "effect"], format_func=lambda o: words[f"sort_{o}"], default="activation",
        required=True, key="layers-neuron-sort", persist_state="session",
    )  # fmt: skip
    strength = np.abs(effects if sort == "effect" else post)
    return [int(i) for i in np.argsort(-strength, kind="stable")[:LISTED]]


def _number_key(spot: Spot) -> str:
    """Where this layer's chosen neuron is kept, counted from 1; None or nothing: the strongest."""
    return f"layers-neuron-{spot.now.model_id}-{spot.layer}"


def _chosen(spot: Spot, listed: list[int]) -> int:
    number, width = st.session_state.get(_number_key(spot)), spot.now.config.mlp_width
    return number - 1 if isinstance(number, int) and 1 <= number <= width else listed[0]


def _bars(spot: Spot, post: np.ndarray, effects: np.ndarray, listed: list[int], neuron: int) -> None:
    words = spot.page["neurons"]
    by_effect = st.session_state.get("layers-neuron-sort") == "effect"
    bars = [
        Bar(
            words["name"].format(neuron=i + 1),
            float(effects[i] if by_effect else post[i]),
            words["words"].format(
                neuron=i + 1, value=digits(float(post[i])), effect=digits(float(effects[i])), token=spot.name(spot.answer)
            ),
        )
        for i in listed
    ]
    signed_bars(
        bars, key="layers-neuron-bars", label=words["list"], plus=by_effect,
        picked=listed.index(neuron) if neuron in listed else None, on_pick=lambda row: _pick(spot, listed[row]),
    )  # fmt: skip


def _pick(spot: Spot, neuron: int) -> None:
    ways.pressed()
    st.session_state[_number_key(spot)] = neuron + 1


def _detail(spot: Spot, neuron: int) -> None:
    words, now = spot.page["neurons"], spot.now
    where = (now.model_id, now.step, spot.layer)
    with page_parts.card("layers-neuron", words["detail"].format(neuron=neuron + 1, layer=spot.layer + 1)):
        st.number_input(
            words["number"], 1, now.config.mlp_width, value=None, key=_number_key(spot), placeholder=str(neuron + 1),
            help=words["number_help"], on_change=ways.pressed, persist_state="session",
        )  # fmt: skip
        sample = cached_layers.sample(now.model_id)
        with st.spinner(words["working"].format(tokens=sample.tokens)):
            firing = cached_layers.firing(*where)
            places = cached_layers.places(*where, neuron)
        st.markdown(f"**{words['fires']}**")
        text = words["fires_own" if sample.own else "fires_other"]
        page_parts.prose(text, tokens=firing.tokens, percent=100 * float(firing.active[neuron]))
        peak = float(firing.values[neuron].max())
        if peak <= 0:
            page_parts.prose(words["silent"])
        contexts(places, key="layers-neuron-places", label=words["fires_label"], limit=max(peak, 1e-6))


def _raises(spot: Spot, neuron: int) -> None:
    words, now = spot.page["neurons"], spot.now
    with page_parts.card("layers-neuron-raises", words["raises"].format(neuron=neuron + 1), words["raises_caption"]):
        effect = cached_layers.effect(now.model_id, now.step, spot.layer, neuron)
        signed_bars(_effect_bars(spot, effect), key="layers-neuron-effect", label=words["raises_label"])


def _effect_bars(spot: Spot, effect: cached_layers.LogitEffect) -> list[Bar]:
    """The most raised first, the most lowered last; a small vocabulary may not have as many of each."""
    half = min(6, len(effect.raised) // 2 or 1)
    up = [Bar(spot.name(i), float(v)) for i, v in zip(effect.raised[:half], effect.raised_by[:half], strict=True)]
    down = [Bar(spot.name(i), float(v)) for i, v in zip(effect.lowered[:half], effect.lowered_by[:half], strict=True)]
    return up + down[::-1]


def _take_away(spot: Spot, post: np.ndarray, effects: np.ndarray, neuron: int) -> None:
    rows = [[i + 1, float(a), float(b)] for i, (a, b) in enumerate(zip(post, effects, strict=True))]
    header = ["neuron", "activation", "adds to the score"]
    code = snippets.neurons_code(spot.now, spot.position, neuron)
    page_parts.take_away(spot.page, "neurons", header=header, rows=rows, code=code)
