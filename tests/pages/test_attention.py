"""Attention: every number on the page is the trace's, and what is switched moves."""

from __future__ import annotations

import contextlib
import io
import re

import numpy as np
import pytest

from llm.interpret.attention_steps import head_steps
from tests.pages.helpers import check, component, messages, open_page
from ui import cached, snippets_attention
from ui import cached_attention as computed
from ui.attention import address as attention_address
from ui.attention import cell as attention_cell
from ui.numbers import digits, latex
from ui.text import load

TEXT = "The little dog saw the cat because it was loud"
LAYER, HEAD = 1, 2


def opened(**address: str):
    return check(open_page("attention", **{"text": TEXT, "layer": "2", "head": "3"} | address), "attention")


def ids_of(text: str = TEXT) -> list[int]:
    return cached.checkpoint("stories", None).tokenizer.encode(text)


def steps_now(text: str = TEXT, causal: bool | None = None):
    return head_steps(cached.trace_of("stories", None, ids_of(text), causal=causal), LAYER, HEAD)


def named(at, start: str) -> tuple[dict, dict]:
    """The component whose key starts so (some keys end in the sentence's hash)."""
    return component(at, next(key for key in messages(at) if key.startswith(start)))


def plain_text(at, key: str) -> str:
    """Sentence and lines of a ledger as one text."""
    data = messages(at)[key]
    lines = ["".join(text for text, _ in line["spans"]) + " " + line["value"] for line in data["lines"]]
    return "\n".join(["".join(text for text, _ in data["sentence"]), *lines])


def test_the_matrix_is_the_traced_pattern_with_hidden_cells_empty() -> None:
    _, arrays = named(opened(), "attention-matrix-")
    steps = steps_now()
    seen = np.isfinite(steps.masked)
    assert np.array_equal(arrays["values"][seen], steps.pattern[seen])
    assert np.isnan(arrays["values"][~seen]).all()


@pytest.mark.parametrize("name", ["q", "k", "products", "scaled", "mask", "v", "values"])
def test_every_step_shows_its_own_numbers(name: str) -> None:
    at = opened()
    at.segmented_control(key=attention_address.STEP).set_value(name).run()
    check(at, "attention")
    steps, length = steps_now(), len(ids_of())
    shown = named(at, "attention-matrix-" if name in attention_cell.SQUARE_STEPS else "attention-vectors-")[1]["values"]
    if name == "values":
        assert np.allclose(shown[:-1].sum(axis=0), steps.z[length - 1], atol=1e-5)
    else:
        assert np.array_equal(shown, getattr(steps, "masked" if name == "mask" else name))


def test_a_chosen_cell_is_explained_with_its_own_vectors_and_numbers() -> None:
    at = opened()
    key = next(key for key in messages(at) if key.startswith("attention-matrix-"))
    at.session_state[key] = {"cell": [6, 2]}
    at.run()
    check(at, "attention")
    steps = steps_now()
    weight = digits(float(steps.pattern[6, 2]))
    assert any(weight in subheader.value for subheader in at.subheader)
    header, arrays = component(at, "attention-where-origin")
    rows = arrays["rows"]
    assert np.allclose(rows[0] * rows[1], arrays["terms"]) and np.array_equal(rows[0], steps.q[6])
    told = [line["value"] for line in header["lines"]]
    assert digits(float(steps.products[6, 2]), 2) in told and told[-1] == digits(float(steps.pattern[6, 2]), 2)
    assert f"gives {weight}" in spoken(header)
    assert header["exact"] == str(steps.pattern[6, 2])
    assert any(latex(float(steps.pattern[6, 2]), 2) in block.value for block in at.latex)


def spoken(header: dict) -> str:
    """The sentence of an origin as text."""
    return "".join(text for text, _ in header["sentence"])


def test_a_hidden_cell_is_explained_by_the_mask() -> None:
    at = opened()
    key = next(key for key in messages(at) if key.startswith("attention-matrix-"))
    at.session_state[key] = {"cell": [2, 6]}
    at.run()
    header, _ = component(check(at, "attention"), "attention-where-origin")
    assert "gets nothing" in spoken(header)
    assert "−∞" in [line["value"] for line in header["lines"]]


