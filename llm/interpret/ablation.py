"""Switching parts off: a tap that removes heads, MLPs or positions while the forward pass runs."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

MODES = ("zero", "mean")


class ablation:  # used like a function: ``trace(model, ids, edit=ablation(heads=[(0, 1)]))``
    """A tap that takes parts of the model out.

    Zero ablation puts nothing in their place. Mean ablation puts the part's own mean over the tokens of the text,
    which takes away only what differs from token to token (Wang et al. 2022 take the mean over a corpus). In a
    causal model that mean carries a little of later tokens to earlier ones: use it for the next token after a
    text, not for the loss of the text.

    Args:
        heads: (layer, head) pairs, counted from 0; their weighted values ``attn.z`` are replaced.
        mlps: layers whose ``mlp.out`` is replaced, its bias included.
        positions: whether ``embed.position`` is replaced, which learned and sinusoidal schemes add to the tokens.
        mode: "zero" or "mean".

    Raises:
        ValueError: for an unknown mode or a layer or head below 0.
    """

    skips_head_out = True  # nobody looks at single heads' outputs, so the model need not compute them

    def __init__(
        self,
        *,
        heads: Collection[tuple[int, int]] = (),
        mlps: Collection[int] = (),
        positions: bool = False,
        mode: str = "zero",
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode is {mode!r}; choose one of {', '.join(MODES)}")
        if any(number < 0 for number in (*mlps, *(number for pair in heads for number in pair))):
            raise ValueError("layers and heads count from 0; there is none below")
        self._mode = mode
        self._heads: dict[str, list[int]] = {}
        for layer, head in heads:
            self._heads.setdefault(f"blocks.{layer}.attn.z", []).append(head)
        self._whole = {f"blocks.{layer}.mlp.out" for layer in mlps} | ({"embed.position"} if positions else set())

    def __call__(self, name: str, x: Tensor) -> Tensor:
        if name in self._heads:
            x = x.clone()  # (B, H, T, D)
            x[:, self._heads[name]] = self._instead(x[:, self._heads[name]])
            return x
        return self._instead(x) if name in self._whole else x

    def _instead(self, x: Tensor) -> Tensor:
        """What stands in for x (..., T, channels)."""
        return torch.zeros_like(x) if self._mode == "zero" else x.mean(dim=-2, keepdim=True).expand_as(x)
