"""Linked hover in a real browser: one thing pointed at lights up everywhere, locks, frees, and leaves nothing behind."""

from __future__ import annotations

import random
import re
from urllib.parse import quote

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from ui import cached
from ui.components.core import WEB_PATH
from ui.numbers import digits
from ui.text import load

TEXT = "The little dog saw the cat"
ODD = '<script>alert(1)</script> "&amp; مرحبا 👨‍👩‍👧‍👦 \ufeffé'
PATTERN, HEADS, STRIP = (f".st-key-{key}" for key in ("card-attention-pattern", "card-attention-heads", "attention-chips"))


def attention(server: str, visit, text: str = TEXT, model: str = "stories", rest: str = "") -> Visitor:
    visitor = visit(f"{server}/attention?{'&'.join(_encoded(text=text, model=model, layer=2, head=1))}{rest}")
    visitor.wait_heading(load("attention")["question"])
    visitor.page.locator(f"{STRIP} .chip").first.wait_for()
    visitor.page.evaluate("() => document.fonts.ready.then(() => null)")
    visitor.idle()
    return visitor


def _encoded(**values) -> list[str]:
    return [f"{name}={quote(str(value))}" for name, value in values.items()]


def pattern(text: str = TEXT, model: str = "stories") -> np.ndarray:
    torch.set_num_threads(1)  # as the server does: other numbers of threads add up in another order
    ids = tuple(cached.checkpoint(model).tokenizer.encode(text))
    return cached.trace_of(model, None, ids)["blocks.1.attn.pattern"][0]


def picture(visitor: Visitor, card: str) -> str:
    return visitor.page.locator(f"{card} canvas").first.evaluate("canvas => canvas.toDataURL()")


def words(visitor: Visitor) -> str:
    return visitor.page.locator(f"{PATTERN} .words").inner_text()


def framed(visitor: Visitor) -> list[int]:
    chips = visitor.page.locator(f"{STRIP} .chip")
    return chips.evaluate_all("all => all.flatMap((chip, i) => chip.classList.contains('on') ? [i] : [])")


def joined(visitor: Visitor) -> int:
    """How many components are on the page's bus."""
    return visitor.page.evaluate(f"async () => (await import(new URL('{WEB_PATH}/bus.js', document.baseURI).href)).members()")


def test_a_token_lights_up_in_strip_matrix_and_heads_and_says_its_number(server: str, visit) -> None:
    visitor, weights = attention(server, visit), pattern()
    before = [picture(visitor, card) for card in (PATTERN, HEADS)]
    requests = len(visitor.requests)
    visitor.page.locator(f"{STRIP} .chip").nth(4).hover()
    visitor.drawn()
    row = weights[4].copy()
    row[4] = -1
    key = int(row.argmax())
    assert words(visitor).endswith(f"gives {digits(float(weights[4, key]))} of its attention to {pattern_label(key)}")
    assert framed(visitor) == sorted({4, key})
    assert all(old != picture(visitor, card) for old, card in zip(before, (PATTERN, HEADS), strict=True))
    expect(visitor.page.locator("#gf-live")).to_have_text(words(visitor))
    visitor.page.mouse.move(2, 2)
    visitor.drawn()
    assert [picture(visitor, card) for card in (PATTERN, HEADS)] == before
    head = visitor.page.locator(".head").nth(9)
    head.hover(position={"x": 20, "y": 60})
    visitor.drawn()
    assert len(framed(visitor)) > 0 and picture(visitor, PATTERN) != before[0]
    assert len(visitor.requests) == requests and visitor.errors == []


def pattern_label(i: int) -> str:
    tokenizer = cached.checkpoint("stories").tokenizer
    return tokenizer.token_text(tokenizer.encode(TEXT)[i]).replace(" ", "·")


def test_a_lock_holds_while_the_pointer_moves_and_survives_page_reload_and_ends_with_escape(server: str, visit) -> None:
    visitor = attention(server, visit)
    page = visitor.page
    at_first = joined(visitor)
    page.locator(f"{STRIP} .chip").nth(4).click()
    visitor.idle()
    locked = re.search(r"token=(\d+\.\d+)", page.url)[1]
    assert locked.startswith("5.")
    held = framed(visitor)
    page.locator(".head").nth(2).hover(position={"x": 20, "y": 20})
    visitor.drawn()
    assert framed(visitor) == held
    visitor.station("MLP")
    visitor.wait_heading(load("layers")["question"])
    pressed = page.locator(".st-key-card-layers-choose .chip[aria-pressed=true]")
    assert pressed.count() == 1 and pressed.get_attribute("data-i") == "4" and f"token={locked}" in page.url
    assert 0 < joined(visitor) < at_first
    page.reload()
    visitor.wait_heading(load("layers")["question"])
    assert pressed.get_attribute("data-i") == "4"
    visitor.station("attention")
    visitor.wait_heading(load("attention")["question"])
    assert framed(visitor) == held and joined(visitor) == at_first
    page.keyboard.press("Escape")
    visitor.idle()
    assert "token=" not in page.url and framed(visitor) == []
    assert visitor.errors == []


