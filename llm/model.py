"""THE forward pass: a decoder-style transformer in which every intermediate can be observed or replaced.

Legend: B batch, T tokens, S tokens seen so far (cache included), C channels (d_model), H heads, D head size (C / H),
F width of the MLP, V vocabulary.

``model(ids, tap)``: ``tap(name, x) -> x`` is called at each named point (the table is ``llm.trace.POINTS``). The default
returns ``x``; a recorder stores it; an ablation returns a changed tensor. Nothing is attached to the module, so one model
can serve many sessions at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm.config import ModelConfig

Tap = Callable[[str, Tensor], Tensor]


def identity(name: str, x: Tensor) -> Tensor:
    """The default tap: observe nothing, change nothing."""
    return x


class Transformer(nn.Module):
    """Token ids in, next-token logits out (Vaswani et al. 2017; layout of GPT-2, Radford et al. 2019)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = Embedding(config.vocab_size, config.d_model)
        if config.position == "learned":
            self.position_embedding = Embedding(config.context_length, config.d_model)
        if config.smear:
            self.smear = nn.Parameter(torch.zeros(config.d_model))
        self.blocks = nn.ModuleList(Block(config, i) for i in range(config.n_layers))
        self.final_norm = Norm(config) if config.norm_position == "pre" else nn.Identity()
        if not config.tie_embeddings:
            self.unembed = Linear(config.d_model, config.vocab_size, bias=False)
        if not self.token_embedding.weight.is_meta:  # else whoever brings the weights adds the tables too
            self._add_tables()
            self._initialise()

    def forward(
        self,
        ids: Tensor,
        tap: Tap = identity,
        *,
        cache: KVCache | None = None,
        generator: torch.Generator | None = None,
        depth: int | None = None,
    ) -> Tensor:
        """Logits for each position.

        Args:
            ids: (B, T) long, each in ``0 .. vocab_size - 1``.
            tap: called at each named point; may return a changed tensor of the same shape.
            cache: keys and values of the tokens before ``ids``; extended in place.
            generator: source of dropout's randomness; without one there is no dropout.
            depth: run only the first so many blocks, while training grows the model (``TrainConfig.shallow_fraction``).

        Returns:
            (B, T, V) logits, always this shape.

        Raises:
            ValueError: when cache and ids together are longer than ``context_length``.
        """
        start = cache.length if cache is not None else 0
        end = start + ids.shape[1]
        self._check_length(end)
        token = tap("embed.token", self.token_embedding(ids))  # (B, T, C)
        position = tap("embed.position", self._positions(start, token))  # (B, T, C)
        x = token + position
        if self.config.smear:
            x = x + tap("embed.smear", self.smear * previous(token, cache))  # (C,) x (B, T, C)
        x = tap("embed.sum", x)
        if self.config.embedding_norm:
            x = tap("embed.norm", F.layer_norm(x, x.shape[-1:]))
        x = dropout(x, self.config.dropout, generator)
        mask = self.attention_bias[:, start:end, :end]  # (1 or H, T, S)
        turns = self.rotations[:, start:end] if self.config.position == "rope" else None  # (2, T, D/2)
        for block in islice(self.blocks, depth):
            x = block(x, tap, mask, turns, cache, generator)
        if cache is not None:
            cache.length = end
        x = tap("final_norm", self.final_norm(x))
        return tap("logits", F.linear(x, self.unembedding))  # (B, T, C) x (C, V) -> (B, T, V)

    @property
    def unembedding(self) -> Tensor:
        """The matrix (V, C) that turns the last vectors into logits; tied models reuse the token embedding."""
        return self.token_embedding.weight if self.config.tie_embeddings else self.unembed.weight

    def rewired(self, **changes: object) -> Transformer:
        """The same weights (shared, not copied) under a changed configuration, e.g. ``causal=False``.

        Only choices that leave every weight's shape alone can be changed; others raise ``ValueError``. With a smaller
        ``n_layers`` it ends after so many blocks.
        """
        with torch.device("meta"):
            other = Transformer(replace(self.config, **changes))
        beyond = tuple(f"blocks.{i}." for i in range(other.config.n_layers, self.config.n_layers))
        try:
            other.load_state_dict({k: v for k, v in self.state_dict().items() if not k.startswith(beyond)}, assign=True)
        except RuntimeError as error:
            raise ValueError(f"these weights do not fit a model with {changes}") from error
        other._add_tables()
        weight = self.token_embedding.weight
        return other.to(weight.device, weight.dtype).requires_grad_(False)

    def _check_length(self, length: int) -> None:
        if length > self.config.context_length:
            raise ValueError(
                f"{length} tokens are more than the model's context of {self.config.context_length}; shorten the text"
            )

    def _positions(self, start: int, token: Tensor) -> Tensor:
        """The vector of each position; zeros for schemes that act inside attention."""
        T = token.shape[1]
        if self.config.position == "learned":
            rows = self.position_embedding.weight[start : start + T]  # (T, C)
        elif self.config.position == "sinusoidal":
            rows = self.sinusoids[start : start + T]  # (T, C)
        else:
            rows = token.new_zeros(1, 1)
        return rows.expand_as(token)  # (B, T, C)

    def _add_tables(self) -> None:
        """Constants that follow from the configuration; not saved, because they can be computed again."""
        c = self.config
        self.register_buffer("attention_bias", attention_bias(c), persistent=False)  # (1 or H, T, T)
        if c.position == "sinusoidal":
            self.register_buffer("sinusoids", sinusoids(c.context_length, c.d_model), persistent=False)  # (T, C)
        if c.position == "rope":
            self.register_buffer("rotations", rotations(c.context_length, c.d_head, c.rope_base), persistent=False)  # (2, T, D/2)

    def _initialise(self) -> None:
        """GPT-2's initialisation from the configuration's own seed: N(0, 0.02), residual projections divided by sqrt(2 L)."""
        generator = torch.Generator().manual_seed(self.config.seed)
        for name, p in self.named_parameters():
            if name.endswith("bias") or name == "smear":
                nn.init.zeros_(p)
            elif p.ndim == 1:
                nn.init.ones_(p)
            elif self.config.zero_init and name.endswith(("out.weight", "down.weight", "unembed.weight")):
                nn.init.zeros_(p)
            else:
                residual = name.endswith(("out.weight", "down.weight"))
                std = self.config.embedding_std if "embedding" in name else self.config.weight_std
                std = std / math.sqrt(2 * self.config.n_layers) if residual else std
                nn.init.normal_(p, std=std, generator=generator)


