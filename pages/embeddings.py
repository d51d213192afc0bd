"""Embeddings: the row of numbers behind each token, and where all tokens lie."""

import streamlit as st

from ui import page as page_parts
from ui.embeddings import analogies, cloud, likeness, lookup, near, spot

VIEWS = {"lookup": lookup.show, "cloud": cloud.show, "likeness": likeness.show, "analogies": analogies.show}

page = page_parts.start("embeddings")
chosen = st.segmented_control(
    page["view"], list(VIEWS), default="lookup", required=True, key="vectors", bind="query-params",
    format_func=lambda name: page["views"][name], label_visibility="collapsed",
)  # fmt: skip
VIEWS.get(chosen, lookup.show)(spot.choose(page))

with page_parts.break_it(page):
    near.before(spot.choose(page))
page_parts.finish(page)
