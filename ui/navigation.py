"""Which page is open, the menu at the top, and which pages this reader has seen."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.pages import PAGES, PageInfo
from ui.state import VISITED


def navigate() -> tuple[PageInfo, Any]:
    """Draw the menu; return the open page's entry and Streamlit's page to run."""
    seen: set[str] = st.session_state.setdefault(VISITED, set())
    pages = {page.slug: st.Page(page.path, title=_title(page, seen), default=page.default) for page in PAGES}
    sections: dict[str, list[Any]] = {}
    for page in PAGES:
        sections.setdefault(page.section, []).append(pages[page.slug])
    chosen = st.navigation(sections, position="top")
    current = next(page for page in PAGES if pages[page.slug] == chosen)
    seen.add(current.slug)
    return current, chosen


def _title(page: PageInfo, seen: set[str]) -> str:
    """A tick behind pages that this reader has opened: the path walked so far."""
    return f"{page.title} ✓" if page.slug in seen and not page.default else page.title