class Part(nn.Module):
    """A module that calls ``forward`` and nothing else: without nn.Module's hooks a decoding step takes a tenth less.

    Forward hooks on the parts below are therefore never run; ``tap`` is the way to look inside.
    """

    def __call__(self, *args: object) -> Tensor:
        return self.forward(*args)


class Linear(Part, nn.Linear):
    """x (..., in) times the transpose of ``weight`` (out, in), plus ``bias`` (out,)."""

    def reset_parameters(self) -> None:
        """Draw nothing: ``Transformer`` sets all weights, and torch would use the global generator here."""


class Embedding(nn.Embedding):
    """Rows of ``weight`` (V, C), looked up by id."""

    def reset_parameters(self) -> None:
        """Draw nothing, as in ``Linear``."""


class Block(Part):
    """One layer: attention, then an MLP, each added to the residual stream."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.post_norm = config.norm_position == "post"
        self.residual = config.residual
        self.dropout = config.dropout
        self.name = f"blocks.{layer}"
        self.norm1 = Norm(config)
        self.attn = Attention(config, layer)
        self.norm2 = Norm(config)
        self.mlp = MLP(config, layer)

    def forward(
        self, x: Tensor, tap: Tap, mask: Tensor, turns: Tensor | None, cache: KVCache | None, generator: torch.Generator | None
    ) -> Tensor:
        x = tap(f"{self.name}.resid_pre", x)  # (B, T, C)
        if self.post_norm:
            x = self._join(x, dropout(self.attn(x, tap, mask, turns, cache), self.dropout, generator))
            x = tap(f"{self.name}.norm1", self.norm1(x))
            x = tap(f"{self.name}.resid_mid", x)
            x = self._join(x, dropout(self.mlp(x, tap), self.dropout, generator))
            x = tap(f"{self.name}.norm2", self.norm2(x))
        else:
            normed = tap(f"{self.name}.norm1", self.norm1(x))
            x = self._join(x, dropout(self.attn(normed, tap, mask, turns, cache), self.dropout, generator))
            x = tap(f"{self.name}.resid_mid", x)
            normed = tap(f"{self.name}.norm2", self.norm2(x))
            x = self._join(x, dropout(self.mlp(normed, tap), self.dropout, generator))
        return tap(f"{self.name}.resid_post", x)

    def _join(self, stream: Tensor, out: Tensor) -> Tensor:
        """What goes on behind a sublayer: the sum, or without residual connections its output alone."""
        return stream + out if self.residual else out


class Attention(Part):
    """Multi-head attention, one explicit path: scores, scale, mask, softmax, weighted sum."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.config = config
        self.heads = config.n_heads, config.d_head
        self.layer = layer
        self.name = f"blocks.{layer}.attn"
        self.qkv = Linear(config.d_model, 3 * config.d_model, bias=config.bias)  # queries, keys, values stacked
        self.out = Linear(config.d_model, config.d_model, bias=config.bias)

    def forward(self, x: Tensor, tap: Tap, mask: Tensor, turns: Tensor | None, cache: KVCache | None) -> Tensor:
        B, T, _ = x.shape
        H, D = self.heads
        q, k, v = self.qkv(x).view(B, T, 3, H, D).permute(2, 0, 3, 1, 4).unbind(0)  # (B, T, 3C) -> 3 x (B, H, T, D)
        if self.config.qk_norm:
            q, k = rms_normalise(q, self.config.norm_eps), rms_normalise(k, self.config.norm_eps)
        if turns is not None:
            q, k = rotate(q, turns), rotate(k, turns)
        q, k, v = tap(f"{self.name}.q", q), tap(f"{self.name}.k", k), tap(f"{self.name}.v", v)
        if cache is not None:
            k, v = cache.extend(self.layer, k, v)  # (B, H, S, D)
        scores = (q * D**-0.5) @ k.mT  # (B, H, T, D) x (B, H, D, S) -> (B, H, T, S)
        scores = tap(f"{self.name}.scores", scores + mask)  # -inf where it may not look, and ALiBi
        pattern = tap(f"{self.name}.pattern", scores.softmax(dim=-1))  # (B, H, T, S), rows sum to 1
        z = tap(f"{self.name}.z", pattern @ v)  # (B, H, T, S) x (B, H, S, D) -> (B, H, T, D)
        out = self._project(z, tap)
        return tap(f"{self.name}.out", out)

    def _project(self, z: Tensor, tap: Tap) -> Tensor:
        """Concatenate the heads and project: (B, H, T, D) -> (B, T, C). Per head only when somebody looks at it."""
        B, H, T, D = z.shape
        if getattr(tap, "skips_head_out", tap is identity):
            return self.out(z.transpose(1, 2).reshape(B, T, H * D))
        weight = self.out.weight.view(-1, H, D).permute(1, 2, 0)  # (C, C) -> (H, D, C)
        by_head = z @ weight  # (B, H, T, D) x (H, D, C) -> (B, H, T, C)
        seen = tap(f"{self.name}.head_out", by_head)
        if seen is by_head:  # only looked at: the same sum as without looking, to the last bit
            return self.out(z.transpose(1, 2).reshape(B, T, H * D))
        out = seen.sum(dim=1)  # (B, H, T, C) -> (B, T, C)
        return out if self.out.bias is None else out + self.out.bias


