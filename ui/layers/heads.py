"""Heads joined: their numbers side by side, through one matrix, into what attention adds."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import cached_layers
from ui import page as page_parts
from ui import snippets_layers as snippets
from ui.components.joined import heads_joined
from ui.components.signed import Bar, running, signed_bars
from ui.layers.spot import WIDE, Spot, norm
from ui.numbers import digits
from ui.origin import view as origin


def show(spot: Spot) -> None:
    words, config = spot.page["heads"], spot.now.config
    z = spot.trace[f"blocks.{spot.layer}.attn.z"][:, spot.position]  # (H, D)
    by_head = spot.trace[f"blocks.{spot.layer}.attn.head_out"][:, spot.position]  # (H, C)
    matrix, bias = cached_layers.output_projection(spot.now.model_id, spot.now.step, spot.layer)
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("layers-joined", words["title"]):
        page_parts.prose(words["caption"], size=config.d_head)
        names = {name: words[name] for name in ("all", "z", "matrix", "mine", "out", "bias")}
        heads_joined(
            z, matrix, by_head, bias, key="layers-joined-picture", label=words["label"], names=names,
            heads=[words["head"].format(head=i + 1) for i in range(config.n_heads)], words=_words(spot, by_head, bias),
        )  # fmt: skip
        if config.n_heads == 1:
            page_parts.prose(words["one"])
        page_parts.provenance(spot.now)
        _take_away(spot, z, by_head, bias)
    with left:
        _mix(spot, by_head)
    with right:
        with page_parts.card("layers-shares", words["shares"], words["shares_caption"]):
            _shares(spot, by_head, bias)
            st.latex(words["formula_with_bias" if config.bias else "formula"] % config.n_heads)
        with page_parts.card("layers-joined-where"):
            strongest = int(np.abs(by_head.sum(axis=0) + bias).argmax())
            origin.show(spot.now, f"blocks.{spot.layer}.attn.out", (spot.position, strongest), key="layers-joined-where")


def _words(spot: Spot, by_head: np.ndarray, bias: np.ndarray) -> list[str]:
    words, size = spot.page["heads"], spot.now.config.d_head
    total = digits(norm(by_head.sum(axis=0) + bias))
    return [words["words_all"].format(total=total)] + [
        words["words"].format(
            head=i + 1, size=size, first=i * size, last=(i + 1) * size - 1, added=digits(norm(row)), total=total
        )
        for i, row in enumerate(by_head)
    ]


def _shares(spot: Spot, by_head: np.ndarray, bias: np.ndarray) -> None:
    words = spot.page["heads"]
    total = by_head.sum(axis=0).astype(np.float64) + bias
    squared = max(float(total @ total), 1e-30)
    bars = [Bar(words["head"].format(head=i + 1), 100 * float(row @ total) / squared) for i, row in enumerate(by_head)]
    if np.any(bias):
        bars.append(Bar(words["bias"], 100 * float(bias @ total) / squared))
    signed_bars(running(bars, words["total"]), key="layers-shares-bars", label=words["shares_label"])


def _mix(spot: Spot, by_head: np.ndarray) -> None:
    """The question: which channels can the first head change?"""
    sizes = np.abs(by_head[0])
    changed = int((sizes > 0.01 * max(float(sizes.max()), 1e-30)).sum())
    page_parts.predict(spot.page, "mix", 1, spot.page["mix.reveal"], width=spot.now.config.d_model, changed=changed)


def _take_away(spot: Spot, z: np.ndarray, by_head: np.ndarray, bias: np.ndarray) -> None:
    out = by_head.sum(axis=0) + bias
    rows = [[c, float(z.reshape(-1)[c]), *map(float, by_head[:, c]), float(bias[c]), float(out[c])] for c in range(len(bias))]
    header = ["channel", "heads side by side", *(f"head {i + 1} adds" for i in range(len(by_head))), "bias", "attention adds"]
    page_parts.take_away(spot.page, "heads", header=header, rows=rows, code=snippets.heads_code(spot.now, spot.position))
