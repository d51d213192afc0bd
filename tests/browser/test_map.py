"""The map in a real browser: it opens in place, by mouse and by keyboard; its numbers are the model's; its pages open."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

from llm.cost import count_parameters, parameters
from ui import cached
from ui.numbers import digits
from ui.text import load
from ui.tokens import token_label

WORDS = load("home")["map"]


def opened(server: str, visit, model: str = "stories", **options):
    visitor = visit(f"{server}/?text=The+little+dog&model={model}", **options)
    visitor.wait_heading(load("home")["question"])
    visitor.page.locator(".map").wait_for()
    return visitor


def part(visitor, path: str):
    return visitor.page.locator(f'.map .part[data-part="{path}"]').first


def count(text: str) -> int:
    return int(re.search(r"([\d,]+) weights", text)[1].replace(",", ""))


@pytest.mark.parametrize("model", ["stories", "positions-alibi", "copy"])
def test_every_count_on_the_map_is_the_model_s(server: str, visit, model: str) -> None:
    visitor = opened(server, visit, model)
    config = cached.checkpoint(model, None).config
    cost = parameters(config)
    for path, total in (("block.attention", cost["attention"]), ("block.mlp", cost["mlp"])):
        assert count(part(visitor, path).get_attribute("aria-label")) == total // config.n_layers
    assert count(part(visitor, "embedding").get_attribute("aria-label")) == cost["token embedding"]
    assert count(visitor.page.locator(".st-key-home-map .words").inner_text()) == count_parameters(config)
    visitor.page.locator(".st-key-home-map").get_by_role("button", name="Table").click()
    rows = visitor.page.locator(".st-key-card-home-map table tr")
    counts = {}
    for cells in rows.evaluate_all("rows => rows.slice(1).map(row => [...row.children].map(cell => cell.textContent))"):
        if not cells[0].startswith("·"):
            counts[f"{cells[0]} {cells[1]}"] = int(cells[3].replace(",", ""))
    assert sum(counts.values()) == count_parameters(config) and f"Layer {config.n_layers}" in counts
    assert visitor.errors == [] and visitor.outside() == []


def test_a_box_opens_in_place_and_escape_closes_it_level_by_level(server: str, visit) -> None:
    visitor = opened(server, visit)
    page = visitor.page
    place = "part => part.getBBox().y"
    below = part(visitor, "softmax").evaluate(place)
    part(visitor, "block.mlp").click()
    part(visitor, "block.mlp.up").wait_for()
    expect(part(visitor, "block.mlp")).to_have_attribute("aria-expanded", "true")
    moved = "([part, place]) => part.getBBox().y > place"
    page.wait_for_function(moved, arg=[part(visitor, "softmax").element_handle(), below + 40])  # what stands below made room
    assert "dim" in part(visitor, "embedding").get_attribute("class").split()
    assert "dim" not in part(visitor, "block.mlp.up").get_attribute("class").split()
    part(visitor, "block.mlp.up").click()
    told = page.locator(".st-key-card-home-map .words")
    assert "= 512 × 128 + 512" in told.inner_text()
    assert page.locator(".crumbs").first.inner_text().split("›")[-1].strip() == "up"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert part(visitor, "block.mlp.up").count() == 0 and "dim" in part(visitor, "embedding").get_attribute("class").split()
    page.keyboard.press("Escape")
    assert "dim" not in part(visitor, "embedding").get_attribute("class").split()
    assert visitor.errors == []


def test_the_whole_map_works_by_keyboard(server: str, visit) -> None:
    visitor = opened(server, visit)
    page = visitor.page
    part(visitor, "tokens").focus()

    def focused() -> str:
        active = """() => { let e = document.activeElement; while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
                    return e?.dataset?.part ?? "" }"""
        return page.evaluate(active)

    seen = [focused()]
    for _ in range(12):
        page.keyboard.press("ArrowDown")
        seen.append(focused())
        if seen[-1] == "block.attention":
            break
    assert seen[0] == "tokens" and seen[-1] == "block.attention"
    page.keyboard.press("ArrowRight")
    part(visitor, "block.attention.q").wait_for()
    assert focused() == "block.attention"
    page.keyboard.press("ArrowDown")
    assert focused() == "block.attention.q"
    page.keyboard.press("Enter")
    assert "what this token is to take in more of" in page.locator(".st-key-card-home-map .words").inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    assert focused() == "block.attention" and part(visitor, "block.attention.q").count() == 0


def test_a_part_leads_to_its_page_with_its_layer_its_head_and_what_shows_it(server: str, visit) -> None:
    visitor = opened(server, visit)
    page = visitor.page
    page.get_by_role("button", name="the layer after").click()
    part(visitor, "block.attention").click()
    part(visitor, "block.attention.q").click()
    page.get_by_role("button", name="layer 2, head 3").click()
    visitor.wait_heading(load("attention")["question"])
    assert visitor.sentence() == "The little dog"
    page.wait_for_url(re.compile("show=q"))
    assert asked(page.url, "layer", "head", "show") == ["2", "3", "q"]
    page.get_by_role("heading", name="Layer 2 · head 3").first.wait_for()
    visitor = opened(server, visit)
    visitor.page.get_by_role("button", name="the layer after").click()
    part(visitor, "block.norm2").click()
    visitor.page.get_by_role("button", name="Open the page Layers at layer 2").click()
    visitor.wait_heading(load("layers")["question"])
    visitor.page.wait_for_url(re.compile("part=norm"))
    assert asked(visitor.page.url, "layer", "part") == ["2", "norm"] and visitor.errors == []


def asked(address: str, *names: str) -> list[str]:
    query = parse_qs(urlsplit(address).query)
    return [query[name][0] for name in names]


def test_a_token_that_is_pointed_at_shows_its_way_and_a_lock_keeps_it(server: str, visit) -> None:
    visitor = opened(server, visit)
    page, strip = visitor.page, visitor.page.locator(".st-key-card-home-map .chip")
    ids = cached.checkpoint("stories", None).tokenizer.encode("The little dog")
    seen = cached.trace_of("stories", None, ids)

    def way() -> list[str]:
        return page.locator(".map .stops text").evaluate_all("all => all.map(text => text.textContent)")

    def lengths(token: int) -> list[str]:
        points = ("resid_pre", "resid_mid", "resid_post")
        return [digits(float(np.linalg.norm(seen[f"blocks.0.{point}"][token]))) for point in points]

    def shown() -> list[str]:
        return [re.search(r"length (\S+),", text)[1] for text in way()[1:4]]

    assert shown() == lengths(2) and "·dog" in way()[0]
    strip.nth(1).hover()
    visitor.drawn()
    assert shown() == lengths(1) and "·little" in way()[0]
    page.mouse.move(3, 3)
    visitor.drawn()
    assert shown() == lengths(2)
    strip.nth(0).click()
    page.wait_for_url(re.compile("token=1"))
    visitor.idle()
    assert shown() == lengths(0)
    part(visitor, "block.mlp").hover()
    visitor.drawn()
    assert shown() == lengths(0)  # parts do not take a token's place
    best = cached.next_token_probabilities("stories", None, ids[:1])
    name = token_label(cached.checkpoint("stories", None).tokenizer, int(best.argmax()))
    assert way()[-1].startswith(f"gives {name} {digits(float(best.max()))}") and visitor.errors == []


def test_parts_light_up_between_the_map_the_road_and_the_strip_at_the_top(server: str, visit) -> None:
    visitor = visit(f"{server}/layers?text=The+little+dog&part=whole&layer=1")
    page = visitor.page
    page.locator(".map").wait_for()
    visitor.idle()
    lit = "all => all.map(each => each.dataset.key ?? each.dataset.part ?? each.getAttribute('aria-label').slice(0, 13))"

    def bright(what: str) -> list[str]:
        visitor.drawn()
        return page.locator(f"{what}.lit").evaluate_all(lit)

    part(visitor, "block.mlp").hover()
    assert bright(".row") == ["Layer 1 · MLP"] and bright(".station") == ["block.mlp"]
    road = page.locator(".st-key-layers-road .row")
    road.nth(3).hover()
    assert bright(".map .part") == ["1:block.attention"] and bright(".station") == ["block.attention"]
    page.locator(".station").last.hover()
    assert bright(".map .part") == [":softmax"] and bright(".row") == []
    page.mouse.move(2, 2)
    assert bright(".map .part") == bright(".station") == []
    part(visitor, "block.attention").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert bright(".map .part") == ["1:block.attention.q"] and bright(".station") == ["block.attention"]
    assert bright(".row") == ["Layer 2 · att"] and visitor.errors == []


def test_a_token_is_followed_through_all_layers_step_by_step(server: str, visit) -> None:
    visitor = opened(server, visit)
    page = visitor.page
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Play a token's way").click()
    said, on = page.locator(".way .said"), page.get_by_role("button", name="One step on")
    layers = cached.checkpoint("stories", None).config.n_layers
    told = [said.inner_text()]
    for _ in range(2 * layers + 1):
        on.click()
        told.append(said.inner_text())
    assert len(set(told)) == len(told) and f"MLP of layer {layers} adds" in told[-2]
    best = cached.next_token_probabilities(
        "stories", None, cached.checkpoint("stories", None).tokenizer.encode("The little dog")
    ).max()
    assert page.locator(".guess .num").first.inner_text() == f"{best:.2f}"
    assert on.is_disabled()
    page.keyboard.press("Escape")
    assert not page.locator(".way").is_visible()


def test_repeats_unfold_and_nothing_is_wider_than_a_phone(server: str, visit) -> None:
    visitor = opened(server, visit, width=390, height=844)
    visitor.page.get_by_role("button", name="Show all 4 layers").click()
    assert visitor.page.locator('.map .part[data-part="block"]').count() == 4
    visitor.page.locator('.map .part[data-part="block"]').nth(2).click()
    visitor.page.get_by_text("layer 3 of 4", exact=True).wait_for()
    part(visitor, "block.attention").click()
    main = visitor.page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1
