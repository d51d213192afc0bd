"""Memorised or generalised: marks, shares and passages are those of the search, and every kind of model has its card."""

from __future__ import annotations

import contextlib
import io
import math
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from llm.checkpoints import save_checkpoint
from llm.config import ModelConfig, SamplingConfig
from llm.decoding import generate
from llm.interpret.memorised import TrainingText
from llm.interpret.training_text import training_parts
from llm.model import Transformer
from llm.tokenizers import END, MASK, CharTokenizer
from tests.pages.helpers import component, forget_models, messages, open_page
from ui import cached, cached_memorised
from ui.components.stretches import segments
from ui.text import load

WORDS = load("memorised")
ODD = ["😀👩‍👩‍👧 مرحبا", "a" * 10_000, "<script>alert(1)</script> $x$ ** {0} [[token]]", "\n\t "]
OWN = "Der Mond ist aufgegangen, die goldnen Sternlein prangen am Himmel hell und klar. " * 30


def opened(model: str = "positions-rope", text: str = "") -> AppTest:
    at = open_page("pretraining", view="memorised", model=model, **({"text": text} if text else {}))
    return looked_at(at)


def looked_at(at: AppTest) -> AppTest:
    """No exception, and the view's own heading."""
    assert not at.exception, [e.value for e in at.exception]
    assert at.header[0].value == WORDS["question"]
    return at


def printed(at: AppTest, contains: str) -> str:
    code = next(block.value for block in at.code if contains in block.value)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "snippet", "exec"), {})
    return out.getvalue()


def test_every_marked_stretch_stands_in_the_training_text_where_it_says() -> None:
    header, arrays = component(opened(), "memorised-text")
    parts = training_parts(cached.model_info("positions-rope").folder)
    assert header["stretches"]
    for stretch in header["stretches"]:
        for place in stretch["places"]:
            number = int(place["where"].split()[1].replace(",", "")) - 1
            assert place["found"].split() == stretch["text"].split() and place["found"] in parts.train[number]
            assert (place["before"].removeprefix("…") + place["found"] + place["after"].removesuffix("…")) in parts.train[number]
    text = "".join(segment["text"] for segment in header["segments"])
    found = TrainingText(parts.train).find(text, sum(len(s["text"]) for s in header["segments"] if s["prompt"]))
    assert [s["words"] for s in header["stretches"]] == [s.words for s in found.stretches]
    shares = [found.share(n) for n in range(header["range"][0], header["range"][1] + 1)]
    assert arrays["share"].tolist() == pytest.approx(shares, abs=1e-6)


def test_the_segments_are_the_text_and_each_lies_wholly_in_its_stretches() -> None:
    search = TrainingText(["a b c d e f g h", "e f g h i j k l"])
    text = "x a b c d e f g h i j k y"
    found = search.find(text, start=4)
    cut = segments(found, 4)
    assert "".join(segment["text"] for segment in cut) == text
    assert [segment["in"] for segment in cut if segment["text"].strip() == "e f g h"] == [[0, 1]]
    assert {segment["prompt"] for segment in cut if segment["text"].startswith("x")} == {True}


def test_held_out_figures_wait_for_the_readers_guess() -> None:
    at = opened()
    assert "held" not in component(at, "memorised-text")[1] and "memorised-curve-chart" not in messages(at)
    at.pills(key="memorised-held-choice").set_value(WORDS["held"]["options"][0]).run()
    assert not at.exception
    _, arrays = component(at, "memorised-text")
    _, curve = component(at, "memorised-curve-chart")
    assert curve["values"][0].tolist() == pytest.approx(arrays["share"].tolist())
    assert curve["values"][1].tolist() == pytest.approx(arrays["held"].tolist())
    held = round(100 * float(arrays["held"][4]))  # 8 words
    assert any(f"**{held}\u00a0%**" in m.value for m in at.markdown)


def test_a_training_text_is_found_whole_and_a_held_out_one_is_not() -> None:
    at = opened()
    at.segmented_control(key="memorised-source").set_value("train").run()
    header, arrays = component(at, "memorised-text")
    assert arrays["share"][0] == 1 and len(header["stretches"]) == 1
    before = header["stretches"][0]["text"]
    at.button(key="memorised-another").click().run()
    assert component(at, "memorised-text")[0]["stretches"][0]["text"] != before
    at.segmented_control(key="memorised-source").set_value("held_out").run()
    assert component(at, "memorised-text")[1]["share"][-1] < 1
    at.segmented_control(key="memorised-source").set_value("sentence").run()
    assert "".join(s["text"] for s in component(at, "memorised-text")[0]["segments"]) == "The little dog was very"
    assert not at.exception


def test_a_lower_temperature_and_another_seed_give_other_texts() -> None:
    at = opened()
    texts = []
    for temperature in (0.0, 0.7, 1.0):
        at.segmented_control(key="memorised-temperature").set_value(temperature).run()
        texts.append("".join(s["text"] for s in component(at, "memorised-text")[0]["segments"]))
    assert len(set(texts)) == 3 and not at.exception


