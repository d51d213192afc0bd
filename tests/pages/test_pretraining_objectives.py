"""Blank or next token: both models' numbers are those of llm.interpret.blanks and the trace, and the code prints them."""

from __future__ import annotations

import contextlib
import io
import math
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from llm.checkpoints import load_checkpoint
from llm.interpret.blanks import from_both_sides, from_the_end, from_the_left, later_share
from llm.library import BOX
from llm.objectives import IGNORED
from llm.tokenizers import MASK
from llm.trace import trace
from tests.pages.helpers import check, component, messages, open_page
from ui import cached_objectives
from ui.origin.view import exact
from ui.pretraining import objectives
from ui.pretraining.pair import pair_of
from ui.text import load

WORDS = load("objectives")
VIEWS = list(WORDS["views"])
TEXT = WORDS["blank"]["example_text"]
ODD = [
    "",
    "😀👩‍👩‍👧",
    "مرحبا",
    "a" * 10_000,
    "<script>alert(1)</script> [MASK]",
    "$x$ ** {0} {token} [[token]] <|end|>",
    "\n\t ",
    "a",
]


@pytest.fixture(scope="module")
def models() -> tuple:
    """The causal and the masked model, opened without the app."""
    return load_checkpoint(BOX / "stories"), load_checkpoint(BOX / "masked")


def opened(compare: str = "", text: str = TEXT, **more: str) -> AppTest:
    at = open_page("pretraining", view="asked", text=text, **({"compare": compare} if compare else {}), **more)
    return looked_at(at)


def looked_at(at: AppTest) -> AppTest:
    """No exception, and the view's own heading."""
    assert not at.exception, [e.value for e in at.exception]
    assert at.header[0].value == WORDS["question"]
    return at


def of_kind(at: AppTest, start: str) -> tuple:
    """The component whose key starts so (keys hold a hash of the sentence)."""
    (key,) = [key for key in messages(at) if key.startswith(start)]
    return component(at, key)


def printed(at: AppTest, contains: str) -> str:
    code = next(block.value for block in at.code if contains in block.value)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), np.printoptions(threshold=10_000, precision=17):
        exec(compile(code, "snippet", "exec"), {})
    return out.getvalue()


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+\.\d*(?:e[-+]?\d+)?", text)]


def said(at: AppTest) -> str:
    return "\n".join(m.value for m in at.markdown)


def test_the_views_are_chosen_at_the_top_and_stand_in_the_address() -> None:
    at = check(open_page("pretraining"), "pretraining")
    assert "view" not in at.query_params
    for view, words in (("asked", WORDS), ("memorised", load("memorised"))):
        at.segmented_control(key="pretraining-view").set_value(view).run()
        assert not at.exception and at.header[0].value == words["question"]
        assert at.query_params["view"] == view
        assert not any(button.key == "pretraining-start-button" for button in at.button)
    at.segmented_control(key="pretraining-view").set_value("train").run()
    check(at, "pretraining")
    assert any(button.key == "pretraining-start-button" for button in at.button)


@pytest.mark.parametrize("compare", VIEWS)
def test_each_comparison_opens_by_its_link(compare: str) -> None:
    at = opened(compare)
    assert at.segmented_control(key="objectives-view").value == compare
    assert at.expander[0].label == load("frame")["not_shown"]


def test_every_guess_is_the_models_own(models) -> None:
    causal, masked = models
    ids = masked.tokenizer.encode(TEXT)
    header, arrays = of_kind(opened(), "objectives-blank-")
    sides = (
        from_both_sides(masked.model, ids, masked.tokenizer.special[MASK], 12),
        from_the_left(causal.model, ids, causal.tokenizer.end_id, 12),
    )
    assert [chip["id"] for chip in header["chips"]] == ids
    for model, wanted in enumerate(sides):
        for field in ("chances", "own", "rank"):
            assert arrays[field][model] == pytest.approx(getattr(wanted, field), rel=1e-5), field
        token = wanted.best[3][0]
        assert header["models"][model]["best"][3][0].strip("·") == masked.tokenizer.token_text(int(token)).strip()
    assert header["picked"] == int((sides[0].own - sides[1].own).argmax())


def test_the_question_is_answered_by_counting(models) -> None:
    at = opened()
    _, arrays = of_kind(at, "objectives-blank-")
    better, count = int((arrays["own"][0] > arrays["own"][1]).sum()), arrays["own"].shape[1]
    option = 2 if better == count else 1 if 2 * better >= count else 0
    at.pills(key="objectives-better-choice").set_value(WORDS["better"]["options"][option]).run()
    looked_at(at)
    assert f"**{better} of {count}**" in said(at) and load("frame")["predict"]["right"] in said(at)
    both, left = (float(-np.log(row).mean()) for row in arrays["own"].astype(np.float64))
    assert f"is {both:.2f}" in said(at) and f"{left:.2f} from the left" in said(at)


