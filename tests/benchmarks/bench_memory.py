"""Memory over a long run: the worker, the server and a page that watches from the first step to the last. Asserts nothing.

A tiny model trains for a hundred thousand steps, so that what is kept for each step shows. The reference is the same three at the
first mark, in the same run. The last column is the page's work for one picture of the chart while the pointer moves over it.
Prints a table.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench_glass import HOVER  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

from llm.runs.limits import Limits  # noqa: E402
from llm.runs.queue import Queue  # noqa: E402
from llm.runs.spec import DataSpec, RunSpec  # noqa: E402
from llm.runs.store import Run, RunStore  # noqa: E402
from tests.browser.conftest import FLAGS, Visitor, chromium, server_process  # noqa: E402

STEPS = 100_000
MARKS = (5_000, 10_000, 25_000, 50_000, 75_000, 99_000)
MODEL = {"n_layers": 1, "n_heads": 2, "d_model": 16, "context_length": 16}
TRAIN = {"steps": STEPS, "batch_size": 2, "eval_every": 500, "eval_tokens": 64}
MB = 2**20


def start(root: Path) -> Run:
    spec = RunSpec(DataSpec("corpus", "copy", 100_000, 0, tokenizer="word"), MODEL, TRAIN, prompt="moon cup tree")
    limits = Limits(steps=STEPS, seconds=3600)  # more than a visitor may ask for
    return Queue(RunStore(root), limits, spare=False).start(spec, "a" * 64)


def resident(pid: int) -> float:
    """MB of memory that the process has (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


def heap(page: Page) -> float:
    """MB that the page's scripts hold after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"] / MB
    session.detach()
    return used


def main() -> None:
    """Print one row for each mark that the run passes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        server_process(GLASSFORMER_RUNS=folder) as (server, address),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        run = start(Path(folder))
        visitor = Visitor(browser.new_context(viewport={"width": 1440, "height": 900}).new_page())
        visitor.open(f"{address}/pretraining?run={run.id}")
        visitor.page.locator("canvas").first.wait_for()
        print(f"{'step':>8s}{'worker MB':>11s}{'ratio':>7s}{'server MB':>11s}{'ratio':>7s}{'page MB':>9s}{'picture ms':>12s}")
        first: tuple[float, float] | None = None
        for mark in MARKS:
            while (status := run.status()).active and status.step < mark:
                time.sleep(0.2)
            if not status.active:
                print(f"the run has ended: {status.message}")
                break
            sizes = resident(status.pid), resident(server.pid)
            first = first or sizes
            picture = statistics.median(visitor.page.evaluate(HOVER, 30))
            worker, served = (f"{size:11.0f}{size / begun:7.2f}" for size, begun in zip(sizes, first, strict=True))
            print(f"{status.step:8,d}{worker}{served}{heap(visitor.page):9.1f}{picture:12.1f}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
