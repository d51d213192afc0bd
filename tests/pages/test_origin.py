"""Where a number comes from, on the screen: words and lines for every point, lines of PyTorch that run, the way back in place."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from llm.interpret.origins import origin
from llm.trace import POINTS
from tests.pages.helpers import check, component, messages, open_page
from tests.unit.test_interpret_origins import KINDS, close, made
from ui import cached, ways
from ui.layers import numbers as numbers_part
from ui.origin import code, view, words
from ui.origin.formula import formula
from ui.text import load
from ui.tokens import Chip

WORDS = load("origin")
TEXT = "The little dog saw the cat"


@dataclass
class Letters:
    """A tokenizer for tests: id 7 is ``t7``."""

    kind: str = "word"

    def token_text(self, token_id: int) -> str:
        return f"<b>t{token_id}"


@dataclass
class Bench:
    """The bench around a model that is not on disk."""

    model: object
    config: object
    ids: tuple[int, ...]
    seen: object
    tokenizer: Letters
    scope: str = "a sentence"

    @property
    def labels(self) -> list[str]:
        return [Chip(self.tokenizer.token_text(i), i, n, n, 1).label for n, i in enumerate(self.ids)]


def bench(kind: str) -> Bench:
    model, seen = made(**KINDS[kind])
    return Bench(model, model.config, seen.ids, seen, Letters())


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_has_words_lines_formulas_and_code_that_runs(kind: str) -> None:
    now = bench(kind)
    generator = np.random.default_rng(1)
    tensors = {name: torch.tensor(array) for name, array in now.seen.items()}
    for point in now.seen:
        for _ in range(3):
            index = tuple(int(generator.integers(size)) for size in now.seen[point].shape)
            found = origin(now.model, now.seen, point, index)
            shown = view._made(WORDS, found, now, [])
            assert shown.exact == str(np.float32(now.seen[point][index])).replace("-", "−").replace("inf", "∞")
            assert len(shown.lines) == len(found.steps) and all("{" not in text for line in shown.lines for text, _ in line.spans)
            assert all("{" not in text for text, _ in shown.sentence)
            assert formula(found).count("{") == formula(found).count("}")
            names = {"model": now.model, "ids": list(now.ids), "t": tensors, "torch": torch, "F": F}
            exec(compile(code.lines(now.config, found), "snippet", "exec"), names)
            assert close(float(torch.as_tensor(names["y"]).detach()), found.value), (point, index)


def test_every_point_has_its_names() -> None:
    names = {point.replace("blocks.{i}.", "") for point in POINTS}
    assert names == set(WORDS["names"]) and names | {"hidden"} == set(WORDS["says"])


def test_where_a_press_leads_and_where_it_does_not() -> None:
    now = bench("textbook")
    logit = origin(now.model, now.seen, "logits", (2, 5))
    assert view.following(logit, {"row": 0, "along": 3}) == ("final_norm", (2, 3))
    for odd in ({"row": 1, "along": 3}, {"row": 0, "along": 99}, {"row": -1}, {"part": 0}, {"sibling": 99}, {}):
        assert view.following(logit, odd) is None
    joined = origin(now.model, now.seen, "blocks.1.attn.out", (4, 0))
    assert view.following(joined, {"row": 0, "along": 11}) == ("blocks.1.attn.z", (1, 4, 3))
    stream = origin(now.model, now.seen, "blocks.2.resid_pre", (4, 6))
    assert view.following(stream, {"part": 1}) == ("blocks.0.attn.out", (4, 6))
    norm = origin(now.model, now.seen, "blocks.0.norm1", (4, 6))
    assert view.following(norm, {"sibling": 2}) == ("blocks.0.norm1", (4, 2))


def opened(**address: str):
    return check(open_page("layers", **{"text": TEXT, "part": "numbers", "layer": "2"} | address), "layers")


def traced():
    ids = cached.checkpoint("stories").tokenizer.encode(TEXT)
    return cached.trace_of("stories", None, ids)


@pytest.mark.parametrize("name", list(WORDS["names"]))
def test_every_array_of_the_model_can_be_looked_at(name: str) -> None:
    at = opened()
    options = at.selectbox(key=numbers_part.WHAT).options
    if WORDS["names"][name] not in options:
        assert name in ("embed.smear", "embed.norm", "mlp.gate")
        return
    at.selectbox(key=numbers_part.WHAT).set_value(name).run()
    header, _ = component(check(at, "layers"), "layers-numbers-where-origin")
    point, *index = header["name"].split("-")
    assert point.endswith(name)
    value = traced()[point][tuple(map(int, index))]
    assert header["exact"].replace("−", "-").replace("∞", "inf") == str(value)
    picture, arrays = component(
        at, next(k for k in messages(at) if k.startswith("layers-numbers-") and not k.endswith("-origin"))
    )
    assert np.isclose(arrays["values"], value).any()
    layer, head = (f"layer {int(point.split('.')[1]) + 1}" if point.startswith("blocks.") else ""), f"head {int(index[0]) + 1}"
    assert layer in picture["label"] and (head in picture["label"]) == (name in words.BY_HEAD)


def test_the_way_back_goes_number_by_number_and_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    now, kept = bench("textbook"), {"card-way": {"base": (), "cells": [("logits", (2, 5))]}}
    monkeypatch.setattr(view.st, "session_state", kept)
    cells = kept["card-way"]["cells"]
    for go, expected in (
        ({"row": 0, "along": 3}, ("final_norm", (2, 3))),
        ({"sibling": 9}, ("final_norm", (2, 9))),
        ({"row": 0, "along": 9}, ("blocks.2.resid_post", (2, 9))),
        ({"part": 1}, ("blocks.2.mlp.out", (2, 9))),
        ({"row": 1, "along": 9}, ("blocks.2.mlp.out", (2, 9))),  # weights lead nowhere
        ({"crumb": 1}, ("final_norm", (2, 3))),
        ({"crumb": -7}, ("logits", (2, 5))),
    ):
        view._go("card", origin(now.model, now.seen, *cells[-1]), go)
        assert cells[-1] == expected
    assert ways.cells("card", ("another",), ("logits", (0, 0)), lambda cell: True) == [("logits", (0, 0))]


def test_a_way_stands_in_the_link_and_comes_back_as_far_as_it_is_one() -> None:
    way = [("blocks.1.mlp.post", (5, 12)), ("blocks.1.norm2", (5, 3)), ("logits", (2, 900)), ("blocks.0.attn.z", (3, 1, 0))]
    assert ways.written(way) == "1.mlp.post-5-12~1.norm2-5-3~logits-2-900~0.attn.z-3-1-0" and ways.parse(ways.written(way)) == way
    assert ways.parse("") == ways.parse("~") == [] and ways.parse("logits-1-2~<script>-a") == [("logits", (1, 2))]
    assert len(ways.parse("~".join(["logits-1-2"] * 500))) == ways.LONGEST
    now = bench("textbook")
    assert all(view.has(now.seen, cell) for cell in (("logits", (2, 5)), ("blocks.0.attn.pattern", (0, 5, 0))))
    assert not any(view.has(now.seen, cell) for cell in (("logits", (99, 5)), ("logits", (2,)), ("nothing", ()), ("logits", ())))


@pytest.mark.parametrize(
    "way", ["1.mlp.post-5-70", "0.attn.q-2-4-31~0.norm1-4-9~0.resid_pre-4-9", "embed.token-1-100", "logits-3-8~final_norm-3-1"]
)
def test_a_link_opens_the_number_and_the_way_behind_it(way: str) -> None:
    at = opened(way=way, layer="2" if way.startswith("1") else "1")
    header, _ = component(at, "layers-numbers-where-origin")
    cells = ways.parse(way)
    point, index = cells[-1]
    assert header["name"] == "-".join([point, *map(str, index)])
    assert len(header["crumbs"]) == (len(cells) if len(cells) > 1 else 0)
    assert header["exact"].replace("−", "-") == str(traced()[point][index])
    assert at.session_state[ways.ADDRESS] == way
    at.selectbox(key=numbers_part.WHAT).set_value("resid_mid").run()
    assert component(check(at, "layers"), "layers-numbers-where-origin")[0]["crumbs"] == []
    assert at.session_state[ways.ADDRESS] == ""


@pytest.mark.parametrize("way", ["9.mlp.post-5-12", "1.mlp.post-5-99999", "x", "1.mlp.post", "~~", "logits--", "a" * 3000])
def test_a_link_to_a_number_that_is_not_there_opens_the_page_s_own(way: str) -> None:
    header, _ = component(opened(way=way), "layers-numbers-where-origin")
    assert header["name"].startswith("blocks.1.mlp.post-5-") and header["crumbs"] == []


def test_the_whole_snippet_prints_the_number_twice() -> None:
    at = opened()
    block = next(each.value for each in at.code if "trace:" in each.value)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, "snippet", "exec"), {})
    left, right = printed.getvalue().split("trace:")
    assert close(float(left), float(right))


def test_odd_tokens_are_text() -> None:
    now = bench("textbook")
    found = origin(now.model, now.seen, "logits", (2, 5))
    assert ("<b>t5", "accent") in words.sentence(WORDS, found, now)
