"""The Layers page: every part in every kind of model, numbers that are the trace's, code that prints them, odd input."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

from llm.checkpoints import save_checkpoint
from llm.config import ModelConfig
from llm.hf import save_gpt2
from llm.interpret.activations import FORMULAS
from llm.interpret.lens import logit_lens
from llm.model import Transformer
from llm.tokenizers import CharTokenizer, WordTokenizer, train_bpe
from tests.pages.helpers import check, component, messages, open_page
from ui import cached, cached_layers, state
from ui import snippets_layers as snippets
from ui.components.joined import picture
from ui.components.signed import Bar, running
from ui.layers.lens import settled
from ui.numbers import digits
from ui.text import load
from ui.tokens import chips

WORDS = load("layers")
PARTS = list(WORDS["views"])
TEXT = "The little dog was very happy. It saw a cat in the garden, and the cat saw it. " * 40
ODD = ["", "😀👩‍👩‍👧", "مرحبا بالعالم", "a" * 10_000, "<script>alert(1)</script>", "$x$ ** {0} {token} [[token]]", "\n\t "]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained models with the rarer options, and one in GPT-2's format with its real vocabulary."""
    top = tmp_path_factory.mktemp("models")
    gpt2 = ModelConfig(vocab_size=50257, context_length=256, n_layers=12, n_heads=12, d_model=48, activation="gelu_tanh")
    save_gpt2(Transformer(gpt2), top / "gpt2")
    bpe, words, characters = train_bpe(TEXT, 300), WordTokenizer.train(TEXT, 100), CharTokenizer.train(TEXT)
    masked = ModelConfig(vocab_size=bpe.vocab_size, context_length=32, n_layers=1, d_model=32, causal=False, norm_position="post")
    save_checkpoint(top / "blanks", Transformer(masked), bpe, {"title": "blanks"})
    modern = ModelConfig(vocab_size=words.vocab_size, context_length=32, n_layers=2, d_model=32, position="rope", norm="rmsnorm",
                         activation="swiglu", bias=False, tie_embeddings=False, n_heads=1)  # fmt: skip
    save_checkpoint(top / "modern", Transformer(modern), words, {"title": "modern"})
    post = ModelConfig(vocab_size=characters.vocab_size, context_length=16, n_layers=3, d_model=32, position="alibi",
                       norm="rmsnorm", norm_position="post", activation="relu2", embedding_norm=True, zero_init=True)  # fmt: skip
    save_checkpoint(top / "post", Transformer(post), characters, {"title": "post"}, data={"corpus": "arithmetic", "seed": 0})
    bare = ModelConfig(vocab_size=characters.vocab_size, context_length=16, n_layers=2, d_model=32, norm="none", residual=False)
    save_checkpoint(top / "bare", Transformer(bare), characters, {"title": "bare"}, data={"corpus": "arithmetic", "seed": 0})
    return top


def open_part(part: str, **address: str):
    return check(open_page("layers", part=part, **address), "layers")


@pytest.mark.parametrize("part", PARTS)
def test_only_the_open_part_is_drawn(part: str) -> None:
    at = open_part(part)
    keys = set(messages(at))
    own = {
        "road": "layers-road",
        "score": "layers-score-bars",
        "lens": "layers-lens-table",
        "norm": "layers-norm-vectors",
        "heads": "layers-joined-picture",
        "neurons": "layers-neuron-places",
        "activation": "layers-activation-curves",
        "numbers": "layers-numbers-where-origin",
        "whole": "layers-road",  # beside the map
    }
    assert keys & set(own.values()) == {own[part]}
    assert any(key.startswith("layers-whole") for key in keys) == (part == "whole")
    assert "layers-break-bars" in keys


@pytest.mark.parametrize("model", ["gpt2", "blanks", "modern", "post", "bare"])
def test_every_part_opens_in_every_kind_of_model(extra: None, model: str) -> None:
    for part, text in product(PARTS, ("The little dog saw a cat", "d")):
        at = open_part(part, model=model, text=text)
        assert at.selectbox(key="bench-model").value == model, part


