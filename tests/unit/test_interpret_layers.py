"""Lens, attribution, norms, neurons and activations: each number is a part of the forward pass, so each has an identity."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from llm.config import ACTIVATIONS, ModelConfig
from llm.interpret.activations import FORMULAS, LINEAR, activation_curve, replaced_activation
from llm.interpret.attribution import logit_attribution, neuron_attribution
from llm.interpret.lens import logit_lens, logit_lens_top, stream_points
from llm.interpret.neurons import neuron_activations, neuron_logit_effect, top_activations
from llm.interpret.norms import norm_points, norm_steps
from llm.interpret.stream import stations
from llm.model import Transformer
from llm.trace import trace

IDS = (3, 1, 4, 1, 5, 9, 2)
SHAPES = [
    {},
    {"norm": "rmsnorm", "activation": "swiglu", "position": "rope", "tie_embeddings": False},
    {"norm_position": "post", "activation": "relu2"},
    {"norm_position": "post", "norm": "rmsnorm", "bias": False, "position": "alibi", "embedding_norm": True},
    {"embedding_norm": True, "position": "sinusoidal", "causal": False, "n_layers": 1},
    {"bias": False, "position": "none", "activation": "silu", "qk_norm": True},
    {"norm": "none"},
    {"residual": False},
    {"residual": False, "norm_position": "post", "bias": False},
]


def small(**changes) -> Transformer:
    """A model whose norms and biases are not the identity, so that forgetting one would show."""
    shape = {"vocab_size": 23, "context_length": 16, "n_layers": 3, "n_heads": 2, "d_model": 8}
    model = Transformer(ModelConfig(**{**shape, "weight_std": 0.3, "embedding_std": 0.5, **changes})).requires_grad_(False).eval()
    generator = torch.Generator().manual_seed(7)
    for p in model.parameters():
        p += 0.2 * torch.randn(p.shape, generator=generator)
    return model


@pytest.fixture(params=SHAPES, ids=lambda shape: "-".join(map(str, shape.values())) or "gpt2")
def model(request) -> Transformer:
    return small(**request.param)


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def test_the_last_stage_of_the_lens_is_the_models_own_answer(model):
    run = trace(model, IDS)
    lens = logit_lens(model, run)
    assert lens.shape == (model.config.n_layers + 1, len(IDS), 23)
    np.testing.assert_allclose(lens[-1], run["logits"], atol=1e-5)


def test_the_best_of_the_lens_are_the_best_of_all_its_logits(model):
    run = trace(model, IDS)
    points = stream_points(model.config, halves=True)
    top = logit_lens_top(model, run, 4, points=points, positions=[2, -1], follow=[5, 6])
    full = softmax(logit_lens(model, run, points=points, positions=[2, -1]))
    assert top.points == points and top.ids.shape == (2 * model.config.n_layers + 1, 2, 4)
    np.testing.assert_array_equal(top.ids, np.argsort(-full, axis=-1)[..., :4])
    np.testing.assert_allclose(top.probabilities, -np.sort(-full, axis=-1)[..., :4], atol=1e-6)
    np.testing.assert_allclose(top.followed, np.stack([full[:, 0, 5], full[:, 1, 6]], axis=-1), atol=1e-6)


def test_following_needs_one_token_for_each_position():
    model = small()
    with pytest.raises(ValueError, match="2 ids for 7 positions"):
        logit_lens_top(model, trace(model, IDS), 2, follow=[1, 2])


@pytest.mark.parametrize("position", [0, 3, -1])
def test_the_parts_of_a_logit_sum_to_it(model, position):
    run = trace(model, IDS)
    for token in (0, 11):
        attribution = logit_attribution(model, run, token, position)
        assert attribution.logit == pytest.approx(run["logits"][position, token])
        assert attribution.total == pytest.approx(attribution.logit, abs=2e-5)
        assert len({part.name for part in attribution.parts}) == len(attribution.parts)
    difference = logit_attribution(model, run, 0, position, against=11)
    assert difference.total == pytest.approx(float(run["logits"][position, 0] - run["logits"][position, 11]), abs=2e-5)


def test_every_head_and_mlp_is_named_once(model):
    config = model.config
    parts = logit_attribution(model, trace(model, IDS), 3).parts
    heads = {(p.layer, p.head) for p in parts if p.kind == "head"}
    assert heads == {(i, h) for i in range(config.n_layers) for h in range(config.n_heads)}
    assert [p.layer for p in parts if p.kind == "mlp"] == list(range(config.n_layers))
    assert any(p.kind == "position" for p in parts) == (config.position in ("learned", "sinusoidal"))
    assert any(p.kind == "attention_bias" for p in parts) == config.bias


def test_a_part_is_what_its_removal_takes_from_a_frozen_norm():
    """Pre-norm, the last MLP: nothing but the final norm comes after it, so its part can be computed by hand."""
    model = small()
    run = trace(model, IDS)
    steps = norm_steps(model, run, "final_norm", -1)
    added = run["blocks.2.mlp.out"][-1].astype(np.float64)
    by_hand = ((added - added.mean()) / steps.spread * steps.scale) @ model.unembedding[4].double().numpy()
    mlp = next(p for p in logit_attribution(model, run, 4).parts if p.name == "blocks.2.mlp")
    assert mlp.value == pytest.approx(by_hand, abs=1e-6)


def test_neurons_and_bias_sum_to_their_mlps_part(model):
    run = trace(model, IDS)
    parts = {p.name: p.value for p in logit_attribution(model, run, 5, 4, against=2).parts}
    for layer in range(model.config.n_layers):
        by_neuron, bias = neuron_attribution(model, run, layer, 5, 4, against=2)
        assert by_neuron.shape == (model.config.mlp_width,)
        assert by_neuron.sum() + bias == pytest.approx(parts[f"blocks.{layer}.mlp"], abs=2e-5)


def test_the_steps_of_a_norm_end_in_the_recorded_vector(model):
    run = trace(model, IDS)
    for point in norm_points(model):
        steps = norm_steps(model, run, point, 3)
        np.testing.assert_allclose(steps.output, run[point][3], atol=1e-5)
        np.testing.assert_allclose(steps.normalised * steps.spread, steps.centred, atol=1e-12)
        assert np.mean(steps.normalised**2) == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="not a norm of this model"):
        norm_steps(model, run, "blocks.9.norm1", 0)


def test_a_constant_vector_has_no_spread_and_no_division_by_zero():
    model = small()
    flat = {"blocks.0.resid_pre": np.full((1, 8), 3.0, dtype=np.float32)}
    steps = norm_steps(model, flat, "blocks.0.norm1", 0)
    np.testing.assert_allclose(steps.output, model.blocks[0].norm1.bias.numpy(), atol=1e-6)


def test_top_activations_are_found_where_the_trace_has_them(model):
    generator = torch.Generator().manual_seed(1)
    windows = [torch.randint(23, (n,), generator=generator).tolist() for n in (5, 5, 16, 1, 7, 7, 7)]
    layer = model.config.n_layers - 1
    found = top_activations(model, windows, layer, k=3)
    runs = [trace(model, window)[f"blocks.{layer}.mlp.post"] for window in windows]
    assert found.values.shape == (model.config.mlp_width, 3)
    assert found.tokens == sum(map(len, windows))
    np.testing.assert_allclose(found.active, np.mean(np.concatenate(runs) > 0, axis=0), atol=1e-6)
    for neuron in range(0, model.config.mlp_width, 5):
        peaks = sorted((run[:, neuron].max() for run in runs), reverse=True)[:3]
        np.testing.assert_allclose(found.values[neuron], peaks, atol=1e-5)
        for value, window, position in zip(found.values[neuron], found.windows[neuron], found.positions[neuron], strict=True):
            assert runs[window][position, neuron] == pytest.approx(value, abs=1e-5)
        for run, alone in zip(runs, neuron_activations(model, windows, layer, neuron), strict=True):
            np.testing.assert_allclose(alone, run[:, neuron], atol=1e-5)


def test_windows_are_checked():
    model = small()
    for windows in ([], [[]], [[1] * 17]):
        with pytest.raises(ValueError, match="windows need 1 to 16 tokens"):
            top_activations(model, windows, 0)
    with pytest.raises(ValueError, match="layers count from 0 to 2"):
        top_activations(model, [[1, 2]], 3)


def test_the_effect_of_a_neuron_is_the_slope_of_the_logits():
    """In the last layer, up to the norm's factor: turn one neuron up a little and compare the logits' changes."""
    model = small()
    effect = neuron_logit_effect(model, 2, 6, k=23)
    run = trace(model, IDS)
    slope = neuron_slope(model, run, 2, 6)
    slope -= slope.mean()
    by_token = dict(zip(effect.raised.tolist(), effect.raised_by.tolist(), strict=True))
    ratio = slope / np.array([by_token[token] for token in range(23)])
    np.testing.assert_allclose(ratio, 1 / norm_steps(model, run, "final_norm", -1).spread, rtol=1e-4)
    assert effect.lowered[0] == effect.raised[-1] and effect.lowered_by[0] == effect.raised_by[-1]


def neuron_slope(model: Transformer, run, layer: int, neuron: int) -> np.ndarray:
    """(V,) change of each logit per unit of one neuron, with the norm's spread kept."""
    post = run[f"blocks.{layer}.mlp.post"][-1, neuron]
    return np.array([neuron_attribution(model, run, layer, token)[0][neuron] / post for token in range(23)])


