"""Home: the continuation is the model's own, and the map is true to the configuration."""

from __future__ import annotations

import contextlib
import io

from llm.config import ModelConfig
from llm.model import Transformer
from tests.pages.helpers import check, messages, open_page
from ui import cached, cached_home
from ui.components.map import parts
from ui.snippets_home import continuation_code
from ui.text import load


def test_the_story_is_what_the_snippet_generates() -> None:
    at = check(open_page("home", text="Once upon a time"), "home")
    steps = messages(at)["home-story"]["steps"]
    assert len(steps) > 5
    code = next(block.value for block in at.code if "SamplingConfig" in block.value)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "snippet", "exec"), {})
    assert "".join(step["text"] for step in steps).strip() == printed.getvalue().replace("<|end|>", "").strip()


def test_each_step_carries_the_probability_of_what_was_drawn() -> None:
    opened = cached.checkpoint("stories", None)
    ids = tuple(opened.tokenizer.encode("Once upon a time"))
    steps = cached_home.continuation("stories", None, ids, 0)
    for step in steps:
        named = dict(step.candidates)
        assert 0 < step.probability <= 1
        if step.shown in named:
            assert abs(named[step.shown] - step.probability) < 1e-9
    assert steps != cached_home.continuation("stories", None, ids, 1)


def test_another_continuation_is_another() -> None:
    at = open_page("home", text="Once upon a time")
    before = messages(at)["home-story"]
    at.session_state["home_seed"] = 5
    at.run()
    after = messages(check(at, "home"))["home-story"]
    assert before["run"] != after["run"] and before["steps"] != after["steps"]


def test_prediction_is_revealed_only_after_a_choice() -> None:
    at = open_page("home")
    assert not any("best candidate gets" in m.value for m in at.markdown)
    at.pills(key="home-predict-choice").set_value(load("home")["predict"]["options"][0]).run()
    assert any("best candidate gets" in m.value for m in at.markdown)


def test_the_map_counts_every_weight() -> None:
    words = load("home")["map"]
    for changes in ({}, {"norm": "rmsnorm", "bias": False, "position": "rope"}, {"activation": "swiglu", "tie_embeddings": False},
                    {"norm_position": "post", "d_mlp": 48}):  # fmt: skip
        config = ModelConfig(vocab_size=100, context_length=16, n_layers=3, d_model=32, **changes)
        inside = total = 0
        in_block = False
        for part in parts(config, 5, words):
            if part.get("kind") in ("block-start", "block-end"):
                in_block = part["kind"] == "block-start"
                continue
            count = int(part.get("weights", "0 weights").split()[0].replace(",", ""))
            inside, total = (inside + count, total) if in_block else (inside, total + count)
        assert total + 3 * inside == sum(p.numel() for p in Transformer(config).parameters())


def test_the_continuation_snippet_runs_for_a_snapshot() -> None:
    at = open_page("home", step="0")
    check(at, "home")
    code = next(block.value for block in at.code if "SamplingConfig" in block.value)
    assert "open_model('stories', 0)" in code
    assert continuation_code.__doc__
