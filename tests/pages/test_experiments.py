"""Experiments: every view and state, with runs made on disk as their workers leave them; nothing is ever started."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from llm.checkpoints import load_checkpoint, save_checkpoint
from llm.experiments import EXPERIMENTS
from llm.model import Transformer
from llm.runs.limits import Limits
from llm.runs.metrics import Appender
from llm.runs.queue import Queue
from llm.runs.spec import RunSpec
from llm.runs.status import Status, write_status
from llm.runs.store import Run, RunStore
from llm.sweeps import Sweep, flat
from llm.trace import trace
from tests.pages.helpers import ROOT, check, component, messages, open_page
from ui import cached, runs, visitor
from ui.experiments import start
from ui.origin.view import exact
from ui.text import load

WORDS = load("experiments")
BOX = ROOT / "assets" / "models"
ME, OTHER = "a" * 64, "b" * 64
ODD = "<script>alert(1)</script> $x$ **b** \U0001f469‍\U0001f680 مرحبا"


@dataclass
class Site:
    store: RunStore
    queue: Queue

    def run(self, spec: RunSpec, loss: float | None = None, state: str = "done", owner: str = ME, **status) -> Run:
        """A run as its worker would have left it."""
        run = self.store.create(spec, owner)
        steps = spec.train_config().steps
        write_status(run.folder, Status(state=state, step=steps if state == "done" else 20, steps=steps, seconds=9.0, **status))
        if loss is not None:
            meta = {"val_loss": loss, "train_loss": loss - 0.1, "bits_per_byte": loss / 2}
            (run.folder / "meta.json").write_text(json.dumps(meta))
        described = {"model": spec.model_config(777).to_dict(), "train": {}, "data": {}}
        (run.folder / "config.json").write_text(json.dumps(described))
        lines = Appender(run.folder / "metrics.jsonl")
        for i in (1, 20):
            lines.add({"step": i, "loss": 7.0 - i / 20, "learning_rate": 0.003, "seconds": i / 20})
        lines.close()
        samples = Appender(run.folder / "samples.jsonl")
        samples.add({"step": 20, "prompt": "The little dog", "text": f" ran {ODD}"})
        samples.close()
        return run

    def trio(self, name: str, *losses: float | None, **states: str) -> list[Run]:
        return [self.run(spec, loss) for spec, loss in zip(EXPERIMENTS[name].specs, losses, strict=False)]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    store = RunStore(tmp_path / "runs")
    queue = Queue(store, Limits(), slots=1, spare=False)
    monkeypatch.setattr(queue, "tick", lambda: None)
    monkeypatch.setattr(runs, "queue", lambda: queue)
    monkeypatch.setattr(runs, "store", lambda: store)
    monkeypatch.setattr(runs, "limits", lambda: queue.limits)
    monkeypatch.setattr(visitor, "visitor", lambda: ME)
    monkeypatch.setattr(start, "PATIENCE", 0.1)
    return Site(store, queue)


def opened(**address: str) -> AppTest:
    return check(open_page("experiments", **address), "experiments")


def at_experiment(name: str, **address: str) -> AppTest:
    """The page with an experiment chosen as a reader chooses it."""
    at = opened(**address)
    return at if name == next(iter(EXPERIMENTS)) else press_pill(at, name)


def press_pill(at: AppTest, name: str) -> AppTest:
    for group in at.pills:
        if WORDS["try"][name]["name"] in group.options:
            group.set_value(name).run()
            return check(at, "experiments")
    raise AssertionError(name)


def texts(at: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(element.value for kind in kinds for element in getattr(at, kind))


def keys(at: AppTest) -> set[str]:
    return {each.key for each in at.button}


def answer(at: AppTest, key: str, option: str) -> AppTest:
    next(p for p in at.pills if p.key == key).set_value(option).run()
    return check(at, "experiments")


@pytest.mark.parametrize("address", [{}, {"experiment": "sweep"}])
def test_the_line_before_it_is_a_sentence_of_its_own(site: Site, monkeypatch: pytest.MonkeyPatch, address: dict) -> None:
    line = f" {WORDS['start']['line'].format(n=2, time='30 s')}"
    assert line not in texts(opened(**address))
    monkeypatch.setattr(site.queue, "outlook", lambda: (2, 30.0))
    (said,) = [part for part in texts(opened(**address)).splitlines() if part.endswith(line)]
    assert said.removesuffix(line).endswith((".", ".</p>")) and "**" not in line


# One click


def test_it_opens_with_a_question_and_a_button(site: Site) -> None:
    at = opened()
    assert "experiments-no_positions-run" in keys(at)
    assert WORDS["try"]["no_positions"]["question"][:40] in texts(at)
    assert "experiments-no_positions-chart" not in messages(at)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_each_experiment_says_what_it_changes(site: Site, name: str) -> None:
    at = at_experiment(name)
    said = texts(at)
    assert "**Before:** " in said and "**Changed to:** ." not in said and f"experiments-{name}-run" in keys(at)
    assert next(s.value for s in at.subheader) == WORDS["try"][name]["title"]


def test_the_button_queues_three_runs_as_one_batch(site: Site) -> None:
    at = at_experiment("untied")
    at.button(key="experiments-untied-run").click().run()
    check(at, "experiments")
    made = sorted(site.store.runs(), key=lambda run: run.turn)
    assert [run.digest for run in made] == [spec.digest() for spec in EXPERIMENTS["untied"].specs]
    assert len({run.batch for run in made}) == 1 and all(run.is_owner(ME) for run in made)
    assert len({run.title for run in made}) == 3 and made[1].title.endswith(WORDS["try"]["untied"]["name"])
    assert "experiments-untied-batch" in messages(at) and "experiments-untied-stop" in keys(at)


def test_a_second_visitor_shares_the_runs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.trio("untied", 3.5, 3.4, 3.52)
    monkeypatch.setattr(visitor, "visitor", lambda: OTHER)
    at = at_experiment("untied")
    assert WORDS["try"]["no_time"] in texts(at) and "experiments-untied-bars" not in messages(at)
    at.button(key="experiments-untied-run").click().run()
    check(at, "experiments")
    assert len(site.store.runs()) == 3 and all(run.is_visible_to(OTHER) for run in site.store.runs())
    assert "experiments-untied-bars" in messages(at)


@pytest.mark.parametrize(("losses", "verdict"), [((3.5, 3.9, 3.55), 0), ((3.5, 3.55, 3.55), 1), ((3.5, 3.1, 3.55), 2)])
def test_the_answer_is_what_was_measured(site: Site, losses: tuple[float, ...], verdict: int) -> None:
    site.trio("one_head", *losses)
    at = at_experiment("one_head")
    at = answer(at, "experiments-ask-one_head-choice", WORDS["try"]["options"][verdict])
    said = texts(at)
    assert load("frame")["predict"]["right"] in said and f"**{losses[1]:.3f}**" in said and "0.050" in said
    unexpected = WORDS["try"]["unexpected"][WORDS["try"]["one_head"]["expected"]]
    assert (unexpected in said) == (verdict != 1)
    header, _ = component(at, "experiments-one_head-bars")
    assert [row["value"] for row in header["rows"]] == list(losses)


def test_both_models_open_side_by_side_on_the_bench(site: Site) -> None:
    base, changed, _ = site.trio("one_head", 3.5, 3.6, 3.55)
    tokenizer = cached.checkpoint("stories").tokenizer
    for run in (base, changed):
        model = Transformer(run.spec.model_config(tokenizer.vocab_size))
        save_checkpoint(run.folder, model, tokenizer, {"title": run.title, "step": 400}, data={"corpus": "stories"})
    at = at_experiment("one_head")
    at.button(key="experiments-one_head-compare").click().run()
    check(at, "experiments")
    assert at.selectbox(key="experiments-other").value == f"run-{changed.id}"
    said = texts(at)
    assert "**A:** Heads 4. **B:** Heads 1." in said and WORDS["pair"]["same_tokens"] in said


def test_samples_are_text_and_never_markup(site: Site) -> None:
    site.trio("one_head", 3.5, 3.9, 3.55)
    said = texts(at_experiment("one_head"))
    assert "<script>" not in said and "\\<script\\>" in said


def test_a_run_whose_loss_is_no_number_is_a_result(site: Site) -> None:
    base, changed, twin = EXPERIMENTS["fast"].specs
    site.run(base, 3.5), site.run(twin, 3.5)
    site.run(changed, state="failed", reason="exploded", message="The loss is no longer a number at step 21.")
    at = answer(at_experiment("fast"), "experiments-ask-fast-choice", WORDS["try"]["options"][0])
    said = texts(at)
    assert load("frame")["predict"]["right"] in said and "no longer a number at step 21" in said
    header, _ = component(at, "experiments-fast-bars")
    assert len(header["rows"]) == 2


def test_a_full_disk_is_no_result_of_an_experiment(site: Site) -> None:
    base, changed, twin = EXPERIMENTS["fast"].specs
    site.run(base, 3.5), site.run(twin, 3.5)
    site.run(changed, state="failed", reason="disk", message="The disk is full.")
    at = at_experiment("fast")
    assert at.button(key="experiments-fast-run").label == WORDS["try"]["again"]
    with pytest.raises(AssertionError):
        component(at, "experiments-fast-bars")


def test_a_loss_that_jumped_above_guessing_and_came_back_is_told(site: Site) -> None:
    _, changed, _ = site.trio("fast", 3.5, 5.05, 3.55)
    lines = Appender(changed.folder / "metrics.jsonl")
    for step, loss in ((21, 7.9), (22, 9.3), (23, 6.6)):  # ln 777 is 6.66
        lines.add({"step": step, "loss": loss})
    lines.close()
    at = answer(at_experiment("fast"), "experiments-ask-fast-choice", WORDS["try"]["options"][0])
    told = "In 3 of its steps, first in step 1, the loss was above what guessing costs (6.66), up to 9.30"
    assert told in texts(at)


def test_while_it_trains_it_is_followed_and_can_be_stopped(site: Site) -> None:
    base, changed, twin = EXPERIMENTS["slow"].specs
    site.run(base, 3.5)
    waiting = [site.run(spec, state="waiting", queued=1.0 + i) for i, spec in enumerate((changed, twin))]
    at = at_experiment("slow")
    header, _ = component(at, "experiments-slow-batch")
    assert [run["active"] for run in header["runs"]] == [False, True, True]
    assert [run["title"] for run in header["runs"]] == WORDS["try"]["series"]
    at.button(key="experiments-slow-stop").click().run()
    check(at, "experiments")
    assert [run.status().state for run in waiting] == ["stopped", "stopped"]
    assert at.button(key="experiments-slow-run").label == WORDS["try"]["again"]


def test_another_run_of_ones_own_is_in_the_way_and_can_be_replaced(site: Site) -> None:
    busy = site.run(EXPERIMENTS["characters"].changed, state="waiting", queued=1.0)
    at = at_experiment("untied")
    at.button(key="experiments-untied-run").click().run()
    check(at, "experiments")
    assert len(at.error) == 1 and len(site.store.runs()) == 1
    at.button(key="experiments-replace-untied").click().run()
    check(at, "experiments")
    assert busy.status().state == "stopped" and len(site.store.runs()) == 4 and not at.error


def test_an_answer_that_is_there_needs_no_free_place(site: Site) -> None:
    site.trio("untied", 3.5, 3.4, 3.52)
    for run in site.store.runs():
        (run.folder / "owner.json").write_text(json.dumps({"owner": OTHER, "viewers": []}))
    busy = site.run(EXPERIMENTS["characters"].changed, state="waiting", queued=1.0)
    at = at_experiment("untied")
    at.button(key="experiments-untied-run").click().run()
    check(at, "experiments")
    assert not at.error and "experiments-untied-bars" in messages(at) and busy.status().active


def test_another_visitors_runs_are_not_to_be_stopped(site: Site) -> None:
    for i, spec in enumerate(EXPERIMENTS["slow"].specs):
        run = site.run(spec, state="waiting", owner=OTHER, queued=1.0 + i)
        run.attach(ME)
    at = at_experiment("slow")
    assert "experiments-slow-stop" not in keys(at) and WORDS["start"]["foreign"] in texts(at)


def test_a_strange_address_opens_the_page(site: Site) -> None:
    assert "experiments-no_positions-run" in keys(opened(**{"try": "nonsense", "experiment": "x", "rows": "a:b", "with": "?"}))


# Two models


def test_two_steps_of_one_model_are_compared_token_by_token(site: Site) -> None:
    at = opened(experiment="pair", text="The little dog was very")
    found = messages(at)
    kinds = ("experiments-next", "experiments-difference", "experiments-surprise", "experiments-surprise-difference")
    assert all(any(key.startswith(kind) for key in found) for kind in kinds)
    key = next(key for key in found if key.endswith("-difference") and "pattern" in key)
    _, arrays = component(at, key)
    a, b = (component(at, k)[1]["values"] for k in sorted(k for k in found if "pattern" in k and not k.endswith("difference")))
    np.testing.assert_allclose(np.nan_to_num(arrays["values"]), np.nan_to_num(b) - np.nan_to_num(a), atol=1e-6)
    assert WORDS["pair"]["same_tokens"] in texts(at)


def test_the_bars_are_the_difference_of_the_probabilities(site: Site) -> None:
    at = opened(experiment="pair", text="The little dog was very")
    found = messages(at)
    both, arrays = component(at, next(k for k in found if k.startswith("experiments-next-")))
    bars, _ = component(at, next(k for k in found if k.startswith("experiments-difference-")))
    wanted = dict(zip(both["labels"], arrays["after"] - arrays["before"], strict=True))
    assert {row["label"]: pytest.approx(wanted[row["label"]], abs=1e-6) for row in bars["rows"]} == {
        row["label"]: row["value"] for row in bars["rows"]
    }
    p = cached.next_token_probabilities("stories", None, cached.checkpoint("stories").tokenizer.encode("The little dog was very"))
    assert max(arrays["before"]) == pytest.approx(float(p.max()), abs=1e-6)


def test_heads_and_seed_of_a_comparison_stand_in_the_address(site: Site) -> None:
    at = opened(experiment="pair", text="The little dog was very", a_layer="2", a_head="3", b_layer="4", b_head="1", draws="7")
    shown = {key: at.selectbox(key=key).value for key in ("a_layer", "a_head", "b_layer", "b_head")}
    assert shown == {"a_layer": 2, "a_head": 3, "b_layer": 4, "b_head": 1} and at.number_input(key="draws").value == 7
    at.button(key="experiments-again").click().run()
    at.selectbox(key="b_head").set_value(2).run()
    check(at, "experiments")
    assert at.number_input(key="draws").value == 8 and at.selectbox(key="b_head").value == 2
    first, second = (k for k in messages(at) if "pattern" in k and not k.endswith("-difference"))
    step = next(each.value for each in at.select_slider if each.key == "experiments-step-stories")
    for key, step_, head in ((first, None, (1, 2)), (second, step, (3, 1))):
        found = component(at, key)[1]["values"]
        t = trace(
            load_checkpoint(BOX / "stories", step_).model,
            list(cached.checkpoint("stories").tokenizer.encode("The little dog was very")),
        )
        np.testing.assert_allclose(np.nan_to_num(found), t[f"blocks.{head[0]}.attn.pattern"][head[1]], atol=1e-6)


def test_a_pressed_cell_of_one_model_is_answered_for_in_both(site: Site) -> None:
    at = opened(experiment="pair", text="The little dog was very", a_layer="2", a_head="3", b_layer="4", b_head="1")
    first, second = (k for k in messages(at) if "pattern" in k and not k.endswith("-difference"))
    assert not any(key.startswith("experiments-made") for key in messages(at))
    at.session_state[second] = {"cell": [3, 1]}
    at.run()
    for which, key in enumerate((first, second)):
        shown = component(at, key)[1]["values"][3, 1]
        assert component(at, f"experiments-made-{which}-origin")[0]["exact"] == exact(shown)
    assert component(at, first)[0]["rest"] == [3, 1] and "way" not in at.query_params


def test_a_head_that_a_model_does_not_have_opens_another(site: Site) -> None:
    at = opened(experiment="pair", text="moon cup", model="copy", a_layer="9", b_head="x", draws="-3")
    assert at.selectbox(key="a_layer").value <= 2 and at.number_input(key="draws").value >= 0


def test_models_with_other_tokens_are_compared_by_character_only(site: Site) -> None:
    at = opened(experiment="pair", text="moon cup tree moon cup")
    at.selectbox(key="experiments-other").set_value("copy").run()
    check(at, "experiments")
    said = texts(at)
    assert WORDS["pair"]["other_tokens"] in said and WORDS["attention"]["apart"] in said
    assert not any(key.startswith("experiments-surprise-") for key in messages(at))
    assert not any(key.endswith("-difference") for key in messages(at) if "pattern" in key)
    assert at.query_params["with"] == "copy" or at.query_params["with"] == ["copy"]


@pytest.mark.parametrize("other", ["masked", "arithmetic", "positions-none"])
@pytest.mark.parametrize("text", [ODD, "a", "x" * 1000])
def test_any_two_models_and_any_sentence_open(site: Site, other: str, text: str) -> None:
    at = opened(experiment="pair", text=text)
    at.selectbox(key="experiments-other").set_value(other).run()
    assert "<script>" not in texts(check(at, "experiments"))


def test_the_codes_give_the_numbers_on_the_screen(site: Site, capsys) -> None:
    at = opened(experiment="pair", text="The little dog was very")
    codes = [block.value for block in at.code]
    assert len(codes) == 4
    for code in codes:
        exec(code, {})
    printed = capsys.readouterr().out
    _, arrays = component(at, next(k for k in messages(at) if k.startswith("experiments-surprise-") and "diff" not in k))
    numbers = [float(x) for x in printed.replace("[", " ").replace("]", " ").split() if x.replace(".", "").isdigit()]
    for value in (*arrays["before"], *arrays["after"]):
        assert any(abs(value - x) < 1e-4 for x in numbers)


# Sweep


def sweep() -> Sweep:
    return Sweep("learning_rate", (3e-4, 3e-3, 3e-2), "n_layers", (1, 2))


def test_a_sweep_says_how_long_it_takes_and_starts(site: Site) -> None:
    at = opened(experiment="sweep")
    assert "**6 runs**" in texts(at)
    at.button(key="experiments-sweep-run").click().run()
    check(at, "experiments")
    made = sorted(site.store.runs(), key=lambda run: run.turn)
    assert [run.digest for run in made] == [spec.digest() for spec in flat(sweep().specs())]
    assert "experiments-sweep-cancel" in keys(at)
    at.button(key="experiments-sweep-cancel").click().run()
    check(at, "experiments")
    assert {run.status().state for run in made} == {"stopped"}


def test_the_map_holds_what_the_runs_came_to(site: Site) -> None:
    for spec, loss in zip(flat(sweep().specs()), (5.0, 4.9, 3.5, 3.4, 4.1), strict=False):
        site.run(spec, loss)
    at = opened(experiment="sweep")
    _, arrays = component(at, "experiments-sweep-matrix")
    expected = np.array([[5.0, 4.9], [3.5, 3.4], [4.1, np.nan]], dtype=np.float32)
    np.testing.assert_array_equal(arrays["values"], expected)
    assert "**Learning rate 0\\.003, Layers 2**, with 3.400" in texts(at)


def test_the_question_is_answered_by_the_whole_map(site: Site) -> None:
    for spec, loss in zip(flat(sweep().specs()), (5.0, 4.9, 3.5, 3.4, 4.1, 4.0), strict=True):
        site.run(spec, loss)
    at = answer(opened(experiment="sweep"), "experiments-ask-sweep-choice", "Learning rate")
    said = texts(at)
    assert load("frame")["predict"]["right"] in said and "**1.500**" in said and "**0.100**" in said
    assert "experiments-sweep-run" not in keys(at)


def test_what_does_not_fit_is_one_sentence(site: Site) -> None:
    at = opened(experiment="sweep")
    at.selectbox(key="experiments-columns").set_value("learning_rate").run()
    check(at, "experiments")
    assert len(at.info) == 1 and "experiments-sweep-run" not in keys(at)


def test_knobs_and_values_stand_in_the_address(site: Site) -> None:
    at = opened(experiment="sweep")
    at.selectbox(key="experiments-rows").set_value("dropout").run()
    values = next(p for p in at.pills if p.key == "experiments-rows-values-dropout")
    values.set_value([0.0, 0.1, 0.4]).run()
    check(at, "experiments")
    assert "dropout:0.0,0.1,0.4" in str(at.query_params["rows"])
    awaited = next(m.value for m in at.markdown if m.value.startswith("| ")).splitlines()[2:]  # no number yet: no colours
    assert [line.split("**")[1] for line in awaited] == ["0", "0.1", "0.4"]
