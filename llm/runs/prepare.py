"""The data of a run: made, or taken from the cache of tokenised corpora. Own texts are not cached: they go with their run."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from llm.data import TokenData
from llm.files import write_bytes
from llm.library import BOX
from llm.runs.spec import DataSpec
from llm.sources import Source, corpus_source, text_source
from llm.tokenizers import load_tokenizer, tokenizer_from_json

MOST_FILES, MOST_BYTES = 24, 200 * 10**6
PROJECT = Path(__file__).resolve().parents[1]
MADE_BY = ("corpora", "tokenizers", "sources.py", "data.py", "runs/prepare.py")  # the code that decides the tokens


def load_data(
    spec: DataSpec, masked: bool = False, *, cache: Path | None = None, text: str | None = None, made: Path | None = None
) -> Source:
    """The data that ``spec`` describes.

    Args:
        masked: whether the vocabulary needs a ``[MASK]``.
        cache: a folder of tokenised corpora to take from and add to.
        text: the text of a spec of kind ``text``.
        made: a folder with the ``tokenizer.json`` that was made for this run before.

    Raises:
        ValueError: when the text is missing or too short, or the tokenizer does not fit.
    """
    tokenizer = str(made) if made is not None and _has_tokenizer(made) else spec.tokenizer
    options = {"masked": masked, "shuffle_words": spec.shuffle_words}
    if spec.kind == "text":
        if text is None:
            raise ValueError("the text of this run is missing; start the run again with the text")
        return text_source(text, spec.label, tokenizer, spec.vocab_size, seed=spec.seed, **options)
    path = None if cache is None else cache / f"{_key(spec, masked)}.safetensors"
    found = None if path is None else _read(path)
    if found is None:
        found = corpus_source(spec.corpus, spec.size, spec.seed, tokenizer, spec.vocab_size, **options)
        if path is not None:
            _write(path, found)
    return found


def fingerprint(source: Source) -> str:
    """SHA-256 of the tokens: a run goes on only with the data that it began with."""
    found = hashlib.sha256(source.data.train.numpy().tobytes())
    found.update(source.data.val.numpy().tobytes())
    return found.hexdigest()


def _has_tokenizer(folder: Path) -> bool:
    try:
        load_tokenizer(folder)
    except ValueError:  # none yet, or damaged: it is made again, which gives the same
        return False
    return True


def _key(spec: DataSpec, masked: bool) -> str:
    return hashlib.sha256(f"{spec.digest()} {masked} {_code()}".encode()).hexdigest()[:32]


@cache
def _code() -> str:
    """Changes when the code that makes the tokens does, so that an old cache is never taken for new data."""
    found = hashlib.sha256((BOX / "stories" / "tokenizer.json").read_bytes())
    for name in MADE_BY:
        path = PROJECT / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(file.read_bytes())
    return found.hexdigest()


def _write(path: Path, source: Source) -> None:
    data = source.data
    tensors = {"train": data.train.int(), "val": data.val.int(), "starts": data.starts.int()}
    facts = {
        "name": source.name,
        "tokenizer": source.tokenizer.to_json(),
        "val_bytes": data.val_bytes,
        "description": source.description,
        "questions": source.questions,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, save(tensors, {"source": json.dumps(facts)}), durable=False)
        _bound(path.parent)
    except OSError:
        return  # a cache that cannot be written costs a few seconds the next time


def _read(path: Path) -> Source | None:
    try:
        with safe_open(path, framework="pt") as stored:
            facts = json.loads(stored.metadata()["source"])
            tensors = {name: stored.get_tensor(name).to(torch.long) for name in ("train", "val", "starts")}
        os.utime(path)  # the files that nobody used for longest make room
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        return None
    tokenizer = tokenizer_from_json(facts["tokenizer"])
    data = TokenData(**tensors, val_bytes=facts["val_bytes"], special=tokenizer.special)
    questions = tuple((asked, answer) for asked, answer in facts["questions"])
    return Source(facts["name"], tokenizer, data, facts["description"], questions)


def _bound(folder: Path) -> None:
    """Remove the files that nobody used for longest, beyond the cache's size."""
    files = sorted(((file.stat(), file) for file in folder.glob("*.safetensors")), key=lambda item: -item[0].st_mtime)
    total = 0
    for number, (found, file) in enumerate(files):
        total += found.st_size
        if number >= MOST_FILES or (total > MOST_BYTES and number):
            file.unlink(missing_ok=True)
