"""Pre-training: the starter, every state of a run, the runs' table. Runs are folders made with the store's own functions."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from llm import presets
from llm.runs.limits import Limits
from llm.runs.metrics import Appender
from llm.runs.queue import Queue
from llm.runs.spec import DataSpec, RunSpec
from llm.runs.state import keep_good, saved_step, write_state
from llm.runs.status import Status, write_status
from llm.runs.store import Run, RunStore
from llm.runs.upload import upload_model
from llm.uploads import OwnText
from tests.pages.helpers import check, component, messages, open_page
from ui import runs, visitor
from ui.pretraining import draft as drafts
from ui.pretraining import session
from ui.text import load, plain

WORDS = load("pretraining")
ME, OTHER = "a" * 64, "b" * 64
TEXT = "Once upon a time there was a small mouse. It lived in a house by the sea. " * 20


@dataclass
class Site:
    """The runs of one test; nothing is ever started."""

    store: RunStore
    queue: Queue

    def run(self, state: str = "done", step: int = 40, owner: str = ME, spec: RunSpec | None = None, text: str | None = None,
            **status) -> Run:  # fmt: skip
        """A run as its worker would have left it."""
        spec = spec or presets.starter()
        run = self.store.create(spec if text is None else spec.with_text(text), owner, text)
        write_status(run.folder, Status(state=state, step=step, steps=1000, seconds=2.0, **status))
        if step:
            lines = Appender(run.folder / "metrics.jsonl")
            for i in range(1, step + 1):
                row = {"step": i, "loss": 7 - 0.05 * i, "learning_rate": 0.024, "grad_norm": 1.0, "seconds": i / 20, "tokens": i}
                lines.add(row | ({"val_loss": 7.1 - 0.05 * i} if i % 20 == 0 else {}))
            lines.close()
            described = {"model": spec.model_config(777).to_dict(), "train": spec.train_config().to_dict(), "data": {}}
            (run.folder / "config.json").write_text(json.dumps(described))
        return run

    def commands(self, run: Run) -> list[dict]:
        """What its controls were asked to do."""
        path = run.folder / "control.json"
        found = json.loads(path.read_text())["commands"] if path.is_file() else []
        return [{name: value for name, value in each.items() if name not in ("number", "time")} for each in found]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    store = RunStore(tmp_path / "runs")
    queue = Queue(store, Limits(), slots=1, spare=False)
    monkeypatch.setattr(queue, "tick", lambda: None)
    monkeypatch.setattr(queue, "outlook", lambda: (0, 0.0), raising=False)
    monkeypatch.setattr(runs, "queue", lambda: queue)
    monkeypatch.setattr(runs, "store", lambda: store)
    monkeypatch.setattr(runs, "limits", lambda: queue.limits)
    monkeypatch.setattr(visitor, "visitor", lambda: ME)
    monkeypatch.setattr("ui.pretraining.controls.PATIENCE", 0.1)
    monkeypatch.setenv("GLASSFORMER_TEXTS", str(tmp_path / "texts"))
    return Site(store, queue)


def opened(**address: str) -> AppTest:
    return check(open_page("pretraining", **address), "pretraining")


def on_stage(run: Run) -> AppTest:
    at = AppTest.from_file(str(Path(__file__).resolve().parents[2] / "ui" / "main.py"), default_timeout=300)
    at.run()
    at.switch_page("../pages/pretraining.py")
    at.query_params["run"] = run.id
    return check(at.run(), "pretraining")


def texts(at: AppTest) -> str:
    """Everything that is written on the page as Markdown."""
    kinds = ("markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(element.value for kind in kinds for element in getattr(at, kind))


def button(at: AppTest, key: str):
    return at.button(key=f"pretraining-{key}")


def has(at: AppTest, key: str) -> bool:
    return any(each.key == f"pretraining-{key}" for each in at.button)


# The starter


def test_it_opens_with_a_run_ready_to_start_and_its_text(site: Site) -> None:
    at = opened()
    assert not button(at, "start-button").disabled
    said = texts(at)
    assert "**658,944**" in said and WORDS["before"]["held"].split("[[")[0] in said
    assert math.isclose(math.log(1024), 6.93, abs_tol=0.01) and "about 6.9" in at.pills[0].options


def test_start_with_everything_left_as_it_is_makes_the_preset_and_shows_it(site: Site) -> None:
    at = opened()
    button(at, "start-button").click().run()
    check(at, "pretraining")
    (run,) = site.store.runs()
    assert run.digest == presets.starter().digest() and run.is_owner(ME)
    assert at.query_params["run"] == run.id


def test_an_identical_start_attaches_and_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm.runs.status.is_held", lambda folder: True)
    theirs = site.run("running", owner=OTHER)
    at = opened()
    button(at, "start-button").click().run()
    check(at, "pretraining")
    assert site.store.runs() == [theirs] and theirs.is_visible_to(ME) and not theirs.is_owner(ME)
    assert WORDS["start"]["attached"] in texts(at) and WORDS["stage"]["foreign"] in texts(at)
    assert not has(at, "pause") and not has(at, "stop")


def test_a_second_run_offers_to_stop_the_first(site: Site) -> None:
    first = site.run("waiting", step=0, spec=presets.starter("copy"))
    at = opened()
    button(at, "start-button").click().run()
    check(at, "pretraining")
    assert first.title in texts(at) and len(site.store.runs()) == 1
    button(at, "replace").click().run()
    check(at, "pretraining")
    assert first.status().state == "stopped" and len(site.store.runs()) == 2
    assert at.query_params["run"] == site.store.find_identical(presets.starter().digest()).id


def test_the_dial_and_the_fields_reach_the_run(site: Site) -> None:
    at = opened()
    at.segmented_control(key="pretraining-size").set_value("tiny").run()
    at.toggle(key="pretraining-more").set_value(True).run()
    at.number_input(key="pretraining-field-dropout").set_value(0.25).run()
    at.selectbox(key="pretraining-field-position").set_value("rope").run()
    at.number_input(key="pretraining-field-n_layers").set_value(3).run()
    check(at, "pretraining")
    assert any(each.value == "own" for each in at.segmented_control)
    button(at, "start-button").click().run()
    spec = site.store.runs()[0].spec
    model = spec.model_config(100)
    assert (model.d_model, model.n_layers, model.dropout, model.position) == (64, 3, 0.25, "rope")


def test_closing_more_and_leaving_the_page_keep_the_fields(site: Site) -> None:
    at = opened()
    at.toggle(key="pretraining-more").set_value(True).run()
    at.number_input(key="pretraining-field-seed").set_value(5).run()
    at.toggle(key="pretraining-more").set_value(False).run()
    at.switch_page("../pages/tokenization.py").run()
    at.switch_page("../pages/pretraining.py").run()
    button(at, "start-button").click().run()
    check(at, "pretraining")
    assert site.store.runs()[0].spec.train_config().seed == 5


def test_values_that_do_not_fit_are_a_sentence_and_block_the_start(site: Site) -> None:
    at = opened()
    at.toggle(key="pretraining-more").set_value(True).run()
    at.number_input(key="pretraining-field-n_heads").set_value(3).run()
    check(at, "pretraining")
    assert "must divide" in texts(at).replace("\\", "") and button(at, "start-button").disabled
    at.number_input(key="pretraining-field-n_heads").set_value(2).run()
    assert not button(at, "start-button").disabled


def test_own_text_is_read_judged_and_trained_on(site: Site) -> None:
    at = opened()
    at.segmented_control(key="pretraining-source").set_value("own").run()
    check(at, "pretraining")
    assert button(at, "start-button").disabled
    at.text_area(key="pretraining-own-box").set_value("too short").run()
    assert "at least 200" in texts(at) and button(at, "start-button").disabled
    at.text_area(key="pretraining-own-box").set_value(TEXT).run()
    check(at, "pretraining")
    assert "know it by heart" in texts(at)
    button(at, "start-button").click().run()
    (run,) = site.store.runs()
    assert (run.folder / "text.txt").read_text() == TEXT and run.spec.data.tokenizer == "char"


def test_the_limits_are_shown_and_a_longer_text_blocks_the_start(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(text_characters=len(TEXT) + 1)
    monkeypatch.setattr(runs, "limits", lambda: limits)
    at = opened()
    at.toggle(key="pretraining-more").set_value(True).run()
    assert f"{limits.parameters:,} weights, {limits.steps:,} steps" in texts(at) and f"{len(TEXT) + 1:,} characters" in texts(at)
    assert f"{1000 * 16 * 64:,} tokens" in texts(at)
    at.segmented_control(key="pretraining-source").set_value("own").run()
    at.text_area(key="pretraining-own-box").set_value(TEXT).run()
    assert not button(at, "start-button").disabled
    at.session_state[session.OWN] = OwnText("a file", TEXT + "and more")  # a box takes no more than is allowed
    at.run()
    assert button(at, "start-button").disabled and "at most" in texts(at)


def test_own_text_is_never_read_as_markup(site: Site) -> None:
    at = opened()
    at.segmented_control(key="pretraining-source").set_value("own").run()
    nasty = "<img src=x onerror=alert(1)> **bold** $x$ [link](javascript:alert(1)) :material/info: " * 10
    at.text_area(key="pretraining-own-box").set_value(nasty).run()
    check(at, "pretraining")
    excerpt = next(each.value for each in at.markdown if "onerror" in each.value)
    assert not re.search(r"(?<!\\)[<*$\[]", excerpt)


def test_shakespeare_without_a_network_is_one_sentence(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm.corpora import public

    entry = replace(public.TEXTS["shakespeare"], url="http://127.0.0.1:9/")
    monkeypatch.setattr(public, "TEXTS", {"shakespeare": entry})
    at = opened()
    at.segmented_control(key="pretraining-source").set_value("shakespeare").run()
    assert button(at, "start-button").disabled
    button(at, "fetch").click().run()
    check(at, "pretraining")
    assert "no connection" in texts(at)


# A run on the stage


@pytest.mark.parametrize("state", ["waiting", "preparing", "running", "paused", "done", "stopped", "failed", "interrupted"])
def test_every_state_is_shown_with_the_buttons_that_fit(site: Site, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if state in ("preparing", "running", "paused"):
        monkeypatch.setattr("llm.runs.status.is_held", lambda folder: True)
    stored = "running" if state == "interrupted" else state
    run = site.run(stored, step=0 if state in ("waiting", "preparing") else 40, message="" if state == "interrupted" else "Why.")
    assert run.status().state == state
    at = on_stage(run)
    shown = {name for name in ("pause", "resume", "one_step", "stop", "half", "double", "again") if has(at, name)}
    at_work = {"one_step", "stop", "half", "double"}
    assert shown == {
        "waiting": {"stop", "half", "double"}, "preparing": {"pause", *at_work}, "running": {"pause", *at_work},
        "paused": {"resume", *at_work}, "done": set(), "stopped": {"again"}, "failed": {"again"},
        "interrupted": {"again"},
    }[state]  # fmt: skip
    if state in ("failed", "stopped"):
        assert "Why" in texts(at)
    if state == "interrupted":
        assert "ended without a word" in texts(at)
    if state in ("waiting", "preparing"):  # how many tokens there will be is not known yet
        assert not at.pills
    else:
        assert f"{math.log(777):.1f}" in " ".join(at.pills[0].options)


def test_somebody_elses_run_is_watched_without_controls(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm.runs.status.is_held", lambda folder: True)
    at = on_stage(site.run("running", owner=OTHER))
    assert WORDS["stage"]["foreign"] in texts(at)
    assert not any(has(at, name) for name in ("pause", "one_step", "stop", "half", "double", "break-now"))


def test_controls_send_what_they_say(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm.runs.status.is_held", lambda folder: True)
    run = site.run("running")
    at = on_stage(run)
    button(at, "double").click().run()
    field = next(each for each in at.number_input if each.key.startswith(f"pretraining-rate-{run.id}"))
    assert field.value == pytest.approx(0.048)
    field.set_value(0.01).run()
    button(at, "half").click().run()
    button(at, "pause").click().run()
    button(at, "break-now").click().run()
    check(at, "pretraining")
    rates = [each["learning_rate"] for each in site.commands(run) if each["command"] == "change"]
    assert rates == pytest.approx([0.048, 0.01, 0.005, 0.15])
    assert {"command": "pause"} in site.commands(run)


def test_a_rate_that_cannot_be_is_said_and_not_sent(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm.runs.status.is_held", lambda folder: True)
    run = site.run("running", spec=replace(presets.starter(), train={**presets.starter().train, "learning_rate": 90.0}))
    at = on_stage(run)
    button(at, "double").click().run()
    check(at, "pretraining")
    assert "0 to 100" in texts(at).replace("\\", "") and site.commands(run) == []


def test_what_guessing_costs_is_said_when_the_vocabulary_is_known(site: Site) -> None:
    """A row of copied words is likely to have 2,000, and has 132: no line is drawn at ln 2,000."""
    waiting = site.run("waiting", step=0, spec=presets.starter("copy"), queued=1.0)
    header, _ = component(on_stage(waiting), "pretraining-loss")
    assert header["lines"] == []
    header, _ = component(on_stage(site.run()), "pretraining-loss")
    assert [line["value"] for line in header["lines"]] == [pytest.approx(math.log(777))]


def test_an_exploded_run_goes_back_and_on_with_half_the_rate(site: Site) -> None:
    """Half of the rate before the change that blew it up."""
    run = site.run("failed", reason="exploded", message="The loss is no longer a number at step 31.")
    (run.folder / "changes.jsonl").write_text('{"step": 25, "seconds": 1.0, "learning_rate": [0.024, 0.72]}\n')
    for step, rate in ((25, 0.024), (30, 0.72)):
        write_state(run.folder, {"x": torch.zeros(1)}, {"trainer": {"step": step, "settings": {"learning_rate": rate}}})
        if step == 25:
            keep_good(run.folder)
    at = on_stage(run)
    assert "step 25" in button(at, "again").label and "0.012" in button(at, "again").label
    button(at, "again").click().run()
    check(at, "pretraining")
    assert run.status().state == "waiting" and saved_step(run.folder) == 25
    assert site.commands(run)[-1] == {"command": "change", "learning_rate": pytest.approx(0.012)}


def test_other_settings_are_sent_while_it_trains(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm.runs.status.is_held", lambda folder: True)
    run = site.run("running")
    at = on_stage(run)
    at.number_input(key=next(each.key for each in at.number_input if each.label == WORDS["control"]["batch_size"])).set_value(8)
    next(each for each in at.button if each.label == WORDS["control"]["apply"]).click().run()
    check(at, "pretraining")
    assert site.commands(run)[-1] == {"command": "change", "batch_size": 8}


def test_thirty_times_the_rate_is_a_round_number(site: Site) -> None:
    """0.03 × 30 is 0.8999999999999999, which a field shows as it is."""
    spec = presets.starter()
    at = on_stage(site.run(spec=replace(spec, train={**spec.train, "learning_rate": 0.03})))
    button(at, "break-start").click().run()
    at.toggle(key="pretraining-more").set_value(True).run()
    check(at, "pretraining")
    assert 0.9 in [each.value for each in at.number_input if each.label == WORDS["field"]["learning_rate"]]


def test_the_line_of_a_failed_run_says_its_last_step(site: Site) -> None:
    run = site.run("failed", reason="exploded", message="The loss is no longer a number at step 40.")
    write_status(run.folder, replace(run.status(), step=30))  # a worker writes its state more seldom than its rows
    assert any(WORDS["table"]["step"].format(n="40") in each.value for each in on_stage(run).markdown)


def test_an_explosion_without_a_good_state_goes_back_to_the_start(site: Site) -> None:
    run = site.run("failed", reason="exploded", message="The loss is no longer a number at step 2.")
    at = on_stage(run)
    assert button(at, "again").label == WORDS["control"]["back_to_start"].format(rate="0.012")


def test_a_link_to_a_run_that_is_gone_says_so(site: Site) -> None:
    at = AppTest.from_file(str(Path(__file__).resolve().parents[2] / "ui" / "main.py"), default_timeout=300).run()
    at.switch_page("../pages/pretraining.py")
    at.query_params["run"] = "../../etc/passwd"
    check(at.run(), "pretraining")
    assert WORDS["start"]["none"] in texts(at) and "run" not in at.query_params


def test_the_own_run_that_trains_is_shown_without_being_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm.runs.status.is_held", lambda folder: True)
    run = site.run("running")
    at = opened()
    assert at.query_params["run"] == run.id and has(at, "pause")


# The table


def test_the_table_states_only_what_differs(site: Site) -> None:
    site.run()
    spec = presets.starter()
    site.run(spec=replace(spec, train={**spec.train, "learning_rate": 0.1}))
    site.run(owner=OTHER, spec=presets.starter("copy"))
    said = texts(opened())
    assert "Learning rate 0.1" in said.replace("\\", "") and "Learning rate 0.024" in said.replace("\\", "")
    assert "Dropout" not in said and "Copy" not in said


def test_a_run_is_drawn_beside_another_and_the_link_keeps_it(site: Site) -> None:
    first, second = site.run(), site.run(spec=presets.starter("copy"))
    at = on_stage(first)
    at.checkbox(key=f"run-beside-{second.id}").check().run()
    check(at, "pretraining")
    assert at.query_params["with"] == second.id
    at.checkbox(key=f"run-beside-{second.id}").uncheck().run()
    assert "with" not in at.query_params


def menu(run: Run, at: AppTest | None = None) -> AppTest:
    """The page with the run's menu open."""
    at = on_stage(run) if at is None else at
    at.session_state[f"run-more-{run.id}"] = True
    return check(at.run(), "pretraining")


