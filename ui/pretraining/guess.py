"""Predict, then reveal: what pure guessing costs, with this run's own vocabulary."""

from __future__ import annotations

import math

from ui.page import Page, predict


def ask(page: Page, vocab_size: int) -> None:
    """ln V among three numbers that are easily taken for it."""
    loss = math.log(vocab_size)
    shown = {"v": f"{vocab_size:,}"}
    options = [page["guess.option"].format(x=x) for x in ("1", f"{loss:.1f}", f"{vocab_size:,}")]
    asked = {**page["guess"], "question": page["guess.question"].format(**shown), "options": options}
    filled = Page(page.slug, {**page.words, "guess": asked}, page.reading)
    predict(filled, "guess", 1, page["guess.reveal"], loss=f"{loss:.3f}", **shown)
