"""The icon font that the app serves in place of Streamlit's has every icon that can appear."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests import icon_font
from ui.server import middleware, routes


def test_every_icon_in_use_is_in_the_font() -> None:
    assert icon_font.used() <= set(icon_font.LIST.read_text("utf-8").split())


def test_the_address_of_streamlit_s_font_gives_the_small_one() -> None:
    theirs = next(icon_font.STATIC.glob("media/MaterialSymbols-Rounded*.woff2"))
    answer = TestClient(Starlette(routes=routes, middleware=middleware)).get(f"/static/media/{theirs.name}")
    assert answer.status_code == 200
    assert answer.content == icon_font.FONT.read_bytes()
    assert len(answer.content) < 0.1 * theirs.stat().st_size
