"""One run in this process: what its folder holds, how it obeys, why it ends, and that it goes on where it was."""

import base64
import json
import threading
import time

import numpy as np
import pytest
import torch

from llm.checkpoints import load_checkpoint
from llm.runs import session as session_module
from llm.runs.control import POLL, Controls, forget_commands
from llm.runs.limits import Limits
from llm.runs.output import Output
from llm.runs.prepare import load_data
from llm.runs.record import on_grid
from llm.runs.samples import make_sample
from llm.runs.session import Ending, Session
from llm.runs.spec import DataSpec
from llm.runs.state import read_states, saved_step, write_state
from llm.runs.status import stored_status
from llm.trace import trace
from tests.run_helpers import LIMITS, assert_is_oracle, rows_of, tiny_run, tiny_spec, wait_for


def train(run, watch=None, **options):
    return Session(run.folder, watch=watch, **options).run()


class InThread:
    """A session that trains beside the test, which plays the owner."""

    def __init__(self, run, **options):
        self.session = Session(run.folder, **options)
        self.thread = threading.Thread(target=self.session.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self.session

    def __exit__(self, *_):
        self.thread.join(60)
        assert not self.thread.is_alive()


def test_a_finished_folder(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(60, prompt="moon cup moon"))
    status = train(run)
    assert (status.state, status.reason, status.step) == ("done", "steps", 60)
    assert status.message == "All 60 steps are done."
    assert status == run.status()
    assert_is_oracle(run)
    assert list(rows_of(run)) == list(range(1, 61))
    assert run.snapshots() == (0, 1, 2, 5, 10, 20, 50, 60)
    assert not list(run.folder.glob("state-*"))
    assert run.meta()["val_loss"] == pytest.approx(run.metrics()[-1]["val_loss"], abs=1e-5)
    assert load_checkpoint(run.folder).meta["step"] == 60
    assert load_checkpoint(run.folder, step=20).meta["step"] == 20
    assert "All" not in (run.folder / "card.md").read_text()
    names = {path.name for path in run.folder.iterdir()}
    assert {"spec.json", "config.json", "tokenizer.json", "metrics.jsonl", "samples.jsonl", "status.json", "meta.json"} <= names
    assert "changes.jsonl" not in names


def test_samples_say_what_the_model_says(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(5, prompt="moon cup moon"))
    train(run)
    first, *_, last = run.samples()
    assert (first["step"], last["step"]) == (0, 5)
    opened = load_checkpoint(run.folder)
    ids = opened.tokenizer.encode("moon cup moon")
    found = trace(opened.model, ids)
    assert last["tokens"] == [opened.tokenizer.token_text(i) for i in ids]
    probabilities = torch.softmax(torch.from_numpy(found["logits"][-1].copy()), -1)
    assert [p for _, p in last["next"]] == pytest.approx(probabilities.topk(8).values.tolist(), abs=1e-5)
    patterns = np.frombuffer(base64.b64decode(last["patterns"]), np.uint8).reshape(last["shape"])
    assert np.abs(patterns[0] / 255 - found["blocks.0.attn.pattern"]).max() <= 0.5 / 255 + 1e-4
    assert [row["step"] for row in run.samples(since=0)] == [row["step"] for row in run.samples()][1:]


def test_looking_changes_nothing(tmp_path):
    with_prompt, without = (tiny_run(tmp_path, tiny_spec(30, prompt=prompt)) for prompt in ("moon cup", ""))
    train(with_prompt)
    train(without)
    assert rows_of(with_prompt) == rows_of(without)
    assert without.samples() == []


def test_obeying(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(100_000, prompt="moon"))
    controls = Controls(run)
    controls.pause()
    with InThread(run) as session:
        wait_for(lambda: run.status().state == "paused")
        assert run.status().step == 0
        for expected in (1, 2):
            controls.one_step()
            wait_for(lambda expected=expected: run.status().step == expected)
        assert [row["step"] for row in run.metrics()] == [1, 2]
        assert [row["step"] for row in run.samples()] == [0, 1, 2]
        assert set(run.snapshots()) == {0, 1, 2}
        controls.change(learning_rate=0.5, batch_size=6, dropout=0.2, prompt="cup")
        wait_for(lambda: run.changes() and run.samples()[-1]["prompt"] == "cup")
        assert run.changes() == [
            {
                "step": 2,
                "seconds": run.changes()[0]["seconds"],
                "learning_rate": [0.001, 0.5],
                "batch_size": [4, 6],
                "dropout": [0.1, 0.2],
                "prompt": ["moon", "cup"],
            }
        ]
        controls.change(learning_rate=0.5)  # already so: no change
        controls.resume()
        wait_for(lambda: run.status().step > 20)
        assert run.status().state == "running"
        assert run.metrics()[2]["tokens"] == 2 * 64 + 6 * 16
        controls.stop()
    status = run.status()
    assert (status.state, status.reason) == ("stopped", "stopped")
    assert len(run.changes()) == 1
    assert load_checkpoint(run.folder).meta["step"] == status.step == session.trainer.step
    assert run.meta()["val_whole"] is False
    assert next(read_states(run.folder))[1]["trainer"]["step"] == status.step  # it can go on


def test_a_wrong_change_says_so_and_changes_nothing(tmp_path, monkeypatch):
    run = tiny_run(tmp_path, tiny_spec(100_000))
    controls = Controls(run)
    monkeypatch.setattr(controls, "_check", lambda given: None)  # the worker does not rely on it
    with InThread(run, limits=LIMITS):
        controls.change(learning_rate=-1.0)
        wait_for(lambda: "A change was not made: learning_rate is -1" in stored_status(run.folder).message)
        controls.change(batch_size=10**8)
        wait_for(lambda: "MB of memory" in stored_status(run.folder).message)
        controls.change(dropout="much")
        wait_for(lambda: "dropout" in stored_status(run.folder).message)
        controls.stop()
    assert run.changes() == []
    assert run.metrics()[-1]["learning_rate"] < 0.0011


def test_a_run_that_another_process_has_finished_is_left_as_it_is(tmp_path):
    """Two workers were started; the second got the folder when the first had let go of it."""
    run = tiny_run(tmp_path, tiny_spec(20))
    train(run)
    files = {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir() if path.suffix in (".json", ".jsonl")}
    steps = []
    assert train(run, lambda record, trainer: steps.append(record.step)).state == "done" and steps == []
    assert files == {name: (run.folder / name).stat().st_mtime_ns for name in files}


def test_stopped_runs_go_on(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(120))
    stop = threading.Event()

    def watch(record, trainer):
        if record.step == 50 and not stop.is_set():
            Controls(run).stop()
            stop.set()
            time.sleep(2 * POLL)  # then the session looks again before its next step, however quick its steps are

    assert train(run, watch).state == "stopped"
    assert run.status().step >= 50
    forget_commands(run.folder)  # as the queue does before it starts a run again
    assert train(run).state == "done"
    assert_is_oracle(run)


def test_it_is_known_from_which_step_a_run_goes_on(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(40))
    assert saved_step(run.folder) is None
    train_until(run, 25)
    assert saved_step(run.folder) == next(read_states(run.folder))[1]["trainer"]["step"]
    (run.folder / "state-latest.json").write_text("{")
    assert saved_step(run.folder) == next(read_states(run.folder))[1]["trainer"]["step"]


def test_ending_saves_and_is_an_interruption(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(120))
    session = Session(run.folder)
    session.watch = lambda record, trainer: session.end() if record.step == 33 else None
    with pytest.raises(Ending):
        session.run()
    assert (run.status().state, run.status().step) == ("interrupted", 33)
    assert max(run.snapshots()) == 33
    train(run)
    assert_is_oracle(run)


def test_whoever_changes_the_past_gets_another_future(tmp_path):
    """Killed after a change that no state knows, and changed again before it comes back to that step."""
    run = tiny_run(tmp_path, tiny_spec(60, snapshots=()))
    train_until(run, 10)
    (run.folder / "changes.jsonl").write_text('{"step": 20, "seconds": 1.0, "learning_rate": [0.001, 0.5]}\n')
    Controls(run).change(learning_rate=2e-4)
    train(run)
    assert [(row["step"], row["learning_rate"][1]) for row in run.changes()] == [(10, 2e-4)]
    assert_is_oracle(run)


def train_until(run, step: int) -> None:
    session = Session(run.folder)
    session.watch = lambda record, trainer: session.end() if record.step == step else None
    with pytest.raises(Ending):
        session.run()


@pytest.mark.parametrize(
    ("options", "reason", "message"),
    [
        ({"steps": 20}, "steps", "All 20 steps"),
        ({"max_seconds": 0.05, "steps": 10**6}, "max_seconds", "The time for this run is over."),
        ({"stop_at_val_loss": 90.0, "steps": 10**6}, "stop_at_val_loss", "has reached its target"),
        (
            {"plateau_evaluations": 1, "learning_rate": 0.0, "muon_learning_rate": 0.0, "eval_every": 2},
            "plateau",
            "stopped falling",
        ),
    ],
)
def test_reasons(tmp_path, options, reason, message):
    run = tiny_run(tmp_path, tiny_spec(10**6, train=options))
    status = train(run)
    assert (status.state, status.reason) == ("done", reason)
    assert message in status.message
    assert run.meta()["stop_reason"] == reason


def test_a_server_has_the_last_word_on_time(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(10**6))
    assert train(run, limits=Limits(seconds=0.05)).reason == "max_seconds"


def test_a_long_pause_makes_room(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(100))
    Controls(run).pause()
    status = train(run, limits=Limits(pause=0.2))
    assert (status.state, status.reason, status.step) == ("stopped", "pause", 0)
    assert run.status().resumable


def test_failures_are_sentences(tmp_path):
    lost = tiny_run(tmp_path, tiny_spec(400, train={"learning_rate": 99.0, "muon_learning_rate": 99.0, "grad_clip": None}))
    short = tiny_run(
        tmp_path, tiny_spec(data=DataSpec("text", tokenizer="char"), model={"context_length": 4096}), text="a b" * 99
    )
    large = tiny_run(tmp_path, tiny_spec(model={"d_model": 512}))
    broken = tiny_run(tmp_path, tiny_spec())
    (broken.folder / "spec.json").write_text("{")
    for run, sentence in (
        (lost, " is no longer a number"),
        (short, "The training part has "),
        (large, "parameters; at most 1,000 are allowed here."),
        (broken, "Spec.json in "),
    ):
        status = train(run, limits=Limits(parameters=1000) if run is large else None)
        assert status.state == "failed"
        assert sentence in status.message
        assert status.message.endswith(".")
        assert run.status() == status


def test_an_error_in_the_program_is_told_and_noted(tmp_path, monkeypatch):
    def broken(*args):
        raise ZeroDivisionError("inside")

    run = tiny_run(tmp_path)
    monkeypatch.setattr(session_module, "make_sample", broken)
    run = tiny_run(tmp_path, tiny_spec(prompt="moon"))
    status = train(run)
    assert (status.state, status.reason) == ("failed", "error")
    assert "ZeroDivisionError" in status.message
    assert "worker.log" in status.message
    assert 'raise ZeroDivisionError("inside")' in (run.folder / "worker.log").read_text()


def test_data_that_are_made_differently_are_not_mixed(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(60))
    train_until(run, 30)
    tensors, facts = next(read_states(run.folder))
    write_state(run.folder, tensors, facts | {"data": "other"})
    status = train(run)
    assert status.state == "failed"
    assert "start it again as a new run" in status.message


def test_a_masked_run(tmp_path):
    masked = {"objective": "masked_tokens"}
    run = tiny_run(tmp_path, tiny_spec(12, train=masked, model={"causal": False}, prompt="moon cup ___ fish"))
    assert train(run).state == "done", run.status()
    sample = run.samples()[-1]
    assert sample["tokens"][sample["blank"]] == "[MASK]"
    assert sample["text"].startswith("moon cup ")
    assert sample["text"].endswith(" fish")
    opened = load_checkpoint(run.folder)
    again = make_sample(opened.model, opened.tokenizer, "moon cup tree")  # without a blank: in the middle
    assert again["blank"] == len(again["tokens"]) // 2
    assert run.meta()["objective"] == "masked_tokens"
    assert np.frombuffer(base64.b64decode(sample["patterns"]), np.uint8).reshape(sample["shape"])[0, 0, 0, 1] > 0  # looks ahead


def test_own_text_and_resume_with_its_tokenizer(tmp_path):
    text = "The sun went down and the wind was cold. \ud800 " * 60
    run = tiny_run(tmp_path, tiny_spec(40, data=DataSpec("text", name="w.txt", tokenizer="bpe", vocab_size=280)), text=text)
    train_until(run, 20)
    tokens = (run.folder / "tokenizer.json").read_bytes()
    assert train(run).state == "done"
    assert (run.folder / "tokenizer.json").read_bytes() == tokens
    assert json.loads((run.folder / "config.json").read_text())["data"]["text"] == "w.txt"


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    plain, run = tiny_run(tmp_path, tiny_spec(50)), tiny_run(tmp_path, tiny_spec(50, tensorboard=True))
    train(plain)
    assert not (plain.folder / "tensorboard").exists()
    train_until(run, 25)
    train(run)
    events = EventAccumulator(str(run.folder / "tensorboard")).Reload()
    for name in ("loss", "learning_rate", "grad_norm", "val_loss"):
        rows = {row["step"]: row[name] for row in run.metrics() if name in row}
        assert {event.step: pytest.approx(event.value, rel=1e-5) for event in events.Scalars(name)} == rows
    assert rows_of(run) == rows_of(plain)


def test_tensorboard_that_is_not_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("llm.runs.limits.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install tensorboard"):
        tiny_spec(tensorboard=True).check(LIMITS)
    assert "pip install tensorboard" in train(tiny_run(tmp_path, tiny_spec(tensorboard=True))).message


def test_snapshots_where_asked(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(20, snapshots=(0, 3), snapshot_every=8))
    Output(dtype="float16", title="T", samples=("moon",), log_every=4).save(run.folder)
    train(run)
    assert run.snapshots() == (0, 3, 8, 16, 20)
    assert [row["step"] for row in run.metrics()] == [1, 4, 8, 12, 16, 20]
    assert run.meta()["title"] == "T"
    assert "**moon**" in (run.folder / "card.md").read_text()
    weights = load_checkpoint(run.folder).model.state_dict()["token_embedding.weight"]
    assert torch.equal(weights, weights.half().float())
    assert [step for step in range(2001) if on_grid(step)] == [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]


def test_newest_snapshots_roll(tmp_path, monkeypatch):
    monkeypatch.setattr(session_module, "SAVE_EVERY", 0.0)
    monkeypatch.setattr(session_module, "SAVE_SHARE", 0.0)
    run = tiny_run(tmp_path, tiny_spec(100_000, snapshots=(4,)))
    train_until(run, 30)
    assert run.snapshots() == (4, 28, 29, 30)
    states = list(read_states(run.folder))
    assert [facts["trainer"]["step"] for _, facts in states] == [30, 29]


def test_corpora_are_cached_and_bounded(tmp_path, monkeypatch):
    data = DataSpec(corpus="arithmetic", size=2000, tokenizer="char")
    made = load_data(data, cache=tmp_path)
    monkeypatch.setattr("llm.runs.prepare.corpus_source", None)
    again = load_data(data, cache=tmp_path)
    for name in ("train", "val", "starts"):
        assert torch.equal(getattr(made.data, name), getattr(again.data, name))
    assert (again.tokenizer, again.questions, again.description) == (made.tokenizer, made.questions, made.description)
    assert (again.data.val_bytes, again.data.special) == (made.data.val_bytes, made.data.special)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    monkeypatch.undo()
    assert torch.equal(load_data(data, cache=tmp_path).data.train, made.data.train)
    monkeypatch.setattr("llm.runs.prepare.MOST_FILES", 2)
    for seed in range(4):
        load_data(DataSpec(corpus="arithmetic", size=2000, tokenizer="char", seed=seed + 1), cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    ready = load_data(DataSpec(size=20_000, tokenizer="stories"))
    assert ready.tokenizer.vocab_size == 1024
