"""The frame in a real browser: deep links, the bench through all pages, the address, Back and Forward, no request outside."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import running_server, soon_or_later
from ui.pages import PAGES
from ui.text import load

SENTENCE = "The cat was sad because it"
STATIONS = ["tokens", "embeddings", "+ positions", "attention", "MLP", "logits"]
SLUGS = ["tokenization", "embeddings", "positions", "attention", "layers", "decoding"]

EVERY_TIME = ("home", "attention")


def question(slug: str) -> str:
    return load(slug)["question"]


# each with a server of its own, which costs more than all else in this file: the others are in make test-all
@pytest.mark.parametrize(
    "slug",
    soon_or_later([page.slug for page in PAGES], EVERY_TIME),
)
def test_deep_link_is_the_first_request_of_a_fresh_server(slug: str, visit) -> None:
    with running_server() as address:
        visitor = visit(f"{address}/{'' if slug == 'home' else slug}?text=A+small+bird")
        visitor.wait_heading(question(slug))
        assert visitor.sentence() == "A small bird"
        assert visitor.page.locator(".st-key-strip").locator(".station").count() == 8
        assert visitor.page.locator('[data-testid="stException"]').count() == 0
        assert visitor.errors == []
        assert visitor.outside() == []


def test_a_sentence_goes_through_all_pages_and_back(server: str, visit) -> None:
    visitor = visit(server)
    visitor.type_sentence(SENTENCE)
    for station, slug in zip(STATIONS, SLUGS, strict=True):
        visitor.station(station)
        visitor.wait_heading(question(slug))
        assert visitor.sentence() == SENTENCE
    visitor.page.go_back()
    visitor.wait_heading(question("layers"))
    assert visitor.sentence() == SENTENCE
    visitor.page.go_forward()
    visitor.wait_heading(question("decoding"))
    assert visitor.sentence() == SENTENCE
    assert visitor.errors == []
    assert visitor.outside() == []


def test_reload_and_a_second_tab_show_the_same_state(server: str, visit) -> None:
    visitor = visit(f"{server}/attention")
    visitor.type_sentence(SENTENCE)
    visitor.page.get_by_role("combobox", name="Layer").click()
    visitor.page.get_by_role("option", name="2", exact=True).click()
    visitor.idle()
    before = visitor.page.url
    assert "layer=2" in before
    visitor.page.reload()
    visitor.wait_heading(question("attention"))
    assert visitor.page.url == before
    expect(visitor.page.get_by_role("textbox", name="Sentence")).to_have_value(SENTENCE)  # the box is filled after it is drawn
    second = visit(before)
    second.wait_heading(question("attention"))
    expect(second.page.get_by_role("textbox", name="Sentence")).to_have_value(SENTENCE)
    assert second.page.get_by_role("combobox", name="Layer").input_value() == "2"


@pytest.mark.parametrize(
    ("slug", "address", "view"),
    [
        ("tokenization", "cut", "merges"),
        pytest.param("embeddings", "vectors", "cloud", marks=pytest.mark.slow),
        pytest.param("positions", "order", "sum", marks=pytest.mark.slow),
    ],
)
def test_a_view_stands_in_the_link_by_its_short_name_and_back_follows(
    server: str, visit, slug: str, address: str, view: str
) -> None:
    visitor = visit(f"{server}/{slug}")
    first = visitor.page.get_by_role("heading", level=3).first.inner_text()
    visitor.page.get_by_text(load(slug)["views"][view], exact=True).first.click()
    visitor.idle()
    second = visitor.page.get_by_role("heading", level=3).first.inner_text()
    assert visitor.page.url.endswith(f"/{slug}?{address}={view}") and second != first
    visitor.page.go_back()
    visitor.idle()
    assert visitor.page.get_by_role("heading", level=3).first.inner_text() == first
    box = visitor.page.get_by_role("textbox", name="Sentence")  # nobody has emptied it, so nobody is told so
    assert box.input_value() or box.get_attribute("placeholder")
    assert visitor.page.get_by_text(load("frame")["notes"]["empty"]).count() == 0
    visitor.page.go_forward()
    visitor.idle()
    assert visitor.page.get_by_role("heading", level=3).first.inner_text() == second
    visitor.open(f"{server}/{slug}?{address}=no+such+view")
    assert visitor.page.get_by_role("heading", level=3).first.inner_text() == first
    assert visitor.errors == []


def test_one_press_of_back_leads_to_the_page_as_it_was_left(server: str, visit) -> None:
    visitor = visit(f"{server}/embeddings")
    visitor.page.get_by_text(load("embeddings")["views"]["cloud"], exact=True).first.click()
    visitor.idle()
    left, card = visitor.page.url, visitor.page.get_by_role("heading", level=3).first.inner_text()
    for station, slug in (("attention", "attention"), ("tokens", "tokenization")):
        visitor.station(station)
        visitor.wait_heading(question(slug))
    for slug in ("attention", "embeddings"):
        visitor.page.go_back()
        visitor.wait_heading(question(slug))
    assert visitor.page.url == left and "vectors=cloud" in left
    assert visitor.page.get_by_role("heading", level=3).first.inner_text() == card
    visitor.page.go_back()
    visitor.idle()
    assert visitor.page.url == f"{server}/embeddings"
    assert visitor.errors == []


# How far from the left edge each line of the story begins; a line is what stands at one height.
LINES = """paper => {
  const starts = new Map(), range = document.createRange(), edge = paper.getBoundingClientRect().left;
  for (const text of paper.querySelectorAll(".prompt, .piece:not(.later)")) {
    const node = text.firstChild;
    for (let i = 0; i < node.length; i++) {
      if (node.data[i].trim() === "") continue;
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const { left, bottom } = range.getBoundingClientRect();
      starts.set(Math.round(bottom), Math.min(starts.get(Math.round(bottom)) ?? Infinity, left - edge));
    }
  }
  return [...starts.values()];
}"""


def test_the_story_is_set_as_one_text_and_each_of_its_tokens_can_be_pressed(server: str, visit) -> None:
    visitor = visit(f"{server}/")
    visitor.page.emulate_media(reduced_motion="reduce")
    visitor.type_sentence("Once upon a time a small fox lived in the forest")
    paper = visitor.page.locator(".paper")
    expect(paper.locator(".piece:not(.later)").nth(40)).to_be_visible()
    starts = paper.evaluate(LINES)
    assert len(starts) > 2 and max(starts) < 3, starts  # no line begins with the space that its first token brings
    expect(visitor.page.locator(".bars .drawn")).to_have_count(1)  # all is written: the bars are those of the last token
    piece = paper.get_by_role("button").nth(3)
    piece.focus()
    visitor.page.keyboard.press("Enter")
    expect(piece).to_have_class(re.compile(r"\bon\b"))
    assert not visitor.errors
