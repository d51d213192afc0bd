"""Where a model is trained, and with numbers of which size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

WORTH_16_BITS = 1.15  # 16-bit products have to be at least so much quicker to be worth their coarser numbers


def resolve_device(device: str) -> str:
    """``auto`` becomes the quickest device of this machine: ``cuda``, else ``mps``, else ``cpu``.

    Raises:
        ValueError: for a device that this machine does not have.
    """
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, there in found.items() if there)
    if not found[device]:
        have = ", ".join(name for name, there in found.items() if there)
        raise ValueError(f"this machine has no device {device} that PyTorch can use; choose auto or one of: {have}")
    return device


def resolve_precision(precision: str, device: str = "cpu") -> str:
    """``auto`` becomes ``bfloat16`` where the device is quicker with it, else ``float32``.

    A processor can have the instructions and still be slower: they are twice as quick as 32 bits on AMD's Zen 4, and half as
    quick on Intel's Sapphire Rapids without its matrix unit. So the processor is measured.
    """
    if precision != "auto":
        return precision
    if device == "cpu":
        able = torch.cpu.get_capabilities()
        has_it = able.get("avx512_bf16") or able.get("amx_bf16")
        return "bfloat16" if has_it and bfloat16_gain() >= WORTH_16_BITS else "float32"
    return "bfloat16" if device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False) else "float32"


@cache
def bfloat16_gain() -> float:
    """How many times quicker this processor multiplies 16-bit matrices than 32-bit ones; measured once, in about 20 ms.

    The quickest of several turns counts for each, taken in alternation, so that other work on the machine disturbs little.
    """
    best = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
    ones = {dtype: (torch.ones(1024, 128, dtype=dtype), torch.ones(128, 512, dtype=dtype)) for dtype in best}
    with torch.inference_mode():
        for _ in range(8):
            for dtype, (rows, matrix) in ones.items():
                start = time.perf_counter()
                rows @ matrix
                best[dtype] = min(best[dtype], time.perf_counter() - start)
    return best[torch.float32] / best[torch.bfloat16]


@contextmanager
def denormals_flushed(wanted: bool) -> Iterator[None]:
    """While this lasts, numbers below 1.2e-38 count as 0 in this thread, where the processor can do that.

    Many processors take a hundred times longer for such numbers, and the attention patterns of ALiBi are full of them: e^-90
    for a token far away. Flushed, a step of a four-layer model takes half the time.
    """
    flushed = wanted and torch.set_flush_denormal(True)
    try:
        yield
    finally:
        if flushed:
            torch.set_flush_denormal(False)