@pytest.mark.parametrize("name", ["q", "k", "v", "values"])
def test_a_number_of_a_vector_is_explained_too(name: str) -> None:
    at = opened()
    at.segmented_control(key=attention_address.STEP).set_value(name).run()
    key = next(key for key in messages(at) if key.startswith(f"attention-vectors-{name}-"))
    at.session_state[key] = {"cell": [3, 5]}
    at.run()
    header, _ = component(check(at, "attention"), "attention-where-origin")
    steps = steps_now()
    expected = steps.z[len(ids_of()) - 1, 5] if name == "values" else getattr(steps, name)[3, 5]
    assert header["exact"].replace("−", "-") == str(expected)


def test_parts_that_the_head_passes_on_add_up_to_z() -> None:
    parts = component(opened(), "attention-carried")[1]["values"]
    assert np.allclose(parts[:-1].sum(axis=0), parts[-1], atol=1e-5)
    assert np.array_equal(parts[-1], steps_now().z[-1])


def test_lines_show_the_same_weights() -> None:
    at = opened()
    at.segmented_control(key=attention_address.VIEW).set_value("lines").run()
    check(at, "attention")
    assert np.array_equal(named(at, "attention-lines-")[1]["values"], steps_now().pattern)


def test_without_the_mask_later_tokens_get_attention_and_the_page_says_it_was_not_trained_so() -> None:
    at = opened()
    at.segmented_control(key=f"{attention_address.MASK}-true").set_value("false").run()
    check(at, "attention")
    shown = named(at, "attention-matrix-")[1]["values"]
    assert np.array_equal(shown, steps_now(causal=False).pattern) and np.triu(shown, 1).sum() > 0
    assert any("not trained so" in info.value for info in at.info)


def test_every_head_is_on_the_page_and_named_by_measurement() -> None:
    header, arrays = component(opened(), "attention-heads")
    config = cached.checkpoint("stories", None).config
    assert arrays["patterns"].shape[:2] == (config.n_layers, config.n_heads)
    assert header["picked"] == [LAYER, HEAD]
    names = load("attention")["labels"].values()
    scores = computed.scores("stories", None)
    for row in header["labels"]:
        assert all(text == "" or text.rsplit(" ", 1)[0] in names for text in row)
    measured = plain_text(opened(), "attention-measured")
    assert digits(float(scores["previous_token"][LAYER, HEAD])) in measured


def test_switching_heads_off_moves_probabilities_and_losses() -> None:
    at = opened()
    before = component(at, "attention-bars")[1]
    at.segmented_control(key="attention-off-mode").set_value("layer").run()
    check(at, "attention")
    after = component(at, "attention-bars")[1]
    assert not np.allclose(before["after"][:3], after["after"][:3], atol=1e-4)
    heads = [(LAYER, head) for head in range(cached.checkpoint("stories", None).config.n_heads)]
    logits = cached.trace_of("stories", None, ids_of(), names=["logits"], without_heads=heads)["logits"][-1].astype(np.float64)
    p = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert after["after"].max() == pytest.approx(p.max(), rel=1e-5)
    told = plain_text(at, "attention-loss-sample").splitlines()
    assert float(told[-1].split()[-1].replace("−", "-")) == pytest.approx(
        float(told[2].split()[-1]) - float(told[1].split()[-1]), abs=0.002
    )
    assert component(at, "attention-heads")[0]["off"] == [list(pair) for pair in heads]


def test_no_head_off_changes_nothing() -> None:
    at = opened()
    at.segmented_control(key="attention-off-mode").set_value("choose").run()
    at.multiselect(key="attention-off-stories").set_value([]).run()
    arrays = component(check(at, "attention"), "attention-bars")[1]
    assert np.array_equal(arrays["before"], arrays["after"])


def test_the_question_is_answered_by_the_numbers_of_this_sentence() -> None:
    at = opened()
    at.pills(key="attention-switch-choice").set_value("No").run()
    check(at, "attention")
    without = [cached.trace_of("stories", None, ids_of(), names=["logits"], without_heads=off) for off in ((), [(LAYER, HEAD)])]
    best = [trace["logits"][-1].argmax() for trace in without]
    told = [block.value for block in at.markdown]
    assert (load("frame")["predict"]["right"] in " ".join(told)) == (best[0] == best[1])


