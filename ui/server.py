"""What the launcher adds to Streamlit's server: warm start, local scripts, compression."""

from __future__ import annotations

import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from ui.components.core import WEB, WEB_PATH


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Import what is heavy once, then take it out of the garbage collector's sight.

    With torch loaded a full collection takes over 100 ms and stops every session; frozen objects are not visited.
    """
    import plotly.graph_objects  # noqa: F401
    import streamlit.runtime.scriptrunner  # noqa: F401
    import torch

    from ui import cached, cached_tokenization

    torch.set_num_threads(1)  # forty sessions share two cores: one thread each is fastest for all
    cached.warm_up()
    gc.collect()
    gc.freeze()
    # Two seconds of reading rank files: nobody waits for them, and the first visitor of Tokenization finds them read.
    threading.Thread(target=cached_tokenization.warm_up, name="warm-up", daemon=True).start()
    yield


class WebFiles(StaticFiles):
    """Scripts, whose address holds a hash of their content, and fonts, which never change: a browser may keep both."""

    def file_response(self, *args, **kwargs):
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


routes = [
    Mount(f"/{WEB_PATH}", app=WebFiles(directory=WEB), name="web"),
    Mount("/fonts", app=WebFiles(directory=WEB.parent / "fonts"), name="fonts"),
]
middleware = [Middleware(GZipMiddleware, minimum_size=1000)]
