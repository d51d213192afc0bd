"""Switching parts off: a tap that removes heads or MLPs while the forward pass runs."""

from __future__ import annotations

from collections.abc import Collection

from torch import Tensor


class ablation:  # noqa: N801  (used like a function: ``trace(model, ids, edit=ablation(heads=[(0, 1)]))``)
    """A tap that sets the output of heads and MLPs to zero (zero ablation).

    Args:
        heads: (layer, head) pairs, counted from 0; their weighted values ``attn.z`` become 0.
        mlps: layers whose ``mlp.out`` becomes 0, its bias included.
    """

    skips_head_out = True  # nobody looks at single heads' outputs, so the model need not compute them

    def __init__(self, *, heads: Collection[tuple[int, int]] = (), mlps: Collection[int] = ()) -> None:
        self._heads: dict[str, list[int]] = {}
        for layer, head in heads:
            self._heads.setdefault(f"blocks.{layer}.attn.z", []).append(head)
        self._mlps = {f"blocks.{layer}.mlp.out" for layer in mlps}

    def __call__(self, name: str, x: Tensor) -> Tensor:
        if name in self._heads:
            x = x.clone()  # (B, H, T, D)
            x[:, self._heads[name]] = 0
            return x
        return x * 0 if name in self._mlps else x