def test_each_head_in_turn_is_measured_when_asked() -> None:
    rise = computed.loss_rise("stories", None)
    config = cached.checkpoint("stories", None).config
    assert rise.shape == (config.n_layers, config.n_heads) and np.isfinite(rise).all() and rise.max() > 0


def test_a_link_restores_view_step_and_cell() -> None:
    at = opened(show="products", token="7.3")
    header, arrays = named(at, "attention-matrix-")
    assert header["cell"] == [6, 2] and np.array_equal(arrays["values"], steps_now().products)
    at = opened(show="lines_swapped")
    assert np.array_equal(named(at, "attention-lines-")[1]["values"], steps_now(causal=False).pattern)


@pytest.mark.parametrize("text", ["", "softmax", "lines", "q_swapped", "products", "lines_swapped"])
def test_links_are_read_as_they_are_written(text: str) -> None:
    shown = attention_address.parse(text)
    assert attention_address.parse(attention_address.written(shown)) in (shown, attention_address.parse(""))


@pytest.mark.parametrize("text", ["junk_x_0.0", "9999.9999", "bias", "<script>", "___", "7.3.1"])
def test_odd_links_open_the_page(text: str) -> None:
    opened(show=text, token=text)


@pytest.mark.parametrize("text", ["a", "🐕", "كان الكلب", "<script>alert(1)</script>", "$x$ **b** {row} {value}", "dog " * 3000])
@pytest.mark.parametrize("view", ["matrix", "lines"])
def test_odd_sentences(text: str, view: str) -> None:
    at = opened(text=text)
    at.segmented_control(key=attention_address.VIEW).set_value(view).run()
    check(at, "attention")


@pytest.mark.parametrize("step", ["0", "1"])
def test_early_training_steps(step: str) -> None:
    at = opened(step=step)
    assert component(at, "attention-heads")[1]["patterns"].any()


def run(code: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "<snippet>", "exec"), {})
    return out.getvalue()


class Now:
    """What a snippet needs to know of the bench."""

    model_id, step, sentence, layer, head = "stories", None, TEXT, LAYER, HEAD

    @property
    def ids(self) -> list[int]:
        return ids_of()

    @property
    def config(self):
        return cached.checkpoint("stories", None).config


@pytest.mark.parametrize("causal", [True, False])
def test_the_lines_for_a_cell_give_its_weight(causal: bool) -> None:
    numbers = re.findall(r"-?\d+\.\d+(?:e-?\d+)?", run(snippets_attention.cell_code(Now(), (6, 2), causal)))
    steps = steps_now(causal=causal)
    expected = [steps.products[6, 2], steps.scaled[6, 2], steps.pattern[6, 2], steps.pattern[6, 2]]
    assert [float(x) for x in numbers] == pytest.approx([float(x) for x in expected], rel=1e-4)


def test_the_lines_for_switched_off_heads_give_both_losses() -> None:
    printed = run(snippets_attention.without_code(Now(), [(LAYER, HEAD)], len(ids_of()) - 1))
    seen = [computed._text_loss("stories", None, tuple(ids_of()), off) for off in ((), ((LAYER, HEAD),))]
    assert [float(x) for x in printed.strip().splitlines()[-1].split()[1:]] == pytest.approx(seen, rel=1e-6)


def test_the_lines_for_all_heads_give_the_page_s_labels() -> None:
    from llm.interpret.detectors import label

    printed = run(snippets_attention.heads_code(Now()))
    scores = computed.scores("stories", None)
    kind, score = label(scores, LAYER, HEAD)
    assert f"{kind!r}, {score}" in printed.splitlines()[LAYER]


NUMBERS = [(0.4132, "0.41"), (12.34, "12.3"), (1234.5, "1,234"), (-0.0021, "−0.0021"), (0, "0"), (1.2e-7, "1.2e−7")]


@pytest.mark.parametrize(("value", "text"), [*NUMBERS, (7e12, "7.0e+12"), (float("-inf"), "−∞"), (float("nan"), "–")])
def test_numbers_are_short(value: float, text: str) -> None:
    assert digits(value) == text


def test_numbers_in_formulas() -> None:
    assert [latex(x) for x in (1.2e-7, -0.5, float("-inf"), 12345.0)] == [r"1.2\cdot 10^{-7}", "-0.50", r"-\infty ", "12{,}345"]