def test_what_training_asks_is_drawn_by_the_trainings_own_function() -> None:
    at = opened()
    header, _ = component(at, "objectives-asked-masked")
    pair = pair_of(page_of(at))
    shown, targets = objectives._masked_question(pair, 0)
    assert [chip["id"] for chip in header["chips"]] == shown
    assert sorted(map(int, header["marks"])) == [t for t, target in enumerate(targets) if target != IGNORED]
    drawn = {tuple(sorted(component(at, "objectives-asked-masked")[0]["marks"]))}
    for _ in range(4):
        at.button(key="objectives-draw-again").click().run()
        drawn.add(tuple(sorted(component(at, "objectives-asked-masked")[0]["marks"])))
    assert len(drawn) > 1 and not at.exception


def page_of(at: AppTest):
    """The view's words with the bench as the app makes it, for functions that want a page."""
    from ui import cached
    from ui import page as page_parts
    from ui.state import Reading, chips

    info, checkpoint = cached.model_info("stories"), cached.checkpoint("stories")
    ids = tuple(checkpoint.tokenizer.encode(TEXT))
    reading = Reading(
        "stories", None, info, checkpoint.config, checkpoint.tokenizer, TEXT, ids, chips(checkpoint.tokenizer, ids), "", (), 0, 0
    )
    return page_parts.Page("objectives", WORDS, reading)


def test_both_patterns_are_the_trace_and_the_shares_are_counted(models) -> None:
    causal, masked = models
    at = opened("shapes")
    ids = masked.tokenizer.encode(TEXT)
    place = place_of(ids)
    hidden = [*ids[:place], masked.tokenizer.special[MASK], *ids[place + 1 :]]
    names = [f"blocks.{i}.attn.pattern" for i in range(4)]
    wanted = np.stack([trace(masked.model, hidden, names)[name] for name in names])
    layer, head = at.selectbox(key="objectives-head-masked").value
    _, arrays = component(at, "objectives-pattern-masked")
    assert arrays["values"] == pytest.approx(wanted[layer, head], abs=1e-6)
    shares = later_share(wanted)
    assert (layer, head) == np.unravel_index(shares.argmax(), shares.shape)
    assert f"**{100 * shares.mean():.0f}\u00a0%**" in said(at) or f"**{100 * shares.mean():.0f} %**" in said(at)
    _, arrays = component(at, "objectives-pattern-causal")
    own = trace(causal.model, ids, names)[names[at.selectbox(key="objectives-head-causal").value[0]]]
    lower = np.tri(len(ids), dtype=bool)
    assert arrays["values"][lower] == pytest.approx(own[at.selectbox(key="objectives-head-causal").value[1]][lower], abs=1e-6)
    assert np.isneginf(arrays["values"][~lower]).all()


NAMES = (cached_objectives.CAUSAL, cached_objectives.MASKED)


def test_a_pressed_cell_is_answered_for_in_both_models(models) -> None:
    """The masked model's number is that of the sentence with its blank, also in the lines of PyTorch."""
    at = opened("shapes")
    assert not any(key.startswith("objectives-made") for key in messages(at))
    at.session_state["objectives-pattern-masked"] = {"cell": [3, 1]}
    at.run()
    for which, (name, model) in enumerate(zip(("causal", "masked"), models, strict=True)):
        ids = list(model.tokenizer.encode(TEXT))
        if name == "masked":
            ids[place_of(ids)] = model.tokenizer.special[MASK]
        layer, head = at.selectbox(key=f"objectives-head-{name}").value
        weight = trace(model.model, ids)[f"blocks.{layer}.attn.pattern"][head, 3, 1]
        assert component(at, f"objectives-made-{which}-origin")[0]["exact"] == exact(weight)
        assert numbers(printed(at, f"opened = open_model({NAMES[which]!r}")) == pytest.approx([weight, weight], abs=1e-6)
    at.session_state["objectives-pattern-causal"] = {"cell": [2, 0, 8]}  # pressed later: it is shown in both
    at.run()
    assert all(component(at, f"objectives-pattern-{name}")[0]["rest"] == [2, 0] for name in ("causal", "masked"))
    at.session_state["objectives-pattern-masked"] = {"cell": [-1, -1, 9]}  # Escape
    at.run()
    assert not any(key.startswith("objectives-made") for key in messages(at))
    at.session_state["objectives-pattern-causal"] = {"cell": None}
    at.session_state["objectives-pattern-masked"] = {"cell": [10**6, "x"]}
    looked_at(at.run())
    assert not any(key.startswith("objectives-made") for key in messages(at))


def place_of(ids: list[int]) -> int:
    """Where the page puts the blank."""
    return int((cached_objectives.both_sides(tuple(ids)).own - cached_objectives.left_side(tuple(ids)).own).argmax())


