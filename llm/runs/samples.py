"""What the model makes of one sentence while it trains: a continuation, the next token's probabilities, its attention."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from llm.config import SamplingConfig
from llm.decoding import generate
from llm.model import Transformer
from llm.tokenizers import MASK, Tokenizer
from llm.trace import trace

BLANK = "___"  # where a masked model is to fill in
SAMPLING = SamplingConfig(temperature=0.8, seed=0)
NEW_TOKENS = 48
SHOWN_TOKENS = 24  # of the prompt, the last ones: L x H pictures of T x T have to stay small
NEXT = 8
LARGEST_PATTERNS = 64 * 2**10  # bytes


@dataclass(frozen=True)
class Prompt:
    """The ids that a sample starts from; ``blank`` is the place of ``[MASK]``, for a model that fills blanks."""

    text: str
    ids: tuple[int, ...]
    blank: int | None = None


def make_sample(model: Transformer, tokenizer: Tokenizer, text: str) -> dict[str, Any] | None:
    """One line of ``samples.jsonl`` without step and time; None for a prompt without tokens.

    It draws from a generator of its own, so training goes on as if nobody had looked.
    """
    prompt = read_prompt(model, tokenizer, text)
    if prompt is None:
        return None
    points = [f"blocks.{i}.attn.pattern" for i in range(model.config.n_layers)]
    found = trace(model, list(prompt.ids), names=[*points, "logits"])
    place = len(prompt.ids) - 1 if prompt.blank is None else prompt.blank
    logits = torch.from_numpy(np.array(found["logits"][place], dtype=np.float32))  # (V,)
    patterns = np.stack([found[point] for point in points])  # (L, H, T, T)
    return {
        "prompt": text,
        "text": _filled(tokenizer, prompt, logits) if prompt.blank is not None else _continued(model, tokenizer, prompt),
        "next": _likeliest(tokenizer, logits),
        "tokens": [tokenizer.token_text(i) for i in prompt.ids],
        "blank": prompt.blank,
        **_packed(patterns),
    }


def read_prompt(model: Transformer, tokenizer: Tokenizer, text: str) -> Prompt | None:
    """The last tokens of the text that fit; for a masked model with a blank: where ``___`` stands, else in the middle."""
    most = min(SHOWN_TOKENS, model.config.context_length)
    if model.config.causal or MASK not in tokenizer.special:
        ids = tokenizer.encode(text)[-most:]
        return Prompt(text, tuple(ids)) if ids else None
    before, blank, after = text.partition(BLANK)
    if blank:
        left = tokenizer.encode(before)[-(most // 2) :]
        ids = [*left, tokenizer.special[MASK], *tokenizer.encode(after)]
        return Prompt(text, tuple(ids[:most]), len(left))
    ids = tokenizer.encode(text)[-most:]
    if not ids:
        return None
    place = len(ids) // 2
    return Prompt(text, (*ids[:place], tokenizer.special[MASK], *ids[place + 1 :]), place)


def _continued(model: Transformer, tokenizer: Tokenizer, prompt: Prompt) -> str:
    if not model.config.causal:
        return ""
    ids, stops = list(prompt.ids), () if tokenizer.end_id is None else (tokenizer.end_id,)
    new = [step.token_id for step in generate(model, ids, SAMPLING, NEW_TOKENS, stop_ids=stops)]
    new = [token for token in new if token not in stops]
    return tokenizer.decode(ids + new)[len(tokenizer.decode(ids)) :]


def _filled(tokenizer: Tokenizer, prompt: Prompt, logits: torch.Tensor) -> str:
    """The whole sentence with the likeliest token in its blank."""
    ids = list(prompt.ids)
    ids[prompt.blank] = int(logits.argmax())
    return tokenizer.decode(ids)


def _likeliest(tokenizer: Tokenizer, logits: torch.Tensor) -> list[list[Any]]:
    probabilities, ids = torch.softmax(logits, -1).topk(min(NEXT, len(logits)))
    return [[tokenizer.token_text(i), round(p, 6)] for i, p in zip(ids.tolist(), probabilities.tolist(), strict=True)]


def _packed(patterns: np.ndarray) -> dict[str, Any]:
    """Attention (L, H, T, T) as bytes, 255 for 1; of very many heads the first layers only."""
    L, H, T, _ = patterns.shape
    layers = max(1, min(L, LARGEST_PATTERNS // (H * T * T)))
    levels = np.round(255 * np.clip(patterns[:layers], 0, 1)).astype(np.uint8)
    return {"patterns": base64.b64encode(levels.tobytes()).decode("ascii"), "shape": [layers, H, T, T]}
