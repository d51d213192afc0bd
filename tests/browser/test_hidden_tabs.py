"""Tabs that are really hidden: they hold no event stream, and any number of them leaves the server free for one more page."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm.runs.control import Controls
from llm.runs.store import RunStore
from tests.browser.conftest import chromium, server_process
from tests.browser.raw_tabs import Tab, browser, tell
from tests.run_helpers import OWNER, tiny_spec
from ui.text import load

TABS = 8
OPEN, SEEN = "window.opened()", "document.visibilityState"
# components draw into shadow roots
STEP = """(() => {
  for (const host of document.querySelectorAll('.st-key-card-pretraining-chart *')) {
    const canvas = (host.shadowRoot ?? host).querySelector?.('canvas');
    if (canvas) return +(canvas.dataset.last ?? 0);
  }
  return 0;
})()"""
HEADING = "document.querySelector('h2')?.innerText ?? ''"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a run that trains for the length of these tests."""
    if chromium() is None:
        pytest.skip("no Chromium found; install one (apt-get install chromium) or set CHROMIUM")
    store = RunStore(tmp_path_factory.mktemp("runs"))
    slow = {"n_layers": 2, "d_model": 64, "context_length": 32}
    run = store.create(tiny_spec(10_000_000, train={"eval_every": 200, "batch_size": 16}, model=slow), OWNER)
    with server_process(GLASSFORMER_RUNS=str(store.root), GLASSFORMER_MAX_MINUTES="600") as (_, address):
        yield f"{address}/pretraining?run={run.id}"
        Controls(run).stop()
        end = time.monotonic() + 60
        while run.status().active and time.monotonic() < end:
            time.sleep(0.1)


def test_a_tab_behind_another_holds_no_stream_and_goes_on_in_front(page: str, tmp_path: Path) -> None:
    async def story(port: int) -> None:
        async with Tab.open(port, page) as first:
            await first.until(STEP, lambda step: step > 0)
            assert await first.value(SEEN) == "visible" and await first.value(OPEN) == 1
            async with Tab.open(port, "about:blank") as second:
                await first.until(SEEN, lambda seen: seen == "hidden")
                await first.until(OPEN, lambda count: count == 0)
                seen = await first.value(STEP)
                await first.to_front()
                await second.until(SEEN, lambda seen: seen == "hidden")
                await first.until(STEP, lambda step: step > seen)
                await first.until(OPEN, lambda count: count == 1)
                urls = await first.value("window.streams.map((stream) => stream.url)")
                assert not urls[-1].endswith("since=0"), "it begins again instead of going on"

    with browser(chromium(), tmp_path) as port:
        tell(story(port))


@pytest.mark.slow  # its short form is in test_pretraining.py
def test_eight_tabs_leave_room_for_a_ninth_page(page: str, tmp_path: Path) -> None:
    """A browser allows six connections to a host, for all its tabs together."""

    async def story(port: int) -> None:
        async with contextlib.AsyncExitStack() as stack:
            tabs = []
            for _ in range(TABS):
                tabs.append(await stack.enter_async_context(Tab.open(port, page)))
                await tabs[-1].until(STEP, lambda step: step > 0)
            for tab in tabs[:-1]:
                await tab.until(OPEN, lambda count: count == 0)
            assert await tabs[-1].value(OPEN) == 1
            ninth = await stack.enter_async_context(Tab.open(port, page.replace("pretraining", "attention")))
            await ninth.until(HEADING, lambda text: text == load("attention")["question"])
            await tabs[0].to_front()
            seen = await tabs[0].value(STEP)
            await tabs[0].until(STEP, lambda step: step > seen)

    with browser(chromium(), tmp_path) as port:
        tell(story(port))
