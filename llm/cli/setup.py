"""What several commands need: threads, a model by name, a text file."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from llm import library
from llm.checkpoints import Checkpoint, load_checkpoint
from llm.corpora.own_text import decode_text
from llm.library import list_models


def use_threads(count: int) -> None:
    """Let PyTorch compute with ``count`` threads."""
    import torch

    if count < 1:
        raise ValueError(f"threads is {count}; it must be at least 1")
    torch.set_num_threads(count)


def open_model(args: Namespace) -> Checkpoint:
    """The checkpoint that ``--model`` and ``--step`` name: a folder, or an id in the box or under ``GLASSFORMER_MODELS``.

    Raises:
        ValueError: when there is no such model, with the ids that there are.
    """
    folder = Path(args.model)
    if (folder / "meta.json").is_file() or (folder / "tokenizer.json").is_file():
        return load_checkpoint(folder, step=args.step)
    models = list_models(extra=args.model) if (folder / "config.json").is_file() else list_models()
    for info in models:
        if args.model in (info.id, str(info.folder)):
            return library.open_model(info.id, args.step, extra=args.model if info.kind == "gpt2" else None)
    known = ", ".join(info.id for info in models)
    raise ValueError(f"there is no model {args.model!r}; give a folder that train --out wrote, or one of: {known or 'none yet'}")


def read_text(path: str) -> str:
    """The text of any file: UTF-8, UTF-16 with a byte order mark, else Latin-1; line ends become newlines."""
    file = Path(path)
    if file.is_dir():
        raise ValueError(f"{path!r} is a folder; give a text file")
    if not file.exists():
        raise ValueError(f"there is no file {path!r}; check the path")
    text, _ = decode_text(file.read_bytes(), file.name)
    return text.replace("\r\n", "\n").replace("\r", "\n")
