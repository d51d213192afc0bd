"""Tokenization: one text in six tokenizers, a sentence in ten languages, the merges one by one, a tokenizer of one's own."""

import streamlit as st

from ui import cached_tokenization as computed
from ui import page as page_parts
from ui.tokenization import cut, languages, merging, training

VIEWS = {"cut": cut.show, "languages": languages.show, "merges": merging.show, "train": training.show}

page = page_parts.start("tokenization")
if problem := computed.problem():
    st.error(problem)
    st.stop()
VIEWS[page_parts.choose_view(page, list(VIEWS), "cut")](page)
page_parts.finish(page)
