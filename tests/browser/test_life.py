"""Every component where it lives: left and entered again, in the other theme, beside others; nothing stays behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ROOT, Visitor, running_server, soon_or_later
from tests.run_helpers import finish, tiny_run, tiny_spec

TEXT = "The little dog saw the cat"
BACKGROUND = "card => getComputedStyle(card).backgroundColor"
PALETTE = json.loads((ROOT / "assets" / "web" / "palette.json").read_text("utf-8"))
# address -> components that live there
PAGES = {
    "": "pipeline time_slider story map",
    "tokenization": "cuts",
    "tokenization?cut=languages": "languages",
    "tokenization?cut=merges": "merges",
    "embeddings?vectors=lookup": "tokens lookup vectors origin",
    "embeddings?vectors=cloud": "cloud signed ledger",
    "embeddings?vectors=analogies": "steps_apart",
    "positions?model=positions-rope": "arrows",
    "positions?order=distance": "chart",
    "attention": "matrix heads",
    "attention?show=lines": "lines",
    "layers?part=road": "road",
    "layers?part=lens": "lens",
    "layers?part=heads": "joined",
    "layers?part=neurons": "contexts before_after",
    "layers?part=activation": "curve",
    "decoding": "textline decode",
    "decoding?way=tree": "tree",
    "pretraining?view=asked": "blank",
    "pretraining?view=memorised": "stretches",
    "pretraining?run=RUN": "live_chart run_sample run_next run_heads run_status",
}
SOON = ("attention", "pretraining?run=RUN")
# Counts what the components' own scripts hold on to outside of themselves; their addresses have /web/ in them.
WATCH = """
window.held = new Map();
const ours = () => new Error().stack.includes("/web/");
const key = (target, type, listener, options) => {
  const ids = (window.heldIds ??= new WeakMap());
  if (listener && !ids.has(listener)) ids.set(listener, (window.heldCount = (window.heldCount ?? 0) + 1));
  return [target.constructor.name, type, listener && ids.get(listener), Boolean(options?.capture ?? options)].join(" ");
};
const { addEventListener, removeEventListener } = EventTarget.prototype;
const far = (target) => [window, document, document.body, document.documentElement, window.visualViewport].includes(target)
  || target instanceof MediaQueryList;
EventTarget.prototype.addEventListener = function (type, listener, options) {
  const target = this ?? window;
  if (far(target) && ours()) held.set(key(target, type, listener, options), type);
  return addEventListener.call(target, type, listener, options);
};
EventTarget.prototype.removeEventListener = function (type, listener, options) {
  const target = this ?? window;
  if (far(target)) held.delete(key(target, type, listener, options));
  return removeEventListener.call(target, type, listener, options);
};
for (const [start, end] of [["setInterval", "clearInterval"]]) {
  const [begin, stop] = [window[start], window[end]];
  window[start] = (...given) => { const id = begin(...given); if (ours()) held.set(`${start} ${id}`, start); return id; };
  window[end] = (id) => { held.delete(`${start} ${id}`); stop(id); };
}
const Source = window.EventSource;
window.EventSource = class extends Source {
  constructor(...given) { super(...given); held.set(this, "EventSource"); }
  close() { held.delete(this); super.close(); }
};
"""
# as Back does, but to the view that the address names
ENTER = "address => { history.pushState({}, '', address); dispatchEvent(new PopStateEvent('popstate')); }"
HELD = """async () => {
  const bus = performance.getEntriesByType("resource").map((entry) => entry.name).find((name) => name.endsWith("/bus.js"));
  const members = bus ? (await import(bus)).members() : 0;
  return { listeners: [...held.values()].sort(), members, live: document.querySelectorAll("#gf-live").length };
}"""
# what can be seen of every figure: pixels of canvases, paints of drawings
LOOKS = """all => {
const pixels = (one) => {
  const { data } = one.getContext("2d").getImageData(0, 0, one.width, one.height);
  return data.reduce((sum, v, i) => (i % 4 === 3 ? sum : (sum * 31 + v) | 0), 0); // not how dense an edge is
};
return all.map((root) => ({
  ink: getComputedStyle(root).getPropertyValue("--gf-ink"), card: getComputedStyle(root).getPropertyValue("--gf-card"),
  canvases: [...root.querySelectorAll("canvas")].filter((one) => one.clientHeight).map(pixels),
  paints: [...root.querySelectorAll("svg")].filter((one) => one.clientHeight && one.childElementCount)
    .map((one) => [one, ...one.querySelectorAll("*")].map((part) => getComputedStyle(part)))
    .map((styles) => styles.map(({ fill, stroke }) => fill + stroke).join()),
})) }"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Iterator[tuple[str, str]]:
    """A server over one run that has ended, and its id."""
    root: Path = tmp_path_factory.mktemp("runs")
    run = tiny_run(root, tiny_spec(120, prompt="moon cup tree moon cup"))
    finish(run)
    with running_server(GLASSFORMER_RUNS=str(root)) as address:
        yield address, run.id


