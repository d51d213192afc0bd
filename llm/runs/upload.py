"""A model from a stranger's files becomes a folder among the runs: checked whole, and written anew by this program.

Only safetensors and JSON are read. Nothing of the files' names or paths reaches the disk.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from llm.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from llm.cost import count_parameters
from llm.runs.limits import Limits
from llm.runs.metrics import Appender, rows_of
from llm.runs.spec import LONGEST_PROMPT, LONGEST_TITLE, DataSpec, RunSpec
from llm.runs.status import Status
from llm.runs.store import Run, RunStore

NEEDED = ("model.safetensors", "config.json", "tokenizer.json")
WELCOME = ("meta.json", "metrics.jsonl")
MOST_ROWS = 200_000
LARGEST = 1e6  # of a weight
PROBE = 64  # tokens
METRICS = ("loss", "learning_rate", "grad_norm", "seconds", "tokens", "val_loss", "val_bits_per_byte")


def upload_model(store: RunStore, files: Mapping[str, bytes], owner: str, limits: Limits, title: str = "") -> Run:
    """A new finished run from uploaded files: one zip (as ``export_run`` makes), or the files of a model folder by name.

    Raises:
        ValueError: one sentence on what is missing, too large or wrong; then nothing is stored.
    """
    contents = _contents(files, limits)
    with tempfile.TemporaryDirectory(prefix="glassformer-") as beside:
        folder = Path(beside) / "the upload"  # a name for messages
        folder.mkdir()
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        size = count_parameters_of(folder)
        most = limits.upload // 2  # of two bytes each
        if size > most:
            raise ValueError(f"the model has {size:,} parameters; at most {most:,} can be uploaded here")
        checkpoint = load_checkpoint(folder)
    _check_tokens(checkpoint)
    _check_numbers(checkpoint)
    sha256 = hashlib.sha256(contents["model.safetensors"]).hexdigest()
    meta = _meta(contents.get("meta.json", b"{}"), title)
    rows = _rows(contents.get("metrics.jsonl", b""))
    return _store(store, checkpoint, meta, rows, sha256, owner)


def count_parameters_of(folder: Path) -> int:
    """The size that ``config.json`` promises, before anything is built."""
    from llm.checkpoints import read_config

    return count_parameters(read_config(folder))


def _contents(files: Mapping[str, bytes], limits: Limits) -> dict[str, bytes]:
    """The files of a model folder by their plain names."""
    too_large = f"more than {limits.upload / 1e6:,.0f} MB cannot be uploaded here"
    if sum(map(len, files.values())) > limits.upload:
        raise ValueError(too_large)
    found: dict[str, bytes] = {}
    for name, content in files.items():
        if name.lower().endswith(".zip") or (zipfile.is_zipfile(io.BytesIO(content)) and not name.endswith(".safetensors")):
            found |= _unzipped(content, limits.upload, too_large)
        else:
            found[_plain_name(name)] = content
    if "model.safetensors" not in found:  # a snapshot, or weights under another name
        weights = [name for name in found if name.endswith(".safetensors")]
        if len(weights) == 1:
            found["model.safetensors"] = found.pop(weights[0])
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise ValueError(f"a model needs {', '.join(NEEDED)}; missing here: {', '.join(missing)}")
    return {name: found[name] for name in (*NEEDED, *WELCOME) if name in found}


def _unzipped(content: bytes, most: int, too_large: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            wanted = [item for item in archive.infolist() if _plain_name(item.filename) in (*NEEDED, *WELCOME)]
            if len(wanted) > len(NEEDED) + len(WELCOME) or len({_plain_name(item.filename) for item in wanted}) < len(wanted):
                raise ValueError("the zip file holds more than one model; upload one at a time")
            if sum(item.file_size for item in wanted) > most:
                raise ValueError(too_large)
            return {_plain_name(item.filename): _read(archive, item, too_large) for item in wanted}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise ValueError("the zip file is damaged or encrypted") from error


def _read(archive: zipfile.ZipFile, item: zipfile.ZipInfo, too_large: str) -> bytes:
    """What the item unpacks to, and not a byte more than it said."""
    with archive.open(item) as file:
        content = file.read(item.file_size + 1)
    if len(content) > item.file_size:
        raise ValueError(too_large)
    return content


def _plain_name(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name


def _check_tokens(checkpoint: Checkpoint) -> None:
    """Each of the model's answers is a token with a text."""
    has, needs = checkpoint.tokenizer.vocab_size, checkpoint.config.vocab_size
    if has != needs:
        raise ValueError(f"the tokenizer has {has:,} tokens, its model {needs:,}; they do not belong together")


