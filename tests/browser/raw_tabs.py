"""Chromium without a test driver, spoken to over its own protocol: there a tab behind another one is really hidden.

Playwright has all tabs believe that they are in front, so what a page does while nobody sees it cannot be tested with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import websockets

from tests.browser.conftest import FLAGS

PATIENCE = 120.0  # seconds
# counts the event streams that a page has open
COUNTED = """
window.streams = [];
window.EventSource = class extends EventSource { constructor(...given) { super(...given); window.streams.push(this); } };
window.opened = () => window.streams.filter((stream) => stream.readyState !== 2).length;
"""


@contextlib.contextmanager
def browser(path: str, folder: Path) -> Iterator[int]:
    """A browser with a profile in ``folder``; yields the port of its protocol."""
    command = [path, *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        written, end = folder / "DevToolsActivePort", time.monotonic() + PATIENCE
        while not written.is_file() or "\n" not in written.read_text():
            assert process.poll() is None and time.monotonic() < end, "the browser does not start"
            time.sleep(0.1)
        yield int(written.read_text().split()[0])
    finally:
        process.terminate()
        process.wait()


def tell(story: Coroutine) -> None:
    """To its end, in a thread of its own: in this one Playwright's event loop may be running, once another test has used it."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, story).result()


class Tab:
    """One tab; it opens in front of the others."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket, self.numbers = socket, itertools.count(1)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, port: int, address: str) -> AsyncIterator[Tab]:
        """A new tab at this address, with its event streams counted."""
        request = urllib.request.Request(f"http://127.0.0.1:{port}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            where = json.load(answer)["webSocketDebuggerUrl"]
        async with websockets.connect(where, max_size=None) as socket:
            tab = cls(socket)
            await tab.send("Page.enable")
            await tab.send("Page.addScriptToEvaluateOnNewDocument", source=COUNTED)
            await tab.send("Page.navigate", url=address)
            yield tab

    async def send(self, method: str, **values: Any) -> dict[str, Any]:
        """One command; its result."""
        number = next(self.numbers)
        await self.socket.send(json.dumps({"id": number, "method": method, "params": values}))
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE))
            if message.get("id") == number:
                return message["result"]

    async def value(self, expression: str) -> Any:
        """What an expression of JavaScript is in the page."""
        found = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value")

    async def until(self, expression: str, fits: Callable[[Any], bool]) -> Any:
        """The expression's value, once it fits."""
        end = time.monotonic() + PATIENCE
        while not fits(value := await self.value(expression)):
            assert time.monotonic() < end, f"{expression} is still {value!r}"
            await asyncio.sleep(0.2)
        return value

    async def to_front(self) -> None:
        await self.send("Page.bringToFront")
