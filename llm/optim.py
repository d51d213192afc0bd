"""AdamW and Muon over flat buffers.

All trainable numbers of a model lie in one float32 buffer (the masters), so an update is a handful of calls, however many
parameters there are. With bfloat16 the forward pass reads a working copy of the masters that each update refreshes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from llm.config import TrainConfig

# First steps of the Polar Express iteration (Amsel et al. 2025): each row is (a, b, c) of X <- aX + b(XX')X + c(XX')^2 X.
POLAR_EXPRESS = (
    (8.156554524902461, -22.48329292557795, 15.878769915207462),
    (4.042929935166739, -2.808917465908714, 0.5000178451051316),
    (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
    (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
    (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
)

FUSED_DEVICES = ("cpu", "cuda")  # where PyTorch's fused AdamW is trusted here


class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2017) over one flat buffer.

    It calls the fused kernel of ``torch.optim.AdamW`` itself, because that class takes a second to import; where there is no
    such kernel, ``plain_adamw`` does the same in a few calls.
    """

    def __init__(self, weights: Tensor, *, beta1: float, beta2: float, weight_decay: float, eps: float = 1e-8) -> None:
        self.weights = weights
        self.beta1, self.beta2, self.weight_decay, self.eps = beta1, beta2, weight_decay, eps
        self.mean = torch.zeros_like(weights)
        self.square = torch.zeros_like(weights)
        self.fused = weights.device.type in FUSED_DEVICES and hasattr(torch, "_fused_adamw_")
        self.count = 0

    @property
    def moments(self) -> dict[str, Tensor]:
        """What it remembers of past gradients, as long as the weights each."""
        return {"mean": self.mean, "square": self.square}

    def step(self, gradient: Tensor, learning_rate: float) -> None:
        """Update the weights in place. ``gradient`` is float32 and as long as the weights."""
        self.count += 1
        if not self.fused:
            plain_adamw(self, gradient, learning_rate)
            return
        torch._fused_adamw_(
            [self.weights],
            [gradient],
            [self.mean],
            [self.square],
            [],
            [torch.tensor(float(self.count), device=self.weights.device)],
            lr=learning_rate,
            beta1=self.beta1,
            beta2=self.beta2,
            weight_decay=self.weight_decay,
            eps=self.eps,
            amsgrad=False,
            maximize=False,
        )


def plain_adamw(adamw: AdamW, gradient: Tensor, learning_rate: float) -> None:
    """The same update as the fused kernel, written out."""
    adamw.weights.mul_(1 - learning_rate * adamw.weight_decay)
    adamw.mean.lerp_(gradient, 1 - adamw.beta1)
    adamw.square.mul_(adamw.beta2).addcmul_(gradient, gradient, value=1 - adamw.beta2)
    spread = adamw.square.sqrt().div_(math.sqrt(1 - adamw.beta2**adamw.count)).add_(adamw.eps)
    adamw.weights.addcdiv_(adamw.mean, spread, value=-learning_rate / (1 - adamw.beta1**adamw.count))