def test_rename_keep_and_delete(site: Site) -> None:
    run = site.run()
    at = menu(run)
    at.text_input(key=f"run-title-{run.id}").set_value("My **first** run").run()
    menu(run, at).checkbox(key=f"run-keep-{run.id}").check().run()
    assert run.title == "My **first** run" and run.kept
    menu(run, at).toggle(key=f"run-sure-{run.id}").set_value(True).run()
    menu(run, at).button(key=f"run-remove-{run.id}").click().run()
    check(at, "pretraining")
    assert site.store.runs() == [] and "run" not in at.query_params


def test_a_name_is_never_read_as_markup(site: Site) -> None:
    title = "![x](http://example.com/x.png) **b** $x$ <script>"
    run = site.run()
    run.rename(title)
    at = on_stage(run)
    shown = at.button(key=f"run-show-{run.id}").label
    assert shown == plain(title) and "**b**" not in shown and title not in texts(at)


def test_others_runs_can_be_forgotten_but_not_changed(site: Site) -> None:
    run = site.run(owner=OTHER)
    run.attach(ME)
    at = menu(run)
    assert not any(each.key == f"run-title-{run.id}" for each in at.text_input)
    at.button(key=f"run-forget-{run.id}").click().run()
    assert not run.is_visible_to(ME) and site.store.runs() == [run]