def test_the_snippets_print_what_is_on_the_screen() -> None:
    at = opened()
    header, _ = component(at, "memorised-text")
    lines = printed(at, "search.find").splitlines()
    shown = [f"{s['words']} {s['count']} {s['text']}" for s in header["stretches"]]
    assert [line[: len(want)] for line, want in zip(lines, shown, strict=False)] == [want.split("\n")[0] for want in shown]
    gap = cached_memorised.gap("positions-rope", None)
    assert repr(gap.difference) in printed(at, "loss_gap")
    at.segmented_control(key="memorised-given").set_value(10).run()
    train, held = cached_memorised.recited("positions-rope", None, 10)
    wanted = [str([one.right for one in part]) for part in (train, held)]
    assert printed(at, "recite").splitlines() == wanted


def test_the_gap_is_measured_on_equally_many_tokens_at_each_stored_step() -> None:
    at = opened("stories")
    header, arrays = component(at, "memorised-gap-chart")
    assert header["xLabels"][0] == "0" and header["xLabels"][-1] == "18,000"
    for row, label in enumerate(("train", "val")):
        measured = [getattr(cached_memorised.gap("stories", step), label).mean for step in cached_memorised.gap_steps("stories")]
        assert arrays["values"][row].tolist() == pytest.approx(measured, rel=1e-5)
    final = cached_memorised.gap("stories", None)
    assert final.train.tokens == final.val.tokens and final.difference == final.val.mean - final.train.mean
    assert [m.value for m in at.metric][:2] == [f"{final.train.mean:.3f}", f"{final.val.mean:.3f}"]


def test_arithmetic_is_asked_for_sums() -> None:
    at = opened("arithmetic")
    assert [m.label for m in at.metric][:2] == [WORDS["exam"]["train"], WORDS["exam"]["val"]]
    trained, new = cached_memorised.exam("arithmetic", None)
    assert [m.value for m in at.metric][:2] == [f"{100 * trained:.1f} %", f"{100 * new:.1f} %"]
    assert "memorised-text" not in messages(at)


def test_reciting_counts_what_the_model_writes_after_the_beginning_of_a_training_text() -> None:
    at = opened()
    assert not any(m.label == WORDS["break"]["train"] and "tokens" in m.value for m in at.metric)
    at.segmented_control(key="memorised-given").set_value(20).run()
    looked_at(at)
    parts = cached_memorised.recited("positions-rope", None, 20)
    means = [f"{sum(one.right for one in part) / len(part):.1f} tokens" for part in parts]
    assert [m.value for m in at.metric if m.value.endswith("tokens")] == means
    checkpoint = cached.checkpoint("positions-rope")
    furthest = max(parts[0], key=lambda one: one.right)
    prompt = checkpoint.tokenizer.decode(furthest.ids[:20])
    assert any(text.startswith(prompt) for text in training_parts(cached.model_info("positions-rope").folder).train)
    new = generate(checkpoint.model, furthest.ids[:20], SamplingConfig(temperature=0), furthest.right + 1)
    written = [one.token_id for one in new]
    assert tuple(written[:-1]) == furthest.ids[20 : 20 + furthest.right]
    assert furthest.whole or written[-1] != furthest.ids[20 + furthest.right]


def test_the_gap_says_perplexity_and_bits_per_byte() -> None:
    at = opened()
    gap, meta = cached_memorised.gap("positions-rope", None), cached.model_info("positions-rope").meta
    said = " ".join(m.value for m in at.markdown)
    assert f"{math.exp(gap.train.mean):.2f} on training text, {math.exp(gap.val.mean):.2f} on" in said
    assert f"{meta['bits_per_byte']:.3f} on all held-out text" in said


@pytest.mark.parametrize("text", ODD)
def test_odd_sentences_are_searched_and_never_read_as_markup(text: str) -> None:
    at = opened(text=text)
    at.segmented_control(key="memorised-source").set_value("sentence").run()
    looked_at(at)


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tokenizer = CharTokenizer.train(OWN, (END, MASK))
    for name, causal in (("own", True), ("gone", True), ("blanks", False)):
        config = ModelConfig(vocab_size=tokenizer.vocab_size, context_length=32, n_layers=1, d_model=32, causal=causal)
        save_checkpoint(tmp_path / name, Transformer(config), tokenizer, {"title": name}, data={"text": "mine"})
        if name != "gone":
            (tmp_path / name / "text.txt").write_text(OWN, encoding="utf-8")
    monkeypatch.setenv("GLASSFORMER_MODELS", str(tmp_path))
    forget_models()
    yield tmp_path
    forget_models()


def test_own_text_is_searched_without_documents(extra: Path) -> None:
    at = opened("own", text="Der Mond ist aufgegangen, die goldnen")
    at.segmented_control(key="memorised-source").set_value("sentence").run()
    header, _ = component(at, "memorised-text")
    assert header["stretches"][0]["words"] == 6 and header["stretches"][0]["count"] == 27  # 90 % of thirty times
    assert header["stretches"][0]["places"][0]["where"] == "0 % into the text"
    at.segmented_control(key="memorised-source").set_value("model").run()
    at.pills(key="memorised-held-choice").set_value(WORDS["held"]["options"][1]).run()
    assert not at.exception


def test_a_text_that_is_gone_and_a_model_that_fills_blanks_are_said_plainly(extra: Path) -> None:
    at = opened("gone")
    assert any(WORDS["none"]["text"] in m.value for m in at.markdown) and not at.metric
    at = opened("blanks")
    assert any(WORDS["none"]["masked"] in m.value for m in at.markdown)
    assert len(at.metric) == 3 and "memorised-text" not in messages(at)