@pytest.mark.parametrize("text", ODD)
def test_odd_input_breaks_nothing(text: str) -> None:
    for part in PARTS:
        at = open_page("layers", part=part)
        at.text_input(key="text").set_value(text[:1000]).run()
        check(at, "layers")


def now(text: str = "The little dog was very", **changes) -> state.Reading:
    """The bench as a page would read it."""
    info = next(info for info in cached.models() if info.id == changes.pop("model", "stories"))
    opened = cached.checkpoint(info.id)
    ids = tuple(opened.tokenizer.encode(text))
    shown = chips(opened.tokenizer, ids)
    made = state.Reading(info.id, None, info, opened.config, opened.tokenizer, text, ids, shown, "", (), 1, 0)
    return replace(made, **changes)


@pytest.mark.parametrize("part", PARTS)
def test_random_weights_before_any_training(part: str) -> None:
    """At step 0 the stories model's output matrices are all zero: nothing is added, nothing may divide by zero."""
    at = open_part(part, text="The cat")
    at.session_state["step"] = "0"
    check(at.run(), "layers")
    assert any("step 0" in each.value for each in at.caption)


def test_the_road_has_the_sizes_of_the_trace() -> None:
    header, _ = component(open_part("road"), "layers-road")
    run = now().trace()
    assert len(header["stations"]) == 9
    for station, point in zip(header["stations"][1:], ["0.resid_mid", "0.resid_post", "1.resid_mid"], strict=False):
        assert station["size"] == pytest.approx(np.linalg.norm(run[f"blocks.{point}"][-1].astype(float)))
    best = header["stations"][-1]["guesses"][0]
    assert best["answer"] and best["probability"] == pytest.approx(now().probabilities().max(), rel=1e-4)


def test_choosing_a_token_changes_the_road() -> None:
    at = open_part("road")
    key = next(key for key in messages(at) if key.startswith("layers-token-"))
    last = component(at, "layers-road")[0]
    at.session_state[key] = {"picked": 1}
    first = component(check(at.run(), "layers"), "layers-road")[0]
    assert first["stations"][-1]["size"] != last["stations"][-1]["size"]
    run = now().trace()
    assert first["stations"][-1]["size"] == pytest.approx(np.linalg.norm(run["blocks.3.resid_post"][1].astype(float)))


def test_the_benchs_layer_and_the_part_choose_the_station() -> None:
    at = open_part("road", layer="3")
    assert component(at, "layers-road")[0]["picked"] == 6
    at.session_state["layers-road-part"] = "attention"
    assert component(check(at.run(), "layers"), "layers-road")[0]["picked"] == 5
    at.session_state["layers-road-part"] = "start"
    assert component(check(at.run(), "layers"), "layers-road")[0]["picked"] == 0


def test_the_bars_of_the_score_end_at_the_models_score() -> None:
    at = open_part("score")
    bars = component(at, "layers-score-bars")[0]["rows"]
    logits = now().trace()["logits"][-1]
    assert bars[-1]["total"] and bars[-1]["value"] == pytest.approx(float(logits.max()), abs=1e-3)
    for before, bar in pairwise(bars[:-1]):
        assert bar["start"] == pytest.approx(before["start"] + before["value"])
    minus = next(box for box in at.selectbox if box.label == WORDS["score"]["minus"])
    minus.select_index(1).run()
    lead = component(check(at, "layers"), "layers-score-bars")[0]["rows"][-1]["value"]
    assert lead == pytest.approx(float(np.diff(np.sort(logits)[-2:])[0]), abs=1e-3)


def test_the_lens_ends_in_the_models_own_guess() -> None:
    header, arrays = component(open_part("lens"), "layers-lens-table")
    assert len(header["rows"]) == 5 and len(header["columns"]) == 5
    assert all(row[-1] for row in header["same"])
    logits = now().trace()["logits"].astype(float)
    chances = np.exp(logits - logits.max(-1, keepdims=True))
    np.testing.assert_allclose(arrays["probabilities"][:, -1], (chances / chances.sum(-1, keepdims=True)).max(-1), rtol=1e-4)
    assert header["next"][:-1] == header["rows"][1:]


