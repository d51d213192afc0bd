"""Direct logit attribution: a logit as the exact sum of what each part of the model added to it (Elhage et al. 2021).

A logit is the last vector times one row of the unembedding. Everything between a part and that row is a sum or a norm,
and a norm whose spread is kept at this sentence's value is linear. So the row can be carried back through the norms to
each part, and the products add up to the logit. In post-norm models the row passes a norm at every addition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from llm.interpret.norms import NormSteps, norm_steps
from llm.model import Transformer
from llm.trace import Trace


@dataclass(frozen=True)
class Part:
    """One summand. ``kind``: token | position | head | attention_bias | mlp | norm_shift. Layers and heads count from 0."""

    name: str
    kind: str
    value: float
    layer: int | None = None
    head: int | None = None


@dataclass(frozen=True)
class Attribution:
    """Summands in the order of the forward pass, and the logit that they sum to (difference of two logits with ``against``)."""

    parts: tuple[Part, ...]
    logit: float

    @property
    def total(self) -> float:
        """The sum of all parts: the logit, up to the rounding of 32-bit numbers."""
        return sum(part.value for part in self.parts)

    def of(self, *kinds: str, layer: int | None = None) -> float:
        """The sum of the parts of these kinds, in one layer or in all."""
        return sum(p.value for p in self.parts if p.kind in kinds and layer in (None, p.layer))


@dataclass(frozen=True)
class _Directions:
    """What each place of the residual stream is multiplied with to give its summand, (C,) each."""

    embedding: np.ndarray
    attention: tuple[np.ndarray, ...]
    mlp: tuple[np.ndarray, ...]
    shifts: dict[str, float]


def logit_attribution(
    model: Transformer, trace: Trace, token_id: int, position: int = -1, *, against: int | None = None
) -> Attribution:
    """Split the logit of ``token_id`` at ``position`` into embeddings, heads, biases, MLPs and the norms' shifts.

    Args:
        trace: of all points, without edits.
        against: a second token; then the parts sum to the difference of the two logits, in which what lifts all tokens
            alike has dropped out.
    """
    go = _directions(model, trace, token_id, position, against)
    parts = _embedding_parts(model, trace, position, go.embedding)
    for i, (attention, mlp) in enumerate(zip(go.attention, go.mlp, strict=True)):
        by_head = trace[f"blocks.{i}.attn.head_out"][:, position].astype(np.float64) @ attention  # (H, C) x (C,) -> (H,)
        parts += [Part(f"blocks.{i}.head.{h}", "head", float(value), i, h) for h, value in enumerate(by_head)]
        bias = model.blocks[i].attn.out.bias
        if bias is not None:
            parts.append(Part(f"blocks.{i}.attn.bias", "attention_bias", float(_numbers(bias) @ attention), i))
        parts += _shift(go, f"blocks.{i}.norm1", i)
        parts.append(Part(f"blocks.{i}.mlp", "mlp", float(trace[f"blocks.{i}.mlp.out"][position] @ mlp), i))
        parts += _shift(go, f"blocks.{i}.norm2", i)
    parts += _shift(go, "final_norm", None)
    logits = trace["logits"][position].astype(np.float64)
    return Attribution(tuple(parts), float(logits[token_id] - (0.0 if against is None else logits[against])))


def neuron_attribution(
    model: Transformer, trace: Trace, layer: int, token_id: int, position: int = -1, *, against: int | None = None
) -> tuple[np.ndarray, float]:
    """What each neuron of one MLP adds to the logit, (F,), and what the MLP's bias adds; together the MLP's part."""
    direction = _directions(model, trace, token_id, position, against).mlp[layer]  # (C,)
    down = model.blocks[layer].mlp.down
    per_unit = direction @ _numbers(down.weight)  # (C,) x (C, F) -> (F,)
    bias = 0.0 if down.bias is None else float(_numbers(down.bias) @ direction)
    return trace[f"blocks.{layer}.mlp.post"][position] * per_unit, bias


def _directions(model: Transformer, trace: Trace, token_id: int, position: int, against: int | None) -> _Directions:
    """Walk from the logit back to the embeddings, through every norm on the way.

    Without residual connections the way ends behind the last MLP: nothing before it is added to the logit.
    """
    post, with_norms = model.config.norm_position == "post", model.config.norm != "none"
    direction = _numbers(model.unembedding[token_id])
    if against is not None:
        direction = direction - _numbers(model.unembedding[against])
    shifts: dict[str, float] = {}

    def through(point: str) -> np.ndarray:
        if not with_norms:
            return direction
        steps = norm_steps(model, trace, point, position)
        if np.any(steps.shift):
            shifts[point] = float(steps.shift @ direction)
        return _back(steps, direction)

    if not post:
        direction = through("final_norm")
    attention, mlp = [], []
    for i in reversed(range(model.config.n_layers)):
        direction = through(f"blocks.{i}.norm2") if post else direction
        mlp.append(direction)
        direction = direction if model.config.residual else np.zeros_like(direction)
        direction = through(f"blocks.{i}.norm1") if post else direction
        attention.append(direction)
    return _Directions(direction, tuple(attention[::-1]), tuple(mlp[::-1]), shifts)


def _back(steps: NormSteps, direction: np.ndarray) -> np.ndarray:
    """The direction before a norm that gives the same products as ``direction`` after it, its shift aside."""
    scaled = direction * steps.scale / steps.spread
    return scaled - scaled.mean() if steps.kind == "layernorm" else scaled


def _embedding_parts(model: Transformer, trace: Trace, position: int, direction: np.ndarray) -> list[Part]:
    """The token's own vector and, where the model adds them, its position's and the previous token's part."""
    if model.config.embedding_norm:  # a layer norm without weights, linear with its spread kept
        total = trace["embed.sum"][position].astype(np.float64)
        direction = direction / np.sqrt(total.var() + 1e-5)  # PyTorch's own eps
        direction = direction - direction.mean()
    parts = [Part("embed.token", "token", float(trace["embed.token"][position] @ direction))]
    if model.config.position in ("learned", "sinusoidal"):
        parts.append(Part("embed.position", "position", float(trace["embed.position"][position] @ direction)))
    if model.config.smear:
        parts.append(Part("embed.smear", "smear", float(trace["embed.smear"][position] @ direction)))
    return parts


def _shift(go: _Directions, point: str, layer: int | None) -> list[Part]:
    return [Part(f"{point}.shift", "norm_shift", go.shifts[point], layer)] if point in go.shifts else []


def _numbers(weights) -> np.ndarray:
    return weights.detach().numpy().astype(np.float64)
