"""Tokens that are markup, run from the right, are one sign in many tokens, or half a sign: shown and harmless in every figure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from llm.runs.spec import DataSpec
from llm.runs.store import Run
from tests.browser.conftest import Visitor, running_server, soon_or_later
from tests.browser.test_takeaway import SVG, taken
from tests.run_helpers import finish, tiny_run, tiny_spec

FAMILY = "👨‍👩‍👧‍👦"  # seven code points, 25 bytes
ODD = f"<script>alert(1)</script> \" ' &amp; مرحبا {FAMILY} \ufeffé {{value}} $&"
CONTEXT = 128  # tokens that the stories model can hold
HALF = f"The dog saw{' dog' * (CONTEXT - 5)}{FAMILY}"  # its last two tokens are the family's first two bytes
MARKUP = ".gf :is(script, img, iframe, b b, [onerror], [onload])"
VIEWS = {
    "": 3, "attention": 4, "attention?show=lines": 4, "layers?part=road": 2, "layers?part=lens": 2, "layers?part=numbers": 2,
    "layers?part=heads": 2, "layers?part=neurons": 3, "embeddings?vectors=lookup": 3, "embeddings?vectors=cloud": 2,
    "embeddings?vectors=likeness": 2, "positions?order=shuffle": 1, "decoding": 3, "decoding?way=tree": 2,
    "decoding?way=surprise": 2, "tokenization": 2, "pretraining?view=asked": 2,
}  # fmt: skip
HALVES = ("", "attention", "layers?part=lens", "embeddings?vectors=cloud", "decoding?way=tree", "tokenization")


def opened(server: str, visit, view: str, text: str) -> Visitor:
    visitor = visit(f"{server}/{view}{'&' if '?' in view else '?'}text={quote(text)}&model=stories")
    visitor.page.locator(".take").first.click()
    visitor.idle()
    return visitor


def used(visitor: Visitor, least: int) -> str:
    """Point at tokens and pictures, open every table and take every drawing; all that the figures say."""
    page = visitor.page
    for chips in (page.locator(".gf .chip"), page.locator(".gf canvas")):
        for i in range(0, min(chips.count(), 40), 9):
            chips.nth(i).hover(force=True)
    figures = page.locator(".gf").filter(has=page.locator(".tool"))
    assert figures.count() >= least
    for i in range(figures.count()):
        figures.nth(i).locator(".tool", has_text="Table").click()
        name, drawing = taken(visitor, figures.nth(i), "SVG")
        tree = ElementTree.fromstring(drawing)
        assert not list(tree.iter(f"{SVG}script")) and not list(tree.iter(f"{SVG}foreignObject")), name
    assert page.locator(f"{MARKUP}").count() == 0 and page.locator(".gf table.data tr").count() > least
    return "".join(page.locator(".gf .chip > span").all_text_contents() + page.locator(".gf").all_text_contents())


@pytest.mark.parametrize("view", soon_or_later(VIEWS, [*VIEWS][::5]))
def test_odd_tokens_are_harmless_in_every_figure(server: str, visit, view: str) -> None:
    visitor = opened(server, visit, view, ODD)
    shown = used(visitor, VIEWS[view])
    plain = shown.replace("·", "")
    assert "script" in plain and "<" in plain and FAMILY in shown and "&" in plain and "$" in plain and "م" in plain
    assert visitor.errors == []


@pytest.mark.parametrize("view", soon_or_later(HALVES, HALVES[1:2]))
def test_half_an_emoji_is_shown_as_the_bytes_that_it_is(server: str, visit, view: str) -> None:
    visitor = opened(server, visit, view, HALF)
    shown = used(visitor, 2)
    assert "\ufffd" not in visitor.page.locator(".st-key-strip .gf").inner_text()
    assert view in ("", "tokenization") or ("⟨F0⟩" in shown and "⟨9F⟩" in shown)
    assert visitor.errors == []


@pytest.fixture(scope="module")
def watched(tmp_path_factory) -> Iterator[tuple[str, Run]]:
    """A server over one run of bytes that watches the odd sentence and writes whatever bytes it draws."""
    root = tmp_path_factory.mktemp("runs")
    data = DataSpec(corpus="copy", size=6_000, tokenizer="bpe", vocab_size=270)
    run = tiny_run(root, tiny_spec(60, data=data, model={"context_length": 128}, prompt=ODD, title=f"{ODD[:60]}"))
    finish(run)
    with running_server(GLASSFORMER_RUNS=str(root)) as address:
        yield address, run


def test_a_run_may_watch_and_write_any_bytes(watched, visit) -> None:
    address, run = watched
    visitor = visit(f"{address}/pretraining?run={run.id}")
    page = visitor.page
    page.locator(".st-key-pretraining-loss canvas[data-last='60']").wait_for()
    assert page.locator(".st-key-pretraining-text .given").inner_text().endswith(ODD[-30:])
    page.locator(".st-key-pretraining-thumbnails canvas").first.hover(position={"x": 20, "y": 40})
    shown = used(visitor, 4)
    assert "<script>alert(1)</script>" in shown and FAMILY in shown and visitor.errors == []
