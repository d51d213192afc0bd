"""Tokenization: one text in six tokenizers, a sentence in ten languages, the merges one by one, a tokenizer of one's own."""

import streamlit as st

from ui import page as page_parts
from ui.tokenization_learning import show_merges, show_train
from ui.tokenization_views import show_cut, show_languages

VIEWS = {"cut": show_cut, "languages": show_languages, "merges": show_merges, "train": show_train}

page = page_parts.start("tokenization")
chosen = st.segmented_control(
    page["view"],
    list(VIEWS),
    default="cut",
    key="cut",
    format_func=lambda name: page[f"views.{name}"],
    label_visibility="collapsed",
    required=True,
    bind="query-params",
)
VIEWS[chosen or "cut"](page)
page_parts.finish(page)
