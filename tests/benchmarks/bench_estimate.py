"""The estimate of a step beside measured steps, for each size of the starter and some other shapes.

Run it on a machine that does nothing else: python tests/benchmarks/bench_estimate.py
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from llm.process import keep_freed_memory

keep_freed_memory()

import torch  # noqa: E402

from llm import estimate, presets  # noqa: E402
from llm.config import ModelConfig, TrainConfig  # noqa: E402
from llm.data import TokenData  # noqa: E402
from llm.model import Transformer  # noqa: E402
from llm.training import Trainer  # noqa: E402

STEPS = 12


def measured(model: ModelConfig, train: TrainConfig) -> float:
    """Seconds of the quickest of some steps, in computing time, so that other programs disturb little."""
    ids = torch.randint(model.vocab_size, (20_000,), generator=torch.Generator().manual_seed(0))
    data = TokenData(ids, ids[:2000], torch.zeros(1, dtype=torch.long), 2000)
    trainer = Trainer(Transformer(model), data, replace(train, eval_every=10**6, max_seconds=None))
    best = float("inf")
    for _ in range(STEPS):
        start = time.thread_time()
        trainer.advance()
        best = min(best, time.thread_time() - start)
    return best


def main() -> None:
    torch.set_num_threads(1)
    machine = estimate.measure()
    print(f"measured in this process: {machine}\n")
    print(f"{'shape':44s} {'measured ms':>12s} {'estimate ms':>12s} {'ratio':>6s}")
    for size in presets.SIZES:
        spec = presets.starter(size=size)
        show(f"starter, {size}", spec.model_config(1024), spec.train_config(), machine)
    small = presets.starter()
    model, train = small.model_config(1024), small.train_config()
    show("small, 32 bits", model, replace(train, precision="float32"), machine)
    show("small, AdamW", model, replace(train, optimizer="adamw"), machine)
    show("small, batch 64", model, replace(train, batch_size=64), machine)
    show("small, context 256", replace(model, context_length=256), train, machine)
    show("small, characters", replace(model, vocab_size=65), train, machine)
    show("small, SwiGLU and RMS norm", replace(model, activation="swiglu", norm="rmsnorm"), train, machine)


def show(name: str, model: ModelConfig, train: TrainConfig, machine: estimate.Machine) -> None:
    found, guessed = measured(model, train), estimate.step_seconds(model, train, machine)
    print(f"{name:44s} {1e3 * found:12.1f} {1e3 * guessed:12.1f} {guessed / found:6.2f}", flush=True)


if __name__ == "__main__":
    main()
