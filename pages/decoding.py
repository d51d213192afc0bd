"""Decoding: from logits to the token that is drawn, one at a time, as a tree, with its surprise and its cost."""

import streamlit as st

from ui import decoding_text, decoding_views
from ui import page as page_parts

page = page_parts.start("decoding")


@st.fragment
def stage() -> None:
    """All that changes while the text grows; the frame around it stays."""
    text = decoding_text.open_text(page.reading)
    decoding_views.obey(text)
    decoding_views.text_card(page, text)
    decoding_views.one_token(page, text)


stage()
page_parts.finish(page)
