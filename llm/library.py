"""Which models there are: those in the box, the folders that the environment names (GLASSFORMER_MODELS), and runs.

Listing reads only JSON. An id is looked up in the list, never joined to a path. Runs are not in the list, because they belong
to somebody: who knows a run's id opens it as ``run-<id>`` (see ``llm.runs.models``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm.checkpoints import Checkpoint, load_checkpoint, read_config, read_json, snapshot_steps
from llm.config import ModelConfig
from llm.cost import count_parameters
from llm.hf import load_gpt2
from llm.tokenizers import load_tokenizer

BOX = Path(__file__).resolve().parents[1] / "assets" / "models"
FIRST = ("stories",)  # the model that every page opens with
DEFAULT_TEXT = "The little dog was very"
GPT2_VOCABULARY = range(50_257, 50_304 + 1)  # GPT-2's ids, and as nanoGPT pads them to a multiple of 64


@dataclass(frozen=True)
class ModelInfo:
    """One model that can be opened; ``steps`` are its snapshots and the finished weights' step."""

    id: str
    title: str
    folder: Path
    kind: str  # box | folder | gpt2 | run
    summary: str
    config: ModelConfig
    parameters: int
    steps: tuple[int, ...]
    default_text: str
    meta: Mapping[str, Any]


def list_models(box: Path = BOX, extra: str | None = None) -> tuple[ModelInfo, ...]:
    """Every model that can be opened: the stories model, the rest of the box, then other folders.

    ``extra`` (default: GLASSFORMER_MODELS) names folders separated by ``os.pathsep``, each a model or a folder of
    models. A folder that cannot be read is left out; ``problems`` says why.
    """
    return tuple(found for found in _look(box, extra) if isinstance(found, ModelInfo))


def problems(box: Path = BOX, extra: str | None = None) -> tuple[str, ...]:
    """One sentence for each folder that was left out, and for each that is named and holds no model."""
    left_out = [found for found in _look(box, extra) if isinstance(found, str)]
    empty = [top for top in _named(extra) if not _is_model(top) and not _models_in(top)]
    return (*left_out, *(f"{top} holds no model: neither it nor a folder in it has a config.json" for top in empty))


def find_model(model_id: str, *, box: Path = BOX, extra: str | None = None) -> ModelInfo:
    """A model of the list, or the run that is named (under GLASSFORMER_RUNS).

    Raises:
        ValueError: for an id that is neither, or a run without weights.
    """
    from llm.runs.models import find_run_model, is_run  # which describes runs as this module's models

    listed = list_models(box, extra)
    info = next((info for info in listed if info.id == model_id), None)
    if info is None and is_run(model_id):
        return find_run_model(model_id)
    if info is None:
        known = ", ".join(info.id for info in listed) or "none yet"
        raise ValueError(f"there is no model {model_id!r}; the models are {known}")
    return info


def open_model(model_id: str, step: int | None = None, *, box: Path = BOX, extra: str | None = None) -> Checkpoint:
    """Open a model of the list, or a run, at a snapshot's step or (None, or the last step) finished.

    Raises:
        ValueError: for an id that is not in the list, a step without a snapshot, or damaged files.
    """
    return _open(find_model(model_id, box=box, extra=extra), step)


def open_folder(folder: str | Path, step: int | None = None) -> Checkpoint:
    """Open a model folder, whichever of the two formats it has, at a snapshot's step or (None) finished.

    Raises:
        ValueError: for a folder without a model, a step without a snapshot, or damaged files.
    """
    folder = Path(folder)
    if "n_embd" in read_json(folder / "config.json"):
        return _open(_describe(folder, "folder", set()), step)
    return load_checkpoint(folder, step)  # also a run's, which has no finished weights yet


def _look(box: Path, extra: str | None) -> Iterator[ModelInfo | str]:
    """For every candidate folder its entry, under an id of its own, or a sentence on what is wrong."""
    used: set[str] = set()
    for folder, kind in _candidates(box, extra):
        try:
            info = _describe(folder, kind, used)
        except (ValueError, OSError) as error:
            yield str(error)
            continue
        used.add(info.id)
        yield info


def _named(extra: str | None) -> list[Path]:
    """The folders that ``extra``, or else the environment, names."""
    names = os.environ.get("GLASSFORMER_MODELS", "") if extra is None else extra
    return [Path(name).expanduser() for name in names.split(os.pathsep) if name]


