"""The same sentence in several languages: one group of bars for each, one bar for each tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from ui.components.core import pack, renderer


@dataclass(frozen=True)
class LanguageRow:
    """A language: its name, its code (for fonts and direction), the sentence, and the tokens that each tokenizer needs."""

    name: str
    code: str
    sentence: str
    counts: tuple[int, ...]


def languages(
    rows: Sequence[LanguageRow], series: Sequence[str], *, key: str, label: str, picked: int, base: int, words: Mapping[str, str]
) -> int:
    """Draw the bars; return the number of the language that was clicked last (``picked`` at first).

    Args:
        series: names of the tokenizers, oldest first; every row has a count for each.
        base: the row to which the counts are compared.
        words: row (with {language} {tokenizer} {n} {x}), hint, and pick (with {language}).
    """
    if any(len(row.counts) != len(series) for row in rows):
        raise ValueError(f"every language needs {len(series)} counts, one for each tokenizer")
    stored = (st.session_state.get(key) or {}).get("picked", picked)
    chosen = int(stored) if isinstance(stored, int | float) and 0 <= int(stored) < len(rows) else picked
    header = {
        "name": key,
        "label": label,
        "series": list(series),
        "picked": chosen,
        "base": base,
        "words": dict(words),
        "rows": [asdict(row) for row in rows],
    }
    renderer("languages")(data=pack(header), key=key, default={"picked": picked}, on_picked_change=lambda: None)
    return chosen
