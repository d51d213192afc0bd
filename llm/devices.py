"""Where a model is trained, and with numbers of which size."""

from __future__ import annotations

import torch


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
    """``auto`` becomes ``bfloat16`` where the device has instructions for it (about twice as fast), else ``float32``."""
    if precision != "auto":
        return precision
    if device == "cpu":
        able = torch.cpu.get_capabilities()
        return "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") else "float32"
    return "bfloat16" if device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
