"""Home: the continuation is the model's own, and the map is true to the configuration."""

from __future__ import annotations

import contextlib
import io
import math

import numpy as np
import pytest

from llm.architecture import architecture
from llm.cost import count_parameters
from tests.pages.helpers import check, component, messages, open_page
from tests.unit.test_interpret_origins import KINDS, made
from ui import cached, cached_home, cached_layers
from ui.components.map import Press, drawn, pressed
from ui.pages import PAGES
from ui.snippets_home import continuation_code
from ui.text import load
from ui.tokens import token_label


def test_the_story_is_what_the_snippet_generates() -> None:
    at = check(open_page("home", text="Once upon a time"), "home")
    steps = messages(at)["home-story"]["steps"]
    assert len(steps) > 5
    code = next(block.value for block in at.code if "SamplingConfig" in block.value)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "snippet", "exec"), {})
    assert "".join(step["text"] for step in steps).strip() == printed.getvalue().replace("<|end|>", "").strip()


def test_a_story_does_not_stop_in_the_middle_of_a_sentence() -> None:
    opened = cached.checkpoint("stories", None)
    ids = tuple(opened.tokenizer.encode("The little dog was very"))
    for seed in range(6):
        told = cached_home.continuation("stories", None, ids, seed)
        assert cached_home.TOKENS <= len(told) < cached_home.MOST_TOKENS
        assert told[-1].text[-1] in '.!?"'
        assert not any(step.text.endswith(".") for step in told[cached_home.TOKENS - 1 : -1])  # it ends with the first end


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


def map_of(at) -> dict:
    return component(at, "home-map")[0]


def inside(part: dict):
    """A drawn part and all in it, each as often as it stands there."""
    for _ in range(part["times"]):
        yield part
        for row in part["rows"]:
            for each in row:
                yield from inside(each)


@pytest.mark.parametrize("kind", KINDS)
def test_the_map_is_drawn_for_every_kind_of_model_and_its_numbers_add_up(kind: str) -> None:
    model, _ = made(**KINDS[kind])
    tree = drawn(architecture(model.config, 5), load("home")["map"], tied=model.config.tie_embeddings)
    total = 0
    for part in inside(tree):
        assert part["title"] and "{" not in part["title"] + part["says"]
        if part["made"]:
            own = sum(math.prod(int(n.replace(",", "")) for n in matrix.split(" × ")) for matrix in part["made"].split(" + "))
            assert own == part["weights"]
            total += own
    assert total == count_parameters(model.config) == tree["weights"]


def test_the_map_on_the_page_is_that_of_the_loaded_model() -> None:
    for model in ("stories", "positions-alibi", "copy"):
        at = check(open_page("home", model=model), "home")
        config = cached.checkpoint(model, None).config
        data = map_of(at)
        assert data["total"] == count_parameters(config) == cached.parameter_count(model) and data["layers"] == config.n_layers
        assert {page for part in inside(data["tree"]) if (page := part["page"])} <= {page.title for page in PAGES}


def test_every_token_s_way_is_the_trace_s_and_the_lens_s() -> None:
    at = check(open_page("home", text="The little dog"), "home")
    opened = cached.checkpoint("stories", None)
    ids = opened.tokenizer.encode("The little dog")
    seen, (header, way) = cached.trace_of("stories", None, ids), component(at, "home-map")
    layers = opened.config.n_layers
    assert way["size"].shape == way["added"].shape == (3, 2 * layers + 1) and np.isnan(way["added"][:, 0]).all()
    for station in range(1, 2 * layers + 1):
        block = f"blocks.{(station - 1) // 2}"
        joins, after = ("attn.out", "resid_mid") if station % 2 else ("mlp.out", "resid_post")
        assert np.allclose(way["added"][:, station], np.linalg.norm(seen[f"{block}.{joins}"], axis=1), rtol=1e-5)
        assert np.allclose(way["size"][:, station], np.linalg.norm(seen[f"{block}.{after}"], axis=1), rtol=1e-5)
    logits = seen["logits"].astype(np.float64)
    best = 1 / np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)
    assert (way["ids"][:, -1, 0] == logits.argmax(axis=1)).all() and np.allclose(way["probabilities"][:, -1, 0], best, rtol=1e-5)
    assert header["names"][str(int(way["ids"][-1, -1, 0]))] == token_label(opened.tokenizer, int(logits[-1].argmax()))
    assert header["tokens"] == ["The", "·little", "·dog"] and header["token"] == 2 and header["lock"] is None


def test_of_a_large_model_the_lens_reads_the_chosen_token_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached_layers, "LENS_BUDGET", 1)
    at = check(open_page("home", text="The little dog", token="2"), "home")
    header, way = component(at, "home-map")
    read = ~np.isnan(way["probabilities"]).all(axis=(1, 2))
    assert list(read) == [False, True, False] and header["token"] == 1 and header["lock"] == [1, -1]


def test_what_a_browser_asks_for_is_checked() -> None:
    config = cached.checkpoint("stories", None).config
    tree = architecture(config, 3)
    asked = {"page": "Attention", "part": "q", "layer": 1, "head": 3}
    assert pressed(asked, tree, config) == Press("Attention", "q", 1, 3)
    assert pressed({**asked, "layer": 99, "head": -1}, tree, config) == Press("Attention", "q", None, None)
    for nonsense in (None, 3, {}, {**asked, "part": "nothing"}, {**asked, "page": None}, {**asked, "part": []}):
        assert pressed(nonsense, tree, config) is None


def test_the_continuation_snippet_runs_for_a_snapshot() -> None:
    at = open_page("home", step="0")
    check(at, "home")
    code = next(block.value for block in at.code if "SamplingConfig" in block.value)
    assert "open_model('stories', 0)" in code
    assert continuation_code.__doc__


def test_the_path_says_of_each_page_what_it_has_of_this_sentence() -> None:
    at = check(open_page("home", text="The dog saw it"), "home")
    lines = [link.proto.label for link in at.get("page_link") if link.proto.label.startswith("**")]
    assert [line.split("**")[1] for line in lines] == [page.title for page in PAGES[1:]]
    opened = cached.checkpoint("stories", None)
    ids = opened.tokenizer.encode("The dog saw it")
    assert f"Tokens: {len(ids)}." in lines[0] and f"{len(ids)}, of {opened.config.d_model} numbers" in lines[1]
    assert f"{count_parameters(opened.config):,}" in lines[6]
