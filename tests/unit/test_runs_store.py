"""Runs as folders: made, listed, owned, labelled, cleaned up; their state as readers conclude it."""

import os
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from llm.runs.control import Controls, Inbox, read_commands
from llm.runs.limits import Limits
from llm.runs.locks import is_held, worker_lock
from llm.runs.status import ROOM, STATES, Status, stored_status, write_status
from llm.runs.store import RUN_ID, RunStore, new_id
from tests.run_helpers import LIMITS, OTHER, OWNER, tiny_run, tiny_spec


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


@pytest.fixture
def run(store):
    return store.create(tiny_spec(), OWNER)


def set_state(run, state, **values):
    assert write_status(run.folder, replace(stored_status(run.folder), state=state, **values))


def test_where_runs_are(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSFORMER_RUNS", str(tmp_path / "elsewhere"))
    assert RunStore().root == tmp_path / "elsewhere"
    assert RunStore(tmp_path).root == tmp_path
    monkeypatch.delenv("GLASSFORMER_RUNS")
    assert RunStore().root.parts[-2:] == ("var", "runs")


def test_a_new_run_waits(store, run):
    assert run.status().state == "waiting"
    assert run.status().steps == 60
    assert run.spec.digest() == tiny_spec().digest()
    assert store.runs() == [run]
    assert store.get(run.id) == run
    assert run.metrics() == run.samples() == run.changes() == []
    assert run.snapshots() == ()
    assert not list(store.root.glob(".new-*"))


def test_ids_cannot_be_guessed_nor_lead_elsewhere(store, run):
    ids = {new_id() for _ in range(300)}
    assert len(ids) == 300
    assert all(RUN_ID.fullmatch(one) and len(one) == 16 for one in ids)
    (store.root.parent / "spec.json").write_text("{}")
    for wrong in ("", ".", "..", "../runs", f"../runs/{run.id}", "/etc", run.id[:-1], run.id + "/", "x" * 16):
        with pytest.raises(ValueError, match="there is no such run"):
            store.get(wrong)


def test_newest_first_and_own_ones(store, run):
    time.sleep(0.01)
    second = store.create(tiny_spec(61), OTHER)
    assert store.runs() == [second, run]
    assert store.visible_to(OWNER) == [run]
    assert store.visible_to("") == []
    second.attach(OWNER)
    second.attach(OWNER)
    assert store.visible_to(OWNER) == [second, run]
    assert second.owners()["viewers"] == [OWNER]
    assert second.is_owner(OTHER)
    assert not second.is_owner(OWNER)  # looking gives no control
    assert not second.is_owner("")
    second.detach(OWNER)
    assert store.visible_to(OWNER) == [run]


def test_a_whole_class_can_attach_at_once(run):
    visitors = [f"{i:064d}" for i in range(20)]
    threads = [threading.Thread(target=run.attach, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run.owners()["viewers"]) == visitors


def test_labels(store, run):
    assert run.title == "Copy, 1 layer of 16"
    run.rename("  My <b>run</b>\n ")
    assert run.title == "My <b>run</b>"
    run.rename("")
    assert run.title == "Copy, 1 layer of 16"
    run.keep()
    run.annotate("note")
    assert (run.kept, run.note) == (True, "note")
    run.keep(False)
    assert not store.get(run.id).kept
    with pytest.raises(ValueError, match="at most 120"):
        run.rename("x" * 121)
    assert store.create(tiny_spec(title="Named"), OWNER).title == "Named"


def test_status_is_concluded_from_the_lock(run):
    set_state(run, "running", step=5)
    assert run.status().state == "interrupted"
    assert "Everything up to step 5" in run.status().message
    assert run.status().resumable
    assert stored_status(run.folder).state == "running"  # never written
    with worker_lock(run.folder):
        assert is_held(run.folder)
        assert run.status().state == "running"
    assert run.status().state == "interrupted"
    for state in ("waiting", "done", "stopped", "failed"):
        set_state(run, state)
        assert run.status().state == state
    assert set(STATES) >= {"interrupted", "paused", "preparing"}


def test_looking_at_the_lock_does_not_take_it(run):
    """Hundreds of looks, and the worker still gets its folder at once."""
    stop = threading.Event()

    def look():
        while not stop.is_set():
            is_held(run.folder)

    worker_lock(run.folder).acquire().lock.release()
    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        with worker_lock(run.folder).acquire(timeout=60):
            assert is_held(run.folder)
    stop.set()
    for thread in threads:
        thread.join()


def test_status_on_a_full_disk_is_written_in_place(run, monkeypatch):
    from llm.runs import status

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    assert (run.folder / "status.json").stat().st_size == ROOM
    monkeypatch.setattr(status, "write_bytes", full)
    assert write_status(run.folder, Status("failed", message="The disk is full."))
    assert (run.status().state, run.status().message) == ("failed", "The disk is full.")
    assert (run.folder / "status.json").stat().st_size == ROOM
    (run.folder / "status.json").unlink()
    assert not write_status(run.folder, Status("failed"))


def test_identical_runs(store, run):
    digest = run.digest
    assert store.find_identical(digest) == run
    assert store.find_identical(tiny_spec(61).digest()) is None
    for state in ("stopped", "failed", "running"):  # running, but nobody trains it: interrupted
        set_state(run, state)
        assert store.find_identical(digest) is None
    set_state(run, "done")
    assert store.find_identical(digest) == run
    for step, found in ((14, None), (15, run)):  # of 60 when its time was over
        set_state(run, "done", step=step, steps=60, reason="max_seconds")
        assert store.find_identical(digest) == found
    with worker_lock(run.folder):
        set_state(run, "paused")
        assert store.find_identical(digest, OTHER) is None  # only its owner can go on with it
        assert store.find_identical(digest, OWNER) == run
    set_state(run, "done")
    (run.folder / "changes.jsonl").write_text('{"step": 3, "prompt": ["a", "b"]}\n')
    assert store.find_identical(digest) == run
    (run.folder / "changes.jsonl").write_text('{"step": 3, "learning_rate": [1, 2]}\n')
    assert store.find_identical(digest) is None  # it did not train what its spec says


def test_removing(store, run):
    with pytest.raises(ValueError, match="stop it first"):
        store.remove(run)
    set_state(run, "done")
    with worker_lock(run.folder), pytest.raises(ValueError, match="stop it first"):
        store.remove(run)
    store.remove(run)
    assert store.runs() == []
    assert not list(store.root.glob(".gone*"))


def test_clean_up_takes_the_oldest_that_nobody_needs(store):
    runs = []
    for i, state in enumerate(("done", "waiting", "done", "running", "stopped", "done")):
        run = store.create(tiny_spec(60 + i), OWNER)
        (run.folder / "model.safetensors").write_bytes(b"x" * 100_000)
        set_state(run, state)
        runs.append(run)
        time.sleep(0.005)
    runs[2].keep()
    with worker_lock(runs[3].folder):
        assert store.clean_up(Limits(bytes=10**9)) == []
        assert store.clean_up(replace(LIMITS, bytes=450_000)) == [runs[0].id, runs[4].id]
        with pytest.raises(ValueError, match="no room for another run"):
            store.make_room(replace(LIMITS, bytes=1000))
    assert store.runs() == [runs[3], runs[2], runs[1]]


def test_a_file_that_a_worker_renames_meanwhile_has_no_size(run, monkeypatch):
    """The queue adds up the sizes of live runs, and their workers write each file under another name first."""
    (run.folder / "snapshots").mkdir()
    (run.folder / "snapshots" / "weights").write_bytes(b"x" * 100)
    before = run.size()
    (run.folder / ".new-state").write_bytes(b"x" * 1000)
    assert run.size() == before + 1000
    listed = os.scandir

    @contextmanager
    def renamed_after_listing(folder):
        with listed(folder) as entries:
            found = list(entries)
        (run.folder / ".new-state").unlink(missing_ok=True)
        yield iter(found)

    monkeypatch.setattr(os, "scandir", renamed_after_listing)
    assert run.size() == before


def test_leftovers_of_a_crash_are_swept(store, run):
    old, young, gone = (store.root / name for name in (".new-old", ".new-young", ".gone-x"))
    for folder in (old, young, gone):
        folder.mkdir()
    os.utime(old, (0, 0))
    store.clean_up(LIMITS)
    assert (old.exists(), young.exists(), gone.exists()) == (False, True, False)
    assert store.runs() == [run]


def test_a_root_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"runs cannot be stored in file.*set GLASSFORMER_RUNS"):
        RunStore(tmp_path / "file").create(tiny_spec(), OWNER)
    assert RunStore(tmp_path / "file").runs() == []
    assert RunStore(tmp_path / "nowhere").runs() == []


def test_commands_arrive_once_and_in_order(run, monkeypatch):
    controls, inbox = Controls(run, LIMITS), Inbox(run.folder)
    monkeypatch.setattr("llm.runs.control.POLL", 0.0)
    assert inbox.new() == []
    controls.pause()
    controls.change(learning_rate=0.5, prompt="Hello")
    assert [c["command"] for c in inbox.new()] == ["pause", "change"]
    assert inbox.new() == []
    for _ in range(100):
        controls.one_step()
    assert len(read_commands(run.folder)) == 64
    assert len(inbox.new()) == 64
    controls.resume()
    found = inbox.new()
    assert [(c["command"], c["number"]) for c in found] == [("resume", 103)]
    assert Inbox(run.folder).new()[0]["number"] == 40
    (run.folder / "control.json").write_text("[")
    assert inbox.new() == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"learning_rate": -1.0}, "learning_rate is -1"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 10**7}, "MB of memory"),
        ({"dropout": 1.5}, "dropout is 1.5"),
        ({"prompt": "x" * 1001}, "prompt is longer"),
    ],
)
def test_changes_that_cannot_be_made(run, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        Controls(run, LIMITS).change(**change)
    assert read_commands(run.folder) == []


def test_a_waiting_run_leaves_the_line_at_once(run):
    Controls(run).stop()
    assert (run.status().state, run.status().reason) == ("stopped", "stopped")
    assert read_commands(run.folder) == []


def test_two_controllers_lose_no_command(tmp_path):
    run = tiny_run(tmp_path)
    threads = [threading.Thread(target=Controls(run).one_step) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [c["number"] for c in read_commands(run.folder)] == list(range(1, 13))
