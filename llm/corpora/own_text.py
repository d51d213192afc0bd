"""The reader's own text: a .txt or .md file, from 200 characters up."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from llm.corpora.corpus import Corpus

MIN_CHARACTERS = 200
MAX_BYTES = 20_000_000
_ENDINGS = (".txt", ".md")


def load_text_file(path_or_bytes: str | PathLike[str] | bytes, name: str | None = None) -> Corpus:
    """The file's text as a corpus of one document; `notes` says what had to be assumed.

    Takes a path or the bytes of an upload (`name` is then the upload's file name). Reads UTF-8 with or
    without a byte order mark, UTF-16 with one, else Latin-1 (reported in `notes`); line ends become newlines.

    Raises ValueError, in one sentence, for another kind of file, one that is missing, too large, binary or
    too short.
    """
    if isinstance(path_or_bytes, bytes):
        data, name = path_or_bytes, name or "your text.txt"
        _check(name, len(data))
    else:
        path = Path(path_or_bytes)
        name = name or path.name
        if not path.is_file():
            raise ValueError(f"There is no file {str(path)!r}; check the path.")
        _check(path.name, path.stat().st_size)
        data = path.read_bytes()
    text, notes = decode_text(data, name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    length = len(text.strip())
    if length < MIN_CHARACTERS:
        raise ValueError(f"{name} is too short: it has {length} characters, and learning needs at least {MIN_CHARACTERS}.")
    return Corpus(name=name, documents=(text,), seed=0, size=len(text), notes=notes)


def _check(name: str, size: int) -> None:
    """Kind and size, before anything is read."""
    if not name.lower().endswith(_ENDINGS):
        raise ValueError(f"{name} is not a text file; choose one that ends in {' or '.join(_ENDINGS)}.")
    if size > MAX_BYTES:
        most = MAX_BYTES // 1_000_000
        raise ValueError(f"{name} is too large: it has {size / 1e6:.1f} MB, at most {most} can be read.")


def decode_text(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Text of the bytes, and a note where the encoding had to be guessed."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding, notes = "utf-16", ()
    else:
        encoding, notes = "utf-8-sig", ()
        if b"\0" in data:
            raise ValueError(f"{name} does not hold text (it contains zero bytes); save it as plain text in UTF-8.")
    try:
        return data.decode(encoding), notes
    except UnicodeDecodeError as error:
        if encoding == "utf-16":
            raise ValueError(f"{name} is not valid UTF-16; save it as plain text in UTF-8.") from error
        note = f"{name} is not valid UTF-8 (byte {error.start + 1}), so it was read as Latin-1; some letters may be wrong."
        return data.decode("latin-1"), (note,)
