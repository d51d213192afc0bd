"""What thirty visitors wait for while nothing trains, and while a run trains on the other core. Prints a table; asserts nothing.

Each visitor has a session of Streamlit's own protocol, and every three seconds chooses another layer or head on Attention (a
whole run of the page on the server). The reference is the same class without a training run, in the same process.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench_watchers import start_run  # noqa: E402
from sessions import Session  # noqa: E402

from llm.runs.control import Controls  # noqa: E402
from tests.browser.conftest import server_process  # noqa: E402

VISITORS, ROUNDS, PAUSE = 30, 6, 3.0
PAGE = "attention"


async def visit(address: str, number: int) -> list[float]:
    """One visitor's waits, in milliseconds; the first run of the page is not among them."""
    session = await Session.open(address)
    await session.run(PAGE, "")
    waits = []
    for i in range(ROUNDS):
        await asyncio.sleep(PAUSE * (0.5 + (number * 7 + i * 3) % VISITORS / VISITORS))  # spread, the same each time
        waits.append(1000 * await session.run(PAGE, f"layer={1 + (number + i) % 4}&head={1 + (number + 2 * i) % 4}"))
    await session.close()
    return waits


async def lesson(address: str) -> list[float]:
    """All visitors at once."""
    return [wait for waits in await asyncio.gather(*(visit(address, n) for n in range(VISITORS))) for wait in waits]


def row(name: str, waits: list[float], reference: list[float]) -> str:
    """Median and 95th percentile, and their ratios to the reference."""
    figures = [statistics.median(waits), statistics.quantiles(waits, n=20)[-1]]
    usual = [statistics.median(reference), statistics.quantiles(reference, n=20)[-1]]
    ratios = "".join(f"{a / b:8.2f}" for a, b in zip(figures, usual, strict=True))
    return f"{name:28s}{figures[0]:10.0f}{figures[1]:10.0f}{ratios}"


def main() -> None:
    """The class, then the class while a run trains."""
    with tempfile.TemporaryDirectory() as folder, server_process(GLASSFORMER_RUNS=folder) as (_, address):
        asyncio.run(lesson(address))  # every cache that a class fills is full
        idle = asyncio.run(lesson(address))
        run = start_run(Path(folder))
        while run.status().step < 50:
            asyncio.run(asyncio.sleep(0.2))
        busy = asyncio.run(lesson(address))
        Controls(run).stop()
        while run.status().active:
            asyncio.run(asyncio.sleep(0.2))
    print(f"{'':28s}{'p50 ms':>10s}{'p95 ms':>10s}{'x p50':>8s}{'x p95':>8s}")
    print(row(f"{VISITORS} visitors", idle, idle))
    print(row(f"{VISITORS} visitors, a run trains", busy, idle))


if __name__ == "__main__":
    main()
