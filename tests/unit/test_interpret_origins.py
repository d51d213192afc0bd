"""Where a number comes from: for every point of every kind of model, the steps end at the trace's own number."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from llm.config import ModelConfig
from llm.interpret.origin_parts import Origin, split
from llm.interpret.origins import origin
from llm.model import Transformer
from llm.trace import Trace, trace

SIZES = {"vocab_size": 37, "context_length": 12, "n_layers": 3, "n_heads": 2, "d_model": 16}
KINDS = {
    "textbook": {},
    "post": {"norm_position": "post", "tie_embeddings": False},
    "rms, swiglu, rope, no bias": {"norm": "rmsnorm", "activation": "swiglu", "position": "rope", "bias": False},
    "alibi, both ways": {"position": "alibi", "causal": False, "activation": "relu2"},
    "sinusoidal, odd width": {"position": "sinusoidal", "n_heads": 3, "d_model": 15, "activation": "silu"},
    "refined": {"position": "rope", "qk_norm": True, "embedding_norm": True, "smear": True, "activation": "gelu_tanh"},
    "no norms": {"norm": "none"},
    "no residual connections": {"residual": False},
    "post, nothing else": {"norm_position": "post", "norm": "none", "residual": False, "position": "rope"},
    "post, no residual connections": {"norm_position": "post", "residual": False},
    "post, no norms": {"norm_position": "post", "norm": "none"},
    "post, rms, none": {"norm_position": "post", "norm": "rmsnorm", "position": "none", "activation": "relu", "d_mlp": 9},
}


def made(**changes) -> tuple[Transformer, Trace]:
    """A small model whose biases, scales and shifts are no zeros and ones, and a trace of it."""
    model = Transformer(ModelConfig(**{**SIZES, **changes}))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model, trace(model, [5, 9, 9, 30, 1, 22])


def cells(array: np.ndarray, count: int, generator: np.random.Generator):
    return [tuple(int(generator.integers(size)) for size in array.shape) for _ in range(count)]


def close(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= 1e-4 * max(1.0, abs(b))


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_the_trace_is_made_again(kind: str) -> None:
    model, seen = made(**KINDS[kind])
    generator = np.random.default_rng(0)
    for point in seen:
        for index in cells(seen[point], 6, generator):
            found = origin(model, seen, point, index)
            assert (found.point, found.index, found.value) == (point, index, float(seen[point][index]))
            assert close(found.computed, found.value), (point, index, found.steps)


@pytest.mark.parametrize("kind", KINDS)
def test_terms_are_what_the_factors_give_and_what_is_added(kind: str) -> None:
    model, seen = made(**KINDS[kind])
    for point in seen:
        found = origin(model, seen, point, tuple(size - 1 for size in seen[point].shape))
        assert all(len(factor.values) == len(found.factors[0].values) for factor in found.factors)
        if found.steps[0].name == "sum":
            assert np.allclose(found.terms, found.factors[0].values * found.factors[1].values)
            assert math.isclose(found.terms.sum(), found.steps[0].value)
        if found.axis == "part":
            assert len(found.terms) == len(found.parts)
            assert [float(seen[part.point][part.index]) for part in found.parts] == pytest.approx(list(found.terms))


def test_a_vector_leads_back_to_the_numbers_it_came_from() -> None:
    model, seen = made()
    for point in seen:
        found = origin(model, seen, point, tuple(0 for _ in seen[point].shape))
        for factor in found.factors:
            if factor.source is not None:
                walked = [seen[p][i] for p, i in map(factor.source.cell, range(len(factor.values)))]
                assert np.array_equal(np.float32(factor.values), np.array(walked))


def way_back(model: Transformer, seen: Trace, found: Origin) -> list[str]:
    """The points on the way from a number to the embedding, along the largest term each time."""
    points = [found.point]
    while True:
        sources = [part.cell(0) for part in found.parts]
        if not sources:
            along = int(np.abs(found.terms).argmax()) if len(found.terms) else 0
            sources = [factor.source.cell(along) for factor in found.factors if factor.source][:1]
        if not sources:
            return points
        found = origin(model, seen, *sources[0])
        points.append(found.point)


def test_the_way_back_from_a_logit_ends_at_the_embedding() -> None:
    model, seen = made()
    points = way_back(model, seen, origin(model, seen, "logits", (5, 7)))
    assert points[:2] == ["logits", "final_norm"]
    assert points[-1] == "embed.token"


def test_the_steps_of_a_weight_are_named_in_order() -> None:
    model, seen = made(position="alibi")
    names = [step.name for step in origin(model, seen, "blocks.1.attn.pattern", (0, 4, 2)).steps]
    assert names == ["sum", "root", "distance", "kept", "power", "share"]
    hidden = origin(model, seen, "blocks.1.attn.pattern", (0, 2, 4))
    assert [step.value for step in hidden.steps][-3:] == [-math.inf, 0.0, 0.0]


def test_what_is_not_there_is_said() -> None:
    model, seen = made()
    with pytest.raises(ValueError, match="no cell"):
        origin(model, seen, "logits", (6, 0))
    with pytest.raises(KeyError, match="was not recorded"):
        origin(model, seen, "blocks.9.norm1", (0, 0))
    assert split("blocks.11.attn.q") == (11, "attn.q") and split("logits") == (-1, "logits")