class MLP(Part):
    """Two linear maps with an activation between them, applied to each token on its own."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.name = f"blocks.{layer}.mlp"
        self.activation = config.activation
        if config.activation == "swiglu":
            self.gate = Linear(config.d_model, config.mlp_width, bias=config.bias)
        self.up = Linear(config.d_model, config.mlp_width, bias=config.bias)
        self.down = Linear(config.mlp_width, config.d_model, bias=config.bias)

    def forward(self, x: Tensor, tap: Tap) -> Tensor:
        pre = tap(f"{self.name}.pre", self.up(x))  # (B, T, C) -> (B, T, F)
        if self.activation == "swiglu":
            post = F.silu(tap(f"{self.name}.gate", self.gate(x))) * pre
        else:
            post = activate(pre, self.activation)
        return tap(f"{self.name}.out", self.down(tap(f"{self.name}.post", post)))  # (B, T, F) -> (B, T, C)


class Norm(Part):
    """LayerNorm or RMSNorm over the channels of each token; of the kind ``none``, nothing at all."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.kind = config.norm
        self.shape = (config.d_model,)
        self.eps = config.norm_eps
        self.weight = nn.Parameter(torch.ones(config.d_model)) if config.norm != "none" else None
        self.bias = nn.Parameter(torch.zeros(config.d_model)) if config.bias and config.norm == "layernorm" else None

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "none":
            return x
        if self.kind == "rmsnorm":
            return rms_normalise(x, self.eps) * self.weight
        return torch.layer_norm(x, self.shape, self.weight, self.bias, self.eps)


