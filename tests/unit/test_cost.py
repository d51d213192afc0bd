"""Cost formulas against the model itself, PyTorch's counter and published numbers."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from llm import cost
from llm.config import ACTIVATIONS, POSITIONS, ModelConfig
from llm.model import KVCache, Transformer
from llm.trace import trace

SMALL = {"vocab_size": 37, "context_length": 16, "n_layers": 3, "n_heads": 2, "d_model": 12, "d_mlp": 20}
SHAPES = [
    *({"position": position} for position in POSITIONS),
    *({"activation": activation} for activation in ACTIVATIONS),
    {"bias": False, "activation": "swiglu"},
    {"norm": "rmsnorm", "norm_position": "post"},
    {"norm_position": "post", "tie_embeddings": False},
    {"d_mlp": None, "n_layers": 1},
    {"qk_norm": True, "embedding_norm": True},
    {"norm": "none", "residual": False},
]


@pytest.mark.parametrize("changes", SHAPES)
def test_parameters_are_exact(changes):
    model = Transformer(ModelConfig(**{**SMALL, **changes}))
    parts = cost.parameters(model.config)
    assert sum(parts.values()) == sum(p.numel() for p in model.parameters())
    assert cost.count_parameters(model.config) == sum(parts.values())
    of = {name: p.numel() for name, p in model.named_parameters()}
    assert parts["attention"] == sum(n for name, n in of.items() if ".attn." in name)
    assert parts["mlp"] == sum(n for name, n in of.items() if ".mlp." in name)
    assert parts["norms"] == sum(n for name, n in of.items() if "norm" in name)


@pytest.mark.parametrize("changes", SHAPES)
@pytest.mark.parametrize("n_tokens", [1, 7, 16])
def test_forward_flops_equal_pytorchs_counter(changes, n_tokens):
    model = Transformer(ModelConfig(**{**SMALL, **changes}))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, n_tokens, dtype=torch.long))
    assert sum(cost.forward_flops(model.config, n_tokens).values()) == counter.get_total_flops()


def test_training_is_three_forward_passes():
    config = ModelConfig(**SMALL)
    forward, training = cost.flops_per_token(config), cost.flops_per_token(config, training=True)
    assert training == 3 * forward
    model = Transformer(config)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 16, dtype=torch.long)).sum().backward()
    assert counter.get_total_flops() == training * 16


def test_one_more_token_with_a_cache():
    model = Transformer(ModelConfig(**SMALL)).requires_grad_(False)
    cache = KVCache(model)
    model(torch.zeros(1, 9, dtype=torch.long), cache=cache)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 1, dtype=torch.long), cache=cache)
    assert cost.cached_token_flops(model.config, 9) == counter.get_total_flops()
    assert cost.kv_cache_bytes(model.config, 10) == cache.nbytes


def test_rules_of_thumb_are_close_for_a_large_model():
    config = cost.PUBLISHED["GPT-2 XL"]
    parts = cost.parameters(config)
    n = sum(parts.values()) - parts["position embedding"]
    exact = cost.flops_per_token(config, 1, training=True)
    assert cost.training_flops(n, 1) == pytest.approx(exact, rel=0.01)
    assert cost.optimal_tokens(70e9) == pytest.approx(1.4e12)  # Chinchilla itself


def test_published_sizes():
    assert cost.count_parameters(cost.PUBLISHED["GPT-2 small"]) == 124_439_808
    assert cost.count_parameters(cost.PUBLISHED["GPT-2 XL"]) == 1_557_611_200
    assert cost.count_parameters(cost.PUBLISHED["GPT-3"]) == pytest.approx(175e9, rel=0.01)


def test_attention_share_grows_to_half_where_it_says():
    config = ModelConfig(**SMALL)
    turn = cost.quadratic_from(config)
    assert cost.attention_share(config, turn - 1) < 0.5 <= cost.attention_share(config, turn)
    assert cost.forward_flops(config, 20)["scores"] == 4 * cost.forward_flops(config, 10)["scores"]


def test_memory():
    config = ModelConfig(**SMALL)
    model = Transformer(config)
    names = [name for name in trace(model, [1, 2, 3]) if not name.endswith("head_out")]
    memory = cost.memory(config, 3)
    assert memory.weights == sum(p.numel() * p.element_size() for p in model.parameters())
    assert memory.activations == trace(model, [1, 2, 3], names).nbytes
    assert memory.training == 4 * memory.weights + memory.activations
    assert memory.inference == memory.weights + cost.kv_cache_bytes(config, 3)
    assert cost.memory(config, 3, batch_size=5, bytes_each=2).activations * 2 == 5 * memory.activations
