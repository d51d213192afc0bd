"""The architecture map of the model on the bench: one token's way through it, and the way from each part to its page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import page as page_parts
from ui.attention import address as attention
from ui.cached_layers import ways
from ui.components.map import Press, Way, architecture_map
from ui.state import HEAD, LAYER, Reading
from ui.text import load
from ui.tokens import token_label

SHOWN = 3  # guesses at each stop
# Where on its page a part is: a view of Layers or Decoding, a step of Attention.
VIEWS = {
    **dict.fromkeys(("norm1", "norm2", "final_norm", "mean", "spread", "scale", "shift", "embedding_norm"), "norm"),
    **dict.fromkeys(("mlp", "gate", "up", "down"), "neurons"),
    "activation": "activation",
    "out": "heads",
    "block": "road",
    "smear": "road",
}
STEPS = {"q": "q", "k": "k", "v": "v", "scores": "scaled", "alibi": "bias", "mask": "mask", "weights": "softmax", "z": "values"}


def show(now: Reading, position: int, *, key: str, layer: int = 0) -> None:
    """Draw the map; ``position`` is the token whose way is shown where the reader points at no other, ``layer`` the one drawn."""
    found = ways(now, position)
    kept = Way(found.size, found.added, found.ids[:, :, :SHOWN], found.probabilities[:, :, :SHOWN])
    names = {int(token): token_label(now.tokenizer, int(token)) for token in np.unique(kept.ids)}
    architecture_map(
        now.config, now.labels, kept, names, load("home")["map"], key=key, token=position, layer=layer, sentence=now.scope,
        on_go=follow,
    )  # fmt: skip


def follow(press: Press) -> None:
    """Before the page of a part opens: its layer and head on the bench, and the view that shows it."""
    if press.layer is not None:
        st.session_state[LAYER] = press.layer + 1
    if press.head is not None:
        st.session_state[HEAD] = press.head + 1
    if press.page == "Layers":
        page_parts.put_view("layers", VIEWS.get(press.part, "road"), "part")
    if press.page == "Attention":
        attention.put(attention.Shown(step=STEPS.get(press.part)))
