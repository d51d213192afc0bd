"""Positions: where the order of the tokens enters the model."""

import streamlit as st

from ui import cached_positions as computed
from ui import page as page_parts
from ui.positions import views

page = page_parts.start("positions")
shown = {"scheme": views.show_scheme, "sum": views.show_sum, "distance": views.show_distance, "shuffle": views.show_shuffle}
if computed.family():
    shown["without"] = views.show_without
chosen = st.segmented_control(
    page["view"],
    list(shown),
    default="scheme",
    key="positions_view",
    format_func=lambda name: page[f"views.{name}"],
    label_visibility="collapsed",
    required=True,
    bind="query-params",
)
shown[chosen or "scheme"](page)

with page_parts.break_it(page):
    page_parts.prose(page["break.how"])
page_parts.finish(page)
