"""How a component's script is found, and how numbers travel to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ui import locked
from ui.text import load

WEB = Path(__file__).resolve().parents[2] / "assets" / "web"
WORDS = load("figures")  # what every figure says: base.js fetches it once a page as words.json, beside the scripts


def _version() -> str:
    """A hash over all scripts and their words: when one changes, all addresses change, and no browser keeps an old one."""
    digest = hashlib.sha256(json.dumps(WORDS).encode())
    for path in sorted(WEB.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


WEB_PATH = f"web/{_version()}"


@lru_cache(maxsize=64)
def renderer(name: str) -> Any:
    """The mount function of the component drawn by ``assets/web/<name>.js``, registered once.

    Only a loader is sent with each message; the script itself is a static file that the browser keeps.
    """
    loader = f"""
const module = import(new URL('{WEB_PATH}/{name}.js', document.baseURI).href);
export default async (component) => (await module).default(component);
"""
    return st.components.v2.component(f"glassformer_{name}", html='<div class="gf"></div>', js=loader)


def linked(sentence: str | None) -> dict[str, Any]:
    """What a component's header says to ``bus.js``: whose tokens it shows (``Reading.scope``), and which of them are locked.

    Components of the same sentence light up together; one without a sentence stands alone.
    """
    lock = locked.of(sentence)
    return {"sentence": sentence, "lock": [lock.token, -1 if lock.key is None else lock.key] if lock else None}


def pack(header: Mapping[str, Any], **arrays: np.ndarray) -> bytes:
    """One message: a JSON header, then the arrays' bytes. ``base.js`` has the other end (``unpack``).

    Layout: header length (4 bytes, little endian), header, zero to three spaces so that the numbers start at a multiple
    of four, then each array (float32 or uint8), padded likewise. The header says name, type, shape and offset of each.
    """
    parts, described, offset = [], {}, 0
    for name, array in arrays.items():
        array = np.ascontiguousarray(array)
        if array.dtype != np.uint8:
            array = array.astype("<f4")
        described[name] = {"type": array.dtype.name, "shape": list(array.shape), "offset": offset}
        raw = array.tobytes()
        raw += b"\0" * (-len(raw) % 4)
        parts.append(raw)
        offset += len(raw)
    head = json.dumps({**header, "arrays": described}, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    head += b" " * (-len(head) % 4)
    return len(head).to_bytes(4, "little") + head + b"".join(parts)


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of ``pack``: what tests read a component's message with."""
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    arrays = {}
    for name, info in header.pop("arrays").items():
        count = int(np.prod(info["shape"]))
        arrays[name] = np.frombuffer(data, info["type"], count, 4 + length + info["offset"]).reshape(info["shape"])
    return header, arrays
