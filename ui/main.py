"""The frame around every page: navigation, the pipeline strip and the bench. Streamlit's main script."""

from __future__ import annotations

import streamlit as st

from ui import bench, locked, navigation, state, theme

current, page = navigation.navigate()
st.set_page_config(page_title=f"{current.title} · Glassformer", page_icon="🔎", layout="wide")
theme.style_sheet()
if current.bench:
    bench.show(current)
try:
    page.run()
except (ValueError, OSError):
    if not state.gone():
        raise
    st.rerun()  # the run was deleted, or this snapshot of it, while the page was drawn: the bench finds what is left
if current.bench:
    locked.keep()
