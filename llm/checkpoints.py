"""A model on disk: safetensors weights, JSON configuration, tokenizer and meta in one folder.

    config.json         {"format": 1, "model": {...}, "train": {...} or null, "data": {...} or null}
    model.safetensors   the finished weights (absent while a run is under way)
    tokenizer.json      see llm.tokenizers
    meta.json           name, step, losses, command, ...
    snapshots/step-000400.safetensors

Weights stored as float16 are the model: they are widened to float32 on loading. Files may come from
strangers, so only safetensors and JSON are read, and shapes are checked before any number is.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors

from llm.config import ModelConfig, TrainConfig
from llm.files import read_json, snapshot_paths, write_bytes, write_json
from llm.model import Transformer
from llm.tokenizers import Tokenizer, load_tokenizer, save_tokenizer

FORMAT = 1
DTYPES = {"float16": torch.float16, "float32": torch.float32}
READABLE = {"F16", "BF16", "F32"}  # safetensors' names of the number formats that are opened
LARGEST_MASK = 2**26  # numbers in the table of the mask: a context of 8,192 tokens


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model with what belongs to it; ``meta["step"]`` is its training step, where known."""

    model: Transformer
    tokenizer: Tokenizer
    config: ModelConfig
    meta: Mapping[str, Any]


def save_checkpoint(
    folder: str | Path,
    model: Transformer,
    tokenizer: Tokenizer,
    meta: Mapping[str, Any],
    *,
    train: TrainConfig | Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    dtype: str = "float32",
) -> None:
    """Write a whole model folder. Each file appears complete or not at all; weights come last.

    The default keeps every bit of the weights; ``float16`` is half as large and rounds them.

    Raises:
        ValueError: for a ``dtype`` that is neither float16 nor float32, or weights too large for float16.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = _weights(model, dtype)
    train = train.to_dict() if isinstance(train, TrainConfig) else train
    described = {"format": FORMAT, "model": model.config.to_dict(), "train": train, "data": data}
    if not _belongs(folder, described, tokenizer):
        # or a crash now would leave them beside another model's tokenizer
        (folder / "model.safetensors").unlink(missing_ok=True)
    write_json(folder / "config.json", described)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as beside:
        os.replace(save_tokenizer(tokenizer, beside), folder / "tokenizer.json")
    write_json(folder / "meta.json", dict(meta))
    write_bytes(folder / "model.safetensors", weights)


def save_snapshot(folder: str | Path, model: Transformer, step: int, dtype: str = "float16") -> Path:
    """Write the weights at one training step; returns the file."""
    path = Path(folder) / "snapshots" / f"step-{step:06d}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, _weights(model, dtype))
    return path


def snapshot_steps(folder: str | Path) -> tuple[int, ...]:
    """The training steps that have a snapshot, in order."""
    return tuple(sorted(snapshot_paths(Path(folder))))


def load_checkpoint(folder: str | Path, step: int | None = None) -> Checkpoint:
    """Open a model folder, or a run folder that only has snapshots so far.

    Args:
        folder: what ``save_checkpoint`` (or a training run) wrote.
        step: a snapshot's step; None opens the finished weights, or the newest valid snapshot without them.

    Returns:
        The model in float32, in eval mode, without gradients.

    Raises:
        ValueError: one sentence that says what is missing or wrong.
    """
    folder = Path(folder)
    config = read_config(folder)
    tokenizer = _tokenizer(folder)
    if tokenizer.vocab_size > config.vocab_size:
        sizes = f"has {tokenizer.vocab_size} tokens, its model only {config.vocab_size}"
        raise ValueError(f"the tokenizer in {folder.name} {sizes}; they do not belong together")
    meta = read_json(folder / "meta.json") if (folder / "meta.json").is_file() else {}
    if step is not None and step == meta.get("step") and (folder / "model.safetensors").is_file():
        step = None  # the last step's weights are the finished ones
    model, found = _open_weights(folder, config, step)
    return Checkpoint(model, tokenizer, config, {**meta, **({} if found is None else {"step": found})})


def read_config(folder: Path) -> ModelConfig:
    """The configuration in a folder's ``config.json``; ``ValueError`` without one that can be built."""
    described = read_json(folder / "config.json")
    if described.get("format") != FORMAT or not isinstance(described.get("model"), dict):
        raise ValueError(f"config.json does not describe a model of this program (format {FORMAT})")
    try:
        return ModelConfig.from_dict(described["model"])
    except TypeError as error:  # a field missing, or of a type that cannot be compared
        raise ValueError(f"config.json in {folder.name} does not describe a whole model ({error})") from error


