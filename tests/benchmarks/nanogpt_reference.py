"""The reference of the time-to-loss benchmark: nanoGPT's recipe for a CPU, written for this benchmark in plain PyTorch.

4 layers, 4 heads, 128 wide, 64 characters of context, batch 12, no dropout, no biases; AdamW at 1e-3 with betas 0.9 and 0.99,
weight decay 0.1 on matrices, 100 steps of warm-up, cosine to 1e-4 over 2,000 steps, gradients clipped at 1; float32, fused
attention, random windows with replacement. It reads nothing of ``llm``, so a change there cannot change the yardstick.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LAYERS, HEADS, WIDTH, CONTEXT, BATCH, STEPS = 4, 4, 128, 64, 12, 2000
RATE, LAST_RATE, WARMUP, DECAY, CLIP = 1e-3, 1e-4, 100, 0.1, 1.0


@dataclass(frozen=True)
class Reached:
    """What the reference ends with: nats per character on all validation text; seconds and processor time are of the steps."""

    val_loss: float
    seconds: float
    cpu_seconds: float
    tokens_per_second: float
    parameters: int


class Layer(nn.Module):
    """Pre-norm attention and MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(WIDTH, bias=False) for _ in range(2))
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.up = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.down = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, HEADS, C // HEADS).transpose(1, 2)  # (B, T, C) -> (B, H, T, D)
            for part in self.qkv(self.norm1(x)).split(C, dim=2)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(B, T, C))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Reference(nn.Module):
    """Learned positions, tied unembedding."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.token = nn.Embedding(vocabulary, WIDTH)
        self.place = nn.Embedding(CONTEXT, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        for name, p in self.named_parameters():
            if p.ndim == 2:
                small = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * LAYERS) if small else 0.02)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.token(ids) + self.place.weight[: ids.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return F.linear(self.norm(x), self.token.weight)  # (B, T, C) -> (B, T, V)


def rate_of(step: int) -> float:
    """Warm-up, then half a cosine."""
    if step < WARMUP:
        return RATE * (step + 1) / (WARMUP + 1)
    part = (step - WARMUP) / (STEPS - WARMUP)
    return LAST_RATE + 0.5 * (1 + math.cos(math.pi * part)) * (RATE - LAST_RATE)


def train_reference(text: str, seed: int = 1337, steps: int = STEPS) -> Reached:
    """Train on the first nine tenths of the characters. Evaluation and data are outside the clock."""
    torch.manual_seed(seed)  # this process runs nothing else
    characters = {c: i for i, c in enumerate(sorted(set(text)))}
    ids = torch.tensor([characters[c] for c in text])
    train, val = ids[: int(0.9 * len(ids))], ids[int(0.9 * len(ids)) :]
    model = Reference(len(characters))
    matrices = [p for p in model.parameters() if p.ndim == 2]
    gains = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": gains, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99))
    seconds = cpu_seconds = 0.0
    for step in range(steps):
        start, cpu = time.perf_counter(), time.process_time()
        for group in optimizer.param_groups:
            group["lr"] = rate_of(step)
        first = torch.randint(len(train) - CONTEXT, (BATCH,))
        x = torch.stack([train[i : i + CONTEXT] for i in first])
        y = torch.stack([train[i + 1 : i + 1 + CONTEXT] for i in first])
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        seconds += time.perf_counter() - start
        cpu_seconds += time.process_time() - cpu
    count = sum(p.numel() for p in model.parameters())
    return Reached(whole_loss(model, val), seconds, cpu_seconds, steps * BATCH * CONTEXT / seconds, count)


@torch.inference_mode()
def whole_loss(model: nn.Module, val: Tensor) -> float:
    """Nats per character over the whole of ``val``, in consecutive windows; the last may be shorter."""
    total = 0.0
    for start in range(0, len(val) - 1, 32 * CONTEXT):
        piece = val[start : start + 32 * CONTEXT + 1]
        whole = (len(piece) - 1) // CONTEXT * CONTEXT
        parts = [(piece[:whole].view(-1, CONTEXT), piece[1 : whole + 1].view(-1, CONTEXT))] if whole else []
        if whole < len(piece) - 1:
            parts.append((piece[None, whole:-1], piece[None, whole + 1 :]))
        total += sum(F.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum").item() for x, y in parts)
    return total / (len(val) - 1)
