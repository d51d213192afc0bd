"""A model on disk: safetensors weights, JSON configuration, tokenizer and meta in one folder.

    config.json         {"format": 1, "model": {...}, "train": {...} or null, "data": {...} or null}
    model.safetensors   the finished weights (absent while a run is under way)
    tokenizer.json      see llm.tokenizers
    meta.json           name, step, losses, command, ...
    snapshots/step-000400.safetensors

Weights stored as float16 are the model: they are widened to float32 on loading. Files may come from strangers, so only
safetensors and JSON are read, and shapes are checked against the configuration before any number is.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors

from llm.config import ModelConfig, TrainConfig
from llm.model import Transformer
from llm.tokenizers import load_tokenizer, save_tokenizer

FORMAT = 1
DTYPES = {"float16": torch.float16, "float32": torch.float32}
_SNAPSHOT = re.compile(r"step-(\d+)\.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model with what belongs to it. ``meta["step"]`` is the training step of these weights, where known."""

    model: Transformer
    tokenizer: Any
    config: ModelConfig
    meta: Mapping[str, Any]


def save_checkpoint(
    folder: str | Path,
    model: Transformer,
    tokenizer: Any,
    meta: Mapping[str, Any],
    *,
    train: TrainConfig | Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    dtype: str = "float16",
) -> None:
    """Write a whole model folder. Each file appears complete or not at all; weights come last."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    train = train.to_dict() if isinstance(train, TrainConfig) else train
    write_json(folder / "config.json", {"format": FORMAT, "model": model.config.to_dict(), "train": train, "data": data})
    save_tokenizer(tokenizer, folder)
    write_json(folder / "meta.json", dict(meta))
    write_bytes(folder / "model.safetensors", _weights(model, dtype))


def save_snapshot(folder: str | Path, model: Transformer, step: int, dtype: str = "float16") -> Path:
    """Write the weights at one training step; returns the file."""
    path = Path(folder) / "snapshots" / f"step-{step:06d}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, _weights(model, dtype))
    return path


def snapshot_steps(folder: str | Path) -> tuple[int, ...]:
    """The training steps that have a snapshot, in order."""
    return tuple(sorted(_snapshots(Path(folder))))


def load_checkpoint(folder: str | Path, step: int | None = None) -> Checkpoint:
    """Open a model folder, or a run folder that only has snapshots so far.

    Args:
        folder: what ``save_checkpoint`` (or a training run) wrote.
        step: a snapshot's step; None opens the finished weights, or the newest valid snapshot where there are none.

    Raises:
        ValueError: one sentence that says what is missing or wrong.
    """
    folder = Path(folder)
    config = ModelConfig.from_dict(_described(folder)["model"])
    tokenizer = _tokenizer(folder)
    if tokenizer.vocab_size > config.vocab_size:
        sizes = f"the tokenizer in {folder.name} has {tokenizer.vocab_size} tokens, its model only {config.vocab_size}"
        raise ValueError(f"{sizes}; they do not belong together")
    meta = read_json(folder / "meta.json") if (folder / "meta.json").is_file() else {}
    model, found = _open_weights(folder, config, step)
    return Checkpoint(model, tokenizer, config, {**meta, **({} if found is None else {"step": found})})


def load_weights(path: Path, config: ModelConfig) -> Transformer:
    """A frozen float32 model of this configuration from one safetensors file; shapes are checked before numbers are read."""
    with torch.device("meta"):
        model = Transformer(config)
    expected = {name: tuple(p.shape) for name, p in model.state_dict().items()}
    try:
        with safe_open(path, framework="pt") as stored:
            shapes = {name: tuple(stored.get_slice(name).get_shape()) for name in stored.keys()}  # noqa: SIM118
            if shapes != expected:
                raise ValueError(f"the weights in {path.name} do not fit the configuration: {_difference(expected, shapes)}")
            weights = {name: stored.get_tensor(name).float() for name in expected}
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path.name} cannot be read as safetensors; it is damaged or of another kind") from error
    model.load_state_dict(weights, assign=True)
    model._add_tables()  # the meta device made them without content
    return model.requires_grad_(False).eval()


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file in one step, so that a reader never sees half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step."""
    write_bytes(path, json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8"))


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; a ``ValueError`` sentence when it is missing or not an object."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{path.parent.name} has no {path.name}; a model folder needs one") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} in {path.parent.name} is not readable JSON") from error
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} in {path.parent.name} does not hold an object")
    return value


def _described(folder: Path) -> dict[str, Any]:
    described = read_json(folder / "config.json")
    if described.get("format") != FORMAT or not isinstance(described.get("model"), dict):
        raise ValueError(f"config.json in {folder.name} is not a model of this program (format {FORMAT})")
    return described


def _tokenizer(folder: Path) -> Any:
    if not (folder / "tokenizer.json").is_file():
        raise ValueError(f"{folder.name} has no tokenizer.json; a model folder needs one")
    return load_tokenizer(folder)


def _weights(model: Transformer, dtype: str) -> bytes:
    if dtype not in DTYPES:
        raise ValueError(f"dtype is {dtype!r}; choose one of {', '.join(DTYPES)}")
    return to_safetensors({name: p.detach().to(DTYPES[dtype]).contiguous() for name, p in model.state_dict().items()})


def _snapshots(folder: Path) -> dict[int, Path]:
    found = ((_SNAPSHOT.fullmatch(path.name), path) for path in (folder / "snapshots").glob("step-*.safetensors"))
    return {int(match.group(1)): path for match, path in found if match}


def _open_weights(folder: Path, config: ModelConfig, step: int | None) -> tuple[Transformer, int | None]:
    """The model, and the step of the snapshot it came from (None for the finished weights)."""
    snapshots = _snapshots(folder)
    if step is not None:
        if step not in snapshots:
            raise ValueError(
                f"{folder.name} has no snapshot of step {step}; it has {', '.join(map(str, sorted(snapshots))) or 'none'}"
            )
        return load_weights(snapshots[step], config), step
    if (folder / "model.safetensors").is_file():
        return load_weights(folder / "model.safetensors", config), None
    for newest in sorted(snapshots, reverse=True):
        try:
            return load_weights(snapshots[newest], config), newest
        except ValueError:
            continue  # a snapshot cut short by a crash: the one before it is whole
    raise ValueError(f"{folder.name} has no weights: neither model.safetensors nor a valid snapshot")


def _difference(expected: Mapping[str, tuple], found: Mapping[str, tuple]) -> str:
    for name, shape in expected.items():
        if found.get(name) != shape:
            return f"{name} is {found.get(name, 'missing')} but should be {shape}"
    return f"{', '.join(sorted(set(found) - set(expected))[:3])} should not be there"