def test_repeat_fills_the_starter_with_everything_the_text_included(site: Site) -> None:
    spec = replace(
        presets.starter_for_text(TEXT, "mouse.txt"), train={**presets.train_of("tiny"), "seed": 9}, model={"n_layers": 3}
    )
    run = site.run(spec=spec, text=TEXT)
    at = menu(run)
    at.button(key=f"run-repeat-{run.id}").click().run()
    check(at, "pretraining")
    assert at.number_input(key="pretraining-field-n_layers").value == 3
    at.number_input(key="pretraining-field-seed").set_value(10).run()
    button(at, "start-button").click().run()
    newest = next(each for each in site.store.runs() if each != run)
    assert newest.spec.train_config() == replace(run.spec.train_config(), seed=10) and (newest.folder / "text.txt").is_file()


def test_a_strangers_text_is_not_handed_on(site: Site) -> None:
    run = site.run(owner=OTHER, spec=presets.starter_for_text(TEXT, "secret.txt"), text=TEXT)
    at = menu(run)
    at.button(key=f"run-repeat-{run.id}").click().run()
    check(at, "pretraining")
    assert WORDS["own"]["foreign"] in texts(at) and button(at, "start-button").disabled
    assert "small mouse" not in texts(at)


def test_an_uploaded_model_has_a_page_and_says_nothing_of_a_training_that_is_not_known(site: Site, tmp_path: Path) -> None:
    box = Path(__file__).resolve().parents[2] / "assets" / "models" / "copy"
    files = {name: (box / name).read_bytes() for name in ("model.safetensors", "config.json", "tokenizer.json")}
    run = upload_model(site.store, files, ME, site.queue.limits)
    site.run("done")
    at = on_stage(run)
    (line,) = (each.value for each in at.markdown if "*shown*" in each.value)
    assert "Optimiser" not in line and "Stories" not in line and WORDS["table"]["original"] in line
    assert WORDS["stage"]["uploaded"] in texts(at) and WORDS["break"]["title"] not in texts(at)
    assert WORDS["stage"]["nothing_yet"] not in texts(at) and f"**{WORDS['stage']['open']}**" in texts(at)
    assert "pretraining-loss" not in messages(at), "an empty chart of a training that nobody knows"


