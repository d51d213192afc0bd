"""The model that fills blanks on every page: what is said of it is true, and its numbers are its own."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from llm.checkpoints import load_checkpoint
from llm.library import BOX
from llm.trace import trace
from tests.pages.helpers import check, messages, open_page
from ui import cached_home
from ui.pages import PAGES
from ui.text import load

TEXT = "The little dog was happy."


def opened(slug: str, **more: str) -> AppTest:
    return check(open_page(slug, model="masked", text=TEXT, **more), slug)


def said(at: AppTest) -> str:
    return "\n".join(each.value for kind in (at.markdown, at.info, at.caption) for each in kind)


def after_blank(ids: list[int]) -> np.ndarray:
    """Probabilities of a blank at the end, without the app."""
    checkpoint = load_checkpoint(BOX / "masked")
    logits = trace(checkpoint.model, [*ids, checkpoint.tokenizer.special["[MASK]"]], ["logits"])["logits"][-1].astype(np.float64)
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


@pytest.mark.parametrize("slug", [page.slug for page in PAGES])
def test_every_page_opens_and_the_strip_speaks_of_the_last_place(slug: str) -> None:
    at = opened(slug)
    last = messages(at)["pipeline"]["stations"][-1]
    assert last["title"] == load("frame")["stations"]["place"]
    checkpoint = load_checkpoint(BOX / "masked")
    logits = trace(checkpoint.model, checkpoint.tokenizer.encode(TEXT), ["logits"])["logits"][-1].astype(np.float64)
    best = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert last["detail"].endswith(f"{best.max():.2f}")


def test_home_fills_one_blank_after_another_and_says_so() -> None:
    at = opened("home")
    assert load("home")["blanks"] in said(at)
    checkpoint = load_checkpoint(BOX / "masked")
    ids = checkpoint.tokenizer.encode(TEXT)
    steps = cached_home.continuation("masked", None, tuple(ids), 0)
    raw = after_blank(ids) ** (1 / cached_home.TEMPERATURE)
    kept = np.sort(raw)[::-1][: cached_home.TOP_K]
    assert dict(steps[0].candidates) and steps[0].candidates[0][1] == pytest.approx(kept[0] / kept.sum(), rel=1e-4)
    assert cached_home.best_probability("masked", None, tuple(ids)) == pytest.approx(after_blank(ids).max(), rel=1e-4)
    code = next(block.value for block in at.code if "random_numbers" in block.value)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "snippet", "exec"), {})
    shown = "".join(step.text for step in steps)
    assert " ".join(shown.split()) == " ".join(out.getvalue().replace("<|end|>", "").split())


@pytest.mark.parametrize(
    ("slug", "words"),
    [("layers", load("layers")["lead_blanks"]), ("attention", load("attention")["off"]["loss_help_blanks"]),
     ("attention", load("attention")["switch_blanks"]["question"]), ("decoding", load("decoding")["text"]["masked"])],
)  # fmt: skip
def test_pages_say_what_is_different(slug: str, words: str) -> None:
    assert words in said(opened(slug))
    assert words not in said(check(open_page(slug, text=TEXT), slug))
