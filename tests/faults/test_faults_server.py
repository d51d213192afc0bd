"""The server is killed, restarted, doubled: runs go on, are adopted, and none is started twice."""

import json
import os
import subprocess
import sys

import pytest

from llm.runs.control import Controls
from llm.runs.launch import Launcher
from llm.runs.queue import Queue
from llm.runs.status import is_alive
from llm.runs.store import RunStore
from tests.run_helpers import LIMITS, OTHER, OWNER, ROOT, assert_is_oracle, kill, tiny_run, tiny_spec, wait_for

SERVER = """
import json, sys, time
from llm.runs.limits import Limits
from llm.runs.queue import Queue
from llm.runs.spec import RunSpec
from llm.runs.store import RunStore

root, slots = sys.argv[1], int(sys.argv[2])
queue = Queue(RunStore(root), Limits(), slots, spare=len(sys.argv) > 3)
hand_over = queue.launcher.hand_over
def noted(worker, folder):
    print(json.dumps({"run": folder.name, "pid": worker.pid}), flush=True)
    hand_over(worker, folder)
queue.launcher.hand_over = noted
while True:
    queue.tick()
    if queue.launcher.spare is not None:
        print(json.dumps({"spare": queue.launcher.spare.pid}), flush=True)
    time.sleep(0.05)
"""


def serve(root, slots: int = 1, *options: str) -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SERVER, str(root), str(slots), *options]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def told(server: subprocess.Popen) -> list[dict]:
    """All that a server has said, once it is dead."""
    kill(server)
    said = [json.loads(line) for line in server.stdout.read().splitlines() if line.endswith(b"}")]
    server.stdout.close()
    return said


def test_a_killed_server_leaves_its_run_to_the_next_one(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(20_000))
    server = serve(tmp_path)
    wait_for(lambda: len(run.metrics()) > 10)
    worker = run.status().pid
    kill(server)
    server.stdout.close()
    step = run.status().step
    wait_for(lambda: run.status().step > step)  # it goes on

    queue = Queue(RunStore(tmp_path), LIMITS, 1, spare=False)  # the server after its restart
    queue.tick()
    again = queue.store.get(run.id)
    assert (again.status().state, again.status().pid) == ("running", worker)
    other = queue.start(tiny_spec(30, train={"seed": 1}), OTHER)
    queue.tick()
    assert queue.place(other)[0] == 1  # the adopted run takes the only place
    assert again.is_owner(OWNER)
    assert not again.is_owner(OTHER)
    Controls(again).pause()
    wait_for(lambda: again.status().state == "paused")
    Controls(again).stop()
    wait_for(lambda: again.status().state == "stopped")
    wait_for(lambda: queue.tick() or other.status().state == "done")
    queue.close()


def test_a_waiting_worker_ends_with_its_server(tmp_path):
    server = serve(tmp_path, 1, "spare")
    spare = json.loads(server.stdout.readline())["spare"]
    assert is_alive(spare)
    kill(server)
    server.stdout.close()
    wait_for(lambda: not is_running(spare))


def test_a_run_that_was_stopped_while_its_worker_was_on_its_way_is_not_trained(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(20))
    launcher = Launcher(tmp_path)
    worker = launcher.take()
    Controls(run).stop()
    launcher.hand_over(worker, run.folder)
    assert worker.wait(120) == 0
    assert run.status().state == "stopped" and run.metrics() == []


def is_running(pid: int) -> bool:
    """A process that has ended but that nobody has collected yet does not count."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return is_alive(pid) and not os.path.isdir("/proc/self")


@pytest.mark.parametrize("runs", [3, pytest.param(12, marks=pytest.mark.slow)])
def test_two_servers_on_one_root_start_each_run_once(tmp_path, runs):
    made = [tiny_run(tmp_path, tiny_spec(40, train={"seed": i}), owner=f"{i:064d}") for i in range(runs)]
    servers = [serve(tmp_path, 2) for _ in range(2)]
    at_work = 0
    store = RunStore(tmp_path)

    def all_done() -> bool:
        nonlocal at_work
        states = [run.status().state for run in made]
        at_work = max(at_work, sum(state in ("preparing", "running") for state in states))
        return all(state == "done" for state in states)

    wait_for(all_done, 300)
    started = [line["run"] for server in servers for line in told(server)]
    assert sorted(started) == sorted(run.id for run in made)
    assert at_work <= 2
    assert store.get(made[0].id).status().reason == "steps"
    for run in made[:2]:
        assert_is_oracle(run)
