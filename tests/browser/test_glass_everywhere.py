"""All linked components: their numbers are the trace's, and what is pointed at lights up in each."""

from __future__ import annotations

import random
from urllib.parse import quote

import numpy as np
import pytest
import torch

from tests.browser.conftest import Visitor, soon_or_later
from ui import cached

TEXT = "The little dog saw the cat"
MODELS = ["stories", "copy", "positions-rope"]


def opened(server: str, visit, page: str, **bench: object) -> Visitor:
    bench = {"text": TEXT, "model": "stories", **bench}
    visitor = visit(f"{server}/{page}?{'&'.join(f'{name}={quote(str(value))}' for name, value in bench.items())}")
    visitor.page.locator(".gf :is(.tool, .chip)").first.wait_for()
    visitor.page.evaluate("() => document.fonts.ready.then(() => null)")
    visitor.idle()
    return visitor


def table(visitor: Visitor, place: str) -> list[list[str]]:
    """The rows of a figure's table, the header among them."""
    visitor.page.locator(f"{place} .tool", has_text="Table").first.click()
    read = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    return visitor.page.locator(f"{place} table.data tr").evaluate_all(read)


def number(text: str) -> np.float32:
    return np.float32(text.replace("−", "-"))


def seen(model: str) -> tuple[str, dict[str, np.ndarray]]:
    torch.set_num_threads(1)  # as the server does: other numbers of threads add up in another order
    text = cached.model_info(model).default_text
    return text, cached.trace_of(model, None, tuple(cached.checkpoint(model).tokenizer.encode(text)))


def same(shown: list[list[str]], values: np.ndarray, first: int) -> None:
    """Random cells of a table, whose numbers begin in column ``first``, are these numbers to all their digits."""
    chosen = random.Random(3)
    assert len(shown) == len(values) and len(shown[0]) - first == values.shape[1]
    for _ in range(30):
        i, j = chosen.randrange(len(values)), chosen.randrange(values.shape[1])
        assert number(shown[i][first + j]) == np.float32(values[i, j]), (i, j)


@pytest.mark.parametrize("model", soon_or_later(MODELS, MODELS[-1:]))
def test_lookup_vectors_lines_lens_and_origin_print_the_trace_to_all_digits(server: str, visit, model: str) -> None:
    text, trace = seen(model)
    weights = trace["blocks.0.attn.pattern"][0]
    visitor = opened(server, visit, "embeddings", text=text, model=model, vectors="lookup")
    embedded = trace["embed.token"]
    _, *rows = table(visitor, ".st-key-embeddings-lookup")
    shown = [int(row[0]) - 1 for row in rows]
    same(rows, embedded[shown], 3)
    (_, token), *rows = table(visitor, ".st-key-embeddings-row")
    row = next(row for row in embedded[shown] if np.float32(row[0]) == number(rows[0][1]))
    assert token
    same(rows, row[:, None], 1)
    lines = opened(server, visit, "attention", text=text, model=model, layer=1, head=1, show="lines")
    assert lines.page.locator(".board").count() == 1
    rows = table(lines, "[class*='st-key-attention-lines-']")[1:]
    same(rows, weights, 1)
    drawn = table(lines, ".st-key-card-attention-where")[1:]
    assert drawn and all(np.isfinite(number(cell)) for row in drawn for cell in row[1:])
    exact = lines.page.locator(".st-key-card-attention-where .exact").inner_text().split()[-1]
    assert number(exact) in weights[-1]
    lens = opened(server, visit, "layers", text=text, model=model, part="lens")
    logits = trace["logits"].astype(np.float64)
    best = 1 / np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)
    assert np.allclose([number(row[-1]) for row in table(lens, ".st-key-card-layers-lens")[1:]], best, rtol=1e-5)
    assert visitor.errors == lines.errors == lens.errors == []


def pictures(visitor: Visitor, *places: str) -> list[str]:
    return [visitor.page.locator(f"{place} canvas").first.evaluate("canvas => canvas.toDataURL()") for place in places]


def test_a_channel_lights_up_in_matrix_vector_and_strip(server: str, visit) -> None:
    visitor = opened(server, visit, "embeddings", vectors="lookup")
    places = ".st-key-embeddings-row", ".st-key-card-embeddings-rows"
    before = pictures(visitor, *places)
    visitor.page.locator(f"{places[0]} canvas").hover(position={"x": 90, "y": 30})
    visitor.drawn()
    after = pictures(visitor, *places)
    assert all(old != new for old, new in zip(before, after, strict=True))
    visitor.page.mouse.move(2, 2)
    visitor.drawn()
    assert pictures(visitor, *places) == before and visitor.errors == []


def test_lines_and_origin_light_up_with_the_strip_and_the_theme_may_change(server: str, visit) -> None:
    visitor = opened(server, visit, "attention", layer=2, head=1, show="lines")
    page = visitor.page
    strip = page.locator(".st-key-attention-chips .chip")
    strip.nth(4).hover()
    visitor.drawn()
    assert page.locator(".side.q .tok.on").count() == 1 and page.locator(".side.k .tok.on").count() == 1
    line = page.locator(".side.k .tok").nth(1)
    line.hover()
    visitor.drawn()
    assert "on" in strip.nth(1).get_attribute("class").split()
    page.locator(".st-key-card-attention-where .rows canvas").first.hover()
    visitor.drawn()
    assert page.locator(".st-key-attention-chips .chip.on").count() >= 1
    dark = page.locator(".st-key-card-attention-heads canvas").first
    light = dark.evaluate("canvas => canvas.toDataURL()")
    page.emulate_media(color_scheme="dark")
    visitor.idle()
    assert dark.evaluate("canvas => canvas.toDataURL()") != light
    strip.nth(3).hover()
    visitor.drawn()
    assert "on" in strip.nth(3).get_attribute("class").split() and visitor.errors == []


def test_a_candidate_its_piece_of_the_bar_and_the_text_light_up_together(server: str, visit) -> None:
    visitor = opened(server, visit, "decoding", text="The little dog was very")
    page = visitor.page
    piece = page.locator(".bars rect.part").nth(1)
    piece.hover()
    visitor.drawn()
    on = page.locator(".st-key-card-decoding-panel .row.on .pick")
    assert on.count() == 1
    page.locator(".st-key-card-decoding-panel .row .pick").nth(2).hover()
    visitor.drawn()
    assert on.inner_text() == page.locator(".st-key-card-decoding-panel .row .pick").nth(2).inner_text()
    chips = page.locator(".st-key-card-decoding-text .chip")
    chips.nth(2).hover()
    visitor.drawn()
    assert "on" in chips.nth(2).get_attribute("class").split() and visitor.errors == []


def test_two_strips_on_one_page_do_not_mix_up_their_tokens(server: str, visit) -> None:
    visitor = opened(server, visit, "positions", order="shuffle")
    before, after = (visitor.page.locator(f".st-key-positions-{name} .chip") for name in ("before", "after"))
    before.nth(2).hover()
    visitor.drawn()
    on = "all => all.filter(chip => chip.classList.contains('on')).length"
    assert before.evaluate_all(on) == 1 and after.evaluate_all(on) == 0
    after.nth(1).hover()
    visitor.drawn()
    assert before.evaluate_all(on) == 0 and visitor.errors == []