def test_post_norm_effects_point_the_same_way_as_the_attribution():
    model = small(norm_position="post", norm="rmsnorm")
    effect = neuron_logit_effect(model, 2, 1, k=23)
    slope = neuron_slope(model, trace(model, IDS), 2, 1)
    np.testing.assert_array_equal(effect.raised, np.argsort(-slope))


@pytest.mark.parametrize("kind", FORMULAS)
def test_the_curve_is_what_the_mlp_computes(kind):
    assert set(FORMULAS) == set(ACTIVATIONS)
    run = trace(small(activation=kind), IDS)
    before = run["blocks.1.mlp.gate" if kind == "swiglu" else "blocks.1.mlp.pre"]
    factor = run["blocks.1.mlp.pre"] if kind == "swiglu" else 1
    np.testing.assert_allclose(activation_curve(kind, before) * factor, run["blocks.1.mlp.post"], atol=1e-6)


def test_an_unknown_activation_is_named():
    with pytest.raises(ValueError, match="no activation 'tanh'"):
        activation_curve("tanh", np.zeros(2))
    with pytest.raises(ValueError, match="cannot be replaced by 'swiglu'"):
        replaced_activation("swiglu", [0])


def test_a_replaced_activation_equals_a_model_built_with_it():
    model = small()
    other = model.rewired(activation="relu")
    swapped = trace(model, IDS, ["logits"], edit=replaced_activation("relu", range(3)))
    np.testing.assert_allclose(swapped["logits"], trace(other, IDS, ["logits"])["logits"], atol=1e-5)


