"""Attention in a real browser: a cell by keyboard, a line by click, a head by click, and the link that keeps them."""

from __future__ import annotations

import re

import pytest

from ui.text import load

ADDRESS = "attention?text=The+little+dog+saw+the+cat&layer=1&head=1"


def opened(server: str, visit, **options):
    visitor = visit(f"{server}/{ADDRESS}", **options)
    visitor.wait_heading(load("attention")["question"])
    return visitor


def title(visitor) -> str:
    return visitor.page.get_by_role("heading", level=3, name="Where does").inner_text()


def test_a_cell_is_chosen_by_keyboard_and_stays_in_the_link(server: str, visit) -> None:
    visitor = opened(server, visit)
    canvas = visitor.page.get_by_role("img", name=re.compile("Attention of layer 1"))
    canvas.focus()
    canvas.press("Control+Home")
    for _ in range(3):
        canvas.press("ArrowDown")
    canvas.press("Enter")
    visitor.idle()
    assert "token=4.1" in visitor.page.url
    chosen = title(visitor)
    visitor.page.reload()
    visitor.wait_heading(load("attention")["question"])
    assert title(visitor) == chosen
    assert visitor.errors == []


def test_a_click_on_a_head_opens_it_and_a_click_on_a_token_chooses_its_row(server: str, visit) -> None:
    visitor = opened(server, visit)
    visitor.page.get_by_role("button", name=re.compile("^layer 2, head 3")).click()
    visitor.idle()
    assert "layer=2" in visitor.page.url and "head=3" in visitor.page.url
    visitor.page.get_by_role("heading", level=3, name="Layer 2 · head 3").wait_for()
    visitor.page.locator(".st-key-attention-view").get_by_text("lines", exact=True).click()
    visitor.idle()
    visitor.page.get_by_role("button", name=re.compile("^this token: token 3")).click()
    visitor.idle()
    assert "show=lines" in visitor.page.url and "token=3." in visitor.page.url
    assert visitor.errors == [] and visitor.outside() == []


@pytest.mark.slow
def test_nothing_on_the_page_is_wider_than_a_phone_or_a_small_laptop(server: str, visit) -> None:
    for width in (390, 1280):
        visitor = opened(server, visit, width=width)
        main = visitor.page.get_by_test_id("stMain")
        assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1


def test_back_and_forward_follow_view_step_mask_and_cell(server: str, visit) -> None:
    visitor = opened(server, visit)
    page, seen = visitor.page, []

    def state() -> tuple[str, bool, str]:
        return page.url, page.locator(".st-key-card-attention-pattern canvas").count() == 1, title(visitor)

    for press in (
        lambda: page.locator(".st-key-attention-view").get_by_text("lines", exact=True).click(),
        lambda: page.get_by_role("button", name=re.compile("^this token: token 3")).click(),
        lambda: page.get_by_text("all tokens", exact=True).click(),
        lambda: page.locator(".st-key-attention-view").get_by_text("matrix", exact=True).click(),
        lambda: page.locator(".st-key-attention-at").get_by_text("mask", exact=True).click(),
    ):
        seen.append(state())
        press()
        visitor.idle()
    last = state()
    assert len(set(seen)) == len(seen)
    for expected in reversed(seen):
        page.go_back()
        visitor.idle()
        assert state() == expected
    for expected in [*seen[1:], last]:
        page.go_forward()
        visitor.idle()
        assert state() == expected
    assert visitor.errors == []


def test_a_long_sentence_leaves_room_for_the_picture_and_shows_the_token_that_is_pointed_at(server: str, visit) -> None:
    text = "The+little+dog+saw+the+cat+and+then+it+ran+" * 8
    visitor = visit(f"{server}/attention?text={text}", width=390, height=844)
    visitor.wait_heading(load("attention")["question"])
    strip, chips = (visitor.page.locator(f".st-key-attention-chips {name}") for name in (".chips", ".chip"))
    seen = """chip => {
      const [own, around] = [chip, chip.parentElement].map(one => one.getBoundingClientRect());
      return own.top >= around.top - 1 && own.bottom <= around.bottom + 1;
    }"""
    assert chips.count() > 60 and strip.bounding_box()["height"] < 260
    assert chips.last.evaluate(seen) and not chips.first.evaluate(seen)  # it opens where the picture does: at the last token
    canvas = visitor.page.get_by_role("img", name=re.compile("Attention of layer 1"))
    canvas.focus()
    canvas.press("Control+Home")
    visitor.drawn()
    assert chips.first.evaluate(seen) and visitor.errors == []
