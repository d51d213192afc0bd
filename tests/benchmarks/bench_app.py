"""What a visitor waits for: first paint, page switch, bytes on the wire, a trace. Prints a table; asserts nothing.

Reference in the same run: a plain Streamlit page of one heading, served and opened in the same way.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from tests.browser.conftest import FLAGS, chromium, running_server, server_process  # noqa: E402
from ui.pages import PAGES  # noqa: E402
from ui.text import load  # noqa: E402

REPEATS = 3


@contextlib.contextmanager
def plain_server():
    """Streamlit with a page that has nothing but a heading: what the framework itself costs."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "plain.py"
        script.write_text("import streamlit as st\nst.header('Plain')\n")
        with server_process(script=script, folder=Path(folder)) as (_, address):
            yield address


def first_paint(browser: Browser, address: str, heading: str) -> tuple[float, float]:
    """Seconds until the heading and an idle script in a browser without cache, and megabytes on the wire."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    received = [0]
    wire.on("Network.loadingFinished", lambda event: received.__setitem__(0, received[0] + event["encodedDataLength"]))
    started = time.perf_counter()
    page.goto(address)
    page.get_by_role("heading", level=2, name=heading).wait_for(timeout=60_000)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    seconds = time.perf_counter() - started
    page.wait_for_timeout(1500)
    context.close()
    return seconds, received[0] / 1e6


def page_switches(browser: Browser, address: str) -> list[tuple[str, float]]:
    """Milliseconds from the click on a link to the new page's heading."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(address)
    page.get_by_role("heading", level=2, name=load("home")["question"]).wait_for(timeout=60_000)
    page.wait_for_timeout(2000)
    found: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        for entry in [*PAGES[1:], PAGES[0]]:
            links = "[...document.querySelectorAll('.st-key-station-links a')]"
            click = f"title => {links}.find(a => a.textContent.trim() === title).click()"
            started = time.perf_counter()
            page.evaluate(click, entry.title)
            page.get_by_role("heading", level=2, name=load(entry.slug)["question"]).wait_for(timeout=60_000)
            found.setdefault(entry.title, []).append(1000 * (time.perf_counter() - started))
            page.wait_for_timeout(1200)
    context.close()
    return [(title, statistics.median(times)) for title, times in found.items()]


def trace_milliseconds(n_tokens: int = 64) -> float:
    """Median time of a full trace of the stories model."""
    import torch

    from llm.library import open_model
    from llm.trace import trace

    torch.set_num_threads(1)
    opened = open_model("stories")
    ids = opened.tokenizer.encode("The little dog was very happy and ran to the garden. " * 20)[:n_tokens]
    times = []
    for _ in range(30):
        started = time.perf_counter()
        trace(opened.model, ids)
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def main() -> None:
    path = chromium()
    if path is None:
        print("skipped: no Chromium found")
        return
    print(f"trace of 64 tokens, every point: {trace_milliseconds():.1f} ms (bar: 30)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        with plain_server() as plain:
            first_paint(browser, plain, "Plain")
            reference = statistics.median(first_paint(browser, plain, "Plain")[0] for _ in range(REPEATS))
        print(
            f"{'first paint, no browser cache':34}{'seconds':>9}{'x plain':>9}{'MB wire':>9}\n"
            f"{'a plain Streamlit page':34}{reference:9.2f}{1:9.2f}"
        )
        with running_server() as address:
            first_paint(browser, address, load("home")["question"])
            for entry in PAGES:
                url = f"{address}/{'' if entry.default else entry.slug}"
                runs = [first_paint(browser, url, load(entry.slug)["question"]) for _ in range(REPEATS)]
                seconds = statistics.median(run[0] for run in runs)
                print(f"{entry.title:34}{seconds:9.2f}{seconds / reference:9.2f}{runs[-1][1]:9.2f}")
            print(f"\n{'page switch, click to heading':34}{'ms':>9}   (bar: 400)")
            for title, milliseconds in page_switches(browser, address):
                print(f"{title:34}{milliseconds:9.0f}")
        browser.close()


if __name__ == "__main__":
    main()
