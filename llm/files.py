"""Files that are whole or not there: atomic writes, careful reads. No PyTorch, so that listing runs and models is cheap."""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from pathlib import Path
from typing import Any

LARGEST_JSON = 64 * 2**20  # bytes; o200k_base as JSON would be a tenth of this
SNAPSHOT_NAME = re.compile(r"step-(\d+)\.safetensors")


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a file in one step, so that a reader (or a crash) never leaves half of it.

    ``durable`` waits until the disk has it, which survives a power cut; without that it survives any end of the process.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as out:
            out.write(content)
            out.flush()
            if durable:
                os.fsync(out.fileno())
        replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Replace a JSON file in one step."""
    write_bytes(path, json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8"), durable=durable)


def replace(source: Path, target: Path) -> None:
    """``os.replace``, with some patience where a file that somebody reads cannot be replaced (Windows)."""
    for wait in (0.01, 0.05, 0.2):
        try:
            return os.replace(source, target)
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(wait)
    os.replace(source, target)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; a ``ValueError`` sentence when it is missing, too large or not an object."""
    where = f"{path.name} in {path.parent.name}"
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise ValueError(f"{where} is larger than {LARGEST_JSON:,} bytes; no model needs that")
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise ValueError(f"{path.parent.name} has no {path.name}; a model folder needs one") from error
    except OSError as error:
        raise ValueError(f"{where} cannot be read ({error.strerror})") from error
    try:
        value = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} is not readable JSON") from error
    if not isinstance(value, dict):
        raise ValueError(f"{where} does not hold an object")
    return value


def snapshot_paths(folder: Path) -> dict[int, Path]:
    """The snapshots of a model or run folder by training step."""
    paths = (folder / "snapshots").glob("step-*.safetensors")
    found = ((SNAPSHOT_NAME.fullmatch(path.name), path) for path in paths)
    return {int(match.group(1)): path for match, path in found if match}
