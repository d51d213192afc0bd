"""Who trains when: with workers that only take their folder's lock, so that the line alone is tested."""

import os
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from llm.runs import forecast
from llm.runs.control import Controls, read_commands
from llm.runs.limits import Limits
from llm.runs.locks import worker_lock
from llm.runs.queue import Queue
from llm.runs.spec import DataSpec, RunSpec
from llm.runs.status import Status, stored_status, write_status
from llm.runs.store import RunStore
from tests.run_helpers import LIMITS, OTHER, OWNER, tiny_spec

THIRD = "c" * 64


class PretendLauncher:
    """Workers that take their folder and do nothing."""

    def __init__(self):
        self.spare = None
        self.started: list[str] = []
        self.locks = {}
        self.codes: dict[str, int] = {}

    def take(self):
        return SimpleNamespace(pid=os.getpid())

    def give_back(self, worker):
        self.returned = worker

    def hand_over(self, worker, folder):
        self.started.append(folder.name)
        self.locks[folder.name] = worker_lock(folder)
        self.locks[folder.name].acquire()
        write_status(folder, replace(stored_status(folder), state="running", pid=worker.pid))

    def ended(self):
        codes, self.codes = self.codes, {}
        return codes

    def keep_spare(self):
        self.spare = True

    def end(self, run, state="done", **values):
        write_status(run.folder, replace(stored_status(run.folder), state=state, updated=time.time(), **values))
        self.locks.pop(run.id).release()


@pytest.fixture
def queue(tmp_path):
    queue = Queue(RunStore(tmp_path), LIMITS, 1, spare=False)
    queue.launcher = PretendLauncher()
    return queue


def spec(seed: int = 0, **values) -> RunSpec:
    return tiny_spec(60, train={"seed": seed}, **values)


def visitor(number: int) -> str:
    return f"{number:064d}"


def test_first_come_first_served(queue):
    runs = [queue.start(spec(i), visitor(i)) for i in range(5)]
    assert queue.launcher.started == [runs[0].id]
    assert [queue.place(run)[0] for run in runs] == [0, 1, 2, 3, 4]
    waits = [queue.place(run)[1] for run in runs]
    assert waits[0] == 0
    assert 0 < waits[1] < waits[2] < waits[3] < waits[4]
    for run in runs:
        queue.tick()
        queue.launcher.end(run)
    assert queue.launcher.started == [run.id for run in runs]
    assert queue.place(runs[-1]) == (0, 0.0)


def test_as_many_at_once_as_there_are_slots(queue):
    queue.slots = 3
    runs = [queue.start(spec(i), visitor(i)) for i in range(5)]
    assert len(queue.launcher.started) == 3
    queue.tick()
    assert len(queue.launcher.started) == 3
    queue.launcher.end(runs[1])
    queue.tick()
    assert queue.launcher.started[-1] == runs[3].id


def test_the_environment_says_how_many_train_at_once(tmp_path, monkeypatch):
    assert Queue(RunStore(tmp_path), spare=False).slots == max(1, os.cpu_count() - 1)
    monkeypatch.setenv("GLASSFORMER_MAX_AT_ONCE", "7")
    assert Queue(RunStore(tmp_path), spare=False).slots == 7


def test_identical_starts_attach(queue):
    first = queue.start(spec(), OWNER)
    assert not first.attached
    again = queue.start(replace(spec(), title="another name"), OTHER)
    assert again == first
    assert again.attached
    assert not again.is_owner(OTHER)
    assert again.is_visible_to(OTHER)
    assert not queue.store.get(first.id).attached
    queue.launcher.end(first)
    assert queue.start(spec(), THIRD) == first  # a finished one, too
    assert len(queue.store.runs()) == 1


def test_one_active_run_for_each_visitor(queue):
    first = queue.start(spec(), OWNER)
    with pytest.raises(ValueError, match=r"your run “Copy, 1 layer of 16” is not finished; stop it first"):
        queue.start(spec(1), OWNER)
    waiting = queue.start(spec(1), OTHER)
    with pytest.raises(ValueError, match=r"waits for its turn; stop it first"):
        queue.start(spec(2), OTHER)
    Controls(waiting).stop()
    assert queue.start(spec(2), OTHER)
    assert queue.start(spec(), OTHER) == first  # looking at another's is no second run


def test_resuming(queue):
    run = queue.start(spec(), OWNER)
    with pytest.raises(ValueError, match="is still active"):
        queue.resume(run)
    Controls(run).pause()
    queue.launcher.end(run, "running", step=7)  # killed
    assert run.status().state == "interrupted"
    other = queue.start(spec(1), OTHER)
    queue.resume(run, learning_rate=1e-4)
    assert (run.status().state, run.status().step, run.status().message) == ("waiting", 7, "")
    assert queue.place(run)[0] == 1
    assert [(c["command"], c.get("learning_rate")) for c in read_commands(run.folder)] == [("change", 1e-4)]  # no old pause
    queue.launcher.end(other)
    queue.tick()
    assert run.status().state == "running"
    queue.launcher.end(run)
    with pytest.raises(ValueError, match="has finished; start a new one"):
        queue.resume(run)


def test_a_run_with_another_one_active_cannot_be_resumed(queue):
    run = queue.start(spec(), OWNER)
    queue.launcher.end(run, "stopped")
    queue.start(spec(1), OWNER)
    with pytest.raises(ValueError, match="stop it first"):
        queue.resume(run)


