"""A full disk and a folder that cannot be written: a readable state, a sentence, and the same model once there is room again."""

import os
import subprocess
import sys

import pytest

from llm.runs.store import RunStore
from tests.run_helpers import OWNER, ROOT, assert_is_oracle, assert_whole, finish, start_worker, tiny_run, tiny_spec, wait_for

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX limits and mounts")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "glassformer-test", disk], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(disk) -> None:
    """Leave not a byte."""
    with (disk / "filler").open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def test_the_disk_fills_while_it_trains(small_disk):
    run = tiny_run(small_disk / "runs", tiny_spec(2_500, snapshot_every=100))
    worker = start_worker(run)
    wait_for(lambda: len(run.metrics()) > 300)
    fill(small_disk)
    worker.communicate(timeout=120)
    status = run.status()
    assert (status.state, status.reason) == ("failed", "disk")
    assert status.message.startswith("The disk is full.")
    assert status.step > 0
    assert_whole(run)
    newest = max(run.snapshots())
    assert {row["step"] for row in run.metrics()} >= set(range(1, newest + 1))
    with pytest.raises(ValueError, match="the disk is full"):
        RunStore(small_disk / "runs").create(tiny_spec(), OWNER)
    (small_disk / "filler").unlink()
    finish(run)
    assert_is_oracle(run)


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from llm.runs.worker import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("most", [pytest.param(8_000, marks=pytest.mark.slow), 30_000])
def test_a_write_that_fails_in_the_middle(tmp_path, most):
    """No file may grow beyond so many bytes: the first size is too small for a state, the second for many lines of metrics."""
    run = tiny_run(tmp_path, tiny_spec(800))
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", LIMITED, str(most), str(run.folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    assert (run.status().state, run.status().reason) == ("failed", "disk")
    assert_whole(run)
    assert not list(run.folder.rglob(".*.safetensors.*"))
    finish(run)
    assert_is_oracle(run)


@pytest.fixture
def read_only(tmp_path):
    """Makes a folder read-only, for root as well."""
    mounted = []

    def protect(folder):
        for options in (["--bind", str(folder), str(folder)], ["-o", "remount,ro,bind", str(folder)]):
            done = subprocess.run(["mount", *options], capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"a folder cannot be made read-only here: {done.stderr.strip()}")
            mounted.append(folder)

    yield protect
    for folder in mounted[:1]:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_read_only_folder(tmp_path, read_only):
    root = tmp_path / "runs"
    run = tiny_run(root, tiny_spec(400))
    finished = tiny_run(root, tiny_spec(20))
    finish(finished)
    read_only(root)
    store = RunStore(root)
    assert {found.id for found in store.runs()} == {run.id, finished.id}
    assert store.get(finished.id).status().state == "done"
    assert len(finished.metrics()) == 20
    with pytest.raises(ValueError, match=r"runs cannot be stored in runs .*GLASSFORMER_RUNS"):
        store.create(tiny_spec(), OWNER)
    with pytest.raises(ValueError, match="could not be"):
        finished.rename("other")
    worker = start_worker(run)
    worker.communicate(timeout=120)
    assert run.status().state == "waiting"  # nothing could be written, and nothing was lost
