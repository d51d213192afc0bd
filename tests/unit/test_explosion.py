"""Runs that explode: when one has, that it says so, and that it goes back to where its loss was good."""

from __future__ import annotations

import math
import threading
import time

import pytest

from llm.__main__ import main
from llm.explosion import FAR, REASON, ExplosionWatch
from llm.runs import session as session_module
from llm.runs.control import POLL, Controls
from llm.runs.limits import Limits
from llm.runs.queue import Queue
from llm.runs.recovery import way_back
from llm.runs.session import Session
from llm.runs.state import GOOD, good_facts, has_state, read_states
from llm.runs.store import RunStore
from tests.run_helpers import OWNER, assert_is_oracle, tiny_run, tiny_spec

GUESS = math.log(100)
BLOW = {"explosion_steps": 20, "grad_clip": None}  # with the rate below it does not recover


def seen(watch: ExplosionWatch, losses: list[float]) -> list[bool]:
    return [watch.see(i + 1, loss) for i, loss in enumerate(losses)]


def test_so_many_steps_in_a_row_far_above_guessing_are_an_explosion():
    watch = ExplosionWatch(100, 3)
    high = GUESS + FAR + 0.01
    assert seen(watch, [GUESS, 3.0, high, high, GUESS, high, high, high]) == [False] * 7 + [True]
    assert watch.since == 6
    assert not any(seen(ExplosionWatch(100, None), [GUESS] + [50.0] * 1000))


def test_a_start_from_far_above_is_no_explosion_while_it_falls():
    watch = ExplosionWatch(100, 3)
    assert not any(seen(watch, [40.0, 40.05, 39.0, 38.0, 20.0, 10.0]))
    assert seen(watch, [41.0] * 3)[-1]


def test_one_can_go_back_to_where_the_loss_was_nearer_to_its_best_than_to_guessing():
    watch = ExplosionWatch(100, 3)
    assert watch.good  # nothing is lost before the first step
    for loss, good in ((GUESS, True), (2.0, True), (3.0, True), (3.5, False), (9.0, False), (2.1, True)):
        watch.see(1, loss)
        assert watch.good is good, loss


def test_what_it_has_seen_survives_a_resume():
    whole, first = ExplosionWatch(100, 3), ExplosionWatch(100, 3)
    losses = [GUESS, 2.0, 9.0, 9.0, 9.0]
    seen(first, losses[:4]), seen(whole, losses[:4])
    second = ExplosionWatch(100, 3)
    second.restore(first.state())
    assert second.see(5, 9.0) is whole.see(5, 9.0) is True
    assert second.state() == whole.state()


@pytest.fixture
def often(monkeypatch):
    """Saves after each step, as slow steps are saved."""
    monkeypatch.setattr(session_module, "SAVE_EVERY", 0.0)
    monkeypatch.setattr(session_module, "SAVE_SHARE", 0.0)


def explode(run, at: int = 30, rate: float = 50.0, **options):
    """Train it, and turn up its rate after this step."""
    done = threading.Event()

    def watch(record, trainer):
        if record.step == at and not done.is_set():
            done.set()
            Controls(run).change(learning_rate=rate)
            time.sleep(2 * POLL)  # then the session looks again before its next step, however quick its steps are

    return Session(run.folder, watch=watch, **options).run()


def test_an_explosion_ends_with_its_reason_and_a_model(tmp_path, often):
    run = tiny_run(tmp_path, tiny_spec(2000, train=BLOW | {"learning_rate": 0.01}))
    status = explode(run)
    assert (status.state, status.reason) == ("failed", REASON), status
    losses = {row["step"]: row["loss"] for row in run.metrics()}
    since = status.step - BLOW["explosion_steps"] + 1
    assert f"since step {since:,}" in status.message and "guessing" in status.message
    guess = float(status.message.split("(")[1].split(")")[0])
    assert all(losses[step] > guess for step in range(since, status.step + 1))
    assert run.meta()["val_loss"] > guess and status.step in run.snapshots()


def test_it_goes_back_to_before_the_change_that_blew_it_up(tmp_path, often, monkeypatch):
    """And ends bit for bit as a run that was never blown up, changed to half the rate at that step."""
    monkeypatch.setattr(Queue, "tick", lambda queue: None)
    run = tiny_run(tmp_path, tiny_spec(120, train=BLOW | {"learning_rate": 0.01}), owner=OWNER)
    assert explode(run).reason == REASON
    (change,) = run.changes()
    back = way_back(run)
    assert back.step == change["step"] and back.learning_rate == pytest.approx(0.005)
    assert max(run.snapshots()) > back.step
    Queue(RunStore(tmp_path), spare=False).resume(run)
    assert run.status().state == "waiting"
    status = Session(run.folder).run()
    assert status.state == "done", status
    assert [(row["step"], row["learning_rate"]) for row in run.changes()] == [(back.step, [0.01, 0.005])]
    assert_is_oracle(run)
    assert not has_state(run.folder)


def test_a_loss_that_is_no_number_goes_back_too(tmp_path, often, monkeypatch):
    monkeypatch.setattr(Queue, "tick", lambda queue: None)
    wild = {"learning_rate": 99.0, "muon_learning_rate": 99.0, "grad_clip": None, "average_fraction": None}
    run = tiny_run(tmp_path, tiny_spec(400, train=wild), owner=OWNER)
    status = Session(run.folder).run()
    assert (status.state, status.reason) == ("failed", REASON) and "no longer a number" in status.message
    back = way_back(run)
    assert back.step <= status.step and back.learning_rate == 49.5
    queue = Queue(RunStore(tmp_path), spare=False)
    for _ in range(40):  # each press halves the rate, until it can be trained with
        queue.resume(run)
        if Session(run.folder).run().state == "done":
            break
    assert run.status().state == "done"


def test_without_a_good_state_it_starts_again(tmp_path, often):
    run = tiny_run(tmp_path, tiny_spec(2000, train=BLOW | {"learning_rate": 0.01}))
    explode(run)
    for path in run.folder.glob(f"{GOOD}*"):
        path.unlink()
    assert good_facts(run.folder) is None
    assert way_back(run).step == 0 and way_back(run).learning_rate == 0.005


def test_a_damaged_good_state_costs_no_more_than_the_run_so_far(tmp_path, often, monkeypatch):
    monkeypatch.setattr(Queue, "tick", lambda queue: None)
    run = tiny_run(tmp_path, tiny_spec(60, train=BLOW | {"learning_rate": 0.01}), owner=OWNER)
    explode(run)
    (run.folder / f"{GOOD}.safetensors").write_bytes(b"broken")
    Queue(RunStore(tmp_path), spare=False).resume(run)
    assert list(read_states(run.folder)) == []
    assert Session(run.folder).run().state == "done"


def test_a_server_ends_what_has_exploded(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(2000, train={"learning_rate": 0.01, "grad_clip": None}))
    assert explode(run, limits=Limits(explosion=25)).reason == REASON


def test_the_command_line_goes_back_as_well(tmp_path, often, capsys):
    run = tiny_run(tmp_path, tiny_spec(60, train=BLOW | {"learning_rate": 0.01}))
    assert explode(run).reason == REASON
    step = way_back(run).step
    assert main(["resume", str(run.folder), "--json"]) == 0
    assert [(row["step"], row["learning_rate"][1]) for row in run.changes()] == [(step, 0.005)]
    assert run.status().state == "done"