def test_limits_and_texts(queue):
    with pytest.raises(ValueError, match="at most 20,000 are allowed"):
        queue.start(tiny_spec(10**6), OWNER)
    own = tiny_spec(data=DataSpec("text", name="mine.txt", tokenizer="char"))
    with pytest.raises(ValueError, match="there is no text"):
        queue.start(own, OWNER)
    with pytest.raises(ValueError, match="learning needs at least 200"):
        queue.start(own, OWNER, "short")
    with pytest.raises(ValueError, match="uploaded model are not here"):
        queue.start(tiny_spec(data=DataSpec("upload")), OWNER)
    assert queue.store.runs() == []
    run = queue.start(own, OWNER, "The sun \ud800 went down. " * 40)
    assert len(run.spec.data.sha256) == 64
    assert (run.folder / "text.txt").stat().st_size > 500
    assert queue.start(own, OTHER, "The sun \ud800 went down. " * 40) == run


def test_a_sweep_lets_others_pass(queue):
    sweep = queue.start_many([spec(i) for i in range(4)], OWNER)
    single = queue.start(spec(10), OTHER)
    assert queue.launcher.started == [sweep[0].id]
    assert queue.line() == [single, *sweep[1:]]
    with pytest.raises(ValueError, match="stop it first"):
        queue.start_many([spec(20)], OWNER)
    with pytest.raises(ValueError, match="from 1 to 25"):
        queue.start_many([spec(i) for i in range(26)], OTHER)
    assert len({run.batch for run in sweep}) == 1
    assert [run.turn for run in sweep] == [0, 1, 2, 3]


def test_a_sweep_takes_what_is_there_already(queue):
    done = queue.start(spec(1), OTHER)
    queue.launcher.end(done)
    runs = queue.start_many([spec(0), spec(1), spec(2)], OWNER)
    assert runs[1] == done
    assert [run.attached for run in runs] == [False, True, False]
    assert [runs[0].turn, runs[2].turn] == [0, 1]


def test_what_is_there_already_is_shown_whatever_else_is_active(queue):
    done = []
    for i in (1, 2):
        done.append(queue.start(spec(i), OTHER))
        queue.launcher.end(done[-1])
    mine = queue.start(spec(9), OWNER)
    assert mine.status().active
    assert queue.start_many([spec(1), spec(2)], OWNER) == done and all(run.is_visible_to(OWNER) for run in done)
    with pytest.raises(ValueError, match="stop it first"):
        queue.start_many([spec(1), spec(3)], OWNER)


def test_a_worker_that_cannot_start_is_not_started_forever(queue, monkeypatch):
    monkeypatch.setattr(queue.launcher, "hand_over", lambda worker, folder: queue.launcher.started.append(folder.name))
    run = queue.start(spec(), OWNER)
    queue.tick()
    assert len(queue.launcher.started) == 1  # it is given time
    queue.launcher.codes = {run.id: 1}
    queue.tick()
    assert (run.status().state, run.status().reason) == ("failed", "start")
    assert "exit code 1" in run.status().message
    queue.tick()
    assert len(queue.launcher.started) == 1


def test_a_process_that_vanished_before_it_took_its_run_makes_room(queue, monkeypatch):
    """The other server has started it, and was killed with it: nobody reports that."""
    monkeypatch.setattr(queue.launcher, "hand_over", lambda worker, folder: None)
    run = queue.start(spec(), OWNER)
    assert run.status().starting
    assert queue.line() == []
    monkeypatch.setattr("llm.runs.status.is_alive", lambda pid: False)
    assert queue.line() == [run]


def test_another_server_at_the_line_is_not_waited_for(queue):
    with RunStore(queue.store.root).lock():
        queue.tick()
    monkey = queue.start(spec(), OWNER)
    assert queue.launcher.started == [monkey.id]


def test_a_folder_that_cannot_be_written_keeps_its_place(queue, monkeypatch):
    monkeypatch.setattr("llm.runs.queue.write_status", lambda *args, **options: False)
    run = queue.start(spec(), OWNER)
    assert queue.launcher.started == []
    assert queue.launcher.returned
    assert run.status().state == "waiting"


def test_runs_make_room_for_new_ones(queue):
    queue.limits = Limits(bytes=120_000)
    first = queue.start(spec(), OWNER)
    queue.launcher.end(first)
    (first.folder / "model.safetensors").write_bytes(b"x" * 200_000)
    second = queue.start(spec(1), OWNER)
    assert queue.store.runs() == [second]
    (second.folder / "model.safetensors").write_bytes(b"x" * 200_000)
    with pytest.raises(ValueError, match="no room for another run"):
        queue.start(spec(2), OTHER)  # the one that trains is never removed


def test_forecasts():
    small, large = tiny_spec(1000), tiny_spec(1000, model={"d_model": 64})
    status = Status(tokens_per_second=50_000.0, updated=1.0)
    speed = forecast.measured_speed([(small, status), (large, Status())])
    assert forecast.duration(small, speed, LIMITS) == pytest.approx(1000 * 4 * 16 / 50_000 + forecast.OVERHEAD)
    assert forecast.duration(large, speed, LIMITS) > 2 * forecast.duration(small, speed, LIMITS) - forecast.OVERHEAD
    assert forecast.duration(tiny_spec(20_000), 1.0, LIMITS) == LIMITS.seconds + forecast.OVERHEAD
    assert forecast.duration(tiny_spec(20_000, train={"max_seconds": 5.0}), 1.0, LIMITS) == 5 + forecast.OVERHEAD
    assert forecast.measured_speed([]) == forecast.USUAL_SPEED


def test_seconds_to_start():
    assert forecast.seconds_to_start([], [], 1) == 0
    assert forecast.seconds_to_start([10.0], [], 1) == 10
    assert forecast.seconds_to_start([10.0], [5.0, 7.0], 1) == 22
    assert forecast.seconds_to_start([10.0, 4.0], [], 2) == 4
    assert forecast.seconds_to_start([10.0, 4.0], [3.0, 20.0], 2) == 10
    assert forecast.seconds_to_start([10.0], [], 2) == 0
