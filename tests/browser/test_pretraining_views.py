"""The views of Pre-training in a real browser: hiding a token asks no server, links, reload and Back bring each view back."""

from __future__ import annotations

import pytest

from llm.checkpoints import load_checkpoint
from llm.interpret.blanks import from_both_sides, from_the_left
from llm.library import BOX
from tests.browser.conftest import soon_or_later
from ui.numbers import digits
from ui.text import load

TEXT = "The little dog was very happy."
ADDRESS = "pretraining?view=asked&text=The+little+dog+was+very+happy."
WORDS, MEMORISED, TRAIN = load("objectives"), load("memorised"), load("pretraining")


def opened(server: str, visit, address: str = ADDRESS, question: str = WORDS["question"], **options):
    visitor = visit(f"{server}/{address}", **options)
    visitor.wait_heading(question)
    return visitor


def press(visitor, view: str) -> None:
    visitor.page.locator(".st-key-pretraining-head").get_by_text(TRAIN["views"][view], exact=True).click()


def test_pressing_a_token_hides_it_and_both_models_answer_with_their_own_numbers(server: str, visit) -> None:
    visitor = opened(server, visit)
    page = visitor.page
    causal, masked = load_checkpoint(BOX / "stories"), load_checkpoint(BOX / "masked")
    ids = masked.tokenizer.encode(TEXT)
    both = from_both_sides(masked.model, ids, masked.tokenizer.special["[MASK]"])
    left = from_the_left(causal.model, ids, causal.tokenizer.end_id)
    chips = page.locator(".chips.sentence button")
    chips.first.wait_for()
    assert chips.count() == len(ids)
    for place in (1, len(ids) - 1):
        # the answer has to stand there before anything can have come back from the server
        seen = chips.nth(place).evaluate(
            """chip => { const root = chip.getRootNode(); chip.click();
                 return [...root.querySelectorAll(".panel .true ~ .num")].length
                   ? [root.querySelector(".words").textContent, root.querySelectorAll(".chip.blank").length] : [] }"""
        )
        token = masked.tokenizer.token_text(ids[place]).strip()
        assert seen and token in seen[0] and seen[1] == 1
        assert digits(float(both.own[place])) in seen[0] and digits(float(left.own[place])) in seen[0]
        visitor.idle()
        assert chips.nth(place).get_attribute("aria-pressed") == "true"
    chips.nth(len(ids) - 1).press("Home")
    assert chips.first.get_attribute("aria-pressed") == "true" and chips.first.inner_text().startswith("[MASK]")
    visitor.idle()
    assert not visitor.errors and not visitor.outside()


def test_the_hidden_token_is_kept_for_the_attention_shapes(server: str, visit) -> None:
    visitor = opened(server, visit)
    visitor.page.locator(".chips.sentence button").nth(2).click()
    visitor.idle()
    visitor.page.get_by_text(WORDS["views"]["shapes"], exact=True).click()
    card = visitor.page.locator(".st-key-card-objectives-shapes")
    card.locator("canvas").nth(1).wait_for()
    visitor.idle()
    assert "compare=shapes" in visitor.page.url
    assert not visitor.errors


@pytest.mark.parametrize(
    ("view", "question", "card"),
    [("asked", WORDS["question"], "card-objectives-blank"), ("memorised", MEMORISED["question"], "card-memorised-copied")],
)
def test_each_view_opens_by_its_link_and_after_a_reload(server: str, visit, view: str, question: str, card: str) -> None:
    visitor = opened(server, visit, f"pretraining?view={view}&model=positions-rope", question)
    visitor.page.locator(f".st-key-{card}").wait_for()
    visitor.page.reload()
    visitor.wait_heading(question)
    visitor.page.locator(f".st-key-{card}").wait_for()
    assert f"view={view}" in visitor.page.url and not visitor.errors


def test_back_returns_to_the_view_before(server: str, visit) -> None:
    visitor = opened(server, visit, "pretraining?model=positions-rope", TRAIN["question"])
    press(visitor, "memorised")
    visitor.wait_heading(MEMORISED["question"])
    press(visitor, "asked")
    visitor.wait_heading(WORDS["question"])
    visitor.page.go_back()
    visitor.wait_heading(MEMORISED["question"])
    visitor.page.go_back()
    visitor.wait_heading(TRAIN["question"])
    assert visitor.page.locator(".st-key-pretraining-start-button").is_visible() and not visitor.errors


@pytest.mark.parametrize("width", soon_or_later([1280, 390], [390]))
def test_nothing_scrolls_sideways(server: str, visit, width: int) -> None:
    visitor = opened(server, visit, width=width)
    main = "document.querySelector('[data-testid=stMain]')"
    for compare in WORDS["views"].values():
        visitor.page.get_by_text(compare, exact=True).first.click()
        visitor.idle()
        assert visitor.page.evaluate(f"{main}.scrollWidth - {main}.clientWidth") <= 1, compare
    assert not visitor.errors
