"""Which models there are: those in the box, and the folders named by the environment variable GLASSFORMER_MODELS.

Only JSON is read here; weights are opened by ``open_model``. An id is looked up in the list and never joined to a path.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm.checkpoints import Checkpoint, load_checkpoint, read_json, snapshot_steps
from llm.config import ModelConfig

BOX = Path(__file__).resolve().parents[1] / "assets" / "models"
FIRST = ("stories",)  # the model that every page opens with
DEFAULT_TEXT = "The little dog was very"


@dataclass(frozen=True)
class ModelInfo:
    """One model that can be opened. ``steps`` are its snapshots with the finished weights' step at the end."""

    id: str
    title: str
    folder: Path
    kind: str  # box | folder | gpt2
    summary: str
    config: ModelConfig
    parameters: int
    steps: tuple[int, ...]
    default_text: str
    meta: Mapping[str, Any]


def list_models(box: Path = BOX, extra: str | None = None) -> tuple[ModelInfo, ...]:
    """Every model that can be opened, the stories model first, then the rest of the box, then other folders.

    ``extra`` (default: GLASSFORMER_MODELS) names folders separated by ``os.pathsep``, each a model or a folder of models.
    A folder that cannot be read is left out; ``problems`` says why.
    """
    return tuple(info for _, info, _ in _look(box, extra) if info is not None)


def problems(box: Path = BOX, extra: str | None = None) -> tuple[str, ...]:
    """One sentence for each folder that was left out."""
    return tuple(sentence for _, _, sentence in _look(box, extra) if sentence)


def open_model(model_id: str, step: int | None = None, *, box: Path = BOX, extra: str | None = None) -> Checkpoint:
    """Open a model of the list, at a snapshot's step or (None, or the last step) finished.

    Raises:
        ValueError: for an id that is not in the list, a step without a snapshot, or damaged files.
    """
    info = next((info for info in list_models(box, extra) if info.id == model_id), None)
    if info is None:
        raise ValueError(f"there is no model {model_id!r}; choose one from the list")
    if info.kind == "gpt2":
        return _open_gpt2(info)
    stored = snapshot_steps(info.folder)
    return load_checkpoint(info.folder, step if step in stored and step != info.steps[-1] else _checked(step, info))


def _checked(step: int | None, info: ModelInfo) -> int | None:
    if step is not None and step != (info.steps[-1] if info.steps else None):
        raise ValueError(
            f"{info.title} has no step {step}; it has {', '.join(map(str, info.steps)) or 'only its finished weights'}"
        )
    return None


def _look(box: Path, extra: str | None) -> Iterator[tuple[Path, ModelInfo | None, str]]:
    """(folder, entry or None, problem or empty) for every candidate folder, ids made unique."""
    used: set[str] = set()
    for folder, kind in _candidates(box, os.environ.get("GLASSFORMER_MODELS", "") if extra is None else extra):
        try:
            info = _describe(folder, kind, used)
        except (ValueError, OSError) as error:
            yield folder, None, str(error)
            continue
        used.add(info.id)
        yield folder, info, ""


def _candidates(box: Path, extra: str) -> Iterator[tuple[Path, str]]:
    inside = [folder for folder in sorted(box.iterdir()) if (folder / "config.json").is_file()] if box.is_dir() else []
    yield from ((folder, "box") for folder in sorted(inside, key=lambda folder: (folder.name not in FIRST, folder.name)))
    for name in filter(None, extra.split(os.pathsep)):
        top = Path(name).expanduser()
        if (top / "config.json").is_file():
            yield top, "folder"
        elif top.is_dir():
            yield from ((folder, "folder") for folder in sorted(top.iterdir()) if (folder / "config.json").is_file())


def _describe(folder: Path, kind: str, used: set[str]) -> ModelInfo:
    described = read_json(folder / "config.json")
    if "n_embd" in described:
        return _describe_gpt2(folder, described, used)
    if not isinstance(described.get("model"), dict):
        raise ValueError(f"config.json in {folder.name} is neither this program's nor GPT-2's")
    meta = read_json(folder / "meta.json") if (folder / "meta.json").is_file() else {}
    config = ModelConfig.from_dict(described["model"])
    finished = meta.get("step")
    stored = snapshot_steps(folder)
    steps = tuple(sorted({*stored, finished})) if isinstance(finished, int) else stored
    return ModelInfo(
        id=_unique(folder.name, used),
        title=str(meta.get("title") or meta.get("name") or folder.name),
        folder=folder,
        kind=kind,
        summary=str(meta.get("summary", "")),
        config=config,
        parameters=int(meta.get("parameters", 0)),
        steps=steps,
        default_text=str(meta.get("default_text") or DEFAULT_TEXT),
        meta=meta,
    )


def _describe_gpt2(folder: Path, described: Mapping[str, Any], used: set[str]) -> ModelInfo:
    config = _gpt2_shape(described)
    if not (folder / "model.safetensors").is_file():
        raise ValueError(f"{folder.name} has GPT-2's config.json but no model.safetensors")
    return ModelInfo(
        id=_unique(folder.name, used),
        title=folder.name,
        folder=folder,
        kind="gpt2",
        summary="weights in GPT-2's format",
        config=config,
        parameters=0,
        steps=(),
        default_text=DEFAULT_TEXT,
        meta={},
    )


def _gpt2_shape(described: Mapping[str, Any]) -> ModelConfig:
    """The shape that GPT-2's config.json names, for the list; ``llm.hf`` reads and checks the whole of it on opening."""
    try:
        return ModelConfig(
            vocab_size=described["vocab_size"],
            context_length=described.get("n_positions") or described.get("n_ctx") or described["block_size"],
            n_layers=described["n_layer"],
            n_heads=described["n_head"],
            d_model=described["n_embd"],
            d_mlp=described.get("n_inner"),
        )
    except KeyError as error:
        raise ValueError(f"config.json in GPT-2's format has no {error}; download it again") from error


def _open_gpt2(info: ModelInfo) -> Checkpoint:
    from llm.hf import load_gpt2
    from llm.tokenizers import load_tokenizer

    tokenizer = load_tokenizer(info.folder if (info.folder / "tokenizer.json").is_file() else "gpt2")
    if tokenizer.vocab_size > info.config.vocab_size:
        sizes = f"{info.title} has {info.config.vocab_size} tokens, GPT-2's tokenizer {tokenizer.vocab_size}"
        raise ValueError(f"{sizes}; put a fitting tokenizer.json into its folder")
    model = load_gpt2(info.folder).requires_grad_(False).eval()
    return Checkpoint(model, tokenizer, model.config, info.meta)


def _unique(name: str, used: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model"
    number, candidate = 2, slug
    while candidate in used:
        candidate, number = f"{slug}-{number}", number + 1
    return candidate