def test_only_the_chosen_layer_is_changed_and_gates_are_too():
    model = small(activation="swiglu")
    plain = trace(model, IDS)
    linear = trace(model, IDS, edit=replaced_activation(LINEAR, [1]))
    np.testing.assert_array_equal(linear["blocks.0.mlp.post"], plain["blocks.0.mlp.post"])
    np.testing.assert_allclose(linear["blocks.1.mlp.post"], plain["blocks.1.mlp.gate"] * plain["blocks.1.mlp.pre"], atol=1e-5)


def test_stations_follow_the_stream(model):
    run = trace(model, IDS)
    road = stations(run, 3)
    assert [s.part for s in road] == ["start"] + ["attention", "mlp"] * model.config.n_layers
    assert tuple(s.point for s in road) == stream_points(model.config, halves=True)
    post = model.config.norm_position == "post"
    for before, here in pairwise(road):
        joined = run[f"blocks.{here.layer}.{'attn' if here.part == 'attention' else 'mlp'}.out"][3].astype(np.float64)
        was = run[before.point][3].astype(np.float64)
        assert here.size == pytest.approx(np.linalg.norm(run[here.point][3]), rel=1e-6)
        assert here.added == pytest.approx(np.linalg.norm(joined))
        if not model.config.residual:
            assert here.share == pytest.approx(1.0)
            continue
        assert 1 - here.share == pytest.approx(was @ (was + joined) / np.square(was + joined).sum())
        total = np.sqrt(before.size**2 + here.added**2 + 2 * here.cosine * before.size * here.added)
        assert post or here.size == pytest.approx(total, rel=1e-4)
