"""The architecture map: the whole model as one picture, true to the loaded configuration, that opens in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from llm.architecture import Part, architecture
from llm.config import ModelConfig
from ui.components.core import linked, pack, renderer

PAGES = {
    "tokens": "Tokenization",
    "embedding": "Embeddings",
    "positions": "Positions",
    "attention": "Attention",
    "unembedding": "Decoding",
    "softmax": "Decoding",
}
HUES = {"attention": "query", "q": "query", "k": "key", "v": "value", "z": "value", "mlp": "value"}
SIDE_BY_SIDE = (("q", "k", "v"), ("gate", "up"))  # rows whose parts are made at once, not one after the other
HEADED = (
    "attention",
    "q",
    "k",
    "v",
    "qk_norm",
    "rope",
    "scores",
    "alibi",
    "mask",
    "no_mask",
    "weights",
    "z",
)  # one for each head
ONWARDS = ("tokens", "unembedding", "final_norm")  # what hands its result to the next box and not to the stream


@dataclass(frozen=True)
class Way:
    """Every token's vector on its way: at the start, behind each attention and each MLP (S stations).

    ``size`` and ``added`` are (T, S) lengths, of the stream and of what joined; ``ids`` and ``probabilities`` (T, S, k) the most
    probable tokens there (NaN: not read).
    """

    size: np.ndarray
    added: np.ndarray
    ids: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class Press:
    """A part whose page is asked for: the page's title, the part's name, and its layer and head counted from 0."""

    page: str
    part: str
    layer: int | None = None
    head: int | None = None


def drawn(part: Part, words: Mapping[str, Any], page: str = "Layers", tied: bool = False) -> dict[str, Any]:
    """A part with everything inside as the component draws it: texts, shapes, counts, and how it meets the stream."""
    page = PAGES.get(part.name, page)
    texts = words["parts"].get(part.name, {"title": words["whole"], "says": ""})
    uses = {name: words["texts"].get(value, value) if isinstance(value, str) else f"{value:,}" for name, value in part.uses}
    says = texts["says"].format(**uses)
    if part.name == "unembedding" and tied:
        says = f"{says} {words['texts']['tied']}"
    return {
        "id": part.name,
        "title": texts["title"].format(**uses),
        "says": says,
        "shape": " × ".join(f"{size:,}" for size in part.shape),
        "weights": part.weights // part.times,
        "made": " + ".join(" × ".join(f"{size:,}" for size in shape) for shape in part.matrices),
        "times": part.times,
        "page": page,
        "headed": part.name in HEADED,
        "hue": HUES.get(part.name, ""),
        "enters": part.enters,
        "reads": part.reads,
        "adds": part.adds,
        "replaces": part.replaces,
        "leaves": part.leaves,
        "onwards": part.name in ONWARDS or (part.name in ("norm1", "norm2") and part.reads),
        "rows": [[drawn(inner, words, page, tied) for inner in row] for row in part.parts],
        "together": [tuple(inner.name for inner in row) in SIDE_BY_SIDE for row in part.parts],
    }


def architecture_map(
    config: ModelConfig,
    tokens: Sequence[str],
    way: Way,
    names: Mapping[int, str],
    words: Mapping[str, Any],
    *,
    key: str,
    token: int,
    layer: int = 0,
    sentence: str,
    on_go: Callable[[Press], None],
) -> None:
    """Draw the map. A box opens in place, Escape closes it, and each leads to its page.

    Args:
        tokens: the sentence's labels; ``token`` is the place of the one whose way is shown where no other is pointed at.
        layer: the one that is drawn at first, counted from 0.
        way: every token's way; ``names`` are the labels of its guesses.
        words: ``assets/text/en/home.toml``'s table ``map``.
        sentence: whose tokens these are (``Reading.scope``).
        on_go: called with what was pressed; when the page has run with what this changed, the browser opens the part's page.
    """
    tree = architecture(config, len(tokens))
    texts = {name: value for name, value in words.items() if name not in ("parts", "texts", "title", "text")}
    header = {
        "tree": drawn(tree, words, tied=config.tie_embeddings),
        "total": tree.weights,
        "layers": config.n_layers,
        "layer": layer,
        "heads": config.n_heads,
        "residual": config.residual,
        "words": texts,
        "names": {str(entry): name for entry, name in names.items()},
        "tokens": list(tokens),
        "token": token,
        "leave": st.session_state.pop(f"{key}-leave", ""),
        **linked(sentence),
    }

    def went() -> None:
        if press := pressed((st.session_state.get(key) or {}).get("go"), tree, config):
            on_go(press)
            st.session_state[f"{key}-leave"] = press.page

    arrays = {"size": way.size, "added": way.added, "ids": way.ids, "probabilities": way.probabilities}
    renderer("map")(data=pack(header, **arrays), key=key, on_go_change=went)


def pressed(asked: Any, tree: Part, config: ModelConfig) -> Press | None:
    """What a browser reports, checked like anything typed."""
    names = {part.name for part in tree.walk()}
    if (
        not isinstance(asked, Mapping)
        or not isinstance(asked.get("part"), str)
        or asked["part"] not in names
        or not isinstance(asked.get("page"), str)
    ):
        return None

    def below(name: str, limit: int) -> int | None:
        value = asked.get(name)
        return value if isinstance(value, int) and 0 <= value < limit else None

    return Press(asked["page"], asked["part"], below("layer", config.n_layers), below("head", config.n_heads))
