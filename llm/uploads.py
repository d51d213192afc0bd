"""Text out of a reader's file: .txt, .md, one column of a .csv, .pdf and .docx.

Files of strangers are never trusted. Plain text and tables are read here, within limits. PDF and Word files go through large
parsers, so they are read in a process of their own (`python -m llm.uploads pdf < file`) that is ended when it takes too long
or too much memory: a file made to exhaust the machine costs one sentence.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path

from llm.corpora.own_text import MIN_CHARACTERS, decode_text
from llm.tokenizers.base import clean_text

ENDINGS = (".txt", ".md", ".csv", ".pdf", ".docx")
MAX_BYTES = 20_000_000  # of the file as it is sent
MAX_CHARACTERS = 20_000_000  # of the text in it
MAX_UNPACKED = 100_000_000  # bytes of a Word file's parts, which are compressed
MAX_PAGES = 3_000  # of a PDF
MAX_COLUMNS = 200
SECONDS, MEMORY = 30, 1_500_000_000  # what the reading process may use
_LONGEST_NAME = 80


@dataclass(frozen=True)
class OwnText:
    """A text to learn from: its shown name and what had to be assumed while reading it."""

    name: str
    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """One column of a table: how many of its rows hold text, how long they are together, and the first of them."""

    name: str
    rows: int
    characters: int
    example: str


def pasted(text: str, name: str = "pasted text") -> OwnText:
    """A typed or pasted text, checked like a file's."""
    return _finished(name, text, (), called="The text")


def read_file(data: bytes, name: str, column: str | None = None) -> OwnText:
    """The text of a file; ``name`` is only shown and decides by its ending how the bytes are read.

    Args:
        column: for a .csv file, which column holds the text; the rows become paragraphs.

    Raises:
        ValueError: one sentence, for another kind of file, one that is too large, broken, encrypted or too short.
    """
    shown, ending = safe_name(name), _ending(name)
    _check_size(shown, data)
    if ending == ".csv":
        text, notes = _column_text(data, shown, column)
    elif ending in (".pdf", ".docx"):
        text, notes = _read_apart(data, shown, ending[1:])
    else:
        text, notes = decode_text(data, shown)
    return _finished(shown, text, notes)


def safe_name(name: str) -> str:
    """A file's name as it may be shown: no folders, no control characters, at most 80 characters."""
    last = re.split(r"[\\/]", clean_text(name))[-1]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip()
    return kept[-_LONGEST_NAME:] or "your file"


def _ending(name: str) -> str:
    ending = Path(safe_name(name)).suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"{safe_name(name)} is not a kind of file that can be read; choose one of {', '.join(ENDINGS)}.")
    return ending


def _check_size(name: str, data: bytes) -> None:
    if not data:
        raise ValueError(f"{name} is empty; choose another file.")
    if len(data) > MAX_BYTES:
        raise ValueError(f"{name} is too large: it has {len(data) / 1e6:.1f} MB, at most {MAX_BYTES // 1_000_000} can be read.")


def _finished(name: str, text: str, notes: tuple[str, ...], called: str = "") -> OwnText:
    """The text made fit for training: valid Unicode, line ends as newlines, no zero characters, within the limits."""
    text = clean_text(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))
    if len(text) > MAX_CHARACTERS:
        notes += (f"{name} was cut after {MAX_CHARACTERS:,} characters.",)
        text = text[:MAX_CHARACTERS]
    length = len(text.strip())
    if length < MIN_CHARACTERS:
        needs = f"learning needs at least {MIN_CHARACTERS}"
        raise ValueError(f"{called or name} is too short: it has {length} characters, and {needs}.")
    return OwnText(name, text, notes)


# Tables


def columns(data: bytes, name: str) -> tuple[Column, ...]:
    """The columns of a .csv file that hold any text, the one with most text first."""
    shown = safe_name(name)
    _check_size(shown, data)
    names, rows, _ = _table(data, shown)
    found = []
    for i, title in enumerate(names):
        cells = [row[i].strip() for row in rows if i < len(row) and row[i].strip()]
        if cells:
            found.append(Column(title, len(cells), sum(map(len, cells)), cells[0][:200]))
    if not found:
        raise ValueError(f"{shown} has no column with text in it; choose another file.")
    return tuple(sorted(found, key=lambda each: -each.characters))


def _column_text(data: bytes, name: str, column: str | None) -> tuple[str, tuple[str, ...]]:
    names, rows, notes = _table(data, name)
    if column is None:
        column = columns(data, name)[0].name
    if column not in names:
        raise ValueError(f"{name} has no column {column!r}; it has {', '.join(names[:20])}.")
    i = names.index(column)
    return "\n\n".join(row[i].strip() for row in rows if i < len(row) and row[i].strip()), notes


