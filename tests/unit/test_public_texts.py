"""Public texts: only the right bytes are taken, and a missing network is one sentence."""

from __future__ import annotations

import hashlib
import http.server
import threading
from pathlib import Path

import pytest

from llm.corpora import public

BODY = ("To be, or not to be. " * 20_000).encode()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A small server with one text, and a folder of its own; the text's entry can be changed."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(BODY)

        def log_message(self, *args) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("GLASSFORMER_TEXTS", str(tmp_path / "texts"))

    def put(**changes) -> None:
        values = {"url": f"http://127.0.0.1:{server.server_port}/", "size": len(BODY), "sha256": hashlib.sha256(BODY).hexdigest()}
        entry = public.PublicText("play", "A play", prompt="", **(values | changes))
        monkeypatch.setattr(public, "TEXTS", {"play": entry})

    put()
    yield put
    server.shutdown()


def test_a_text_is_fetched_once_with_progress_and_then_at_hand(shelf) -> None:
    seen: list[float] = []
    assert public.stored("play") is None
    assert public.fetch("play", seen.append) == BODY.decode()
    assert seen == sorted(seen) and seen[-1] == 1.0
    shelf(url="http://127.0.0.1:9/")
    assert public.fetch("play") == public.stored("play") == BODY.decode()


def test_other_bytes_are_refused_and_not_kept(shelf) -> None:
    for changes in ({"sha256": "0" * 64}, {"size": len(BODY) - 1}, {"size": len(BODY) + 1}):
        shelf(**changes)
        with pytest.raises(ValueError, match="another file"):
            public.fetch("play")
        assert not public.folder().exists()


def test_without_network_it_is_one_sentence(shelf) -> None:
    shelf(url="http://127.0.0.1:9/")
    with pytest.raises(ValueError, match="no connection"):
        public.fetch("play")


def test_a_damaged_file_at_hand_is_not_used(shelf) -> None:
    public.fetch("play")
    (public.folder() / "play.txt").write_bytes(BODY[:-1])
    assert public.stored("play") is None
