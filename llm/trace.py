"""Every intermediate of one forward pass, by name, as frozen numpy arrays.

The names and their meaning follow TransformerLens (Nanda and Bloom 2022). Legend as in ``llm.model``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from llm.config import ModelConfig
from llm.model import Tap, Transformer, identity

# Point -> shape without the batch axis (which a tap sees in front). ``{i}`` is the layer.
POINTS: Mapping[str, str] = MappingProxyType(
    {
        "embed.token": "(T, C)",
        "embed.position": "(T, C)",
        "embed.smear": "(T, C)",  # only with smear
        "embed.sum": "(T, C)",
        "embed.norm": "(T, C)",  # only with embedding_norm
        "blocks.{i}.resid_pre": "(T, C)",
        "blocks.{i}.norm1": "(T, C)",
        "blocks.{i}.attn.q": "(H, T, D)",  # after RoPE where used
        "blocks.{i}.attn.k": "(H, T, D)",
        "blocks.{i}.attn.v": "(H, T, D)",
        "blocks.{i}.attn.scores": "(H, T, T)",  # scaled, ALiBi added, masked with -inf
        "blocks.{i}.attn.pattern": "(H, T, T)",
        "blocks.{i}.attn.z": "(H, T, D)",
        "blocks.{i}.attn.head_out": "(H, T, C)",  # without the projection's bias
        "blocks.{i}.attn.out": "(T, C)",
        "blocks.{i}.resid_mid": "(T, C)",
        "blocks.{i}.norm2": "(T, C)",
        "blocks.{i}.mlp.pre": "(T, F)",
        "blocks.{i}.mlp.gate": "(T, F)",  # only with swiglu
        "blocks.{i}.mlp.post": "(T, F)",
        "blocks.{i}.mlp.out": "(T, C)",
        "blocks.{i}.resid_post": "(T, C)",
        "final_norm": "(T, C)",
        "logits": "(T, V)",
    }
)


RESERVED = 4 << 20  # bytes: about a trace of 64 tokens in a model of 4 layers, 128 wide


@lru_cache(maxsize=64)
def point_shapes(config: ModelConfig, n_tokens: int) -> Mapping[str, tuple[int, ...]]:
    """Name -> shape of every point that a model of this configuration records for ``n_tokens`` tokens, layer by layer."""
    sizes = {
        "T": n_tokens,
        "C": config.d_model,
        "H": config.n_heads,
        "D": config.d_head,
        "F": config.mlp_width,
        "V": config.vocab_size,
    }
    skipped = set() if config.embedding_norm else {"embed.norm"}
    if not config.smear:
        skipped.add("embed.smear")
    if config.activation != "swiglu":
        skipped.add("blocks.{i}.mlp.gate")
    shapes = {}
    points = (item for item in POINTS.items() if item[0] not in skipped)
    for in_blocks, group in groupby(points, key=lambda item: "{i}" in item[0]):
        listed = [(point, tuple(sizes[letter] for letter in letters.strip("()").split(", "))) for point, letters in group]
        for i in range(config.n_layers) if in_blocks else [0]:
            shapes |= {point.format(i=i): shape for point, shape in listed}
    return MappingProxyType(shapes)


class Trace(Mapping[str, np.ndarray]):
    """Point name -> read-only float32 array, for the token ids in ``ids``."""

    def __init__(self, config: ModelConfig, ids: tuple[int, ...], tensors: dict[str, Tensor]) -> None:
        self.config = config
        self.ids = ids
        self._tensors = MappingProxyType(tensors)  # each (1, ...); arrays are views of these, made when asked for

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._tensors:
            raise KeyError(f"{name!r} was not recorded; recorded points: {', '.join(self._tensors)}")
        array = self._tensors[name].float().cpu().numpy()[0]
        array.setflags(write=False)
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    @property
    def nbytes(self) -> int:
        """Bytes of all recorded arrays; points that are one tensor under two names count twice."""
        return sum(kept.nbytes for kept in self._tensors.values())


class Recorder:
    """A tap that keeps what passes. ``edit`` is another tap that may change each tensor first.

    Nothing is copied: the forward pass makes a new tensor at every point and never writes into an old one. An
    edit might, so behind one everything is copied.
    """

    def __init__(self, names: Collection[str], edit: Tap = identity) -> None:
        self.edit = edit
        self.names = frozenset(names)
        # per-head outputs cost as much as the projection itself, so the model asks whether anybody wants them
        wanted = any(name.endswith(".head_out") for name in names)
        self.skips_head_out = not wanted and getattr(edit, "skips_head_out", edit is identity)
        self.kept: dict[str, Tensor] = {}

    def __call__(self, name: str, x: Tensor) -> Tensor:
        if self.edit is not identity:
            x = self.edit(name, x)
        if name in self.names:
            of_weights = name == "embed.position"  # rows of the learned table
            self.kept[name] = x.clone() if of_weights or self.edit is not identity else x
        return x


def trace(
    model: Transformer, ids: Tensor | Collection[int], names: Collection[str] | None = None, *, edit: Tap = identity
) -> Trace:
    """Run ``model`` on one sequence and keep its intermediates.

    Args:
        ids: (T,) token ids, at least one and at most ``context_length``.
        names: the points to record; None records all of them.
        edit: a tap that may change tensors on their way (an ablation, for one).

    Returns:
        A frozen mapping from point name to a float32 array without the batch axis.

    Raises:
        ValueError: for no tokens, too many, ids outside the vocabulary, or a name that this model does not have.
    """
    ids = torch.as_tensor(list(ids) if not isinstance(ids, Tensor) else ids, dtype=torch.long)
    if ids.ndim != 1 or len(ids) == 0:
        raise ValueError(f"a trace needs a sequence of at least one token, not ids of shape {tuple(ids.shape)}")
    low, high = ids.aminmax()
    if low < 0 or high >= model.config.vocab_size:
        wrong, size = int(low if low < 0 else high), model.config.vocab_size
        raise ValueError(f"token id {wrong} is outside the model's vocabulary of {size}; use the model's own tokenizer")
    known = point_shapes(model.config, len(ids))
    names = tuple(known if names is None else names)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"this model has no point {', '.join(sorted(unknown))}; see llm.trace.POINTS (i is below {model.config.n_layers})"
        )
    recorder = Recorder(names, edit)
    _keep_freed_memory()
    with torch.inference_mode():
        model(ids[None].to(model.token_embedding.weight.device), recorder)
    return Trace(model.config, tuple(ids.tolist()), {name: recorder.kept[name] for name in names})


def _keep_freed_memory() -> None:
    """Free a block that was never touched, so that the memory of one trace serves the next.

    glibc keeps freed memory up to twice the largest block freed so far and returns the rest to the system.
    Without this the next trace gets it back page by page, which takes up to half as long as the forward pass.
    """
    np.empty(RESERVED, dtype=np.uint8)
