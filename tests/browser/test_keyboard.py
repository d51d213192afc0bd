"""The Tab key alone: it reaches the end of a page, top to bottom on a phone, and what has the focus can be seen."""

from __future__ import annotations

import pytest

from tests.browser.conftest import soon_or_later
from tests.browser.test_glass_everywhere import opened

MOST = 250  # stops of a page; more would be a trap
STOP = """() => {
  let element = document.activeElement, card = null;
  for (;;) {
    card ??= element?.closest?.("[class*=st-key-card-], [class*=st-key-ask-]") ?? null;
    if (!element?.shadowRoot?.activeElement) break;
    element = element.shadowRoot.activeElement;
  }
  if (!element || element === document.body) return null;
  const box = element.getBoundingClientRect(), style = getComputedStyle(element);
  const main = document.querySelector("[data-testid=stMain]");
  return { card: [...(card?.classList ?? [])].find((name) => name.startsWith("st-key-")) ?? "", tag: element.tagName,
    text: (element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 40), top: box.top + main.scrollTop,
    inside: box.right > 0 && box.left < innerWidth, ring: style.outlineStyle !== "none" || style.boxShadow !== "none" };
}"""
DRAWN = ("INPUT", "TEXTAREA", "MAIN", "g")  # whose frame, or whose own box, is drawn anew instead


VIEWS = {"layers": {"part": "whole"}, "decoding": {"way": "tree"}, "experiments": {"experiment": "pair"}}
PAGES = ["attention", "layers", "embeddings", "decoding", "pretraining", "experiments", "home", "tokenization", "positions"]


@pytest.mark.parametrize("page", soon_or_later(PAGES, PAGES[:3]))
def test_tab_goes_down_a_page_on_a_phone_and_shows_where_it_is(server: str, visit, page: str) -> None:
    visitor = opened(server, visit, "" if page == "home" else page, **VIEWS.get(page, {}))
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.idle()
    stops = []
    while len(stops) < MOST:
        visitor.page.keyboard.press("Tab")
        stop = visitor.page.evaluate(STOP)
        if stop is None:
            break
        stops.append(stop)
    assert 20 < len(stops) < MOST
    assert [stop for stop in stops if not stop["inside"]] == []
    assert [stop for stop in stops if not stop["ring"] and stop["tag"] not in DRAWN] == []
    cards = list({stop["card"]: stop["top"] for stop in reversed(stops) if stop["card"]}.items())[::-1]  # each card's first stop
    assert len(cards) > 2 and cards == sorted(cards, key=lambda card: card[1])