def test_the_losses_are_the_models_and_only_the_causal_one_has_bits_per_byte(models) -> None:
    at = opened("losses")
    causal, masked = (cached_objectives.held_out_loss(name) for name in ("stories", "masked"))
    for loss in (causal, masked):
        assert f"**{loss.mean:.3f}**" in said(at) and f"{math.exp(loss.mean):.2f}" in said(at)
    assert f"| {models[0].meta['bits_per_byte']:.3f} | {WORDS['losses']['no_bits']} |" in said(at)
    _, arrays = of_kind(at, "objectives-surprise-")
    ids = tuple(models[1].tokenizer.encode(TEXT))
    assert arrays["before"] == pytest.approx(cached_objectives.left_side(ids).surprise, rel=1e-5)
    assert arrays["after"] == pytest.approx(cached_objectives.both_sides(ids).surprise, rel=1e-5)


def test_continuing_waits_for_the_guess_and_draws_another_text() -> None:
    at = opened("continue")
    assert "objectives-continued-causal" in messages(at)
    before = said(at)
    assert "in the causal model: **" not in before
    at.pills(key="objectives-goes_on-choice").set_value(WORDS["goes_on"]["options"][2]).run()
    looked_at(at)
    ids = tuple(cached_objectives.cached.checkpoint("masked").tokenizer.encode(TEXT))
    made = [cached_objectives.continued(model, ids, 0).surprises for model in ("stories", "masked")]
    deepest = max(math.log(1024), *(float(s.max()) for s in made))
    for name, surprises in zip(("causal", "masked"), made, strict=True):  # the colour is what the number says, on one scale
        assert component(at, f"objectives-continued-{name}")[1]["own"] == pytest.approx(surprises / deepest, rel=1e-5)
    for model in ("stories", "masked"):
        assert f"**{cached_objectives.continued(model, ids, 0).mean:.2f}**" in said(at)
    at.button(key="objectives-another").click().run()
    assert looked_at(at).session_state["objectives-seed"] == 1


def test_broken_the_masked_model_has_the_left_alone(models) -> None:
    causal, masked = models
    at = opened()
    assert not any(key.startswith("objectives-end-") for key in messages(at))
    at.toggle(key="objectives-cut").set_value(True).run()
    looked_at(at)
    ids = masked.tokenizer.encode(TEXT)
    mask = masked.tokenizer.special[MASK]
    both, end = from_both_sides(masked.model, ids, mask).surprise, from_the_end(masked.model, ids, mask).surprise
    _, arrays = of_kind(at, "objectives-end-")
    assert arrays["before"] == pytest.approx(both, rel=1e-5) and arrays["after"] == pytest.approx(end, rel=1e-5)
    assert f"from {both.mean():.2f} to **{end.mean():.2f}**" in said(at)
    assert numbers(printed(at, "from_the_end")) == pytest.approx(
        [*both, *end, *from_the_left(causal.model, ids, causal.tokenizer.end_id).surprise]
    )


@pytest.mark.parametrize(("compare", "contains"), [("blank", "both.own"), ("shapes", "hidden"), ("losses", "sample_loss"),
                                                   ("continue", "explain_choice")])  # fmt: skip
def test_the_snippets_print_what_is_on_the_screen(compare: str, contains: str) -> None:
    at = opened(compare)
    found = printed(at, contains)
    if compare == "blank":
        _, arrays = of_kind(at, "objectives-blank-")
        assert numbers(found)[0::2] == pytest.approx(arrays["own"][0].tolist(), rel=1e-5)
    elif compare == "shapes":
        shown = [component(at, f"objectives-pattern-{name}")[1]["values"] for name in ("causal", "masked")]
        wanted = [np.where(np.isneginf(shown[0]), 0, shown[0]), shown[1]]
        assert numbers(found) == pytest.approx(np.concatenate([each.ravel() for each in wanted]).tolist(), abs=1e-6)
    elif compare == "losses":
        for name in ("stories", "masked"):
            assert str(cached_objectives.held_out_loss(name).mean) in found
    else:
        ids = tuple(cached_objectives.cached.checkpoint("masked").tokenizer.encode(TEXT))
        made = cached_objectives.continued("masked", ids, 0)
        text = cached_objectives.cached.checkpoint("masked").tokenizer.decode([*ids, *made.ids])
        assert found.startswith(text)
        assert numbers(found[len(text) :]) == pytest.approx(made.surprises.tolist(), rel=1e-5)


@pytest.mark.parametrize("compare", VIEWS)
@pytest.mark.parametrize("text", ODD)
def test_odd_sentences_open_in_every_comparison(text: str, compare: str) -> None:
    at = opened(compare, text=text)
    at.toggle(key="objectives-cut").set_value(True).run()
    looked_at(at)


@pytest.mark.parametrize("model", ["copy", "arithmetic", "masked"])
def test_the_bench_can_have_any_model(model: str) -> None:
    at = opened(model=model)
    header, _ = of_kind(at, "objectives-blank-")
    assert len(header["models"]) == 2
