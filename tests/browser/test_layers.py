"""Layers in a real browser: numbers on the screen are the trace's, a click chooses, the link keeps token, layer and part."""

from __future__ import annotations

import numpy as np
import pytest

from llm.checkpoints import load_checkpoint
from llm.interpret.lens import logit_lens
from llm.trace import trace
from tests.browser.conftest import ROOT, soon_or_later
from ui.numbers import digits
from ui.text import load

TEXT = "The little dog was very"
ADDRESS = "layers?text=The+little+dog+was+very&layer=2&token=3"
WORDS = load("layers")


def opened(server: str, visit, more: str = "", **options):
    visitor = visit(f"{server}/{ADDRESS}{more}", **options)
    visitor.wait_heading(WORDS["question"])
    return visitor


def traced():
    """Model, ids and trace of the sentence, made without the app."""
    opened = load_checkpoint(ROOT / "assets" / "models" / "stories")
    ids = opened.tokenizer.encode(TEXT)
    return trace(opened.model, ids)


def station(visitor) -> list[str]:
    """The numbers of the chosen station's card."""
    visitor.page.locator(".st-key-card-layers-station dd").first.wait_for()
    return visitor.page.locator(".st-key-card-layers-station dd").all_inner_texts()


def chosen(visitor) -> str:
    return visitor.page.locator(".st-key-card-layers-choose button[aria-pressed=true]").inner_text().split("\n")[0]


def test_a_station_shows_the_sizes_of_the_trace_and_a_click_opens_another(server: str, visit) -> None:
    visitor, run = opened(server, visit), traced()

    def size(point: str) -> str:
        return digits(float(np.linalg.norm(run[point][2].astype(np.float64))))

    def shown(layer: int) -> list[str]:
        block = f"blocks.{layer}"
        return [f"a = {size(f'{block}.resid_mid')}", f"b = {size(f'{block}.mlp.out')}", size(f"{block}.resid_post")]

    numbers = station(visitor)
    assert chosen(visitor) == "·dog"
    assert [*numbers[:2], numbers[3]] == shown(1)
    points = ["embed.sum", *(f"blocks.{i}.resid_{at}" for i in range(4) for at in ("mid", "post"))]
    road = visitor.page.locator(".st-key-layers-road svg text[font-family=monospace][font-size='13']").all_text_contents()
    assert road == [size(point) for point in points] and any("," in each for each in road)
    visitor.page.get_by_role("button", name="Layer 4 · MLP").click()
    visitor.idle()
    assert "layer=4" in visitor.page.url
    numbers = station(visitor)
    assert [*numbers[:2], numbers[3]] == shown(3)
    visitor.page.reload()
    visitor.wait_heading(WORDS["question"])
    assert chosen(visitor) == "·dog" and station(visitor) == numbers
    assert visitor.errors == []


def test_the_lens_gives_the_final_probabilities_in_its_last_column(server: str, visit) -> None:
    visitor, run = opened(server, visit, "&part=lens"), traced()
    cell = visitor.page.locator(".st-key-card-layers-lens tr.on td:not(.next)").last
    logits = run["logits"][2].astype(np.float64)
    best = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert cell.get_attribute("aria-label").startswith(f"At “·dog”, after layer 4: ·was {digits(float(best.max()))}")


def test_a_guess_that_is_pressed_is_answered_for(server: str, visit) -> None:
    visitor, model = opened(server, visit, "&part=lens"), load_checkpoint(ROOT / "assets" / "models" / "stories").model
    page, cells = visitor.page, visitor.page.locator(".st-key-layers-lens-table td:not(.next)")
    scores = logit_lens(model, traced())  # (S, T, V)

    def told() -> float:
        said = page.locator(".st-key-layers-lens-made-origin").get_by_text("in the trace").inner_text()
        return float(said.split()[-1].replace("−", "-"))

    assert told() == pytest.approx(scores[2, 2].max(), rel=1e-6)
    cells.nth(4 * 5 + 3).click()  # the last token after layer 3
    visitor.idle()
    assert "layer=3" in page.url and "token=5" in page.url and told() == pytest.approx(scores[3, 4].max(), rel=1e-6)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    visitor.idle()
    assert "layer=4" in page.url and told() == pytest.approx(scores[4, 4].max(), rel=1e-6)
    assert visitor.errors == []


@pytest.mark.slow
def test_token_and_part_stand_in_the_link_and_back_follows(server: str, visit) -> None:
    visitor = opened(server, visit)
    page, seen = visitor.page, []

    def state() -> tuple[str, str, str]:
        return page.url, chosen(visitor), page.get_by_role("heading", level=3).first.inner_text()

    for press in (
        lambda: page.get_by_text(WORDS["views"]["score"], exact=True).click(),
        lambda: page.locator(".st-key-card-layers-choose").get_by_role("button", name="little").click(),
        lambda: page.get_by_text(WORDS["views"]["neurons"], exact=True).click(),
    ):
        seen.append(state())
        press()
        visitor.idle()
    assert "part=neurons" in page.url and "token=2" in page.url and chosen(visitor) == "·little"
    last = state()
    for expected in reversed(seen):
        page.go_back()
        visitor.idle()
        assert state() == expected
    page.goto(last[0])
    visitor.wait_heading(WORDS["question"])
    assert state() == last
    assert visitor.errors == [] and visitor.outside() == []


@pytest.mark.slow
def test_no_part_is_wider_than_a_phone_or_a_small_laptop(server: str, visit) -> None:
    for width in (390, 1280):
        visitor = opened(server, visit, width=width)
        for part in visitor.views("layers", WORDS["views"], "part"):
            assert not visitor.scrolls_sideways(), (part, width)


@pytest.mark.parametrize("width", soon_or_later((390, 1280), (390,)))
def test_the_meaning_of_a_word_stays_in_the_window(server: str, visit, width: int) -> None:
    visitor = opened(server, visit, "&part=whole", width=width)
    terms = visitor.page.locator(".gf-term")
    assert terms.count() >= 4
    for i in range(terms.count()):
        terms.nth(i).focus()
        visitor.drawn()
        assert not visitor.scrolls_sideways(), terms.nth(i).inner_text()
        if width == 390:
            left, wide = terms.nth(i).evaluate(SHEET)
            assert left >= 0 and left + wide <= width
        else:
            assert terms.nth(i).evaluate(LOWEST) <= 900, terms.nth(i).inner_text()
    assert visitor.errors == []


# where the sheet with the meaning ends
LOWEST = """term => {
  const sheet = getComputedStyle(term, "::after");
  return term.getBoundingClientRect().top + parseFloat(sheet.top) + parseFloat(sheet.height);
}"""
# where the sheet with the meaning stands, and how wide it is
SHEET = """term => {
  const sheet = getComputedStyle(term, "::after");
  const text = term.closest("[data-testid=stMarkdownContainer]").getBoundingClientRect();
  return [text.left + parseFloat(sheet.left), parseFloat(sheet.width)];
}"""
