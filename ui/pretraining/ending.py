"""Now break it: every blank at the end of the text, so that nothing comes after it. What is left of reading both sides?"""

from __future__ import annotations

import streamlit as st

from ui import page as page_parts
from ui import snippets_objectives as snippets
from ui.components.before_after import before_after
from ui.pretraining.pair import Pair

ABOUT = 0.1  # nats per token within which two means are called alike


def ending_card(pair: Pair) -> None:
    """The masked model's surprises with the text after each blank, and (when asked for) without it."""
    words = pair.page["break"]
    with page_parts.break_it(pair.page):
        if not st.toggle(words["cut"], key="objectives-cut"):
            return
        before_after(
            pair.masked.labels, pair.both.surprise, pair.end.surprise, key=f"objectives-end-{pair.name}",
            label=words["label"], names=(words["both"], words["end"]),
        )  # fmt: skip
        both, end, left = (float(guesses.surprise.mean()) for guesses in (pair.both, pair.end, pair.left))
        said = "worse" if end > left + ABOUT else "better" if end < left - ABOUT else "alike"
        page_parts.prose(f"{words['means']} {words[said]}", both=both, end=end, left=left)
        st.caption(pair.page["blank.model_of"].format(masked=pair.masked.provenance, causal=pair.causal.provenance))
        found = zip(pair.masked.chips, pair.both.surprise, pair.end.surprise, pair.left.surprise, strict=True)
        rows = [[chip.label, *map(float, surprises)] for chip, *surprises in found]
        header = ["token", words["both"], words["end"], words["left"]]
        page_parts.take_away(pair.page, "break", header=header, rows=rows, code=snippets.ending_code(pair))
