"""kill -9 at any moment: a readable state, nothing lost that is older than the newest snapshot, and the same model in the end."""

import contextlib
import random
import subprocess

import pytest

from llm.checkpoints import load_checkpoint
from llm.runs.control import Controls
from llm.runs.store import RunStore
from tests.run_helpers import assert_is_oracle, assert_whole, finish, kill, rows_of, start_worker, tiny_run, tiny_spec, wait_for


def kill_somewhere(run, rng: random.Random) -> None:
    """Start a worker, let it get somewhere, change something now and then, and kill it."""
    worker = start_worker(run)
    before, trains = run.status().step, rng.random() < 0.8
    if trains:
        wait_for(lambda: worker.poll() is not None or (run.status().state == "running" and len(run.metrics(before)) > 3))
    if rng.random() < 0.5:
        Controls(run).change(learning_rate=rng.choice((1e-3, 2e-3, 5e-4)), batch_size=rng.choice((3, 4, 5)))
    if rng.random() < 0.3:
        Controls(run).change(prompt=f"moon {rng.random()}")
    if trains:  # so many steps, not so many seconds: a quick machine would be at the end
        steps = rng.randrange(4, 300)
        wait_for(lambda: worker.poll() is not None or len(run.metrics(before)) > steps)
    else:
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(rng.uniform(0.0, 1.0))
    kill(worker)


def kill_and_resume(root, times: int, steps: int, seed: int) -> None:
    rng = random.Random(seed)
    run = tiny_run(root, tiny_spec(steps, snapshot_every=97, prompt="moon cup"))
    kills = 0
    for _ in range(times):
        kill_somewhere(run, rng)
        status = run.status()
        if status.state == "done":
            break
        kills += 1
        assert status.state in ("waiting", "interrupted")
        assert_whole(run)
        rows, newest = rows_of(run), max(run.snapshots(), default=0)
        assert set(range(1, newest + 1)) <= set(rows)  # every step up to the newest snapshot has its record
        if newest:
            assert load_checkpoint(run.folder).meta["step"] == newest
        if status.state == "interrupted":
            assert status.message
    assert kills > times // 2
    finish(run)
    assert_whole(run)
    assert_is_oracle(run)


def test_kill_at_random_moments(tmp_path):
    kill_and_resume(tmp_path, 3, 1_500, seed=1)


@pytest.mark.slow
def test_kill_at_random_moments_twenty_times(tmp_path):
    kill_and_resume(tmp_path, 20, 6_000, seed=2)


def test_no_record_older_than_the_newest_snapshot_is_lost(tmp_path):
    """What stood in the metrics up to the newest snapshot is not cut by a resume, and stays as it was written, times included."""
    run = tiny_run(tmp_path, tiny_spec(4_000, snapshot_every=50))
    worker = start_worker(run)
    wait_for(lambda: len(run.snapshots()) > 12)
    kill(worker)
    newest = max(run.snapshots())
    before = [row for row in run.metrics() if row["step"] <= newest]
    worker = start_worker(run)
    wait_for(lambda: len(run.metrics(newest)) > 300 or run.status().state == "done")
    kill(worker)
    assert run.metrics()[: len(before)] == before


def test_a_run_killed_before_its_first_state_starts_again(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(40))
    worker = start_worker(run)
    wait_for(lambda: run.status().state == "preparing" or worker.poll() is not None)
    kill(worker)
    finish(run)
    assert_is_oracle(run)


def test_two_workers_on_one_folder_train_it_once(tmp_path):
    run = tiny_run(tmp_path, tiny_spec(1_500))
    workers = [start_worker(run) for _ in range(2)]
    for worker in workers:
        worker.communicate(timeout=300)
    assert [worker.returncode for worker in workers] == [0, 0]
    assert RunStore(tmp_path).get(run.id).status().state == "done"
    assert_is_oracle(run)
