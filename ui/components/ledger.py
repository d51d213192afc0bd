"""A sentence and a calculation, line by line. The reader's own tokens may stand in both: everything is text, never markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ui.components.core import renderer

Span = tuple[str, str]  # text, and its kind: "", "strong", "sup" or a palette name such as "query"
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Line:
    """One line: what is done, and the number it gives. ``result`` sets the last one apart."""

    spans: tuple[Span, ...]
    value: str
    result: bool = False


def spans(template: str, **values: str | Span) -> tuple[Span, ...]:
    """Fill ``{name}`` in a text of assets/text/ with texts or (text, kind) pairs; nothing in the values is interpreted."""
    made: list[Span] = []
    for i, piece in enumerate(_SLOT.split(template)):
        value = values[piece] if i % 2 else piece
        made.append(value if isinstance(value, tuple) else (value, ""))
    return tuple(span for span in made if span[0])


def ledger(lines: Sequence[Line] = (), *, key: str, sentence: Sequence[Span] = ()) -> None:
    """Draw a sentence (optional) and the lines under it."""
    data = {
        "sentence": [list(span) for span in sentence],
        "lines": [{"spans": [list(span) for span in line.spans], "value": line.value, "result": line.result} for line in lines],
    }
    renderer("ledger")(data=data, key=key)
