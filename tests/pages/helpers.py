"""How tests drive the app without a browser, and read what components were given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.testing.v1 import AppTest

from ui.components.core import unpack
from ui.text import load

ROOT = Path(__file__).resolve().parents[2]


def open_page(slug: str, **address: str) -> AppTest:
    """The app at one page, as if opened with these query parameters (text=..., model=..., layer=...)."""
    at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=300)
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    if slug != "home":
        at.switch_page(f"../pages/{slug}.py").run()
    return at


def forget_models() -> None:
    """Before and after GLASSFORMER_MODELS is another: what is cached of a model belongs to its id, and tests use ids again."""
    st.cache_resource.clear()
    st.cache_data.clear()


def check(at: AppTest, slug: str) -> AppTest:
    """No exception, and the page's own heading."""
    assert not at.exception, [e.value for e in at.exception]
    assert at.header[0].value == load(slug)["question"]
    return at


def messages(at: AppTest) -> dict[str, Any]:
    """Key -> what the component with this key was given: bytes, or the parsed JSON."""
    found = {}
    for element in at.get("bidi_component"):
        proto = element.proto
        kind = proto.WhichOneof("data")
        value = getattr(proto, kind) if kind else None
        found[proto.id.split("-", 2)[2]] = json.loads(value) if kind == "json" else value  # ids are $$ID-<hash>-<key>
    return found


def component(at: AppTest, key: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of the packed message that the component with this key was given."""
    found = messages(at)
    assert key in found, f"no component {key!r}; there are {sorted(found)}"
    return unpack(found[key])
