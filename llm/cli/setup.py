"""What several commands need: threads, a model by name, a text file."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from llm.checkpoints import Checkpoint, load_checkpoint
from llm.corpora.own_text import decode_text

MODELS_IN_THE_BOX = Path(__file__).resolve().parents[2] / "assets" / "models"


def use_threads(count: int) -> None:
    """Let PyTorch compute with ``count`` threads."""
    import torch

    if count < 1:
        raise ValueError(f"threads is {count}; it must be at least 1")
    torch.set_num_threads(count)


def open_model(args: Namespace) -> Checkpoint:
    """The checkpoint that ``--model`` and ``--step`` name: a folder, or an id in the box or under ``GLASSFORMER_MODELS``."""
    return load_checkpoint(model_folder(args.model), step=args.step)


def model_folder(name: str) -> Path:
    """``ValueError`` when there is no such folder, with the ids that there are."""
    roots = [MODELS_IN_THE_BOX]
    if os.environ.get("GLASSFORMER_MODELS"):
        roots.append(Path(os.environ["GLASSFORMER_MODELS"]))
    for folder in (Path(name), *(root / name for root in roots)):
        if (folder / "config.json").is_file():
            return folder
    known = ", ".join(sorted(p.parent.name for root in roots for p in root.glob("*/config.json")))
    raise ValueError(f"there is no model {name!r}; give a folder that train --out wrote, or one of: {known or 'none yet'}")


def read_text(path: str) -> str:
    """The text of any file: UTF-8, UTF-16 with a byte order mark, else Latin-1; line ends become newlines."""
    file = Path(path)
    if not file.is_file():
        raise ValueError(f"there is no file {path!r}; check the path")
    text, _ = decode_text(file.read_bytes(), file.name)
    return text.replace("\r\n", "\n").replace("\r", "\n")
