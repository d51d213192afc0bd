"""The frame around every page: navigation, the pipeline strip and the bench. Streamlit's main script."""

from __future__ import annotations

import streamlit as st

from ui import bench, navigation, theme

current, page = navigation.navigate()
st.set_page_config(page_title=f"{current.title} · Glassformer", page_icon="🔎", layout="wide")
theme.style_sheet()
if current.bench:
    bench.show(current)
page.run()
