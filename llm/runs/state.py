"""What a run resumes from: two generations of its whole state, so that a damaged one costs seconds and not the run.

    state-latest.safetensors    every number that decides the steps to come
    state-latest.json           the plain facts, with the SHA-256 of both files' content
    state-previous.*            the generation before

At any moment of writing, one pair of files belongs together; a pair whose checksums do not fit is never used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from llm.files import replace, write_bytes

LATEST, PREVIOUS = "state-latest", "state-previous"
TENSORS, FACTS = ".safetensors", ".json"


def write_state(folder: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any], *, durable: bool = True) -> None:
    """Store a state; the latest becomes the previous one. ``OSError`` when the disk has no room: then both are as before.

    ``durable``: wait for the disk, so that it survives a power cut.
    """
    content = save(dict(tensors))
    described = {"tensors": _sha256(content), "facts": dict(facts)}
    described["check"] = _sha256(_canonical(described))
    new = {TENSORS: content, FACTS: json.dumps(described).encode()}
    try:
        for kind, data in new.items():
            write_bytes(folder / f".new-{LATEST}{kind}", data, durable=durable)
        for kind in new:
            if (folder / f"{LATEST}{kind}").exists():
                replace(folder / f"{LATEST}{kind}", folder / f"{PREVIOUS}{kind}")
        for kind in new:
            replace(folder / f".new-{LATEST}{kind}", folder / f"{LATEST}{kind}")
    finally:
        for kind in new:
            (folder / f".new-{LATEST}{kind}").unlink(missing_ok=True)


def read_states(folder: Path) -> Iterator[tuple[dict[str, Tensor], dict[str, Any]]]:
    """The whole states, the newest first: (tensors, facts). Damaged ones are left out."""
    contents = {_sha256(data): data for data in (_read(folder / f"{name}{TENSORS}") for name in (LATEST, PREVIOUS)) if data}
    for name in (LATEST, PREVIOUS):
        described = _described(folder / f"{name}{FACTS}")
        if described is not None and described["tensors"] in contents:
            try:
                yield load(contents[described["tensors"]]), described["facts"]
            except SafetensorError:
                continue


def saved_step(folder: Path) -> int | None:
    """The step that a resume starts from, unless the state's numbers turn out to be damaged; None without a state."""
    for name in (LATEST, PREVIOUS):
        described = _described(folder / f"{name}{FACTS}")
        if described is not None:
            return described["facts"]["trainer"]["step"]
    return None


def has_state(folder: Path) -> bool:
    """Whether there is anything to resume from, damaged or not."""
    return any((folder / f"{name}{kind}").exists() for name in (LATEST, PREVIOUS) for kind in (TENSORS, FACTS))


def remove_states(folder: Path) -> None:
    """A finished run needs none."""
    for name in (LATEST, PREVIOUS):
        for kind in (FACTS, TENSORS):
            (folder / f"{name}{kind}").unlink(missing_ok=True)


def _described(path: Path) -> dict[str, Any] | None:
    try:
        described = json.loads(_read(path) or b"")
        check = described.pop("check")
    except (ValueError, KeyError, AttributeError):
        return None
    return described if check == _sha256(_canonical(described)) else None


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
