"""The architecture map: the whole model as one picture, true to the loaded configuration."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from llm.config import ModelConfig
from ui.components.core import renderer


def _count(*shape: int, bias: int = 0) -> int:
    return prod(shape) + bias


def parts(config: ModelConfig, n_tokens: int, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The boxes from bottom of the story to its end, with shapes for ``n_tokens`` and the number of weights of each."""
    c, width = config, f"{n_tokens} × {config.d_model}"
    one = 1 if c.bias else 0
    norm_size = c.d_model * (2 if c.bias and c.norm == "layernorm" else 1)
    norm = {"title": words.get(c.norm, ""), "weights": norm_size, "page": "Layers"}
    joins = {"adds": True} if c.residual else {"replaces": True}
    matrices = 3 if c.activation == "swiglu" else 2
    mlp_bias = one * ((matrices - 1) * c.mlp_width + c.d_model)
    attention = {
        "title": words["attention"],
        "detail": f"{c.n_heads} heads of {c.d_head}, {words['causal'] if c.causal else words['bidirectional']}",
        "weights": _count(4, c.d_model, c.d_model, bias=one * 4 * c.d_model),
        "shape": width,
        "page": "Attention",
        **joins,
        "colour": "query",
    }
    mlp = {
        "title": words["mlp"],
        "detail": f"{c.d_model} → {c.mlp_width:,} → {c.d_model}, {c.activation}",
        "weights": _count(matrices, c.d_model, c.mlp_width, bias=mlp_bias),
        "shape": width,
        "page": "Layers",
        **joins,
        "colour": "value",
    }
    pre = c.norm_position == "pre" and c.norm != "none"
    reading = {**norm, "reads": True, "onwards": True}
    after = [{**norm, "replaces": True}] if c.norm != "none" else []
    block = [reading, attention, reading, mlp] if pre else [{**attention, "reads": True}, *after, {**mlp, "reads": True}, *after]
    position = {"title": words["positions"], "detail": words[f"position_{c.position}"], "shape": width, "page": "Positions"}
    position["enters"] = c.position in ("learned", "sinusoidal")
    if c.position == "learned":
        position["weights"] = _count(c.context_length, c.d_model)
    head = {"title": words["unembedding"], "shape": f"{n_tokens} × {c.vocab_size:,}", "page": "Decoding", "onwards": True}
    head |= {"detail": words["tied"]} if c.tie_embeddings else {"weights": _count(c.vocab_size, c.d_model)}
    whole = [
        {"title": words["tokens"], "shape": f"{n_tokens}", "page": "Tokenization", "onwards": True},
        {
            "title": words["embedding"],
            "weights": _count(c.vocab_size, c.d_model),
            "shape": width,
            "page": "Embeddings",
            "enters": True,
        },
        position,
        {"kind": "block-start", "title": words["block"].format(n=c.n_layers)},
        *block,
        {"kind": "block-end"},
        *([{**reading, "leaves": True}] if pre else []),
        head if pre else {**head, "reads": True, "leaves": True},
        {"title": words["softmax"], "detail": words["softmax_detail"], "shape": f"{c.vocab_size:,}", "page": "Decoding"},
    ]
    return [
        {**part, **({"weights": words["count"].format(n=f"{part['weights']:,}")} if "weights" in part else {})} for part in whole
    ]


def architecture_map(config: ModelConfig, n_tokens: int, words: Mapping[str, str], *, key: str) -> None:
    """Draw the map; each part leads to its page."""
    renderer("map")(data={"parts": parts(config, n_tokens, words), "label": words["label"], "name": key}, key=key)