def load_weights(path: Path, config: ModelConfig) -> Transformer:
    """A frozen float32 model of this configuration from one safetensors file, its shapes checked first."""
    if (config.n_heads if config.position == "alibi" else 1) * config.context_length**2 > LARGEST_MASK:
        raise ValueError(f"the context of {config.context_length} tokens needs a mask larger than is opened here")
    try:
        with safe_open(path, framework="pt") as stored:
            slices = {name: stored.get_slice(name) for name in stored.keys()}  # noqa: SIM118
            _check_formats(path, {name: part.get_dtype() for name, part in slices.items()})
            model = _skeleton(path, config, {name: tuple(part.get_shape()) for name, part in slices.items()})
            weights = {name: stored.get_tensor(name).to(torch.float32, copy=True) for name in slices}
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path.name} cannot be read as safetensors; it is missing, damaged or another kind") from error
    model.load_state_dict(weights, assign=True)
    model._add_tables()
    return model.requires_grad_(False).eval()


def load_weight(folder: str | Path, name: str, step: int | None = None) -> torch.Tensor:
    """One stored weight in float32, e.g. ``token_embedding.weight`` (V, C), without building the model around it.

    ``step`` is a snapshot's; None, or a step without a snapshot, means the finished weights. For looking at many
    snapshots in a row; ``load_checkpoint`` checks the whole file.

    Raises:
        ValueError: when the file is missing or damaged, or has no such weight.
    """
    folder = Path(folder)
    path = snapshot_paths(folder).get(-1 if step is None else step, folder / "model.safetensors")
    try:
        with safe_open(path, framework="pt") as stored:
            return stored.get_tensor(name).to(torch.float32)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path.name} in {folder.name} has no readable weight {name}") from error


def _belongs(folder: Path, described: Mapping[str, Any], tokenizer: Tokenizer) -> bool:
    """Whether the folder holds this configuration and tokenizer already: its weights fit the new files."""
    try:
        return read_json(folder / "config.json")["model"] == json.loads(json.dumps(described["model"])) and (
            read_json(folder / "tokenizer.json") == json.loads(json.dumps(tokenizer.to_json()))
        )
    except (ValueError, KeyError):
        return False


def _tokenizer(folder: Path) -> Tokenizer:
    path = folder / "tokenizer.json"
    read_json(path)  # its size, and whether it is there
    return load_tokenizer(path)


def _weights(model: Transformer, dtype: str) -> bytes:
    if dtype not in DTYPES:
        raise ValueError(f"dtype is {dtype!r}; choose one of {', '.join(DTYPES)}")
    stored = {}
    for name, p in model.state_dict().items():
        stored[name] = p.detach().cpu().to(DTYPES[dtype]).contiguous()
        if stored[name].isinf().any() and not p.isinf().any():
            raise ValueError(f"{name} has a weight of {p.abs().max():g}, above 65,504; store it as float32")
    return to_safetensors(stored)


def _open_weights(folder: Path, config: ModelConfig, step: int | None) -> tuple[Transformer, int | None]:
    """The model, and the step of the snapshot it came from (None for the finished weights)."""
    snapshots = snapshot_paths(folder)
    if step is not None:
        if step not in snapshots:
            near = sorted(sorted(snapshots, key=lambda there: abs(there - step))[:3])
            has = f"the nearest are {', '.join(map(str, near))}" if near else "it has none"
            raise ValueError(f"{folder.name} has no snapshot of step {step}; {has}")
        return load_weights(snapshots[step], config), step
    if (folder / "model.safetensors").is_file():
        return load_weights(folder / "model.safetensors", config), None
    for newest in sorted(snapshots, reverse=True):
        try:
            return load_weights(snapshots[newest], config), newest
        except ValueError:
            continue  # a snapshot cut short by a crash: the one before it is whole
    raise ValueError(f"{folder.name} has no weights: neither model.safetensors nor a valid snapshot")


def _check_formats(path: Path, formats: Mapping[str, str]) -> None:
    for name, kind in formats.items():
        if kind not in READABLE:
            known = ", ".join(sorted(READABLE))
            raise ValueError(f"{name} in {path.name} is stored as {kind}; weights are one of {known}")


def _skeleton(path: Path, config: ModelConfig, shapes: Mapping[str, tuple[int, ...]]) -> Transformer:
    """The model without memory for its weights, once it is sure that the file holds exactly these."""
    layers = len({name.split(".")[1] for name in shapes if name.startswith("blocks.")})
    if layers != config.n_layers:  # first, so that a made-up number builds nothing
        raise ValueError(f"{path.name} holds {layers} layers, its configuration says {config.n_layers}")
    try:
        with torch.device("meta"):
            model = Transformer(config)
    except RuntimeError as error:  # sizes whose product overflows
        raise ValueError(f"the configuration beside {path.name} cannot be built") from error
    expected = {name: tuple(p.shape) for name, p in model.state_dict().items()}
    if shapes != expected:
        difference = _difference(expected, shapes)
        raise ValueError(f"the weights in {path.name} do not fit the configuration: {difference}")
    return model


def _difference(expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> str:
    for name, shape in expected.items():
        if found.get(name) != shape:
            return f"{name} is {found.get(name, 'missing')} but should be {shape}"
    return f"{', '.join(sorted(set(found) - set(expected))[:3])} should not be there"
