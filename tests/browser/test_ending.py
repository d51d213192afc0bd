"""The server ends at once when it is asked to, however long those who watch a run would still stay; the run goes on."""

from __future__ import annotations

import time
import urllib.request
from pathlib import Path

from llm.runs.control import Controls
from tests.browser.conftest import server_process
from tests.run_helpers import OWNER, tiny_run, tiny_spec, wait_for

AT_ONCE = 60.0  # seconds, on a busy machine; the run would take hours


def test_watchers_do_not_keep_the_server_from_ending(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, tiny_spec(10_000_000), owner=OWNER)
    try:
        with server_process(GLASSFORMER_RUNS=str(tmp_path), GLASSFORMER_MAX_MINUTES="600") as (process, address):
            wait_for(lambda: run.status().state == "running")
            with urllib.request.urlopen(f"{address}/live/{run.id}", timeout=30) as stream:
                assert stream.readline() == b"retry: 2000\n"
                process.terminate()
                process.wait(timeout=AT_ONCE)
        assert run.status().state == "running"
    finally:
        Controls(run).stop()
        end = time.monotonic() + 60
        while run.status().active and time.monotonic() < end:
            time.sleep(0.1)
