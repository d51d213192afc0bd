"""One text cut by several tokenizers: rows of chips, linked by the letters that they cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ui.components.core import pack, renderer


@dataclass(frozen=True)
class CutToken:
    """One token on the screen.

    ``start`` and ``end`` are its bytes in the text; tokens that only together make up a sign share ``group`` (the first
    one's number) and ``size``; ``hex`` are its bytes, cut where they are many.
    """

    text: str
    id: int
    start: int
    end: int
    group: int
    size: int
    hex: str
    known: bool


@dataclass(frozen=True)
class Cut:
    """One tokenizer's row: its name, what it is, the first tokens, how many there are in all, and a fact about them.

    ``relative`` is the number of tokens divided by that of the row to compare with; ``mark`` sets a row apart in words;
    ``note`` is said under the chips.
    """

    name: str
    about: str
    tokens: tuple[CutToken, ...]
    count: int
    fact: str
    relative: float | None = None
    mark: str = ""
    note: str = ""


def cuts(rows: Sequence[Cut], *, key: str, label: str, words: Mapping[str, str]) -> None:
    """Draw the rows. Pointing at a chip (or the arrow keys) says what it is and lights the same letters in all rows.

    ``words`` are the component's texts: hint, token, unknown, part, special, more, tokens, relative.
    """
    most = max((row.count for row in rows), default=1) or 1
    header = {
        "name": key,
        "label": label,
        "words": dict(words),
        "most": most,
        "rows": [
            {
                **{name: getattr(row, name) for name in ("name", "about", "mark", "count", "relative", "fact", "note")},
                "tokens": [[t.text, t.id, t.start, t.end, t.group, t.size, t.hex, t.known] for t in row.tokens],
            }
            for row in rows
        ],
    }
    renderer("cuts")(data=pack(header), key=key)
