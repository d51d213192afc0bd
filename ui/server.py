"""What the launcher adds to Streamlit's server: warm start, local scripts, compression."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from ui import live
from ui.components.core import WEB, WEB_PATH, WORDS
from ui.visitor import VisitorCookie

LOG = logging.getLogger(__name__)
PRELOAD = "GLASSFORMER_PRELOAD"  # 0: load what a page or a run needs when it needs it


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Import what is heavy once, then take it out of the garbage collector's sight.

    With torch loaded a full collection takes over 100 ms and stops every session; frozen objects are not visited.
    """
    import plotly.graph_objects  # noqa: F401
    import streamlit.runtime.scriptrunner  # noqa: F401
    import torch

    from llm import library, presets
    from ui import cached, cached_pretraining, cached_tokenization, runs

    torch.set_num_threads(1)  # forty sessions share two cores: one thread each is fastest for all
    cached.warm_up()
    for problem in library.problems():
        LOG.warning("A model is left out: %s", problem)
    gc.collect()
    gc.freeze()
    if ahead := os.environ.get(PRELOAD, "1") != "0":
        # Alone, before any thread is busy: each measured operation would wait up to 5 ms until Python lets it go on.
        cached_pretraining.machine(wait=5.0)
        # Seconds of work that nobody waits for: the first visitors of Tokenization find it done.
        threading.Thread(target=cached_tokenization.warm_up, name="warm-up", daemon=True).start()
    ticker = runs.Ticker(presets.starter().data, spare=ahead)
    _end_streams_with_the_server(asyncio.get_running_loop())
    yield
    await live.FEEDS.close()
    await asyncio.to_thread(ticker.close)


def _end_streams_with_the_server(loop: asyncio.AbstractEventLoop) -> None:
    """Let everybody who watches a run go as soon as the server is asked to end.

    It waits for open answers before it tells the application: until the run is over, which can be minutes.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # signals are the main thread's
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, _also_ending_streams(loop, before))


def _also_ending_streams(loop: asyncio.AbstractEventLoop, before: Callable[..., object]) -> Callable[..., None]:
    def handle(*given: object) -> None:
        asyncio.run_coroutine_threadsafe(live.FEEDS.close(), loop)
        before(*given)

    return handle


FONTS = WEB.parent / "fonts"
FOREVER = "public, max-age=31536000, immutable"
ICONS = FONTS / "material-symbols-rounded-subset.woff2"


class WebFiles(StaticFiles):
    """Scripts, whose address holds a hash of their content, and fonts, which never change: a browser may keep both."""

    def file_response(self, *args, **kwargs):
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = FOREVER
        return response


class SmallIconFont:
    """Answers for Streamlit's icon font with the icons in use (tests/icon_font.py): every first visit loads it, all 375 kB."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.app
        if scope["type"] == "http" and "/static/media/MaterialSymbols-Rounded" in scope["path"]:
            answer = FileResponse(ICONS, media_type="font/woff2", headers={"Cache-Control": "public, max-age=86400"})
        await answer(scope, receive, send)


async def words(request: Request) -> JSONResponse:
    """What every figure says, which base.js reads once."""
    return JSONResponse(WORDS, headers={"Cache-Control": FOREVER})


routes = [
    Route(f"/{WEB_PATH}/words.json", words),
    Mount(f"/{WEB_PATH}", app=WebFiles(directory=WEB), name="web"),
    Mount("/fonts", app=WebFiles(directory=FONTS), name="fonts"),
    *live.routes,
]
# event streams stay uncompressed: GZipMiddleware leaves text/event-stream alone
middleware = [Middleware(GZipMiddleware, minimum_size=1000), Middleware(SmallIconFont), Middleware(VisitorCookie)]
