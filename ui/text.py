"""The words a reader sees: TOML files by language in assets/text/."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

TEXT = Path(__file__).resolve().parents[1] / "assets" / "text"
LANGUAGE = "en"
_TERM = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")


@lru_cache(maxsize=64)
def load(name: str, language: str = LANGUAGE) -> dict[str, Any]:
    """The texts of ``assets/text/<language>/<name>.toml``."""
    return tomllib.loads((TEXT / language / f"{name}.toml").read_text("utf-8"))


def definition(term: str) -> str:
    """The glossary's explanation of a term (any case); ``KeyError`` when it has none, which a test looks for."""
    return load("glossary")[term.lower()]


def with_terms(markdown: str) -> str:
    """Turn ``[[token]]`` and ``[[token|tokens]]`` into words that explain themselves on hover, focus or touch.

    Only for the project's own texts: the result is shown with HTML allowed.
    """

    def span(match: re.Match[str]) -> str:
        term, shown = match.group(1), match.group(2) or match.group(1)
        meaning = escape(definition(term), quote=True)
        said = f'data-def="{meaning}" aria-label="{escape(shown)}: {meaning}"'
        return f'<span class="gf-term" tabindex="0" {said}>{escape(shown)}</span>'

    return _TERM.sub(span, markdown)


def plain(text: str) -> str:
    """A reader's own text, or a token's, inside Markdown: every sign that Markdown knows is escaped."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+-.!|$:~<>&" else c for c in text)
