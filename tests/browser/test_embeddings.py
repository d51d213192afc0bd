"""The token cloud and the lookup in a real browser: time, search, keyboard, wheel, and nothing that scrolls sideways."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

CLOUD = "/embeddings?vectors=cloud"


def step_of(page) -> int:
    return int(re.sub(r"\D", "", page.locator(".time output").inner_text()))


def test_time_moves_the_cloud_and_play_moves_it_on(server: str, visit) -> None:
    visitor = visit(server + CLOUD)
    page = visitor.page
    shown, last = page.locator(".time output"), step_of(page)
    final, first = shown.inner_text(), re.compile(r"^\D*0$")
    page.get_by_role("slider", name="Training step").last.press("Home")
    expect(shown).to_have_text(first)
    assert last > 100
    before = page.locator(".fact").inner_text()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(shown).not_to_have_text(first)
    page.get_by_role("button", name="Pause").click()
    assert 0 < step_of(page) < last
    page.get_by_role("slider", name="Training step").last.press("End")
    # the first steps differ by less than the digits that are shown; the first and the last do not
    expect(page.locator(".fact")).not_to_have_text(before)
    expect(shown).to_have_text(final)
    assert visitor.errors == [] and visitor.outside() == []


def test_a_search_names_a_token_and_enter_chooses_it(server: str, visit) -> None:
    visitor = visit(server + CLOUD)
    page = visitor.page
    box = page.get_by_placeholder("Find a token")
    box.fill("said")
    expect(page.locator(".words").first).to_contain_text("·said")
    box.press("Enter")
    visitor.idle()
    page.get_by_text("by the angle between").get_by_text("·said").wait_for()
    assert box.evaluate("e => e.getRootNode().activeElement === e")  # the reader can go on typing
    box.fill("no such token")
    expect(page.locator(".words").first).to_contain_text("no token", ignore_case=True)
    assert visitor.errors == []


def test_keys_and_wheel_move_in_the_cloud_and_leave_the_page_alone(server: str, visit) -> None:
    visitor = visit(server + CLOUD, height=1400)
    page = visitor.page
    canvas = page.locator("canvas[data-part=canvas]")
    canvas.focus()
    before = page.locator(".words").first.inner_text()
    canvas.press("ArrowRight")
    expect(page.locator(".words").first).not_to_have_text(before)
    picture, scrolled = canvas.screenshot(), page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.move(box["x"] + 210, box["y"] + 205)
    page.mouse.wheel(0, -400)
    visitor.drawn()
    assert canvas.screenshot() != picture
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == scrolled
    assert visitor.errors == []


@pytest.mark.slow
def test_nothing_scrolls_sideways(server: str, visit) -> None:
    for width in (390, 1280):
        visitor = visit(server + "/embeddings", width=width)
        page = visitor.page
        for view in ("The lookup", "The cloud", "Near and far", "Analogies"):
            page.get_by_text(view, exact=True).first.click()
            visitor.idle()
            main = "document.querySelector('[data-testid=stMain]')"
            assert page.evaluate(f"{main}.scrollWidth - {main}.clientWidth") <= 1, (view, width)
        assert visitor.errors == []


def test_the_cloud_and_the_strip_point_at_each_other_and_the_keys_say_what_they_reach(server: str, visit) -> None:
    visitor = visit(f"{server}{CLOUD}&text=The+little+dog+saw+the+dog")
    page = visitor.page
    canvas, chips = page.locator("canvas[data-part=canvas]"), page.locator(".chips .chip")
    said, resting = page.locator(".st-key-embeddings-cloud .words"), canvas.evaluate("canvas => canvas.toDataURL()")
    chips.nth(1).hover()
    visitor.drawn()
    assert "·little" in said.inner_text() and canvas.evaluate("canvas => canvas.toDataURL()") != resting
    page.mouse.move(2, 2)
    visitor.drawn()
    assert canvas.evaluate("canvas => canvas.toDataURL()") == resting
    page.locator(".zoom button").last.focus()
    while not canvas.evaluate("canvas => canvas.getRootNode().activeElement === canvas"):
        page.keyboard.press("Tab")
    assert canvas.evaluate("canvas => getComputedStyle(canvas).outlineStyle") == "solid"
    visitor.drawn()
    on = "all => all.flatMap((chip, i) => (chip.classList.contains('on') ? [i] : []))"
    assert chips.evaluate_all(on) == [2, 5]  # the keys begin at the chosen token, and its chips light up, both
    here = said.inner_text()
    canvas.press("ArrowRight")
    expect(said).not_to_have_text(here)
    expect(page.locator("#gf-live")).to_have_text(said.inner_text())
    canvas.press("Escape")
    visitor.drawn()
    assert chips.evaluate_all(on) == [2] and visitor.errors == []


def test_a_picture_that_is_painted_again_is_the_same(server: str, visit) -> None:
    """The pen kept the width of its last line, so the frame of the matrix was thicker from the second painting on."""
    visitor = visit(f"{server}/embeddings?vectors=lookup&text=The+little+dog+saw+the+cat")
    page = visitor.page
    canvas = page.locator("canvas[aria-label^='The embedding matrix']")
    seen = []
    for chip in (1, 5, 5):  # the last token is the chosen one: its frame, the last that is drawn, is thick
        page.locator(".chips .chip").nth(chip).hover()
        visitor.drawn()
        page.mouse.move(2, 2)
        visitor.drawn()
        seen.append(canvas.evaluate("canvas => canvas.toDataURL()"))
    assert len(set(seen)) == 1 and visitor.errors == []


def test_the_cloud_opens_on_most_tokens_and_says_how_many_lie_farther_out(server: str, visit) -> None:
    visitor = visit(f"{server}{CLOUD}&model=stories")
    page = visitor.page
    beyond, canvas = page.locator(".plot .beyond"), page.locator("canvas[data-part=canvas]")
    assert int(re.search(r"\d+", beyond.inner_text())[0]) > 100  # a heap of tokens that training never saw
    opened = canvas.evaluate("canvas => canvas.toDataURL()")
    beyond.press("Enter")
    visitor.drawn()
    expect(beyond).to_be_hidden()
    assert canvas.evaluate("canvas => canvas.toDataURL()") != opened
    page.get_by_role("button", name="Show everything").click()
    page.mouse.move(2, 2)
    visitor.drawn()
    expect(beyond).to_be_visible()
    page.get_by_role("slider", name="Training step").last.press("Home")  # before training nothing lies apart
    expect(page.locator(".time output")).to_have_text(re.compile(r"^\D*0$"))
    visitor.drawn()
    assert int(re.search(r"\d+", beyond.inner_text())[0]) < 50
    with page.expect_download() as download:
        page.locator(".st-key-embeddings-cloud .tool", has_text="SVG").click()
    drawing = download.value.path().read_text("utf-8")
    assert "step 0 · random" in drawing and "starts a word" in drawing  # whose numbers: the slider's step, not the bench's
    assert visitor.errors == []


def test_the_names_of_an_analogy_stand_where_its_arrows_are_not(server: str, visit) -> None:
    page = visit(f"{server}/embeddings?vectors=analogies&model=stories").page
    page.locator("svg:has(marker#tip) text").first.wait_for()
    lines = page.locator("svg:has(marker#tip) line").evaluate_all(
        "all => all.map((line) => ['x1', 'x2'].map((at) => +line.getAttribute(at)))"
    )
    names = page.locator("svg:has(marker#tip) text[font-weight='700']")
    ends = names.evaluate_all("all => all.map((name) => [name.getAttribute('text-anchor'), +name.getAttribute('x')])")
    assert len(lines) == 2 and names.count() == 4
    for start, end in lines:
        right = end > start  # a name ends before its arrow starts, and begins behind its tip
        assert any(anchor == ("end" if right else "start") and abs(x - start) < 12 for anchor, x in ends)
        assert any(anchor == ("start" if right else "end") and abs(x - end) < 12 for anchor, x in ends)
