"""What a head does, measured: the share of its attention that falls where a named kind of head puts it.

Each score is a mean of attention weights, so it lies between 0 and 1 and reads as "this much of the attention goes there".
Names and the test on repeated random tokens follow Elhage et al. 2021 and Olsson et al. 2022.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch

from llm.model import Transformer

# A head is named after a place when at least this share of its attention goes there, on average over tokens and texts.
# In a text of 48 tokens, attention that is spread evenly gives any one place less than 0.1.
THRESHOLD = 0.4
# A head without such a place is named after the tokens just before when they get this share together (evenly spread: 0.15).
NEARBY = 0.5
NEARBY_TOKENS = 8
# From this share of the largest possible entropy on, a head without any of these is called even.
EVEN = 0.9
SKIPPED = 2  # the first two tokens have too few places to tell the kinds apart
REPEATS = 4  # random sequences
LONGEST_PART = 24  # tokens of a random sequence before it starts again

# Kind -> what its score is the mean of, for the query at position i (r: tokens after which the random text starts again).
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "previous_token": "attention to position i - 1",
        "first_token": "attention to position 0",
        "same_token": "attention to itself, position i",
        "next_token": "attention to position i + 1 (models without a causal mask)",
        "duplicate_token": "attention to the earlier place of the same token, i - r",
        "induction": "attention to the token after the earlier place of the same token, i - r + 1",
        "punctuation": "attention to all tokens that are punctuation or other signs",
        "nearby": "attention to the 8 tokens before, i - 8 to i - 1, together",
    }
)


@dataclass(frozen=True)
class HeadScores:
    """Scores of every head, each an array (L, H) between 0 and 1; NaN where the texts are too short to measure.

    ``entropy`` is that of each row of attention, divided by the largest it could be: 0 is one token, 1 is all alike.
    """

    scores: Mapping[str, np.ndarray]
    entropy: np.ndarray

    def __getitem__(self, kind: str) -> np.ndarray:
        return self.scores[kind]

    def best(self, layer: int, head: int) -> tuple[str, float]:
        """The kind with the highest score of this head ("nearby" left out), and the score; ("", 0) where none was measured."""
        shares = {kind: float(array[layer, head]) for kind, array in self.scores.items() if kind != "nearby"}
        measured = {kind: share for kind, share in shares.items() if np.isfinite(share)}
        return max(measured.items(), key=lambda pair: pair[1], default=("", 0.0))


def label(scores: HeadScores, layer: int, head: int) -> tuple[str, float]:
    """What stands out about a head: (kind, score).

    A key of ``KINDS`` when the highest score is at least ``THRESHOLD``; else "nearby" when that score is at least
    ``NEARBY``; else "even" with the entropy when that is at least ``EVEN``; else ("", highest score): nothing stands out.
    """
    kind, score = scores.best(layer, head)
    if kind and score >= THRESHOLD:
        return kind, score
    nearby, entropy = float(scores["nearby"][layer, head]), float(scores.entropy[layer, head])
    if nearby >= NEARBY:
        return "nearby", nearby
    return ("even", entropy) if entropy >= EVEN else ("", score)


def head_scores(
    model: Transformer,
    ids: Sequence[int] | Sequence[Sequence[int]] | None = None,
    ordinary_ids: Sequence[int] | None = None,
    seed: int = 0,
    *,
    mark_ids: Collection[int] = (),
) -> HeadScores:
    """Measure every head.

    Args:
        ids: text for the scores that depend on places only, and for the entropy: (T,) or several of one length (B, T).
            None: the random sequences serve for these too.
        ordinary_ids: the tokens that random sequences are made of (no special ones); None: the whole vocabulary.
        seed: of the random sequences.
        mark_ids: the tokens that are punctuation or other signs.
    """
    random = repeated_sequences(model.config.context_length, ordinary_ids or range(model.config.vocab_size), seed)
    on_random = None if random is None else patterns(model, random)
    text = random if ids is None else np.atleast_2d(np.asarray(ids, dtype=np.int64))
    on_text = on_random if ids is None else patterns(model, text)
    marks = None if ids is None or not mark_ids else np.isin(text, list(mark_ids))
    shape = (model.config.n_layers, model.config.n_heads)
    return scores_of(on_text, on_random, causal=model.config.causal, marks=marks, shape=shape)


def repeated_sequences(context_length: int, ordinary_ids: Sequence[int], seed: int = 0) -> np.ndarray | None:
    """(REPEATS, 2 r) ids: r different random tokens, twice. None when fewer than 3 fit the context or the vocabulary."""
    length = min(context_length // 2, LONGEST_PART, len(ordinary_ids))
    if length < SKIPPED + 1:
        return None
    chance = np.random.default_rng(seed)
    parts = [chance.choice(np.asarray(ordinary_ids), size=length, replace=False) for _ in range(REPEATS)]
    return np.stack([np.tile(part, 2) for part in parts])


def patterns(model: Transformer, ids: np.ndarray) -> np.ndarray:
    """Attention patterns of a batch of texts (B, T): (L, B, H, T, T)."""
    kept: list[np.ndarray] = []

    def keep(name: str, x: torch.Tensor) -> torch.Tensor:
        if name.endswith("attn.pattern"):
            kept.append(x.float().cpu().numpy())
        return x

    keep.skips_head_out = True
    with torch.inference_mode():
        model(torch.as_tensor(ids, dtype=torch.long, device=model.token_embedding.weight.device), keep)
    return np.stack(kept)


def scores_of(
    text: np.ndarray | None,
    repeated: np.ndarray | None,
    *,
    causal: bool = True,
    marks: np.ndarray | None = None,
    shape: tuple[int, int] = (1, 1),
) -> HeadScores:
    """Scores from patterns (L, B, H, T, T): of ordinary texts, and of texts whose second half repeats the first.

    ``marks`` (B, T) says which tokens of the ordinary texts are punctuation. ``shape`` is (L, H), for the arrays of NaN
    where there is nothing to measure on.
    """
    nothing = np.full(shape, np.nan, dtype=np.float32)
    length = 0 if text is None else text.shape[-1]
    half = 0 if repeated is None else repeated.shape[-1] // 2
    scores = dict.fromkeys(KINDS, nothing)
    if causal:
        del scores["next_token"]
    if length > SKIPPED:
        places = {"previous_token": -1, "same_token": 0, "next_token": 1}
        scores |= {kind: _diagonal(text, offset) for kind, offset in places.items() if kind in scores}
        scores["first_token"] = _average(text[..., SKIPPED:, 0])
    if length > 2 * NEARBY_TOKENS:
        scores["nearby"] = sum(_diagonal(text, -distance, 2 * NEARBY_TOKENS) for distance in range(1, NEARBY_TOKENS + 1))
    if length > SKIPPED and marks is not None:
        scores["punctuation"] = _average((text[..., SKIPPED:, :] * marks[None, :, None, None, :]).sum(axis=-1))
    if half:
        scores["duplicate_token"] = _diagonal(repeated, -half, half)
        scores["induction"] = _diagonal(repeated, 1 - half, half)
    entropy = _entropy(text, causal) if length > SKIPPED else nothing
    return HeadScores(MappingProxyType(scores), entropy)


def _diagonal(pattern: np.ndarray, offset: int, first: int = SKIPPED) -> np.ndarray:
    """(L, H) mean weight of query i on key i + offset, over the queries from ``first`` on that have such a key."""
    length = pattern.shape[-1]
    rows = np.arange(first, min(length, length - offset))
    return _average(pattern[..., rows, rows + offset])


def _average(weights: np.ndarray) -> np.ndarray:
    """(L, B, H, n) -> (L, H)."""
    return weights.mean(axis=(1, 3), dtype=np.float64).astype(np.float32)


def _entropy(pattern: np.ndarray, causal: bool) -> np.ndarray:
    length = pattern.shape[-1]
    visible = np.arange(1, length + 1) if causal else np.full(length, length)
    inside = np.where(pattern > 0, pattern * np.log(np.maximum(pattern, 1e-30)), 0.0).sum(axis=-1)  # (L, B, H, T)
    return _average(-inside[..., SKIPPED:] / np.log(visible[SKIPPED:]))