@pytest.fixture(params=soon_or_later(PAGES, SOON))
def place(request, trained) -> str:
    """The address of a page."""
    server, run = trained
    path = request.param.replace("RUN", run)
    return f"{server}/{path}{'&' if '?' in path else '?'}text={quote(TEXT)}"


def enter(visit, address: str) -> Visitor:
    visitor = visit(None)
    visitor.page.add_init_script(WATCH)
    visitor.open(address)
    settle(visitor)
    return visitor


def settle(visitor: Visitor) -> None:
    """Until every figure of the page is drawn, with the page's own fonts."""
    visitor.page.locator(".gf :is(.tool, .chip, canvas, svg)").first.wait_for()
    visitor.page.evaluate("() => document.fonts.ready.then(() => null)")
    if "run=" in visitor.page.url:  # all of the run has come, and its stream has been closed
        visitor.page.locator(".st-key-pretraining-loss canvas[data-last='120']").wait_for()
        visitor.page.wait_for_function("() => ![...window.held.values()].includes('EventSource')")
    visitor.idle()
    visitor.page.mouse.move(2, 2)
    visitor.idle()


def held(page: Page) -> dict:
    return page.evaluate(HELD)


def test_a_page_that_is_left_and_entered_again_holds_on_to_nothing_more(visit, place: str) -> None:
    visitor = enter(visit, place)
    page = visitor.page
    here, figures, at_first = visitor.heading(), page.locator(".gf").count(), held(page)
    assert at_first["listeners"] and at_first["members"] and at_first["live"] == 1
    for _ in range(2):
        visitor.station("MLP" if "/layers" not in place else "tokens")
        page.get_by_role("heading", level=2, name=here).wait_for(state="hidden")
        visitor.idle()
        page.evaluate(ENTER, place)
        visitor.wait_heading(here)
        settle(visitor)
    assert page.locator(".gf").count() == figures and held(page) == at_first
    assert visitor.errors == []


def test_the_theme_changes_every_figure_and_changes_it_back(visit, place: str) -> None:
    visitor = enter(visit, place)
    page = visitor.page
    looks = lambda: page.locator(".gf").evaluate_all(LOOKS)  # noqa: E731
    light = looks()
    page.emulate_media(color_scheme="dark")
    settle(visitor)
    dark = looks()
    card = page.locator("[class*='st-key-card-']").first
    assert card.evaluate(BACKGROUND) == rgb(PALETTE["dark"]["card"])
    assert len(dark) == len(light) >= 2
    for before, after in zip(light, dark, strict=True):
        assert after["ink"] == PALETTE["dark"]["ink"] and before["ink"] == PALETTE["light"]["ink"]
        for kind in ("canvases", "paints"):
            assert len(after[kind]) == len(before[kind])
            assert all(one != other for one, other in zip(before[kind], after[kind], strict=True))
    page.emulate_media(color_scheme="light")
    settle(visitor)
    assert looks() == light and card.evaluate(BACKGROUND) == rgb(PALETTE["light"]["card"]) and visitor.errors == []


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def test_figures_on_one_page_keep_their_own_state(visit, place: str) -> None:
    visitor = enter(visit, place)
    page = visitor.page
    if page.locator(".take").count():
        page.locator(".take").first.click()
    figures = page.locator(".gf").filter(has=page.locator(".tool", has_text="Table"))
    assert figures.count() >= 2  # the strip and one more at least
    for i in range(figures.count()):
        figures.nth(i).locator(".tool", has_text="Table").click()
        opened = figures.evaluate_all("all => all.map((root) => Boolean(root.querySelector('table.data')))")
        assert opened == [k <= i for k in range(len(opened))]
    page.emulate_media(color_scheme="dark")
    settle(visitor)
    assert (
        all(figures.evaluate_all("all => all.map((root) => Boolean(root.querySelector('table.data')))")) and visitor.errors == []
    )
