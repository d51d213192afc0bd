"""The tree of continuations in a real browser: branches are taken up, left and taken up again; keys; the draw; the digits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from llm.config import SamplingConfig
from llm.decoding import Beam, decode_tree
from llm.sampling import explain_choice, random_numbers
from tests.browser.conftest import Visitor, soon_or_later
from tests.browser.test_decoding import ADDRESS, TEXT, WORDS, chips, opened, press
from ui import cached
from ui.decoding.settings import Settings
from ui.tokens import token_label

NODES = ".st-key-card-decoding-tree g.node[role=button]"
FOCUSED = """() => { let e = document.activeElement; while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
            return e?.getAttribute("aria-label") ?? "" }"""
WIDTH, DEPTH = 3, 5  # the page's own


def tree():
    """(nodes, texts): the library's own tree of the page's text."""
    torch.set_num_threads(1)  # as the server does
    checkpoint = cached.checkpoint("stories")
    ids = checkpoint.tokenizer.encode(TEXT)
    strategies = {"greedy": SamplingConfig(temperature=0), "sampling": Settings().sampling, "beam": Beam(WIDTH)}
    stop = [checkpoint.tokenizer.special["<|end|>"]]
    nodes = decode_tree(checkpoint.model, ids, strategies, DEPTH, stop_ids=stop, alternatives=1)
    return nodes, [token_label(checkpoint.tokenizer, node.token_id) if node.parent >= 0 else "" for node in nodes]


def way(name: str) -> list[str]:
    nodes, texts = tree()
    return [text for node, text in zip(nodes, texts, strict=True) if name in node.taken_by]


def node(visitor, text: str, by: str):
    """The button of the branch with this whole text."""
    return visitor.page.locator(f'{NODES}[aria-label*=" {text}: "][aria-label*="{by}"]').first


def shown(visitor) -> str:
    return visitor.page.evaluate(FOCUSED)


@pytest.mark.parametrize("name", soon_or_later(("beam", "sampling"), ("sampling",)))
def test_a_strategy_s_branch_is_taken_up_left_and_taken_up_again(server: str, visit, name: str) -> None:
    visitor, branch = opened(server, visit, "&way=tree"), way(name)
    before = chips(visitor)
    node(visitor, "".join(branch), name).locator("rect.box").click()
    visitor.idle()
    assert chips(visitor) == before + branch
    for left in range(len(branch) - 1, 1, -1):
        press(visitor, WORDS["text"]["buttons"]["back"])
        assert chips(visitor) == before + branch[:left]
    gone = node(visitor, "".join(branch[2:]), WORDS["tree"]["by"]["left"])
    assert visitor.page.get_by_text(WORDS["tree"]["by"]["left"], exact=False).first.is_visible()
    gone.locator("rect.box").click()
    visitor.idle()
    assert chips(visitor) == before + branch
    press(visitor, WORDS["text"]["buttons"]["over"])
    assert chips(visitor) == before
    node(visitor, "".join(branch), WORDS["tree"]["by"]["left"]).locator("rect.box").click()
    visitor.idle()
    assert chips(visitor) == before + branch
    visitor.page.go_back()
    visitor.idle()
    assert chips(visitor) == before and visitor.errors == []


def test_arrow_keys_walk_the_tree_and_enter_takes_a_branch_up_and_stays_in_it(server: str, visit) -> None:
    visitor, branch = opened(server, visit, "&way=tree"), way("greedy")
    page, before = visitor.page, chips(visitor)
    page.locator(NODES).first.focus()
    reached = [shown(visitor)]
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        reached.append(shown(visitor))
    assert [f" {''.join(branch[: i + 1])}: " in label for i, label in enumerate(reached)] == [True] * 4
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # nothing stands behind the end
    end = shown(visitor)
    assert f" {''.join(branch)}: " in end
    page.keyboard.press("ArrowDown")
    below = shown(visitor)
    assert below != end and f" {''.join(branch[:-1])}" in below
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert shown(visitor) == reached[3]
    words = page.locator(".st-key-card-decoding-tree .words").inner_text()
    assert words.startswith("".join(branch[:4]))
    page.keyboard.press("Enter")
    visitor.idle()
    assert chips(visitor) == before + branch[:4]
    assert f" {branch[4]}: " in shown(visitor)  # the focus stands on what comes next
    page.keyboard.press("Space")
    visitor.idle()
    assert chips(visitor) == before + branch and visitor.errors == []


def test_the_draw_stands_on_its_bar_with_the_random_number(server: str, visit) -> None:
    visitor, branch = opened(server, visit, "&way=tree"), way("sampling")
    checkpoint, sampling = cached.checkpoint("stories"), Settings().sampling
    ids = checkpoint.tokenizer.encode(TEXT)
    nodes, _ = tree()
    drawn = [each.token_id for each in nodes if "sampling" in each.taken_by]
    numbers = random_numbers(sampling.seed, DEPTH)
    assert visitor.page.locator(f"{NODES} .u").count() == DEPTH
    for i, token in enumerate(drawn):
        logits = cached.trace_of("stories", None, (*ids, *drawn[:i]), names=["logits"])["logits"][-1]
        choice = explain_choice(logits, sampling, (*ids, *drawn[:i]), float(numbers[i]))
        assert choice.token_id == token
        said = node(visitor, "".join(branch[: i + 1]), "sampling").get_attribute("aria-label")
        draw = choice.draw
        assert WORDS["tree"]["draw"].format(u=f"{draw.u:.4f}", low=f"{draw.low:.4f}", high=f"{draw.high:.4f}") in said
        piece, mark = (node(visitor, "".join(branch[: i + 1]), "sampling").locator(f".{name}") for name in ("piece", "u"))
        low, span = float(piece.get_attribute("x")), float(piece.get_attribute("width"))
        at = float(mark.get_attribute("d").split()[0][1:])
        assert low - 0.01 <= at <= low + span + 0.01


def test_the_table_has_all_digits_of_the_model_s_probabilities(server: str, visit) -> None:
    visitor = opened(server, visit, "&way=tree")
    nodes, texts = tree()
    visitor.page.locator(".st-key-card-decoding-tree .tool", has_text="Table").click()
    read = "rows => rows.slice(1).map(row => [...row.cells].map(cell => cell.textContent))"
    rows = visitor.page.locator(".st-key-card-decoding-tree table.data tr").evaluate_all(read)

    def text(i: int) -> str:
        return "" if i == 0 else text(nodes[i].parent) + texts[i]

    own = {text(i): np.float32(each.probability) for i, each in enumerate(nodes)}
    assert len(rows) > 20
    for name, _, p, *_ in rows:
        assert np.float32(p.replace("−", "-")) == own[name], name


def test_a_finger_s_first_tap_says_what_a_branch_is_and_the_second_takes_it_up(server: str, browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor, branch = Visitor(context.new_page()), way("greedy")
    visitor.open(f"{server}/{ADDRESS}&way=tree")
    visitor.wait_heading(WORDS["question"])
    before, first = chips(visitor), node(visitor, branch[0], "greedy")
    first.locator("rect.box").tap()
    visitor.idle()
    assert visitor.page.locator(".st-key-card-decoding-tree .words").inner_text().startswith(f"{branch[0]}: ")
    assert chips(visitor) == before
    first.locator("rect.box").tap()
    visitor.idle()
    assert chips(visitor) == before + branch[:1] and visitor.errors == []
    context.close()
