"""How long a training step will take on this machine, before it is taken: three small measurements and a count of the work.

A step is made of matrix products, of operations that touch each number once (softmax, norms, activation functions, the
optimiser), and of calls, each of which costs the same however small its tensors are. ``Machine`` holds what this machine
does of each in a second, measured in about 50 ms; ``step_seconds`` counts what a configuration needs. How far it is off on
the sizes of the starter: ``tests/benchmarks/bench_estimate.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from llm.config import ModelConfig, TrainConfig, mean_length
from llm.cost import count_parameters, flops_per_token

WATTS_PER_CORE = 10.0  # an assumption: what one busy core of a laptop or a server draws, memory included
ORTHOGONAL_STEPS = 3  # of Muon's iteration (llm/optim.py)

# What a step has of each kind, fitted once to measured steps of twelve shapes; see the benchmark.
PRODUCTS = 1.16  # products are of many shapes, few as quick as the measured one
TOUCHES_MLP, TOUCHES_PATTERN, TOUCHES_LOGITS, TOUCHES_WEIGHTS = 34.0, 26.0, 20.0, 7.4
CALLS_PER_LAYER, CALLS_ELSE = 820, 420


@dataclass(frozen=True)
class Machine:
    """What one thread of this machine does in a second, in the precision that ``auto`` chooses here and in float32."""

    precision: str  # what "auto" comes to: bfloat16 or float32
    products: dict[str, float]  # operations in matrix products, by precision
    touches: dict[str, float]  # numbers that an element-wise operation goes through, by precision
    call: float  # seconds that any call costs

    def speed(self, precision: str) -> tuple[float, float]:
        """Products and touches per second; an unknown precision is taken for float32."""
        name = self.precision if precision == "auto" else precision
        return self.products.get(name, self.products["float32"]), self.touches.get(name, self.touches["float32"])


def measure() -> Machine:
    """Measure this machine in about 50 ms. Of each kind the quickest time counts, so that load disturbs little."""
    import torch

    from llm.devices import resolve_precision

    precision = resolve_precision("auto", "cpu")
    products, touches = {}, {}
    with torch.inference_mode():
        for name in dict.fromkeys(("float32", precision)):
            dtype = getattr(torch, name)
            rows, matrix = torch.randn(1024, 128).to(dtype), torch.randn(128, 512).to(dtype)  # as an MLP of the small size
            numbers = torch.randn(1 << 18).to(dtype)
            products[name] = 2 * 1024 * 128 * 512 / _quickest(lambda a=rows, b=matrix: a @ b)
            touches[name] = numbers.numel() / _quickest(lambda x=numbers: x * 1.5)
        tiny = torch.ones(8)
        call = _quickest(lambda: [tiny + 1.0 for _ in range(50)]) / 50
    return Machine(precision, products, touches, call)


def _quickest(work: Callable[[], object], seconds: float = 0.01, least: int = 5) -> float:
    """The shortest of the times that fit into about 10 ms, at least five of them, after one that does not count."""
    work()
    best, end, count = float("inf"), time.perf_counter() + seconds, 0
    while count < least or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best, count = min(best, time.perf_counter() - start), count + 1
    return best


def step_seconds(model: ModelConfig, train: TrainConfig, machine: Machine) -> float:
    """Seconds of one training step."""
    products, touches = machine.speed(train.precision)
    tokens = train.batch_size * model.context_length
    flops = tokens * flops_per_token(model, training=True) + muon_flops(model) * (train.optimizer == "muon")
    calls = CALLS_PER_LAYER * model.n_layers + CALLS_ELSE
    return PRODUCTS * flops / products + touched(model, train.batch_size) / touches + calls * machine.call


def run_seconds(model: ModelConfig, train: TrainConfig, machine: Machine) -> float | None:
    """Seconds in training steps until the run ends by itself; None when only the loss decides that."""
    ends = [train.max_seconds] if train.max_seconds is not None else []
    if train.steps is not None:
        part = mean_length(model.context_length, train.short_window_fraction) / model.context_length
        ends.append(train.steps * part * step_seconds(model, train, machine))
    return min(ends, default=None)


def muon_flops(model: ModelConfig) -> float:
    """Operations of Muon's iteration: for each block matrix of r <= c rows and columns, 4 r^2 c + 2 r^3 each time."""
    C, F = model.d_model, model.mlp_width
    inner = 2 if model.activation == "swiglu" else 1
    shapes = [(C, C)] * 4 + [(min(C, F), max(C, F))] * (inner + 1)
    return ORTHOGONAL_STEPS * model.n_layers * sum(4.0 * r * r * c + 2.0 * r**3 for r, c in shapes)


def touched(model: ModelConfig, batch_size: int) -> float:
    """Numbers that the element-wise operations of a step go through."""
    tokens = batch_size * model.context_length
    block = TOUCHES_MLP * model.mlp_width + TOUCHES_PATTERN * model.n_heads * model.context_length
    logits = TOUCHES_LOGITS * model.vocab_size
    return tokens * (model.n_layers * block + logits) + TOUCHES_WEIGHTS * count_parameters(model)


def watt_hours(seconds: float, cores: float = 1.0) -> float:
    """Energy of computing for so long, under the assumption of ``WATTS_PER_CORE``."""
    return seconds * cores * WATTS_PER_CORE / 3600
