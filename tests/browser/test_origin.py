"""Where a number comes from, in a real browser: a locked cell opens its number, which is the trace's own to all its digits."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

from tests.browser.conftest import soon_or_later
from ui import cached, ways
from ui.text import load

TEXT = "The little dog saw the cat"


def opened(server: str, visit, address: str, page: str = "attention", **options):
    visitor = visit(f"{server}/{page}?text={TEXT.replace(' ', '+')}&{address}", **options)
    visitor.wait_heading(load(page)["question"])
    visitor.page.locator(".exact").first.wait_for()
    return visitor


def exact(visitor, card: str) -> np.float32:
    text = visitor.page.locator(f".st-key-card-{card} .exact").inner_text()
    return np.float32(text.split()[-1].replace("−", "-"))


@pytest.mark.parametrize("model", ["stories", "positions-rope", "copy"])
def test_a_locked_cell_of_the_pattern_prints_the_trace_s_number(server: str, visit, model: str) -> None:
    opened_model = cached.checkpoint(model, None)
    ids = opened_model.tokenizer.encode(TEXT)
    seen, choose = cached.trace_of(model, None, ids), random.Random(model)
    for _ in range(2):
        layer, head = choose.randrange(opened_model.config.n_layers), choose.randrange(opened_model.config.n_heads)
        row = choose.randrange(1, len(ids))
        column = choose.randrange(row + 1)
        address = f"model={model}&layer={layer + 1}&head={head + 1}&token={row + 1}.{column + 1}"
        visitor = opened(server, visit, address)
        assert exact(visitor, "attention-where") == seen[f"blocks.{layer}.attn.pattern"][head, row, column]
        assert visitor.errors == [] and visitor.outside() == []


def test_a_cell_that_is_pressed_opens_and_leads_back_number_by_number(server: str, visit) -> None:
    visitor = opened(server, visit, "part=numbers&layer=2", "layers")
    page, card = visitor.page, "layers-numbers-where"
    ids = cached.checkpoint("stories", None).tokenizer.encode(TEXT)
    seen = cached.trace_of("stories", None, ids)
    before = exact(visitor, card)
    row = seen["blocks.1.mlp.post"][-1, :64]
    assert before == row[np.abs(row).argmax()]
    page.locator(f".st-key-card-{card} .rows").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # the button that is focused now: where does this number of the vector come from?
    page.locator(".way .here").wait_for()
    visitor.idle()
    assert exact(visitor, card) == seen["blocks.1.norm2"][-1, 2]
    page.get_by_role("button", name="One step back").click()
    visitor.idle()
    assert exact(visitor, card) == before and visitor.errors == []


def test_products_are_added_up_one_by_one(server: str, visit) -> None:
    visitor = opened(server, visit, "layer=2&head=3&token=6.3")
    card = visitor.page.locator(".st-key-card-attention-where")
    seen = cached.trace_of("stories", None, cached.checkpoint("stories", None).tokenizer.encode(TEXT))
    products = seen["blocks.1.attn.q"][2, 5].astype(float) * seen["blocks.1.attn.k"][2, 2]
    slider = card.get_by_role("slider")
    slider.focus()
    visitor.page.keyboard.press("Home")
    for _ in range(5):
        visitor.page.keyboard.press("ArrowRight")
    told = card.locator(".player .num").inner_text().replace("−", "-")
    assert told.startswith("5 of 32: ") and abs(float(told.split(": ")[1]) - products[:5].sum()) < 0.06
    assert card.locator(".line.later").count() == card.locator(".line").count()
    card.get_by_role("button", name="Play", exact=True).click()
    done = """card => card.querySelectorAll('.line.later').length === 0
              && card.querySelector('.player .num').textContent.startsWith('32 of')"""
    visitor.page.wait_for_function(done, arg=card.locator(".gf").first.element_handle())


def test_without_motion_there_is_no_play_button(server: str, visit) -> None:
    visitor = opened(server, visit, "layer=1&head=1")
    visitor.page.emulate_media(reduced_motion="reduce")
    visitor.page.reload()
    visitor.page.locator(".exact").first.wait_for()
    card = visitor.page.locator(".st-key-card-attention-where")
    assert card.get_by_role("button", name="Play", exact=True).count() == 0 and card.get_by_role("slider").count() == 1


def test_the_way_back_stands_in_the_link_and_back_forward_and_reload_keep_it(server: str, visit) -> None:
    visitor = opened(server, visit, "model=stories&layer=1&head=2&token=5.3")
    page, card = visitor.page, "attention-where"
    seen = cached.trace_of("stories", None, cached.checkpoint("stories", None).tokenizer.encode(TEXT))
    assert exact(visitor, card) == seen["blocks.0.attn.pattern"][1, 4, 2] and "way=" not in page.url
    rows = page.locator(f".st-key-card-{card} .rows")

    def deeper(presses: int) -> None:
        rows.focus()
        for _ in range(presses):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        visitor.idle()

    deeper(3)
    page.wait_for_url(re.compile(r"way=0\.attn\.pattern-1-4-2~0\.attn\.q-1-4-2"))
    assert exact(visitor, card) == seen["blocks.0.attn.q"][1, 4, 2]
    deeper(8)
    page.wait_for_url(re.compile(r"~0\.norm1-4-7$"))
    assert exact(visitor, card) == seen["blocks.0.norm1"][4, 7]
    page.reload()
    page.locator(".way .here").wait_for()
    visitor.idle()
    assert exact(visitor, card) == seen["blocks.0.norm1"][4, 7] and page.locator(".way button").count() >= 2
    page.go_back()
    visitor.idle()
    assert exact(visitor, card) == seen["blocks.0.attn.q"][1, 4, 2]
    page.go_back()
    visitor.idle()
    assert exact(visitor, card) == seen["blocks.0.attn.pattern"][1, 4, 2]
    page.go_forward()
    visitor.idle()
    assert exact(visitor, card) == seen["blocks.0.attn.q"][1, 4, 2] and visitor.errors == []


CHOICES = {
    "neurons": ("layers-neuron-made", "1.mlp.post-2-70", "norm2", "Neuron 71 of layer 2"),
    "norm": ("layers-norm-numbers", "1.norm2-2-9", "resid_mid", None),
    "score": ("layers-score-made", "logits-2-640", "final_norm", None),
}


@pytest.mark.parametrize("part", soon_or_later(CHOICES, ("neurons",)))
def test_a_number_of_layers_is_chosen_by_its_link_and_kept_through_its_way_a_reload_and_another_page(server, visit, part) -> None:
    card, way, behind, title = CHOICES[part]
    visitor = opened(server, visit, f"part={part}&layer=2&token=3&way={way}", "layers")
    page = visitor.page
    seen = cached.trace_of("stories", None, cached.checkpoint("stories", None).tokenizer.encode(TEXT))
    (point, index), chosen = ways.parse(way)[0], choice(visitor, part)

    def is_there() -> None:
        assert exact(visitor, card) == seen[point][index] and choice(visitor, part) == chosen
        assert title is None or page.get_by_role("heading", name=title).count() == 1

    is_there()
    page.locator(f".st-key-card-{card} .rows").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"way={re.escape(way)}~"))
    visitor.idle()
    deeper = seen[point.replace("mlp.post", behind).replace("norm2", behind).replace("logits", behind)][2, 3]
    for again in (lambda: None, page.reload, lambda: to_another_page_and_back(visitor)):
        again()
        page.locator(".way .here").wait_for()
        visitor.idle()
        assert exact(visitor, card) == deeper and choice(visitor, part) == chosen
    page.get_by_role("button", name="One step back").click()
    visitor.idle()
    is_there()
    page.go_back()
    page.locator(".way .here").wait_for()
    visitor.idle()
    assert exact(visitor, card) == deeper and choice(visitor, part) == chosen and visitor.errors == []


def choice(visitor, part: str) -> str:
    """What the page's own control says: the neuron, the norm or the token that is chosen."""
    where = visitor.page.locator(f".st-key-card-layers-{part}").first
    if part == "neurons":
        return visitor.page.get_by_role("spinbutton", name=load("layers")["neurons"]["number"]).input_value()
    if part == "norm":
        return where.locator("[aria-checked=true]").inner_text()
    return where.get_by_role("combobox").first.input_value()


def to_another_page_and_back(visitor) -> None:
    visitor.station("tokens")
    visitor.wait_heading(load("tokenization")["question"])
    visitor.page.go_back()
    visitor.wait_heading(load("layers")["question"])
