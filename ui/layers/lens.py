"""The lens: the most probable token after each layer, for every token of the sentence."""

from __future__ import annotations

import numpy as np
import streamlit as st

from llm.interpret.lens import LensTop
from ui import cached_layers
from ui import page as page_parts
from ui import snippets_layers as snippets
from ui.components.lens import LensCell, lens_table
from ui.components.signed import Bar, signed_bars
from ui.layers.spot import WIDE, Spot, go_to_layer
from ui.numbers import digits
from ui.origin import view as origin

SAID = 3


def show(spot: Spot) -> None:
    words, top = spot.page["lens"], cached_layers.lens(spot.now)
    columns = [words["start"], *(words["layer"].format(layer=i + 1) for i in range(spot.now.config.n_layers))]
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("layers-lens", words["title"], words["caption"]):
        follows = [*spot.now.labels[1:], "?"] if spot.now.config.causal else []
        lens_table(
            _cells(spot, top), spot.now.labels, columns, key="layers-lens-table", label=words["label"], picked=spot.position,
            stage=spot.layer + 1, on_stage=_to_stage,
            key_colour=words["colour"], key_frame=words["frame"],
            brief=[words["start"], *map(str, range(1, len(columns)))], next_tokens=follows, next_head=words["next"],
            sentence=spot.now.scope,
        )  # fmt: skip
        page_parts.provenance(spot.now)
        _take_away(spot, top, columns)
    with left:
        _ask(spot, top)
        _settled(spot, top, columns)
    with right:
        _made(spot, top)


def _ask(spot: Spot, top: LensTop) -> None:
    same, count = int((top.ids[1, :, 0] == top.ids[-1, :, 0]).sum()), len(spot.now.ids)
    option = 0 if same == 0 else 3 if same == count else 1 if same < count / 2 else 2
    page_parts.predict(spot.page, "early", option, spot.page["early.reveal"], same=same, count=count)


def _settled(spot: Spot, top: LensTop, columns: list[str]) -> None:
    words, config = spot.page["lens"], spot.now.config
    with page_parts.card("layers-settled", words["settled"], words["settled_caption"]):
        bars = [Bar(c, float(n)) for c, n in zip(columns, settled(top.ids[:, :, 0]), strict=True)]
        signed_bars(bars, key="layers-settled-bars", label=words["settled_label"], plus=False, limit=float(len(spot.now.ids)))
        page_parts.prose(words["how"])
        last_norm = config.norm_position == "pre" and config.norm != "none"
        read = r"\operatorname{norm}(x_\ell)" if last_norm else r"x_\ell"
        st.latex(rf"\text{{logits after layer }} \ell = W_U \cdot {read}")


def _made(spot: Spot, top: LensTop) -> None:
    """What made the guess after the layer on the bench: that of a model which ends there."""
    words, depth = spot.page["lens"], spot.layer + 1
    guess, chance = int(top.ids[depth, spot.position, 0]), float(top.probabilities[depth, spot.position, 0])
    with page_parts.card("layers-lens-made", words["made"].format(layer=depth), words["made_caption"]):
        origin.show(spot.now, "logits", (spot.position, guess), key="layers-lens-made", n_layers=depth)
        scores = spot.now.trace(n_layers=depth)["logits"][spot.position].astype(np.float64)
        total = float(np.exp(scores - scores[guess]).sum())
        page_parts.prose(words["made_chance"], count=f"{len(scores):,}", total=digits(total), chance=digits(chance))


def _to_stage(stage: int) -> None:
    """Put the bench on the layer that a stage comes after; before the first one nothing is computed that could be opened."""
    if stage > 0:
        go_to_layer(stage - 1)


def settled(on_top: np.ndarray) -> list[int]:
    """For each stage, how many tokens have their final answer on top from there on; ``on_top`` is (S, T) ids."""
    same = on_top == on_top[-1]  # (S, T)
    from_here = np.flip(np.logical_and.accumulate(np.flip(same, 0), axis=0), 0)
    first = from_here.argmax(axis=0)  # (T,) the first stage from which all are the same
    return [int((first == stage).sum()) for stage in range(len(on_top))]


def _cells(spot: Spot, top: LensTop) -> list[list[LensCell]]:
    return [[_cell(spot, top, stage, t) for stage in range(len(top.points))] for t in range(len(spot.now.ids))]


def _cell(spot: Spot, top: LensTop, stage: int, t: int) -> LensCell:
    words = spot.page["lens"]
    ids, chances = top.ids[stage, t], top.probabilities[stage, t]
    answer = top.ids[-1, t, 0]
    said = words["words"].format(
        token=spot.now.labels[t],
        stage=words["stage_start"] if stage == 0 else words["stage_layer"].format(layer=stage),
        guesses=spot.guesses(ids[:SAID], chances[:SAID]),
        answer=spot.name(answer),
        followed=digits(float(top.followed[stage, t])),
    )
    return LensCell(spot.name(ids[0]), float(chances[0]), bool(ids[0] == answer), said)


def _take_away(spot: Spot, top: LensTop, columns: list[str]) -> None:
    rows = [
        [label, column, spot.name(top.ids[s, t, 0]), float(top.probabilities[s, t, 0]), float(top.followed[s, t])]
        for t, label in enumerate(spot.now.labels)
        for s, column in enumerate(columns)
    ]
    header = ["token", "stage", "most probable", "probability", "probability of the final answer"]
    page_parts.take_away(spot.page, "lens", header=header, rows=rows, code=snippets.lens_code(spot.now))