def _candidates(box: Path, extra: str | None) -> Iterator[tuple[Path, str]]:
    """(folder, kind) of everything that looks like a model, in the order of the list."""
    inside = sorted(_models_in(box), key=lambda folder: (folder.name not in FIRST, folder.name))
    yield from ((folder, "box") for folder in inside)
    for top in _named(extra):
        if _is_model(top):
            yield top, "folder"
        else:
            yield from ((folder, "folder") for folder in _models_in(top))


def _is_model(folder: Path) -> bool:
    return (folder / "config.json").is_file()


def _models_in(folder: Path) -> list[Path]:
    try:
        return [inner for inner in sorted(folder.iterdir()) if _is_model(inner)]
    except OSError:  # not there, not a folder, not ours to read
        return []


def _describe(folder: Path, kind: str, used: set[str]) -> ModelInfo:
    described = read_json(folder / "config.json")
    gpt2 = "n_embd" in described
    config = _gpt2_shape(folder, described) if gpt2 else read_config(folder)
    meta = read_json(folder / "meta.json") if (folder / "meta.json").is_file() else {}
    stored, finished = snapshot_steps(folder), (folder / "model.safetensors").is_file()
    if not stored and not finished:
        raise ValueError(f"{folder.name} has no weights: neither model.safetensors nor a snapshot")
    last = meta.get("step") if finished else None
    return ModelInfo(
        id=_unique(folder.name, used),
        title=str(meta.get("title") or meta.get("name") or folder.name),
        folder=folder,
        kind="gpt2" if gpt2 else kind,
        summary=str(meta.get("summary") or ("weights in GPT-2's format" if gpt2 else "")),
        config=config,
        parameters=count_parameters(config),
        steps=tuple(sorted({*stored, last})) if type(last) is int else stored,
        default_text=str(meta.get("default_text") or DEFAULT_TEXT),
        meta=meta,
    )


def _gpt2_shape(folder: Path, described: Mapping[str, Any]) -> ModelConfig:
    """The shape in GPT-2's ``config.json``, for the list; ``llm.hf`` checks the whole of it on opening."""
    try:
        return ModelConfig(
            vocab_size=described["vocab_size"],
            context_length=described.get("n_positions") or described.get("n_ctx") or described["block_size"],
            n_layers=described["n_layer"],
            n_heads=described["n_head"],
            d_model=described["n_embd"],
            d_mlp=described.get("n_inner"),
            activation="gelu_tanh",
            bias=described.get("bias") is not False,
        )
    except KeyError as error:
        raise ValueError(f"config.json in {folder.name}, in GPT-2's format, has no {error}") from error


def _open(info: ModelInfo, step: int | None) -> Checkpoint:
    return _open_gpt2(info, step) if info.kind == "gpt2" else load_checkpoint(info.folder, step)


def _open_gpt2(info: ModelInfo, step: int | None) -> Checkpoint:
    if step is not None:
        raise ValueError(f"{info.title} has no step {step}: weights in GPT-2's format are the finished ones")
    own = info.folder / "tokenizer.json"
    ours = own.is_file() and "kind" in read_json(own)  # Hugging Face writes a file of the same name
    if not ours and info.config.vocab_size not in GPT2_VOCABULARY:
        wrong = f"{info.title} has {info.config.vocab_size} tokens where GPT-2's tokenizer has 50257"
        raise ValueError(f"{wrong}; put a tokenizer.json of this program into its folder")
    tokenizer = load_tokenizer(own if ours else "gpt2")
    model = load_gpt2(info.folder).requires_grad_(False).eval()
    if tokenizer.vocab_size > model.config.vocab_size:
        sizes = f"has {tokenizer.vocab_size} tokens, its model only {model.config.vocab_size}"
        raise ValueError(f"the tokenizer in {info.folder.name} {sizes}; they do not belong together")
    return Checkpoint(model, tokenizer, model.config, info.meta)


def _unique(name: str, used: set[str]) -> str:
    """A slug of the folder's name that no other model has."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model"
    number, candidate = 2, slug
    while candidate in used:
        candidate, number = f"{slug}-{number}", number + 1
    return candidate
