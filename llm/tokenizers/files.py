"""Tokenizers in files: one `tokenizer.json` beside a model, or a published tokenizer by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from llm.tokenizers.base import Tokenizer
from llm.tokenizers.bpe import BPETokenizer
from llm.tokenizers.lookup import CharTokenizer, WordTokenizer
from llm.tokenizers.openai import ENCODING_OF, TiktokenTokenizer

FILE_NAME = "tokenizer.json"
KINDS = {cls.kind: cls for cls in (WordTokenizer, CharTokenizer, BPETokenizer, TiktokenTokenizer)}


def save_tokenizer(tokenizer: Tokenizer, folder: str | Path) -> Path:
    """Writes `tokenizer.json` (UTF-8) into `folder`, which is made if needed, and returns the file's path."""
    path = Path(folder) / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tokenizer.to_json(), ensure_ascii=False), encoding="utf-8")
    return path


def load_tokenizer(name_or_path: str | Path) -> Tokenizer:
    """A tokenizer by name ("gpt2", "r50k_base", "cl100k_base", "o200k_base"), or from a folder or a `tokenizer.json`.

    Raises:
        ValueError: there is no such name or file, or the file is not a tokenizer of this project.
    """
    if str(name_or_path) in ENCODING_OF:
        return TiktokenTokenizer(str(name_or_path))
    path = Path(name_or_path)
    path = path / FILE_NAME if path.is_dir() else path
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ValueError(
            f"There is no tokenizer {str(name_or_path)!r}: give one of the names {', '.join(ENCODING_OF)}, or a folder with "
            f"a {FILE_NAME}."
        ) from None
    except (ValueError, RecursionError):
        raise ValueError(f"The file {path} is not JSON in UTF-8; write it again with save_tokenizer.") from None
    return tokenizer_from_json(data)


def tokenizer_from_json(data: dict[str, Any]) -> Tokenizer:
    """Rebuilds the tokenizer that `to_json` described.

    Raises:
        ValueError: the data does not describe a tokenizer of this project.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"A tokenizer's kind is one of {', '.join(KINDS)}, but the JSON says {kind!r}.")
    try:
        return KINDS[kind].from_json(data)
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"The JSON of this {kind} tokenizer is incomplete or damaged ({error}); save it again.") from None