@pytest.mark.parametrize("layer", ["1", "3", "4"])
def test_a_guess_of_the_lens_is_answered_for(layer: str) -> None:
    """The score, the lines that print it, and the probability that the table shows are those of a model which ends there."""
    at = open_part("lens", layer=layer)
    lens, arrays = component(at, "layers-lens-table")
    here, stage = now(), int(layer)
    scores = logit_lens(here.model, here.trace())[stage, -1].astype(np.float64)
    assert lens["stage"] == stage
    shown, _ = component(at, "layers-lens-made-origin")
    assert float(shown["exact"].replace("−", "-")) == pytest.approx(scores.max(), rel=1e-5)
    printed = run_code(next(block.value for block in at.code if "['logits']" in block.value)).replace("trace:", "").split()
    assert [float(each) for each in printed] == pytest.approx([scores.max()] * 2, rel=1e-5)
    chance = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    assert arrays["probabilities"][-1, stage] == pytest.approx(chance.max(), rel=1e-4)
    assert any(f"**{digits(float(arrays['probabilities'][-1, stage]))}**" in said.value for said in at.markdown)


def test_settled_counts_each_token_once() -> None:
    assert settled(np.array([[1, 5, 9], [2, 6, 9], [2, 5, 9]])) == [1, 1, 1]
    assert settled(np.array([[4]])) == [1]


def test_the_vectors_of_the_norm_are_the_traces() -> None:
    at = open_part("norm", layer="2")
    rows = component(at, "layers-norm-vectors")[1]["values"]
    run = now().trace()
    np.testing.assert_allclose(rows[0], run["blocks.1.resid_pre"][-1], rtol=1e-5)
    np.testing.assert_allclose(rows[-1], run["blocks.1.norm1"][-1], atol=1e-5)
    at.session_state["layers-norm-which"] = "final_norm"
    rows = component(check(at.run(), "layers"), "layers-norm-vectors")[1]["values"]
    np.testing.assert_allclose(rows[-1], run["final_norm"][-1], atol=1e-5)


def test_the_heads_make_what_attention_adds() -> None:
    _, arrays = component(open_part("heads", layer="2"), "layers-joined-picture")
    np.testing.assert_allclose(arrays["out"], now().trace()["blocks.1.attn.out"][-1], atol=1e-4)
    np.testing.assert_allclose(arrays["heads"].sum(0) + arrays["bias"], arrays["out"], atol=1e-5)


def test_a_neuron_is_shown_where_it_fires_most() -> None:
    at = open_part("neurons", layer="2")
    rows = component(at, "layers-neuron-bars")[0]["rows"]
    post = now().trace()["blocks.1.mlp.post"][-1]
    assert rows[0]["value"] == pytest.approx(float(np.abs(post).max()))
    at.session_state["layers-neuron-stories-1"] = 8
    check(at.run(), "layers")
    assert WORDS["neurons"]["detail"].format(neuron=8, layer=2) in [title.value for title in at.subheader]
    shown = component(at, "layers-neuron-places")[0]["places"]
    firing = cached_layers.firing("stories", None, 1)
    peaks = [place["values"][place["peak"]] for place in shown]
    np.testing.assert_allclose(peaks, firing.values[7], atol=1e-4)
    assert firing.tokens == cached_layers.sample("stories").tokens and cached_layers.sample("stories").own


def test_an_imported_model_is_watched_in_the_projects_stories(extra: None) -> None:
    sample = cached_layers.sample("gpt2")
    assert not sample.own and sample.corpus == "stories" and max(map(len, sample.windows)) <= cached_layers.WINDOW


def test_the_curves_are_the_six_and_the_dots_the_layers_numbers() -> None:
    header, arrays = component(open_part("activation"), "layers-activation-curves")
    assert header["names"] == list(FORMULAS) and header["own"] == "gelu"
    np.testing.assert_allclose(arrays["dots"], now().trace()["blocks.0.mlp.pre"][-1], rtol=1e-6)
    assert set(WORDS["activation"]["titles"]) == {*FORMULAS, "none"} and set(WORDS["activation"]["hints"]) == set(FORMULAS)


