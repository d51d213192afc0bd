"""What watching a run costs: the server's share of a core with nobody, two and forty watchers, and the worker's speed.

Each watcher has Streamlit's websocket open and follows the run's event stream (four batches a second). The reference is the same
run with nobody watching, in the same process. Prints a table; asserts nothing.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sessions import Session, Stream, cpu_seconds  # noqa: E402

from llm.runs.control import Controls  # noqa: E402
from llm.runs.queue import Queue  # noqa: E402
from llm.runs.spec import DataSpec, RunSpec  # noqa: E402
from llm.runs.store import Run, RunStore  # noqa: E402
from tests.browser.conftest import server_process  # noqa: E402

SECONDS = 10.0
MODEL = {"n_layers": 2, "n_heads": 4, "d_model": 64, "context_length": 64}
TRAIN = {"steps": 20_000, "batch_size": 8, "eval_every": 100}


def start_run(root: Path) -> Run:
    """A run that lasts for the whole measurement."""
    spec = RunSpec(DataSpec("corpus", "copy", 300_000, 0, tokenizer="word"), MODEL, TRAIN, prompt="moon cup tree")
    return Queue(RunStore(root), spare=False).start(spec, "a" * 64)


async def measure(address: str, pid: int, run: Run, watchers: int) -> tuple[float, float, float]:
    """(the server's share of a core, batches a second that each watcher got, the worker's tokens a second of its own time)."""
    sessions = [await Session.open(address) for _ in range(watchers)]
    for session in sessions:
        await session.run("", "")
    streams = [Stream() for _ in range(watchers)]
    tasks = [asyncio.create_task(stream.follow(address, f"/live/{run.id}")) for stream in streams]
    tasks += [asyncio.create_task(session.listen()) for session in sessions]
    await asyncio.sleep(3)
    worker = run.status().pid
    before = [cpu_seconds(pid), cpu_seconds(worker), run.status().step, sum(stream.batches for stream in streams)]
    await asyncio.sleep(SECONDS)
    after = [cpu_seconds(pid), cpu_seconds(worker), run.status().step, sum(stream.batches for stream in streams)]
    server, trained, steps, batches = (b - a for a, b in zip(before, after, strict=True))
    for task in tasks:
        task.cancel()
    for session in sessions:
        await session.close()
    await asyncio.sleep(1)
    speed = steps * TRAIN["batch_size"] * MODEL["context_length"] / trained
    return server / SECONDS, batches / SECONDS / max(1, watchers), speed


def main() -> None:
    """Print one row for each number of watchers."""
    with tempfile.TemporaryDirectory() as folder, server_process(GLASSFORMER_RUNS=folder) as (process, address):
        run = start_run(Path(folder))
        while run.status().step < 50:
            asyncio.run(asyncio.sleep(0.2))
        print(f"{'watchers':>9s}{'% of a core':>13s}{'batches/s each':>16s}{'worker tokens/s of CPU':>24s}{'ratio':>8s}")
        alone = None
        for watchers in (0, 2, 40):
            share, rate, speed = asyncio.run(measure(address, process.pid, run, watchers))
            alone = alone or speed
            print(f"{watchers:9d}{100 * share:13.1f}{rate:16.1f}{speed:24,.0f}{speed / alone:8.2f}", flush=True)
        Controls(run).stop()
        while run.status().active:
            asyncio.run(asyncio.sleep(0.2))


if __name__ == "__main__":
    main()
