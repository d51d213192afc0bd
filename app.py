"""The launcher: `streamlit run app.py` finds this ASGI app and serves it. The screen itself starts in ui/main.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import streamlit as st

from ui.server import lifespan, middleware, routes

app = st.App(Path(__file__).resolve().parent / "ui" / "main.py", routes=routes, lifespan=lifespan, middleware=middleware)
