"""Public texts that are fetched when a reader asks for them: known address, size and SHA-256, kept after the first time."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from llm.files import write_bytes

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "var" / "texts"
CHUNK = 1 << 16
PATIENCE = 10  # seconds without an answer


@dataclass(frozen=True)
class PublicText:
    """A text on the web. What is fetched has exactly this size and SHA-256, or is refused."""

    name: str
    title: str
    url: str
    size: int  # bytes
    sha256: str
    prompt: str  # a sentence to watch while a model learns from it


TEXTS: Mapping[str, PublicText] = MappingProxyType(
    {
        "shakespeare": PublicText(
            "shakespeare",
            "Tiny Shakespeare",
            "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            1_115_394,
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            "ROMEO:",
        )
    }
)


def folder() -> Path:
    """Where fetched texts are kept: ``GLASSFORMER_TEXTS``, else ``var/texts``. A file put there by hand is found as well."""
    return Path(os.environ.get("GLASSFORMER_TEXTS") or DEFAULT_FOLDER).expanduser()


def stored(name: str) -> str | None:
    """The text if it is at hand and whole, else None."""
    text = TEXTS[name]
    try:
        data = (folder() / f"{name}.txt").read_bytes()
    except OSError:
        return None
    return data.decode("utf-8") if _is_whole(text, data) else None


def fetch(name: str, progress: Callable[[float], None] = lambda done: None) -> str:
    """The text, fetched where it is not at hand; ``progress`` gets the part that has arrived, from 0 to 1.

    Raises:
        ValueError: one sentence, when there is no network or something else arrives.
    """
    if (found := stored(name)) is not None:
        return found
    text = TEXTS[name]
    data = _download(text, progress)
    if not _is_whole(text, data):
        raise ValueError(f"what arrived in place of {text.title} is another file than it should be; nothing was kept")
    try:
        folder().mkdir(parents=True, exist_ok=True)
        write_bytes(folder() / f"{name}.txt", data)
    except OSError:
        pass  # it can be used all the same; the next time it is fetched again
    return data.decode("utf-8")


def _download(text: PublicText, progress: Callable[[float], None]) -> bytes:
    data = bytearray()
    try:
        with urllib.request.urlopen(text.url, timeout=PATIENCE) as answer:
            while len(data) <= text.size and (chunk := answer.read(CHUNK)):
                data += chunk
                progress(min(1.0, len(data) / text.size))
    except (urllib.error.URLError, OSError) as error:
        raise ValueError(
            f"{text.title} could not be fetched: this server has no connection to {text.url.split('/')[2]};"
            f" choose another text, or put the file into {folder().name}/{text.name}.txt"
        ) from error
    return bytes(data)


def _is_whole(text: PublicText, data: bytes) -> bool:
    return len(data) == text.size and hashlib.sha256(data).hexdigest() == text.sha256
