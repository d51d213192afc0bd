"""The path through the pages, and what each of them shows of this sentence in this model."""

from __future__ import annotations

import streamlit as st

from ui import cached
from ui.page import Page
from ui.pages import PAGES
from ui.state import Reading
from ui.text import load


def show(page: Page) -> None:
    """Every page as a link: its name, its question, and in numbers what stands there for the reader's sentence."""
    here = _numbers(page.reading)
    with st.container(key="home-path-links"):
        for entry in PAGES[1:]:
            seen = page["path.here"][entry.slug].format(**here)
            st.page_link(entry.path, label=f"**{entry.title}** {load(entry.slug)['question']} *{seen}*")


def _numbers(now: Reading) -> dict[str, str]:
    """What the lines of the path are filled with: numbers, and the name of the position scheme in the project's own words."""
    config = now.config
    counts = {
        "tokens": len(now.ids),
        "characters": len(now.sentence),
        "width": config.d_model,
        "layers": config.n_layers,
        "heads": config.n_layers * config.n_heads,
        "neurons": config.n_layers * config.mlp_width,
        "entries": config.vocab_size,
        "weights": cached.parameter_count(now.model_id),
    }
    return {"scheme": load("home")["map"]["texts"][config.position], **{name: f"{n:,}" for name, n in counts.items()}}
