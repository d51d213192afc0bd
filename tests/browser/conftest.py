"""A real server and a real Chromium for what AppTest cannot see."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Streamlit looks for its base path when a page below the root is opened directly; both answers are 404 and harmless.
PROBES = ("/_stcore/health", "/_stcore/host-config")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


def chromium() -> str | None:
    """The browser that is installed, if any (CHROMIUM names another)."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


@contextlib.contextmanager
def running_server(**environment: str) -> Iterator[str]:
    """The app on a free port, with no runs yet unless GLASSFORMER_RUNS is given; yields its address."""
    with tempfile.TemporaryDirectory() as runs, server_process(**{"GLASSFORMER_RUNS": runs, **environment}) as (_, address):
        yield address


@contextlib.contextmanager
def server_process(port: int | None = None, **environment: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """The app on a free port, or this one; yields its process and its address. The process is ended afterwards."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.address", "127.0.0.1"]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(process, address)
        yield process, address
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(process: subprocess.Popen, address: str) -> None:
    """Until the server answers; an error when it ends or is silent for 90 s."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at once:\n{process.stdout.read().decode()}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
            return
        time.sleep(0.2)
    raise RuntimeError("the server did not answer within 90 s")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium found; install one (apt-get install chromium) or set CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One server for the tests that need no fresh one."""
    with running_server() as address:
        yield address


class Visitor:
    """One browser page with what a test asks of it: idle waiting, and every error that was seen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def _console(self, message) -> None:
        if message.type == "error" and not any(probe in message.location.get("url", "") for probe in PROBES):
            self.errors.append(message.text)

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.idle()

    def idle(self) -> None:
        """Wait until the script has run and its result has stood still for a moment."""
        app = '[data-testid="stApp"][data-test-script-state="notRunning"][data-test-connection-state="CONNECTED"]'
        for _ in range(2):
            self.page.wait_for_selector(app, timeout=60_000)
            self.page.wait_for_timeout(300)

    def heading(self) -> str:
        return self.page.get_by_role("heading", level=2).first.inner_text(timeout=30_000)

    def wait_heading(self, text: str) -> None:
        self.page.get_by_role("heading", level=2, name=text).wait_for(timeout=60_000)
        self.idle()

    def sentence(self) -> str:
        return self.page.get_by_role("textbox", name="Sentence").input_value()

    def type_sentence(self, text: str) -> None:
        box = self.page.get_by_role("textbox", name="Sentence")
        box.fill(text)
        box.press("Enter")
        self.idle()

    def station(self, name: str) -> None:
        self.page.locator(".st-key-strip").get_by_role("button", name=name).click()

    def outside(self) -> list[str]:
        """Requests that left this machine."""
        return [url for url in self.requests if not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """``visit(address, width=..., dark=...)`` opens a page of its own context (None: an empty one); all are closed at the end."""
    contexts: list[BrowserContext] = []

    def visit_(address: str | None, *, width: int = 1440, height: int = 900, dark: bool = False) -> Visitor:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
        contexts.append(context)
        visitor = Visitor(context.new_page())
        if address:
            visitor.open(address)
        return visitor

    yield visit_
    for context in contexts:
        context.close()
