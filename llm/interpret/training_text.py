"""The text that a model was trained on, and the text that was held back: made again from its seed, or read from its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm.checkpoints import read_json
from llm.corpora import CORPORA
from llm.corpora.own_text import MAX_BYTES
from llm.data import split_text
from llm.sources import corpus_parts, shuffled_words

OWN_TEXT = "text.txt"  # in the folder of a run on a reader's own text
IN_RANDOM_ORDER = "in random order"  # how ``llm.sources`` describes a text with shuffled words


@dataclass(frozen=True)
class Parts:
    """Documents of the training and of the validation part. ``bounded`` says whether each ends with an end mark."""

    train: tuple[str, ...]
    val: tuple[str, ...]
    bounded: bool


def data_of(folder: Path) -> Mapping[str, Any]:
    """What the model's ``config.json`` says about its data; empty where it says nothing."""
    described = read_json(folder / "config.json").get("data") if (folder / "config.json").is_file() else None
    return described if isinstance(described, dict) else {}


def has_text(folder: Path) -> bool:
    """Whether ``training_parts`` can give the text: a generated corpus, or own text kept beside the model."""
    return data_of(folder).get("corpus") in CORPORA or (folder / OWN_TEXT).is_file()


def text_key(folder: Path) -> str:
    """A name for the text: equal for two models that learned from the same generated corpus."""
    data = data_of(folder)
    return json.dumps(data, sort_keys=True) if data.get("corpus") in CORPORA else str(folder)


def training_parts(folder: Path) -> Parts | None:
    """Both parts as they were in training; None when the text is not here (own text that was read from a file).

    Making ten million characters again takes some seconds.
    """
    data = data_of(folder)
    seed = int(data.get("seed", 0))
    shuffle = shuffled_words if data.get("words") == IN_RANDOM_ORDER else lambda documents, seed: documents
    if data.get("corpus") in CORPORA:
        train, val = (shuffle(part, seed) for part in corpus_parts(data["corpus"], data.get("size"), seed))
        return Parts(tuple(train), tuple(val), bounded=True)
    path = folder / OWN_TEXT
    if not path.is_file() or path.stat().st_size > 4 * MAX_BYTES:
        return None
    train, val = shuffle(list(split_text(path.read_text(encoding="utf-8", errors="replace"))), seed)
    return Parts((train,), (val,), bounded=False)
