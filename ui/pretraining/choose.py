"""Which run the page shows: the one in the address, the one looked at last, or the reader's own that trains."""

from __future__ import annotations

import streamlit as st

from llm.runs.store import Run
from ui import runs
from ui.page import Page
from ui.pretraining import address, starter


def shown(page: Page) -> Run | None:
    """The run on the stage; a link to one that is gone is said."""
    wanted = address.shown()
    if not wanted:
        found = _get(address.last()) or starter.active_run()
        if found is not None:
            address.show(found.id)
        return found
    found = _get(wanted)
    if found is None:
        st.warning(page["start.none"], icon=":material/info:")
        address.leave()
    else:
        address.show(found.id)
    return found


def beside(run: Run) -> list[Run]:
    """The runs whose curves are drawn as well."""
    found = (_get(run_id) for run_id in address.beside() if run_id != run.id)
    return [other for other in found if other is not None]


def _get(run_id: str) -> Run | None:
    """A run whose folder can be read."""
    if not run_id:
        return None
    try:
        found = runs.store().get(run_id)
        found.spec  # noqa: B018 - a damaged spec.json is as good as none
        return found
    except ValueError:
        return None
