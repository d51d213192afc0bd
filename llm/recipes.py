"""Named sets of choices for a model and its training: the textbook, and what learns fastest on a CPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Values for the fields of ``ModelConfig`` and ``TrainConfig``; what it does not name stays at the default."""

    summary: str
    model: Mapping[str, Any] = field(default_factory=dict)
    train: Mapping[str, Any] = field(default_factory=dict)


# What both quick recipes and the page's own start (``llm/presets.py``) share: Muon, and nothing that slows a step down.
QUICK_TRAIN: Mapping[str, Any] = MappingProxyType(
    {
        "optimizer": "muon",
        "final_lr_fraction": 0.0,
        "warmup_steps": 5,
        "grad_clip": None,
        "precision": "auto",
        "flush_denormals": True,
        "eval_tokens": 8_192,
    }
)
QUICK_MODEL: Mapping[str, Any] = MappingProxyType(
    {
        "position": "alibi",
        "activation": "relu",
        "tie_embeddings": False,
        "embedding_norm": True,
        "zero_init": True,
        "embedding_std": 1.0,
        "weight_std": 0.05,
    }
)

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "fast": Recipe(
            "ALiBi positions, untied zero-initialised head, Muon, 16-bit weights, averaged weights",
            model=QUICK_MODEL,
            train={
                **QUICK_TRAIN,
                "learning_rate": 0.024,
                "muon_learning_rate": 0.03,
                "batch_size": 32,
                "average_fraction": 0.2,
            },
        ),
        "quickest": Recipe(
            "fast with smear and no biases; steps chosen for the target, most of them with one layer; the rate falls to zero",
            model={**QUICK_MODEL, "smear": True, "bias": False},
            train={
                **QUICK_TRAIN,
                "learning_rate": 0.05,
                "muon_learning_rate": 0.06,
                "beta1": 0.8,
                "beta2": 0.98,
                "batch_size": 16,
                "schedule": "linear",
            },
        ),
        "textbook": Recipe(
            "learned positions, tied embeddings, AdamW, 32-bit numbers",
            train={"learning_rate": 3e-3, "eval_tokens": 8_192},
        ),
    }
)

DEFAULT_RECIPE, QUICKEST = "fast", "quickest"


def steep_slopes(n_heads: int) -> tuple[float, ...]:
    """ALiBi slopes from 2 (little more than the previous token) to 0.05 (a window of dozens), one per head.

    The paper's series starts at 2^(-8/H) at most; a steeper first head finds the previous token from the first step on.
    """
    steepest, flattest = 2.0, 0.05
    ratio = (flattest / steepest) ** (1 / max(1, n_heads - 1))
    return tuple(round(steepest * ratio**h, 6) for h in range(n_heads))