def test_a_damaged_folder_spoils_no_other_run(site: Site) -> None:
    good, bad = site.run(), site.run(spec=presets.starter("copy"))
    (bad.folder / "spec.json").write_text("{")
    at = opened()
    assert any(each.key == f"run-show-{good.id}" for each in at.button)


# Take-away


def test_the_lines_of_python_train_the_same_run(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    from llm.runs.session import Session
    from ui.snippets_pretraining import python_code

    model = {"n_layers": 1, "n_heads": 2, "d_model": 16, "context_length": 16, "position": "alibi"}
    train = {"batch_size": 4, "steps": 50, "eval_every": 25, "optimizer": "muon", "grad_clip": None, "average_fraction": 0.2}
    spec = RunSpec(DataSpec(corpus="copy", size=6_000, tokenizer="word", vocab_size=100), model, train)
    run = site.store.create(spec, ME)
    assert Session(run.folder).run().state == "done"
    exec(python_code(spec), {})
    step, loss, val = capsys.readouterr().out.split()
    last = run.metrics()[-1]
    assert int(step) == 50 and float(f"{float(loss):.6g}") == last["loss"] and float(f"{float(val):.6g}") == last["val_loss"]


def test_the_draft_is_what_the_page_starts(site: Site) -> None:
    assert drafts.spec_of(drafts.fresh()).digest() == presets.starter().digest()
    assert messages(opened()) is not None


def test_tensorboard_is_off_until_asked_for_and_without_its_package_a_sentence(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened()
    at.toggle(key="pretraining-more").set_value(True).run()
    flag = next(each for each in [*at.checkbox, *at.toggle] if each.key == "pretraining-field-tensorboard")
    assert not flag.value
    flag.set_value(True).run()
    button(at, "start-button").click().run()
    check(at, "pretraining")
    assert site.store.runs()[0].spec.tensorboard
    monkeypatch.setattr("llm.runs.limits.find_spec", lambda name: None)
    at = opened()
    at.toggle(key="pretraining-more").set_value(True).run()
    next(each for each in [*at.checkbox, *at.toggle] if each.key == "pretraining-field-tensorboard").set_value(True).run()
    check(at, "pretraining")
    assert "pip install tensorboard" in texts(at) and button(at, "start-button").disabled
