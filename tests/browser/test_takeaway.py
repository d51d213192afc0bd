"""Every figure can be taken away: the files open, hold something, and have the rows that its table shows."""

from __future__ import annotations

import csv
import struct
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Locator

from tests.browser.conftest import Visitor

TEXT = "The little dog saw the cat"
SVG = "{http://www.w3.org/2000/svg}"
# address -> how many figures of that page can be taken away at least
PAGES = {
    "attention?layer=2&head=1": 5,  # strip, matrix, origin, carried vectors, heads
    "attention?layer=2&head=1&show=lines": 5,
    "layers?part=road": 2,
    "layers?part=lens": 2,
    "layers?part=norm": 3,
    "layers?part=heads": 3,
    "embeddings?vectors=lookup": 5,  # strip, picture, bars, matrix, origin
    "embeddings?vectors=cloud": 1,
    "embeddings?vectors=analogies": 1,
    "decoding?way=token": 1,
    "decoding?way=tree": 1,
    "?": 1,  # the map
}


def figures(server: str, visit, address: str) -> tuple[Visitor, list[Locator]]:
    start = "" if address.endswith("?") else "&"
    visitor = visit(f"{server}/{address}{start}text={quote(TEXT)}")
    found = visitor.page.locator(".gf").filter(has=visitor.page.locator(".tool", has_text="SVG"))
    found.first.wait_for(timeout=60_000)
    visitor.page.evaluate("() => document.fonts.ready.then(() => null)")
    visitor.idle()
    return visitor, [found.nth(i) for i in range(found.count())]


def taken(visitor: Visitor, figure: Locator, kind: str) -> tuple[str, bytes]:
    with visitor.page.expect_download() as download:
        figure.locator(".tool", has_text=kind).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


@pytest.mark.parametrize("address", PAGES)
def test_every_figure_gives_a_picture_a_drawing_and_its_numbers(server: str, visit, address: str) -> None:
    visitor, found = figures(server, visit, address)
    assert len(found) >= PAGES[address]
    for figure in found:
        names = {kind: taken(visitor, figure, kind) for kind in ("PNG", "SVG", "CSV")}
        assert all(name.startswith("glassformer-") and name.endswith(f".{kind.lower()}") for kind, (name, _) in names.items())
        width, height = struct.unpack(">II", names["PNG"][1][16:24])
        assert names["PNG"][1].startswith(b"\x89PNG\r\n\x1a\n") and width > 100 and height > 20
        drawing = ElementTree.fromstring(names["SVG"][1])
        assert drawing.tag == f"{SVG}svg" and drawing.find(f"{SVG}title").text and len(drawing) >= 3
        header, *rows = csv.reader(names["CSV"][1].decode("utf-8-sig").splitlines())
        assert rows and all(len(row) == len(header) for row in rows)
        figure.locator(".tool", has_text="Table").click()
        shown = figure.locator("table.data tr").count() - 1
        assert 0 < shown <= len(rows) and (shown == len(rows) or shown in (50, 400)), names["CSV"][0]
    assert visitor.errors == []