class Muon:
    """Momentum whose update is made orthogonal, for matrices inside the network (Jordan et al. 2024).

    An orthogonal update moves every direction of a matrix by the same amount, so rare directions learn as fast as common
    ones. ``shapes`` lists runs of equal matrices in the flat buffer: (how many, rows, columns).
    """

    def __init__(
        self,
        weights: Tensor,
        shapes: list[tuple[int, int, int]],
        *,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.weights = weights
        self.shapes = shapes
        self.final_momentum, self.weight_decay, self.dtype = momentum, weight_decay, dtype
        self.mean = torch.zeros_like(weights)
        self.count = 0

    @property
    def moments(self) -> dict[str, Tensor]:
        """What it remembers of past gradients, as long as the weights."""
        return {"mean": self.mean}

    @property
    def momentum(self) -> float:
        """Rises by 0.1 to its final value during the first 100 steps, while gradients still change quickly."""
        return self.final_momentum - 0.1 * max(0.0, 1 - self.count / 100)

    def step(self, gradient: Tensor, learning_rate: float, share: float = 1.0) -> None:
        """Update the weights in place. ``gradient`` is float32 and as long as the weights.

        ``share`` is the part of each run of equal matrices, from its start, that has a gradient yet; the others stay.
        """
        start = 0
        for count, rows, columns in self.shapes:
            live = round(count * share)
            self._turn(slice(start, start + live * rows * columns), (live, rows, columns), gradient, learning_rate)
            start += count * rows * columns
        self.count += 1

    def _turn(self, span: slice, shape: tuple[int, int, int], gradient: Tensor, learning_rate: float) -> None:
        """Update one run of equal matrices."""
        _, rows, columns = shape
        weights, mean, gradient = self.weights[span], self.mean[span], gradient[span]
        mean.lerp_(gradient, 1 - self.momentum)
        update = torch.lerp(gradient, mean, self.momentum)  # Nesterov
        turned = orthogonalise(update.view(shape).to(self.dtype))
        if self.weight_decay:
            weights.mul_(1 - learning_rate * self.weight_decay)
        # a long matrix has more entries to share the same length: keep the size of an entry's change alike
        scale = math.sqrt(max(rows, columns) / min(rows, columns))
        weights.add_(turned.reshape(-1), alpha=-learning_rate * scale)


def orthogonalise(matrices: Tensor, steps: int = 3) -> Tensor:
    """The nearest (semi-)orthogonal matrix U V' of each U S V' in (N, R, C), approximately: every singular value comes near 1.

    Three steps of the iteration are enough for training; five are closer (Amsel et al. 2025).
    """
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices  # (N, short, long)
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    long = x.shape[-1] >= 2 * x.shape[-2] and x.dtype == torch.float32  # 16 bits are too coarse for powers of XX'
    x = _by_gram(x, POLAR_EXPRESS[:steps]) if long else _by_turns(x, POLAR_EXPRESS[:steps])
    return x.mT if tall else x


def _by_turns(x: Tensor, rows: tuple[tuple[float, float, float], ...]) -> Tensor:
    """The iteration as it is written: each step turns all of X."""
    for a, b, c in rows:
        gram = x @ x.mT  # (N, short, short)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


def _by_gram(x: Tensor, rows: tuple[tuple[float, float, float], ...]) -> Tensor:
    """The same for long X with less work: each step is a polynomial of XX', so all but the last product are of small matrices."""
    gram = x @ x.mT  # (N, short, short)
    product = None
    for step, (a, b, c) in enumerate(rows, start=1):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        product = factor if product is None else factor @ product
        if step < len(rows):
            gram = factor @ (factor @ gram)  # polynomials of one matrix commute
    return x if product is None else product @ x


@dataclass(frozen=True)
class Part:
    """Parameters that follow each other in the flat buffers and are updated alike."""

    names: list[str]
    parameters: list[nn.Parameter]
    decays: bool
    shapes: list[tuple[int, int, int]]  # for Muon; empty for AdamW

    @property
    def size(self) -> int:
        return sum(p.numel() for p in self.parameters)


def split_parameters(named: Iterable[tuple[str, nn.Parameter]], optimizer: str) -> list[Part]:
    """Who updates what: Muon the matrices inside the blocks, AdamW the rest; gains and biases do not decay."""
    muon: dict[tuple[int, int], dict[str, nn.Parameter]] = {}
    rest: dict[bool, dict[str, nn.Parameter]] = {True: {}, False: {}}  # does it decay
    for name, p in named:
        if not p.requires_grad:
            continue
        if optimizer == "muon" and p.ndim == 2 and name.startswith("blocks."):
            muon.setdefault((p.shape[0] // stacked(name), p.shape[1]), {})[name] = p
        else:
            rest[p.ndim > 1][name] = p
    parts = []
    if muon:
        shapes = [(sum(map(stacked, found)), *shape) for shape, found in muon.items()]
        together = {name: p for found in muon.values() for name, p in found.items()}
        parts.append(Part([*together], [*together.values()], True, shapes))
    return parts + [Part([*found], [*found.values()], decays, []) for decays, found in rest.items() if found]


def stacked(name: str) -> int:
    """How many matrices a parameter holds: queries, keys and values are three in one."""
    return 3 if name.endswith("qkv.weight") else 1


class Optimizer:
    """One update of all trainable parameters from the gradients that ``backward`` left in the flat buffer."""

    def __init__(self, model: nn.Module, config: TrainConfig, dtype: torch.dtype) -> None:
        """Move the model's trainable parameters into flat buffers; ``dtype`` is that of the forward pass."""
        self.config = config
        parts = split_parameters(model.named_parameters(), config.optimizer)
        if not parts:
            raise ValueError("no parameter is trainable; switch requires_grad on for some of them")
        self.names = [name for part in parts for name in part.names]
        self.parameters = [p for part in parts for p in part.parameters]
        self.masters = torch.cat([p.detach().float().flatten() for p in self.parameters])
        self.working = self.masters if dtype == torch.float32 else self.masters.to(dtype)
        self.gradient = torch.zeros_like(self.working)
        place(self.parameters, self.working)
        for p, g in zip(self.parameters, split_like(self.gradient, self.parameters), strict=True):
            p.grad = g
        self.updates: list[tuple[slice, AdamW | Muon]] = []
        start = 0
        for part in parts:
            span = slice(start, start + part.size)
            self.updates.append((span, self._update(part, self.masters[span], dtype)))
            start += part.size

    def _update(self, part: Part, weights: Tensor, dtype: torch.dtype) -> AdamW | Muon:
        c = self.config
        if part.shapes:
            return Muon(weights, part.shapes, momentum=c.muon_momentum, weight_decay=c.muon_weight_decay, dtype=dtype)
        return AdamW(weights, beta1=c.beta1, beta2=c.beta2, weight_decay=c.weight_decay if part.decays else 0.0)

    def step(self, fraction: float, share: float = 1.0) -> float:
        """Clip, update, refresh the working copy and clear the gradients; returns the gradient's norm before clipping.

        ``fraction`` multiplies both learning rates (see ``llm.schedule``); ``share`` is the part of the layers, from the
        first on, that was computed: the matrices of the others have no gradient, and Muon passes them by.

        Raises:
            ValueError: when the gradient is infinite or not a number; then nothing is updated.
        """
        gradient = self.gradient.float()
        norm = float(torch.linalg.vector_norm(gradient))
        if not math.isfinite(norm):
            raise ValueError("the gradient is no longer a number; use a lower learning rate")
        limit = self.config.grad_clip
        if limit is not None and norm > limit:
            gradient = gradient * (limit / norm)
        for span, update in self.updates:
            if isinstance(update, Muon):
                update.step(gradient[span], self.config.muon_learning_rate * fraction, share)
            else:
                update.step(gradient[span], self.config.learning_rate * fraction)
        if self.working is not self.masters:
            self.working.copy_(self.masters)
        self.gradient.zero_()
        return norm

    def tensors(self) -> dict[str, Tensor]:
        """The masters and what each update remembers, by name; not copies."""
        moments = {f"{i}.{name}": x for i, (_, update) in enumerate(self.updates) for name, x in update.moments.items()}
        return {"masters": self.masters, **moments}

    def resume(self, steps: int) -> None:
        """Go on after ``steps`` updates, once ``tensors`` have been filled with what they held then."""
        for _, update in self.updates:
            update.count = steps
        if self.working is not self.masters:
            self.working.copy_(self.masters)


def split_like(flat: Tensor, parameters: list[nn.Parameter]) -> list[Tensor]:
    """Views of ``flat`` with the parameters' shapes, in their order."""
    parts = flat.split([p.numel() for p in parameters])
    return [part.view(p.shape) for part, p in zip(parts, parameters, strict=True)]


def place(parameters: list[nn.Parameter], flat: Tensor) -> None:
    """Let the parameters be views of ``flat``."""
    for p, view in zip(parameters, split_like(flat, parameters), strict=True):
        p.data = view
