"""The architecture map: the whole model as one picture, true to the loaded configuration, that opens in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from llm.architecture import Part, architecture
from llm.config import ModelConfig
from ui.components.core import renderer

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
ONWARDS = ("tokens", "unembedding", "final_norm")  # what hands its result to the next box and not to the stream


@dataclass(frozen=True)
class Stop:
    """A token's vector on its way: behind ``part`` ("start", "attention", "mlp" or "end") of a layer counted from 0.

    ``guesses`` are the most probable tokens there, with their probabilities.
    """

    part: str
    layer: int
    size: str
    added: str
    guesses: tuple[tuple[str, float], ...]


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
    n_tokens: int,
    words: Mapping[str, Any],
    *,
    key: str,
    way: Sequence[Stop] = (),
    tokens: Sequence[str] = (),
    token: int = 0,
    on_token: Callable[[int], None] | None = None,
) -> None:
    """Draw the map. A box opens in place, Escape closes it, and each leads to its page.

    Args:
        words: ``assets/text/en/home.toml``'s table ``map``.
        way: the stops of the chosen token, to be played on request.
        tokens: the sentence's labels; ``token`` is the chosen one's place.
        on_token: called with another token that the reader chooses.
    """
    tree = architecture(config, n_tokens)
    texts = {name: value for name, value in words.items() if name not in ("parts", "texts", "title", "text")}
    data = {
        "tree": drawn(tree, words, tied=config.tie_embeddings),
        "total": tree.weights,
        "layers": config.n_layers,
        "residual": config.residual,
        "words": texts,
        "way": [asdict(stop) for stop in way],
        "tokens": list(tokens),
        "token": token,
        "name": key,
    }

    def chosen() -> None:
        asked = (st.session_state.get(key) or {}).get("token")
        if on_token is not None and isinstance(asked, int) and 0 <= asked < len(tokens):
            on_token(asked)

    renderer("map")(data=data, key=key, on_token_change=chosen)
