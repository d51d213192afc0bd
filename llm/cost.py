"""What a model costs: parameters, floating-point operations and bytes, from its configuration alone.

Legend: V vocabulary, C channels (d_model), L layers, H heads, F width of the MLP, T tokens. A multiplication
and an addition are two operations. Counts are of matrix products, as in Kaplan et al. 2020 (section 2.1) and
appendix F of Hoffmann et al. 2022 (Chinchilla); norms, softmax and activation functions are left out: they
are below a few percent of any but the tiniest model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from llm.config import ModelConfig
from llm.trace import point_shapes

BACKWARD = 2  # products of the backward pass for each of the forward pass: for the input and the weight
TOKENS_PER_PARAMETER = 20  # compute-optimal training, Hoffmann et al. 2022, table 3, rounded as is usual

# Published shapes, to scale up to (Radford et al. 2019; Brown et al. 2020, table 2.1). GPT-3's sparse layers
# are counted as dense ones.
PUBLISHED: Mapping[str, ModelConfig] = MappingProxyType(
    {
        name: ModelConfig(50257, context, layers, heads, width)
        for name, context, layers, heads, width in (
            ("GPT-2 small", 1024, 12, 12, 768),
            ("GPT-2 medium", 1024, 24, 16, 1024),
            ("GPT-2 large", 1024, 36, 20, 1280),
            ("GPT-2 XL", 1024, 48, 25, 1600),
            ("GPT-3", 2048, 96, 96, 12288),
        )
    }
)


@dataclass(frozen=True)
class Memory:
    """Bytes that a model takes up; ``activations`` are those of one forward pass."""

    weights: int
    gradients: int
    optimizer: int  # AdamW keeps two running means per parameter
    activations: int
    kv_cache: int

    @property
    def training(self) -> int:
        """What a training step holds at once, in this program's plain float32 training."""
        return self.weights + self.gradients + self.optimizer + self.activations

    @property
    def inference(self) -> int:
        """What generation holds at once: the weights and the cache (one token's activations are few)."""
        return self.weights + self.kv_cache


def parameters(config: ModelConfig) -> dict[str, int]:
    """Number of weights in each part; the values sum to the model's own count exactly.

    embedding V C (shared with the unembedding when tied), positions T C where learned, attention per layer 4
    C^2 (+ 4 C biases), MLP per layer 2 C F (3 C F for swiglu; + biases), two norms per layer and the final
    one.
    """
    c, F = config, config.mlp_width
    C, bias = c.d_model, int(c.bias)
    inner = 2 if c.activation == "swiglu" else 1  # matrices into the MLP's hidden layer
    norm = {"layernorm": 2 * C if c.bias else C, "rmsnorm": C, "none": 0}[c.norm]
    return {
        "token embedding": c.vocab_size * C,
        "position embedding": c.context_length * C if c.position == "learned" else 0,
        "smear": C if c.smear else 0,
        "attention": c.n_layers * (4 * C * C + bias * 4 * C),
        "mlp": c.n_layers * ((inner + 1) * C * F + bias * (inner * F + C)),
        "norms": norm * (2 * c.n_layers + (c.norm_position == "pre")),
        "unembedding": 0 if c.tie_embeddings else c.vocab_size * C,
    }


def count_parameters(config: ModelConfig) -> int:
    """Number of weights of the whole model."""
    return sum(parameters(config).values())


def forward_flops(config: ModelConfig, n_tokens: int | None = None) -> dict[str, int]:
    """Operations of one forward pass over ``n_tokens`` tokens (None: the whole context), by part.

    projections 8 L T C^2 (queries, keys, values, output), scores 2 L T^2 C, weighted values 2 L T^2 C, mlp 4
    L T C F (6 for swiglu), unembedding 2 T V C. Looking an embedding up multiplies nothing. The masked half
    of the T^2 cells is computed too, here as in most programs, and counted.
    """
    c = config
    T = c.context_length if n_tokens is None else n_tokens
    C, L = c.d_model, c.n_layers
    matrices = 3 if c.activation == "swiglu" else 2
    return {
        "projections": 8 * L * T * C * C,
        "scores": 2 * L * T * T * C,
        "weighted values": 2 * L * T * T * C,
        "mlp": 2 * matrices * L * T * C * c.mlp_width,
        "unembedding": 2 * T * c.vocab_size * C,
    }


def flops_per_token(config: ModelConfig, n_tokens: int | None = None, *, training: bool = False) -> float:
    """Operations per token; a training step is worth three forward passes (Kaplan et al. 2020)."""
    T = config.context_length if n_tokens is None else n_tokens
    forward = sum(forward_flops(config, T).values()) / T
    return forward * (1 + BACKWARD) if training else forward


def cached_token_flops(config: ModelConfig, n_before: int) -> int:
    """Operations for one more token with a KV cache that already holds ``n_before`` tokens."""
    C, seen = config.d_model, n_before + 1
    one = forward_flops(config, 1)
    attention = 4 * config.n_layers * seen * C
    return one["projections"] + attention + one["mlp"] + one["unembedding"]


def attention_share(config: ModelConfig, n_tokens: int | None = None) -> float:
    """The part of the operations that grows with T^2 (scores and weighted values), from 0 to 1."""
    flops = forward_flops(config, n_tokens)
    return (flops["scores"] + flops["weighted values"]) / sum(flops.values())


def quadratic_from(config: ModelConfig) -> int:
    """The number of tokens from which the T^2 part costs as much as the rest per token: that / (4 L C)."""
    flops = forward_flops(config, 1)
    squared = flops["scores"] + flops["weighted values"]
    return math.ceil((sum(flops.values()) - squared) / squared)


def training_flops(n_parameters: float, n_tokens: float) -> float:
    """The rule of thumb C = 6 N D (Kaplan et al. 2020): 2 N forward and 4 N backward for each token."""
    return 6.0 * n_parameters * n_tokens


def optimal_tokens(n_parameters: float) -> float:
    """Training tokens at which computing is best spent: about 20 N (Hoffmann et al. 2022)."""
    return TOKENS_PER_PARAMETER * n_parameters


def kv_cache_bytes(config: ModelConfig, n_tokens: int | None = None, batch_size: int = 1, bytes_each: int = 4) -> int:
    """Keys and values of ``n_tokens`` tokens: 2 x L x T x C numbers per sequence."""
    T = config.context_length if n_tokens is None else n_tokens
    return 2 * config.n_layers * T * config.d_model * batch_size * bytes_each


def activation_bytes(config: ModelConfig, n_tokens: int | None = None, batch_size: int = 1, bytes_each: int = 4) -> int:
    """Every intermediate of one forward pass that ``llm.trace`` names, but the outputs of single heads.

    What PyTorch keeps for the backward pass differs in detail and is of the same order.
    """
    T = config.context_length if n_tokens is None else n_tokens
    shapes = point_shapes(config, T)
    numbers = sum(math.prod(shape) for name, shape in shapes.items() if not name.endswith(".head_out"))
    return numbers * batch_size * bytes_each


def memory(config: ModelConfig, n_tokens: int | None = None, batch_size: int = 1, bytes_each: int = 4) -> Memory:
    """Bytes of everything a model needs; ``bytes_each`` is 4 for float32, 2 for float16."""
    weights = count_parameters(config) * bytes_each
    return Memory(
        weights=weights,
        gradients=weights,
        optimizer=2 * weights,
        activations=activation_bytes(config, n_tokens, batch_size, bytes_each),
        kv_cache=kv_cache_bytes(config, n_tokens, batch_size, bytes_each),
    )