def _table(data: bytes, name: str) -> tuple[list[str], list[list[str]], tuple[str, ...]]:
    """Column names (made up where the first row is no heading), the rows below, and notes on the encoding."""
    text, notes = decode_text(data, name)
    first_lines = text[:10_000]
    try:
        dialect = csv.Sniffer().sniff(first_lines, delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel  # one column, or none that can be told: commas
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), dialect):
            if len(row) > MAX_COLUMNS:
                raise ValueError(
                    f"{name} has a row of {len(row):,} cells, at most {MAX_COLUMNS} can be read; choose one with fewer columns."
                )
            if any(cell.strip() for cell in row):
                rows.append(row)
    except csv.Error as error:
        raise ValueError(f"{name} is not a table that can be read ({error}); save it as CSV in UTF-8.") from error
    if not rows:
        raise ValueError(f"{name} holds no rows; choose another file.")
    width = max(map(len, rows))
    if len(rows) > 1 and _is_heading(rows[0]):
        return _named([cell.strip() for cell in rows[0]], width), rows[1:], notes
    return _named([], width), rows, notes


def _is_heading(row: list[str]) -> bool:
    """Short, different, none empty and none a number."""
    cells = [cell.strip() for cell in row]
    numbers = any(re.fullmatch(r"[-+]?[\d.,]+", cell) for cell in cells)
    return all(0 < len(cell) <= 60 for cell in cells) and len(set(cells)) == len(cells) and not numbers


def _named(names: list[str], width: int) -> list[str]:
    """One name for each column; those without one are numbered."""
    return [names[i] if i < len(names) else f"column {i + 1}" for i in range(width)]


# PDF and Word, in a process of their own


def _read_apart(data: bytes, name: str, kind: str) -> tuple[str, tuple[str, ...]]:
    command = [sys.executable, "-m", "llm.uploads", kind]
    root = Path(__file__).resolve().parents[1]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, cwd=root, check=False)
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"{name} took over {SECONDS} seconds to read and was given up; copy its text and paste it.") from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise ValueError(f"{name} could not be read: it is broken, or too much for one file; paste its text instead.") from error
    if "problem" in answer:
        raise ValueError(f"{name} {answer['problem']}")
    return answer["text"], tuple(f"{name}: {note}" for note in answer["notes"])


def pdf_text(data: bytes) -> tuple[str, list[str]]:
    """The text of a PDF's pages; the problem as a ValueError whose sentence goes on after the file's name."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ValueError("is locked with a password; save it without one, or paste its text.")
        count = len(reader.pages)
        pages = [reader.pages[i].extract_text() for i in range(min(count, MAX_PAGES))]
    except (PyPdfError, NotImplementedError, ImportError) as error:
        locked = "encrypt" in str(error).lower() or "crypt" in type(error).__name__.lower() or isinstance(error, ImportError)
        if locked:
            raise ValueError("is encrypted; save it without a password, or paste its text.") from error
        raise ValueError("is not a PDF file that can be read; it may be broken.") from error
    text = "\n\n".join(page.strip() for page in pages if page.strip())
    if not text:
        raise ValueError("has no text in it, only pictures of pages; text has to be recognised first (OCR).")
    return text, [f"only the first {MAX_PAGES:,} of {count:,} pages were read."] if count > MAX_PAGES else []


def docx_text(data: bytes) -> tuple[str, list[str]]:
    """The paragraphs of a Word file, those in tables included, in the order of the document."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise ValueError("is locked with a password or of the old .doc kind; save it as .docx without a password.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked > MAX_UNPACKED:
            raise ValueError(f"unpacks to {unpacked / 1e6:,.0f} MB, which is too much to read; paste its text instead.")
        body = docx.Document(io.BytesIO(data)).element.body
    except (zipfile.BadZipFile, PackageNotFoundError, KeyError, SyntaxError) as error:
        raise ValueError("is not a Word file (.docx) that can be read; it may be broken.") from error
    paragraphs = []
    for paragraph in body.iter("{*}p"):
        text = "".join("\t" if node.tag.endswith("}tab") else node.text or "" for node in paragraph.iter("{*}t", "{*}tab"))
        if text.strip():
            paragraphs.append(text)
    if not paragraphs:
        raise ValueError("has no text in it; choose another file.")
    return "\n".join(paragraphs), []


def main(kind: str) -> None:
    """Read a file from standard input and print its text, or what is wrong with it, as JSON."""
    _limit_memory()
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        text, notes = {"pdf": pdf_text, "docx": docx_text}[kind](data)
        answer = {"text": text[: MAX_CHARACTERS + 1], "notes": notes}
    except ValueError as problem:
        known = problem.args and str(problem).endswith(".")
        answer = {"problem": str(problem) if known else "could not be read; it may be broken."}
    except Exception:  # whatever a parser of strangers' files may throw: the reader needs one sentence, not its name
        answer = {"problem": "could not be read: it is broken, or too much for one file; paste its text instead."}
    sys.stdout.write(json.dumps(answer))


def _limit_memory() -> None:
    """At most ``MEMORY`` bytes for this process, and ``SECONDS`` of computing, where the system can be asked for it."""
    try:
        import resource
    except ImportError:  # Windows: the time limit of the caller remains
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


if __name__ == "__main__":
    main(sys.argv[1])
