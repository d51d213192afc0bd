"""The one palette, for Plotly figures and for the page's own style sheet. Components read the same file in the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import streamlit as st

from ui.components.core import WEB


@lru_cache(maxsize=1)
def _palettes() -> dict[str, Mapping[str, str]]:
    stored = json.loads((WEB / "palette.json").read_text("utf-8"))
    return {name: MappingProxyType(colours) for name, colours in stored.items()}


def is_dark() -> bool:
    """Whether this reader's browser shows the dark theme, when the page last ran: a change of theme runs components alone."""
    return st.context.theme.type == "dark"


def palette() -> Mapping[str, str]:
    """Name -> hex colour, for the reader's theme: paper, card, ink, accent, query, key, value, negative, positive, ..."""
    return _palettes()["dark" if is_dark() else "light"]


@lru_cache(maxsize=1)
def _rules() -> str:
    return (WEB / "app.css").read_text("utf-8")


def style_sheet() -> None:
    """Give the page its style: the palette as CSS variables, which pipeline.js keeps up with the theme, then app.css."""
    variables = "".join(f"--gf-{name}:{colour};" for name, colour in palette().items())
    st.html(f"<style>:root{{{variables}}}\n{_rules()}</style>")
