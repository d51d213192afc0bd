"""A transformer written a second time, the ordinary way, to compare gradients with: nothing of llm.model is used here."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class PlainGPT(nn.Module):
    """PyTorch's own layers, separate queries, keys and values, fused attention; gelu, relu or swiglu; any position scheme."""

    def __init__(self, V, T, L, H, C, F_, position, norm, post, activation, tied, causal, residual):
        super().__init__()
        self.keep = 1.0 if residual else 0.0
        self.H, self.position, self.post, self.activation, self.causal = H, position, post, activation, causal
        self.tokens = nn.Embedding(V, C)
        self.places = nn.Embedding(T, C) if position == "learned" else None
        norms = {"layernorm": lambda: nn.LayerNorm(C, eps=1e-5), "rmsnorm": lambda: nn.RMSNorm(C, eps=1e-5), "none": nn.Identity}
        make_norm = norms[norm]
        linear = {"q": (C, C), "k": (C, C), "v": (C, C), "out": (C, C), "up": (C, F_), "down": (F_, C)}
        linear |= {"gate": (C, F_)} if activation == "swiglu" else {}
        self.blocks = nn.ModuleList()
        for _ in range(L):
            layers = {name: nn.Linear(*shape) for name, shape in linear.items()}
            self.blocks.append(nn.ModuleDict(layers | {"norm1": make_norm(), "norm2": make_norm()}))
        self.last = nn.Identity() if post else make_norm()
        self.head = nn.Linear(C, V, bias=False)
        if tied:
            self.head.weight = self.tokens.weight

    def forward(self, ids):
        x = self.tokens(ids)
        if self.places is not None:
            x = x + self.places.weight[: ids.shape[1]]
        for b in self.blocks:
            if self.post:
                x = b["norm1"](self.keep * x + self.attend(b, x))
                x = b["norm2"](self.keep * x + self.mlp(b, x))
            else:
                x = self.keep * x + self.attend(b, b["norm1"](x))
                x = self.keep * x + self.mlp(b, b["norm2"](x))
        return self.head(self.last(x))

    def mlp(self, b, x):
        if self.activation == "swiglu":
            return b["down"](F.silu(b["gate"](x)) * b["up"](x))
        return b["down"](F.gelu(b["up"](x)) if self.activation == "gelu" else F.relu(b["up"](x)))

    def attend(self, b, x):
        B, T, C = x.shape
        q, k, v = (b[name](x).view(B, T, self.H, C // self.H).transpose(1, 2) for name in "qkv")
        if self.position == "rope":
            q, k = turned(q), turned(k)
        mask = torch.zeros(self.H, T, T, dtype=x.dtype)
        for t in range(T):
            for s in range(T):
                if self.position == "alibi":
                    mask[:, t, s] = torch.tensor([-abs(t - s) * 2 ** (-8 * (h + 1) / self.H) for h in range(self.H)])
                if self.causal and s > t:
                    mask[:, t, s] = -math.inf
        z = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return b["out"](z.transpose(1, 2).reshape(B, T, C))


def turned(x):
    """Each pair of neighbouring channels as a complex number, times e^(i angle)."""
    T, D = x.shape[-2:]
    angle = torch.arange(T)[:, None] / 10_000 ** (torch.arange(0, D, 2) / D)
    pairs = torch.view_as_complex(x.unflatten(-1, (D // 2, 2)).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2)


def copy_of(model) -> PlainGPT:
    """The plain model with the weights of a ``Transformer``, in its number format."""
    c = model.config
    post, tied = c.norm_position == "post", c.tie_embeddings
    shape = (c.vocab_size, c.context_length, c.n_layers, c.n_heads, c.d_model, c.mlp_width)
    plain = PlainGPT(*shape, c.position, c.norm, post, c.activation, tied, c.causal, c.residual)
    plain = plain.to(model.token_embedding.weight.dtype)
    with torch.no_grad():
        for (name, ours), (other, theirs) in zip(pairs(model), named(plain), strict=True):
            assert ours.shape == theirs.shape, (name, other)
            theirs.copy_(ours)
    return plain


def pairs(model, gradients=False):
    """(name, tensor) of a Transformer in the plain model's order; its stacked queries, keys and values one by one."""
    for name, p in ordered(model):
        value = p.grad if gradients else p
        thirds = value.chunk(3) if ".qkv." in name else [value]
        yield from ((f"{name}.{i}", third) for i, third in enumerate(thirds))


def ordered(model):
    def both(prefix, module):
        return [(f"{prefix}.{n}", p) for n, p in module.named_parameters()]

    found = both("token_embedding", model.token_embedding)
    if model.config.position == "learned":
        found += both("position_embedding", model.position_embedding)
    for i, block in enumerate(model.blocks):
        for kind in ("weight", "bias"):
            found += [(f"{i}.qkv.{kind}", getattr(block.attn.qkv, kind)), (f"{i}.out.{kind}", getattr(block.attn.out, kind))]
            found += [(f"{i}.up.{kind}", getattr(block.mlp.up, kind)), (f"{i}.down.{kind}", getattr(block.mlp.down, kind))]
            if model.config.activation == "swiglu":
                found.append((f"{i}.gate.{kind}", getattr(block.mlp.gate, kind)))
        found += both(f"{i}.norm1", block.norm1) + both(f"{i}.norm2", block.norm2)
    found += both("final_norm", model.final_norm)
    return found if model.config.tie_embeddings else [*found, ("unembed", model.unembed.weight)]


def named(plain, gradients=False):
    """(name, tensor) of the plain model, in the same order."""
    found = [("tokens", plain.tokens.weight)]
    if plain.places is not None:
        found.append(("places", plain.places.weight))
    for i, b in enumerate(plain.blocks):
        layers = ["q", "k", "v", "out", "up", "down"] + ["gate"] * ("gate" in b)
        found += [(f"{i}.{name}.{kind}", getattr(b[name], kind)) for kind in ("weight", "bias") for name in layers]
        found += [(f"{i}.{norm}.{n}", p) for norm in ("norm1", "norm2") for n, p in b[norm].named_parameters()]
    found += [(f"last.{n}", p) for n, p in plain.last.named_parameters()]
    if plain.head.weight is not plain.tokens.weight:
        found.append(("head", plain.head.weight))
    return [(name, p.grad if gradients else p) for name, p in found]