def test_breaking_changes_the_guess_and_the_loss() -> None:
    at = open_part("road", layer="2")
    results = {}
    for what in ("mlp", "attention", "bend"):
        at.session_state["layers-break-what"] = what
        check(at.run(), "layers")
        _, arrays = component(at, "layers-break-bars")
        results[what] = (arrays["after"].tolist(), at.metric[0].value, at.metric[1].value)
        assert np.abs(arrays["before"] - arrays["after"]).max() > 0
    assert len({str(result) for result in results.values()}) == 3
    at.session_state["layers-break-where"] = True
    check(at.run(), "layers")
    assert at.metric[1].value != results["bend"][2]


@pytest.mark.parametrize("key", ["settled", "most", "early", "unit", "mix", "active", "bend", "spent"])
def test_every_question_is_answered_with_numbers(key: str) -> None:
    part = {"most": "score", "early": "lens", "unit": "norm", "mix": "heads", "active": "neurons", "bend": "activation"}
    at = open_part(part.get(key, "road"))
    at.session_state[f"layers-{key}-choice"] = WORDS[key]["options"][0]
    check(at.run(), "layers")
    said = " ".join(each.value for each in at.markdown)
    assert load("frame")["predict"]["right"] in said or load("frame")["predict"]["wrong"] in said


def run_code(code: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "snippet", "exec"), {})
    return printed.getvalue()


def test_the_lines_to_take_away_print_the_same_numbers() -> None:
    here, position = now(), 4
    run = here.trace()
    best = int(run["logits"][position].argmax())
    road = run_code(snippets.road_code(here, position))
    assert str(np.float64(np.linalg.norm(run["blocks.0.resid_pre"][position].astype(float))))[:6] in road
    score = run_code(snippets.score_code(here, position, best, None)).split()
    assert float(score[-3]) == pytest.approx(float(score[-1]), abs=1e-4)
    assert float(score[-1]) == pytest.approx(float(run["logits"][position, best]), abs=1e-4)
    assert repr(here.tokenizer.token_text(best)) in run_code(snippets.lens_code(here))
    norm = run_code(snippets.norm_code(here, position, "blocks.1.norm2"))
    heads = run_code(snippets.heads_code(here, position))
    for printed in (norm, heads):
        assert float(printed.split()[-1]) < 1e-4
    neurons = run_code(snippets.neurons_code(here, position, 3))
    assert str(np.abs(run["blocks.1.mlp.post"][position]).argmax()) == neurons.split()[0]
    activation = run_code(snippets.activation_code(here, position))
    assert activation.split()[0] == str(int((run["blocks.1.mlp.pre"][position] < 0).sum()))


@pytest.mark.parametrize("kind", ["mlp", "attention", "none", "relu"])
def test_the_broken_model_can_be_taken_away(kind: str) -> None:
    here = now()
    change = cached_layers.Change(kind, (1,))
    printed = run_code(snippets.break_code(here, 4, change))
    outcome = cached_layers.outcome("stories", None, here.ids, 4, change)
    assert float(printed.split()[-1]) == pytest.approx(outcome.sentence_loss, rel=1e-5)
    assert printed.splitlines()[0].endswith(str(outcome.probabilities.max()))


def test_running_bars_end_in_their_sum() -> None:
    bars = running([Bar("a", 2.0), Bar("b", -3.0)], "sum")
    assert [(bar.start, bar.value, bar.total) for bar in bars] == [(0, 2, False), (2, -3, False), (0, -1, True)]


def test_a_big_matrix_is_shrunk_to_its_strongest_numbers() -> None:
    matrix = np.where(np.arange(600)[:, None] < 300, 0.1, 1.0) * np.ones((600, 600), dtype=np.float32)
    matrix[5, 7], matrix[400, 599] = -2.0, -0.9
    small = picture(matrix, heads=12)
    assert small.shape[0] <= 192 and small.shape[1] <= 216 and small.shape[1] % 12 == 0
    assert small[1, 1] == 0 and small[0, 0] == 141 and small[-1, -1] == 255
    assert (small < 128).sum() == 1  # -0.9 stands beside a larger number