def test_the_keyboard_alone_points_locks_and_frees(server: str, visit) -> None:
    visitor = attention(server, visit)
    page = visitor.page
    page.locator(f"{STRIP} .chip[tabindex='0']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    visitor.drawn()
    assert 2 in framed(visitor) and words(visitor).startswith("layer 2, head 1: ·dog gives")
    page.keyboard.press("Enter")
    visitor.idle()
    assert "token=3." in page.url
    page.keyboard.press("Escape")
    visitor.idle()
    assert "token=" not in page.url and visitor.errors == []


def test_a_finger_points_with_one_tap_locks_with_two_and_frees_with_three(server: str, browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    try:
        visitor = Visitor(context.new_page())
        visitor.open(f"{server}/attention?{'&'.join(_encoded(text=TEXT, layer=2, head=1))}")
        chip = visitor.page.locator(f"{STRIP} .chip").nth(3)
        chip.tap()
        visitor.idle()
        assert 3 in framed(visitor) and "token=" not in visitor.page.url
        chip.tap()
        visitor.idle()
        assert "token=4." in visitor.page.url
        chip.tap()
        visitor.idle()
        assert "token=" not in visitor.page.url
        matrix = visitor.page.locator("canvas[aria-label^='Attention of layer 2']").first
        size, seen = matrix.bounding_box(), []
        for _ in range(3):
            matrix.tap(position={"x": 0.35 * size["width"], "y": 0.75 * size["height"]})
            visitor.idle()
            seen.append("token=" in visitor.page.url)
        assert seen == [False, True, False] and visitor.errors == []
    finally:
        context.close()


def test_a_lock_that_came_by_link_stays_in_it_over_changes_of_page_reload_and_back(server: str, visit) -> None:
    visitor = attention(server, visit, rest="&token=4.2")
    page = visitor.page
    for station, slug in (("MLP", "layers"), ("embeddings", "embeddings"), ("attention", "attention")):
        visitor.station(station)
        page.wait_for_url(f"**/{slug}?**")
        visitor.wait_heading(load(slug)["question"])
        visitor.idle()
        assert "token=4.2" in page.url, slug
    assert set(framed(visitor)) == {1, 3}
    page.go_back()
    visitor.wait_heading(load("embeddings")["question"])
    visitor.idle()
    page.reload()
    visitor.wait_heading(load("embeddings")["question"])
    assert "token=4.2" in page.url and visitor.errors == []


def test_odd_tokens_are_shown_as_they_are_and_nothing_of_them_runs(server: str, visit) -> None:
    visitor = attention(server, visit, ODD)
    page, dialogs = visitor.page, []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    count = len(cached.checkpoint("stories").tokenizer.encode(ODD))
    chips = page.locator(f"{STRIP} .chip")
    assert chips.count() == count
    shown = "".join(page.locator(f"{STRIP} .chip > span").all_text_contents())
    assert "👨‍👩‍👧‍👦" in shown and "مرحبا"[0] in shown and "&" in shown
    for i in range(0, count, 7):
        chips.nth(i).hover()
        visitor.drawn()
        assert " of its attention to " in words(visitor)
    page.locator(f"{PATTERN} .tool", has_text="Table").last.click()
    assert page.locator(f"{PATTERN} table.data tr").count() == count + 1
    assert page.locator(f"{PATTERN} table.data bdi").count() == (count + 1) ** 2
    assert page.locator(f"{PATTERN} .gf script").count() == 0 and dialogs == [] and visitor.errors == []


@pytest.mark.parametrize("model", ["stories", "copy", "positions-rope"])
def test_numbers_on_the_page_are_those_of_the_trace_to_all_their_digits(server: str, visit, model: str) -> None:
    text = cached.model_info(model).default_text
    weights = pattern(text, model)
    visitor = attention(server, visit, text, model)
    visitor.page.locator(f"{PATTERN} .tool", has_text="Table").last.click()
    cells = "rows => rows.slice(1).map(row => [...row.cells].slice(1).map(cell => cell.textContent))"
    rows = visitor.page.locator(f"{PATTERN} table.data tr").evaluate_all(cells)
    assert len(rows) == len(weights)
    chosen = random.Random(7)
    for _ in range(40):
        i, j = chosen.randrange(len(rows)), chosen.randrange(len(rows))
        if j > i:  # hidden by the mask: an empty cell
            assert rows[i][j] == "" and weights[i, j] == 0
        else:
            assert np.float32(rows[i][j].replace("−", "-")) == np.float32(weights[i, j]), (i, j)
    assert visitor.errors == []
