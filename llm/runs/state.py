"""What a run resumes from: two generations of its whole state, so that a damaged one costs seconds and not the run.

    state-latest.safetensors    every number that decides the steps to come
    state-latest.json           the plain facts, with the SHA-256 of both files' content
    state-previous.*            the generation before
    state-good.*                the last one of a loss that one can go back to, for a run that explodes

At any moment of writing, one pair of files belongs together; a pair whose checksums do not fit is never used.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from llm.files import replace, write_bytes

if TYPE_CHECKING:
    from torch import Tensor

LATEST, PREVIOUS, GOOD = NAMES = "state-latest", "state-previous", "state-good"
TENSORS, FACTS = ".safetensors", ".json"


def write_state(folder: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any], *, durable: bool = True) -> None:
    """Store a state; the latest becomes the previous one. ``OSError`` when the disk has no room: then both are as before.

    ``durable``: wait for the disk, so that it survives a power cut.
    """
    from safetensors.torch import save  # PyTorch comes with it

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
    from safetensors.torch import load

    seen = set()
    contents = {_sha256(data): data for data in (_read(folder / f"{name}{TENSORS}") for name in NAMES) if data}
    for name in NAMES:
        described = _described(folder / f"{name}{FACTS}")
        if described is not None and described["tensors"] in contents and described["tensors"] not in seen:
            seen.add(described["tensors"])
            try:
                yield load(contents[described["tensors"]]), described["facts"]
            except SafetensorError:
                continue


def saved_step(folder: Path) -> int | None:
    """The step that a resume starts from, unless the state's numbers turn out to be damaged; None without a state."""
    for name in NAMES:
        described = _described(folder / f"{name}{FACTS}")
        if described is not None:
            return described["facts"]["trainer"]["step"]
    return None


def keep_good(folder: Path) -> None:
    """Keep the latest state as the good one, without another copy on the disk where it can be had.

    It may fail: the run goes on without.
    """
    try:
        for kind in (TENSORS, FACTS):
            beside = folder / f".new-{GOOD}{kind}"
            beside.unlink(missing_ok=True)
            _link(folder / f"{LATEST}{kind}", beside)
            replace(beside, folder / f"{GOOD}{kind}")
    except OSError:
        return


def good_facts(folder: Path) -> dict[str, Any] | None:
    """The facts of the state that one can go back to; None without one."""
    described = _described(folder / f"{GOOD}{FACTS}")
    return None if described is None else described["facts"]


def go_back(folder: Path) -> None:
    """Forget the states after the good one, so that a resume starts there, and at the first step without one."""
    for name in (LATEST, PREVIOUS):
        for kind in (FACTS, TENSORS):
            (folder / f"{name}{kind}").unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)  # states are replaced, never written over
    except OSError:  # a file system without such links
        shutil.copyfile(source, target)


def has_state(folder: Path) -> bool:
    """Whether there is anything to resume from, damaged or not."""
    return any((folder / f"{name}{kind}").exists() for name in NAMES for kind in (TENSORS, FACTS))


def remove_states(folder: Path) -> None:
    """A finished run needs none."""
    for name in NAMES:
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