def _check_numbers(checkpoint: Checkpoint) -> None:
    """Weights are numbers, and so is what comes out: finite ones can be so large that a product is not."""
    import torch

    model, config = checkpoint.model, checkpoint.config
    if not all(bool(p.isfinite().all()) for p in model.parameters()):
        raise ValueError("some weights of this model are not numbers (NaN or infinite)")
    ids = torch.linspace(0, config.vocab_size - 1, min(config.context_length, PROBE)).long()
    with torch.no_grad():
        fits = all(float(p.abs().max()) < LARGEST for p in model.parameters()) and bool(model(ids[None]).isfinite().all())
    if not fits:
        raise ValueError("some weights of this model are so large that what it computes is no number any more")


def _meta(content: bytes, title: str) -> dict[str, Any]:
    """What a stranger's description may say: a few short texts and numbers."""
    try:
        given = json.loads(content)
    except ValueError:
        given = {}
    given = given if isinstance(given, dict) else {}
    title = " ".join((title or str(given.get("title") or "Uploaded model")).split())[:LONGEST_TITLE]
    step = given.get("step")
    texts = {"summary": LONGEST_TITLE, "default_text": LONGEST_PROMPT, "corpus": LONGEST_TITLE}
    return {
        "title": title,
        **{name: str(given[name])[:most] for name, most in texts.items() if isinstance(given.get(name), str)},
        **({"step": step} if type(step) is int and 0 <= step < 10**9 else {}),
        **({"val_loss": given["val_loss"]} if _number(given.get("val_loss")) else {}),
        **({"seconds": given["seconds"]} if _number(given.get("seconds")) else {}),
    }


def _rows(content: bytes) -> list[dict[str, Any]]:
    """The metrics that are numbers, with rising steps."""
    rows, last = [], -1
    for row in rows_of(content)[:MOST_ROWS]:
        step = row.get("step")
        if type(step) is int and step > last:
            rows.append({"step": step} | {name: row[name] for name in METRICS if _number(row.get(name))})
            last = step
    return rows


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _store(
    store: RunStore, checkpoint: Checkpoint, meta: dict[str, Any], rows: list[dict[str, Any]], sha256: str, owner: str
) -> Run:
    model = {name: value for name, value in checkpoint.config.to_dict().items() if name != "vocab_size"}
    spec = RunSpec(data=DataSpec("upload", name=meta["title"], sha256=sha256), model=model, title=meta["title"])
    now = time.time()
    last = rows[-1] if rows else {}
    seconds = meta.get("seconds", last.get("seconds"))
    known = seconds if seconds is not None and seconds >= 0 else None
    step = meta.get("step", last.get("step", 0))
    done = Status("done", step=step, seconds=known, reason="upload", message="Uploaded.", updated=now, queued=now)

    def fill(folder: Path) -> None:
        metrics = Appender(folder / "metrics.jsonl")
        for row in rows:
            metrics.add(row)
        metrics.close()
        save_checkpoint(folder, checkpoint.model, checkpoint.tokenizer, {"name": "upload", **meta}, dtype="float32")

    return store.create(spec, owner, status=done, fill=fill)
