"""A real server and a real Chromium for what AppTest cannot see."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path
from typing import IO

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

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
    # Chromium 156 draws a page of its own for the address bar of every window, which nobody sees here. Naming a feature takes
    # the place of Playwright's list, so those of it that matter stand here too.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,Translate,MediaRouter,OptimizationHints,PaintHolding,HttpsUpgrades,LensOverlay",
]
PATIENT = 180_000  # milliseconds: other tests and other people may be using the machine
PORTS = range(20_000, 32_000)  # below those that the system gives to outgoing connections: a free one stays free
QUIET = 18  # frames without anything going on (0.3 s; a busy machine draws them more slowly)
# Streamlit looks for its base path when a page below the root is opened directly; both answers are 404 and harmless.
PROBES = ("/_stcore/health", "/_stcore/host-config")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


def soon_or_later(values: Iterable, soon: Container) -> list:
    """Parameters of a test: those in ``soon`` belong to ``make test``, the others to ``make test-all`` alone."""
    return [pytest.param(value, marks=() if value in soon else pytest.mark.slow) for value in values]


def chromium() -> str | None:
    """The browser that is installed, if any (CHROMIUM names another)."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


@contextlib.contextmanager
def running_server(**environment: str) -> Iterator[str]:
    """The app on a free port, with no runs yet unless GLASSFORMER_RUNS is given; yields its address."""
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # a worker may still be writing when its server has gone
    with folder as runs, server_process(**{"GLASSFORMER_RUNS": runs, **environment}) as (_, address):
        yield address


@contextlib.contextmanager
def server_process(
    port: int | None = None, script: Path = ROOT / "app.py", folder: Path = ROOT, **environment: str
) -> Iterator[tuple[subprocess.Popen, str]]:
    """The app on a free port, or this one; yields its process and its address. The process is ended afterwards.

    ``script`` names another app, ``folder`` where it runs: its configuration is there.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as said:  # not a pipe, which nobody reads: a server that says a lot would stand still
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stdout=said, stderr=subprocess.STDOUT)
        try:
            wait_for(process, address, said)
            yield process, address
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port that nobody listens on; chosen at random, because other tests look for one at the same time."""
    for port in random.sample(PORTS, 50):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("there is no free port")


def wait_for(process: subprocess.Popen, address: str, said: IO[bytes]) -> None:
    """Until the server answers; an error when it ends or is silent for three minutes."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said.seek(0)
            raise RuntimeError(f"the server ended at once:\n{said.read().decode()}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not answer within three minutes")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium found; install one (apt-get install chromium) or set CHROMIUM")
    expect.set_options(timeout=PATIENT)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One server for the tests that need no fresh one."""
    with running_server() as address:
        yield address


# Notes the socket on which the page has asked for its script and not yet heard that it has begun. Until then Streamlit's own mark
# says that nothing is running, which on a busy machine can be for longer than any pause that one would wait.
# 11 is the number of rerun_script in BackMsg, 4 that of new_session in ForwardMsg; 2 is the kind of a field with a length.
ASKED = """(() => {
  const { send } = WebSocket.prototype, heard = new WeakSet();
  const holds = (content, wanted) => {
    const bytes = new Uint8Array(content.buffer ?? content, content.byteOffset ?? 0, content.byteLength);
    let at = 0;
    const number = () => {
      let value = 0, times = 1, byte;
      do { byte = bytes[at++]; value += (byte & 127) * times; times *= 128; } while (byte > 127);
      return value;
    };
    while (at < bytes.length) {
      const tag = number(), size = number();
      if (tag >> 3 === wanted) return true;
      if ((tag & 7) === 2) at += size;
    }
    return false;
  };
  window.asked = null;
  WebSocket.prototype.send = function (content) {
    if (holds(content, 11)) {
      window.asked = this;
      if (!heard.has(this)) {
        heard.add(this);
        const answered = () => { if (window.asked === this) window.asked = null; };
        this.addEventListener("message", ({ data }) => { if (holds(data, 4)) answered(); });
        this.addEventListener("close", answered);
      }
    }
    return send.call(this, content);
  };
})()"""
# Frames in a row, since this call began, in which the page's script was neither running nor asked for and the server was there.
STILL = """([call, frames]) => {
  const app = document.querySelector('[data-testid="stApp"]');
  const { testScriptState, testConnectionState } = app?.dataset ?? {};
  const still = window.asked === null && testScriptState === "notRunning" && testConnectionState === "CONNECTED";
  if (window.watched?.call !== call) window.watched = { call, frames: 0 };
  window.watched.frames = still ? window.watched.frames + 1 : 0;
  return window.watched.frames > frames;
}"""
DRAWN = "count => new Promise(done => { const next = () => count-- ? requestAnimationFrame(next) : done(); next(); })"


class Visitor:
    """One browser page with what a test asks of it: idle waiting, and every error that was seen."""

    calls = itertools.count()

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.loading: set[Request] = set()  # scripts, styles, fonts and pictures on their way
        page.add_init_script(ASKED)
        page.set_default_timeout(PATIENT)
        page.set_default_navigation_timeout(PATIENT)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)
        for ended in ("requestfinished", "requestfailed"):
            page.on(ended, lambda request: self.loading.discard(request))

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)
        if request.resource_type in ("script", "stylesheet", "font", "image"):
            self.loading.add(request)

    def _console(self, message) -> None:
        if message.type == "error" and not any(probe in message.location.get("url", "") for probe in PROBES):
            self.errors.append(message.text)

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.idle()

    def idle(self) -> None:
        """Wait until the script has run for all that was asked, what it needs has come, and its result has stood for a moment."""
        deadline = time.monotonic() + PATIENT / 1000
        while True:
            self.page.wait_for_function(STILL, arg=[next(self.calls), QUIET])
            if not self.loading or time.monotonic() > deadline:
                return

    def drawn(self) -> None:
        """Wait until what the pointer or a key has just done is drawn: it takes a frame, or two."""
        self.page.evaluate(DRAWN, 6)

    def heading(self) -> str:
        return self.page.get_by_role("heading", level=2).first.inner_text()

    def wait_heading(self, text: str) -> None:
        self.page.get_by_role("heading", level=2, name=text).wait_for()
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

    def views(self, slug: str, names: dict[str, str], address: str) -> Iterator[str]:
        """Press the page's views one after the other; each by its short name, which the link has (not for the first one)."""
        for view, name in names.items():
            self.page.locator(f".st-key-{slug}-view").get_by_text(name, exact=True).click()
            self.idle()
            assert view == next(iter(names)) or f"{address}={view}" in self.page.url
            yield view

    def scrolls_sideways(self) -> bool:
        return self.page.get_by_test_id("stMain").evaluate("element => element.scrollWidth - element.clientWidth") > 1

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
