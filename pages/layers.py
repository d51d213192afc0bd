"""Layers: what each attention and MLP adds to a token's vector, from the embedding to the guess."""

import streamlit as st

from ui import page as page_parts
from ui.layers import activation, breaking, heads, lens, neurons, norm, numbers, road, score, spot, whole

PARTS = {
    "road": road.show,
    "score": score.show,
    "lens": lens.show,
    "norm": norm.show,
    "heads": heads.show,
    "neurons": neurons.show,
    "activation": activation.show,
    "numbers": numbers.show,
    "whole": whole.show,
}

page = page_parts.start("layers")
if page.reading.config.norm_position == "post":
    page_parts.prose(page["lead_post"])
if not page.reading.config.residual:
    page_parts.prose(page["lead_no_residual"])

if not page.reading.config.causal:
    page_parts.prose(page["lead_blanks"])

with page_parts.card("layers-choose"):
    st.caption(page["choose"])
    here = spot.choose(page)
    part = page_parts.choose_view(page, list(PARTS), "part")

PARTS[part](here)
breaking.show(here)
page_parts.finish(page)
