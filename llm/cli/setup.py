"""What several commands need: threads, a model by name, a text file."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from llm import library
from llm.checkpoints import Checkpoint
from llm.corpora.own_text import decode_text


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
    if any((folder / name).is_file() for name in ("config.json", "meta.json", "tokenizer.json")):
        return library.open_folder(folder, args.step)
    models = library.list_models()
    if any(info.id == args.model for info in models):
        return library.open_model(args.model, args.step)
    known = ", ".join(info.id for info in models) or "none yet"
    left_out = "".join(f" ({problem})" for problem in library.problems())
    wrote = "give a folder that train --out wrote or one in GPT-2's format"
    raise ValueError(f"there is no model {args.model!r}; {wrote}, or one of: {known}{left_out}")


def read_text(path: str) -> str:
    """The text of any file: UTF-8, UTF-16 with a byte order mark, else Latin-1; line ends become newlines."""
    file = Path(path)
    if file.is_dir():
        raise ValueError(f"{path!r} is a folder; give a text file")
    if not file.exists():
        raise ValueError(f"there is no file {path!r}; check the path")
    text, _ = decode_text(file.read_bytes(), file.name)
    return text.replace("\r\n", "\n").replace("\r", "\n")
