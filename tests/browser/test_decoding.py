"""Decoding in a real browser: the panel's numbers are the model's, the text grows, and the link keeps text, knobs and view."""

from __future__ import annotations

import numpy as np
import pytest

from llm.checkpoints import load_checkpoint
from llm.config import SamplingConfig
from llm.decoding import generate
from llm.trace import trace
from tests.browser.conftest import ROOT
from ui.text import load

TEXT = "The little dog was very"
ADDRESS = "decoding?text=The+little+dog+was+very"
WORDS = load("decoding")
DRAWN = 10


def opened(server: str, visit, more: str = "", **options):
    visitor = visit(f"{server}/{ADDRESS}{more}", **options)
    visitor.wait_heading(WORDS["question"])
    return visitor


def stories():
    opened = load_checkpoint(ROOT / "assets" / "models" / "stories")
    return opened.model, list(opened.tokenizer.encode(TEXT))


def rows(visitor) -> list[list[str]]:
    """(token, logit, probability) of the panel's candidates."""
    visitor.page.locator(".st-key-card-decoding-panel .row button").first.wait_for()
    lines = visitor.page.locator(".st-key-card-decoding-panel .row:not(.head):visible").all()
    return [[line.locator("button").inner_text(), *line.locator(".num").all_inner_texts()[::3]] for line in lines]


def chips(visitor) -> list[str]:
    return [text.split("\n")[0] for text in visitor.page.locator(".st-key-card-decoding-text .chip").all_inner_texts()]


def press(visitor, name: str) -> None:
    visitor.page.get_by_role("button", name=name, exact=True).click()
    visitor.idle()


def test_the_panel_s_numbers_are_the_model_s(server: str, visit) -> None:
    visitor = opened(server, visit, "&decode=t1")  # temperature 1, nothing cut
    model, ids = stories()
    logits = trace(model, ids, ["logits"])["logits"][-1].astype(np.float64)
    shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    best = np.argsort(-logits)
    shown = rows(visitor)
    assert len(shown) >= 8
    for i, (_, logit, probability) in zip(best, shown, strict=False):
        assert float(logit) == round(float(logits[i]), 2)
        assert abs(float(probability) - shares[i]) <= 0.000501
    assert visitor.errors == []


def test_the_text_grows_as_the_library_draws_and_a_reload_brings_it_back(server: str, visit) -> None:
    visitor = opened(server, visit)
    model, ids = stories()
    tokenizer = load_checkpoint(ROOT / "assets" / "models" / "stories").tokenizer
    usual = SamplingConfig(temperature=0.8, top_k=40, top_p=0.95, seed=0)
    press(visitor, WORDS["text"]["buttons"]["ten"])
    grown = chips(visitor)
    made = [one.token_id for one in generate(model, ids, usual, DRAWN)]
    assert grown[len(ids) :] == [tokenizer.token_text(i).replace(" ", "·") for i in made]
    before = visitor.page.url
    visitor.page.reload()
    visitor.wait_heading(WORDS["question"])
    assert chips(visitor) == grown and visitor.page.url == before
    press(visitor, WORDS["text"]["buttons"]["back"])
    assert chips(visitor) == grown[:-1]
    visitor.page.go_back()
    visitor.idle()
    assert chips(visitor) == grown
    assert visitor.errors == [] and visitor.outside() == []


def test_the_temperature_moves_the_probabilities_in_the_browser_and_settles_in_the_link(server: str, visit) -> None:
    visitor = opened(server, visit)
    before = rows(visitor)
    knob = visitor.page.get_by_role("slider", name="Temperature")
    knob.focus()
    for _ in range(4):
        knob.press("ArrowRight")
    visitor.page.wait_for_url("**decode=t**")
    visitor.idle()
    after = rows(visitor)
    assert [row[1] for row in after[:5]] == [row[1] for row in before[:5]]  # the logits stay
    assert float(after[0][2]) < float(before[0][2])
    visitor.page.reload()
    visitor.wait_heading(WORDS["question"])
    assert rows(visitor) == after


def test_each_view_opens_by_its_short_name_and_a_branch_of_the_tree_becomes_the_text(server: str, visit) -> None:
    for view, title in (("surprise", WORDS["surprise"]["title"]), ("cache", WORDS["cache"]["title"])):
        visitor = opened(server, visit, f"&way={view}")
        assert visitor.page.get_by_role("heading", level=3, name=title).is_visible()
    visitor = opened(server, visit, "&way=tree")
    count = len(chips(visitor))
    visitor.page.locator(".st-key-card-decoding-tree g.node[role=button] rect").nth(1).click()
    visitor.idle()
    assert len(chips(visitor)) == count + 2 and "said=" in visitor.page.url and "way=tree" in visitor.page.url
    assert visitor.errors == []


@pytest.mark.slow
def test_no_view_is_wider_than_a_phone_or_a_small_laptop(server: str, visit) -> None:
    for width in (390, 1280):
        visitor = opened(server, visit, width=width)
        for view in visitor.views("decoding", WORDS["views"], "way"):
            assert not visitor.scrolls_sideways(), (view, width)