class KVCache:
    """Keys and values of the tokens already read, in arrays allocated once: (L, B, H, context, D)."""

    def __init__(self, model: Transformer, batch_size: int = 1) -> None:
        c = model.config
        weight = model.token_embedding.weight
        shape = (c.n_layers, batch_size, c.n_heads, c.context_length, c.d_head)
        self.k = torch.empty(shape, dtype=weight.dtype, device=weight.device)  # only what was written is read
        self.v = torch.empty_like(self.k)
        self.length = 0
        self.last_token: Tensor | None = None  # (B, 1, C) embedding of the last token read, for ``smear``

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store k and v (B, H, T, D) of new tokens; return those of all tokens so far, (B, H, S, D)."""
        T = k.shape[2]
        keys, values = self.k[layer], self.v[layer]  # (B, H, context, D); narrow() is a slice, without a slice's overhead
        keys.narrow(2, self.length, T).copy_(k)
        values.narrow(2, self.length, T).copy_(v)
        return keys.narrow(2, 0, self.length + T), values.narrow(2, 0, self.length + T)

    def select(self, rows: list[int]) -> KVCache:
        """A cache of its own whose row b is a copy of this one's row ``rows[b]``."""
        other = KVCache.__new__(KVCache)
        shape = (self.k.shape[0], len(rows), *self.k.shape[2:])
        other.k, other.v, other.length = self.k.new_empty(shape), self.v.new_empty(shape), self.length
        other.last_token = None if self.last_token is None else self.last_token[rows]
        for mine, theirs in ((self.k, other.k), (self.v, other.v)):
            theirs[:, :, :, : self.length] = mine[:, rows, :, : self.length]
        return other

    @property
    def nbytes(self) -> int:
        """Bytes that the tokens read so far take up: 2 x L x B x H x S x D x bytes per number."""
        return self.bytes_per_token * self.length

    @property
    def bytes_per_token(self) -> int:
        """Bytes of one token's keys and values in all layers: 2 x L x B x H x D x bytes per number."""
        return 2 * self.k[:, :, :, :1].numel() * self.k.element_size()


def previous(token: Tensor, cache: KVCache | None) -> Tensor:
    """Embeddings (B, T, C) moved on by one token: at each place the one before it, zeros at the very first."""
    before = cache.last_token if cache is not None else None
    before = torch.zeros_like(token[:, :1]) if before is None else before  # (B, 1, C)
    if cache is not None:
        cache.last_token = token[:, -1:]
    return torch.cat((before, token[:, :-1]), dim=1)


def activate(x: Tensor, kind: str) -> Tensor:
    """The MLP's activation function (``swiglu`` has its own line in ``MLP``)."""
    if kind == "gelu":
        return F.gelu(x)
    if kind == "gelu_tanh":
        return F.gelu(x, approximate="tanh")
    if kind == "relu":
        return F.relu(x)
    if kind == "relu2":
        return F.relu(x).square()
    return F.silu(x)


def rms_normalise(x: Tensor, eps: float) -> Tensor:
    """x divided by its root mean square over the last axis."""
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + eps)


def dropout(x: Tensor, p: float, generator: torch.Generator | None) -> Tensor:
    """Inverted dropout (Srivastava et al. 2014) from an explicit generator; without one, x itself."""
    if generator is None or p == 0.0:
        return x
    keep = torch.empty_like(x).bernoulli_(1 - p, generator=generator)
    return x * keep / (1 - p)


def attention_bias(config: ModelConfig) -> Tensor:
    """What is added to the scaled scores: -inf where a token may not look, and ALiBi's distance penalty.

    Returns (1, T, T), or (H, T, T) for ALiBi, with T the context length.
    """
    T = config.context_length
    distance = (torch.arange(T)[:, None] - torch.arange(T)[None, :]).float()  # (T, T), query minus key position
    bias = torch.zeros(1, T, T)
    if config.position == "alibi":
        bias = -alibi_slopes(config)[:, None, None] * distance.abs()  # (H, T, T)
    if config.causal:
        bias = bias.masked_fill(distance < 0, float("-inf"))
    return bias


def alibi_slopes(config: ModelConfig) -> Tensor:
    """One slope per head, (H,): the configuration's own, or 2^(-8/H), 2^(-16/H), ... (Press et al. 2021)."""
    if config.alibi_slopes is not None:
        return torch.tensor(config.alibi_slopes)
    H = config.n_heads
    return torch.tensor([2.0 ** (-8 * (h + 1) / H) for h in range(H)])


def sinusoids(context_length: int, d_model: int) -> Tensor:
    """Rows of sines (even channels) and cosines (odd channels), (T, C), wavelengths 2 pi to 20,000 pi (Vaswani et al. 2017)."""
    position = torch.arange(context_length).float()[:, None]
    channel = torch.arange(0, d_model, 2).float()[None, :]
    angle = position / 10_000 ** (channel / d_model)  # (T, ceil(C/2))
    table = torch.zeros(context_length, d_model)
    table[:, 0::2] = torch.sin(angle)
    table[:, 1::2] = torch.cos(angle)[:, : d_model // 2]
    return table


def rotations(context_length: int, d_head: int, base: float) -> Tensor:
    """Cosine and sine of each position's angle for each pair of channels, (2, T, D/2) (RoFormer, Su et al. 2021)."""
    frequency = base ** (-torch.arange(0, d_head, 2).float() / d_head)  # (D/2,)
    angle = torch.arange(context_length).float()[:, None] * frequency  # (T, D/2)
    return torch.stack((angle.cos(), angle.sin()))


def rotate(x: Tensor, turns: Tensor) -> Tensor:
    """Turn each neighbouring pair of channels of x (B, H, T, D) by the angle with cosine and sine in turns (2, T, D/2)."""
    cos, sin = turns.unbind(0)  # each (T, D/2)
    even, odd = x[..., 0::2], x[..., 1::2]  # (B, H, T, D/2)
    turned = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1)  # (B, H, T, D/2, 2)
    return turned.flatten(-2)  # (B, H, T, D)
