"""Every figure can be taken away: the files open, hold something, and have the rows that its table shows."""

from __future__ import annotations

import csv
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Locator

from llm.runs.control import Controls
from llm.runs.store import Run
from tests.browser.conftest import Visitor, running_server, soon_or_later
from tests.run_helpers import finish, kill, start_worker, tiny_run, tiny_spec, wait_for

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
    "?": 2,  # story and map
    "decoding?way=surprise": 1,
    "tokenization?cut=cut": 1,
    "tokenization?cut=languages": 2,
    "tokenization?cut=merges": 1,
    "positions?model=positions-rope": 1,  # arrows
    "positions?order=distance": 2,
    "layers?part=neurons": 5,
    "pretraining?view=asked": 1,  # the blank
}
SOON = ("attention?layer=2&head=1", "decoding?way=tree", "?")


def figures(server: str, visit, address: str) -> tuple[Visitor, list[Locator]]:
    start = "" if address.endswith("?") else "&"
    visitor = visit(f"{server}/{address}{start}text={quote(TEXT)}")
    found = visitor.page.locator(".gf").filter(has=visitor.page.locator(".tool", has_text="SVG"))
    found.first.wait_for()
    visitor.page.evaluate("() => document.fonts.ready.then(() => null)")
    visitor.idle()
    return visitor, [found.nth(i) for i in range(found.count())]


def taken(visitor: Visitor, figure: Locator, kind: str) -> tuple[str, bytes]:
    with visitor.page.expect_download() as download:
        figure.locator(".tool", has_text=kind).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def opened_files(
    visitor: Visitor, figure: Locator
) -> tuple[tuple[int, int], ElementTree.Element, list[list[str]], list[list[str]]]:
    """A figure's picture (its size), its drawing, the rows of its file and those of its table; all four can be opened."""
    files = {kind: taken(visitor, figure, kind) for kind in ("PNG", "SVG", "CSV")}
    assert all(name.startswith("glassformer-") and name.endswith(f".{kind.lower()}") for kind, (name, _) in files.items())
    assert files["PNG"][1].startswith(b"\x89PNG\r\n\x1a\n")
    drawing = ElementTree.fromstring(files["SVG"][1])
    assert drawing.tag == f"{SVG}svg" and drawing.find(f"{SVG}title").text
    rows = list(csv.reader(files["CSV"][1].decode("utf-8-sig").splitlines()))
    button = figure.locator(".tool", has_text="Table")
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    shown = figure.locator("table.data tr").evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.textContent))")
    return struct.unpack(">II", files["PNG"][1][16:24]), drawing, rows, shown


def twice_the_drawing(drawing: ElementTree.Element) -> tuple[int, int]:
    return tuple(round(2 * float(size)) for size in drawing.get("viewBox").split()[2:])


@pytest.mark.parametrize("address", soon_or_later(PAGES, SOON))
def test_every_figure_gives_a_picture_a_drawing_and_its_numbers(server: str, visit, address: str) -> None:
    visitor, found = figures(server, visit, address)
    assert len(found) >= PAGES[address]
    for figure in found:
        size, drawing, (header, *rows), (_, *shown) = opened_files(visitor, figure)
        assert size[0] > 100 and size[1] > 20 and len(drawing) >= 3 and drawing.get("font-family")
        assert drawing.find(f"{SVG}desc").text in " ".join(text.text or "" for text in drawing.iter(f"{SVG}text"))
        assert rows and all(len(row) == len(header) for row in rows)
        assert shown == [[cell.replace("-", "−") if number(cell) else cell for cell in row] for row in rows[: len(shown)]]
        assert len(shown) == len(rows) or len(shown) in (50, 400), drawing.find(f"{SVG}title").text
    assert visitor.errors == []


def number(text: str) -> bool:
    try:
        return bool(float(text)) or True
    except ValueError:
        return False


def test_the_pipeline_strip_is_taken_away_with_the_shapes_that_it_shows(server: str, visit) -> None:
    visitor = visit(f"{server}/attention?text={quote(TEXT)}")
    strip = visitor.page.locator(".st-key-strip .gf")
    strip.locator(".station").first.wait_for()
    stations = [station.inner_text().split("\n") for station in strip.locator(".station").all()]
    opener = strip.get_by_role("button", name="Take these stages away")
    opener.press("Enter")
    assert opener.get_attribute("aria-expanded") == "true"
    size, drawing, (header, *rows), (_, *shown) = opened_files(visitor, strip)
    assert rows == shown == stations and len(rows) == 8 and len(header) == 2
    *written, cited = [text.text for text in drawing.iter(f"{SVG}text")]
    assert written == [text for station in stations for text in station]
    assert cited.endswith(drawing.find(f"{SVG}desc").text) and "step 18,000" in cited  # whose numbers these are
    assert size == twice_the_drawing(drawing) and size[0] > 2000 and visitor.errors == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_button_in_a_cards_last_line_takes_a_press_in_its_middle(server: str, visit, width: int) -> None:
    visitor = visit(f"{server}/layers?part=norm&text={quote(TEXT)}", width=width)
    opener = visitor.page.locator(".st-key-layers-norm-take").get_by_role("button", name="Take away")
    assert opener.evaluate("""async button => {
        for (let looks = 0; looks < 40; looks++) { // figures that come later push it away from where it was
            button.scrollIntoView({ block: "center" });
            await new Promise((done) => setTimeout(done, 500));
            const box = button.getBoundingClientRect();
            if (button.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2))) return true;
        }
    }""")


def test_a_press_during_which_the_figure_is_drawn_anew_is_not_lost_and_no_other_counts_twice(server: str, visit) -> None:
    visitor, _ = figures(server, visit, "layers?part=norm")
    figure = visitor.page.locator(".st-key-layers-norm-vectors .gf")
    files = []
    visitor.page.on("download", lambda download: files.append(download.suggested_filename))
    for anew in (True, False):
        figure.locator(".tool", has_text="CSV").hover()
        with visitor.page.expect_download():
            visitor.page.mouse.down()
            if anew:
                figure.evaluate("figure => figure.replaceChildren(...figure.children)")
            visitor.page.mouse.up()
    visitor.drawn()
    assert len(files) == 2 and all(name.endswith(".csv") for name in files) and visitor.errors == []


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Iterator[tuple[str, Run]]:
    """A server over one run that has ended."""
    root = tmp_path_factory.mktemp("runs")
    run = tiny_run(root, tiny_spec(120, prompt="moon cup tree moon cup"))
    finish(run)
    with running_server(GLASSFORMER_RUNS=str(root)) as address:
        yield address, run


def lines_of(run: Run, name: str) -> list[dict]:
    return [json.loads(line) for line in (run.folder / name).read_text("utf-8").splitlines()]


def live(trained: tuple[str, Run], visit, key: str) -> tuple[Visitor, Locator]:
    address, run = trained
    visitor = visit(f"{address}/pretraining?run={run.id}")
    figure = visitor.page.locator(f".st-key-{key} .gf")
    visitor.page.locator(".st-key-pretraining-loss canvas[data-last='120']").wait_for()
    last = len(lines_of(run, "samples.jsonl")) - 1  # they come behind the steps
    visitor.page.locator(f".st-key-pretraining-text input[type=range][max='{last}']").wait_for()
    return visitor, figure


def test_the_live_chart_is_taken_away_with_the_numbers_of_its_metrics(trained, visit) -> None:
    visitor, chart = live(trained, visit, "pretraining-loss")
    size, drawing, (header, *rows), (_, *shown) = opened_files(visitor, chart)
    metrics = lines_of(trained[1], "metrics.jsonl")
    assert shown == rows and len(rows) == len(metrics) == 120
    for name in ("step", "loss", "learning_rate", "grad_norm", "seconds", "val_loss"):
        column = [row[header.index(name)] for row in rows]
        assert [float(v) if v else None for v in column] == [line.get(name) for line in metrics], name
    assert all(row[0] == trained[1].title for row in rows)
    words = [text.text for text in drawing.iter(f"{SVG}text")]
    assert "training step" in words and len([path for path in drawing.iter(f"{SVG}path") if path.get("stroke-width")]) > 3
    assert size == twice_the_drawing(drawing) and "step 120" in drawing.find(f"{SVG}desc").text and visitor.errors == []


@pytest.mark.parametrize("key", ["pretraining-text", "pretraining-bars", "pretraining-thumbnails"])
def test_what_a_run_writes_is_taken_away_with_its_samples(trained, visit, key: str) -> None:
    visitor, figure = live(trained, visit, key)
    size, drawing, (header, *rows), (_, *shown) = opened_files(visitor, figure)
    samples = lines_of(trained[1], "samples.jsonl")
    assert rows and shown == rows and all(len(row) == len(header) for row in rows)
    if key == "pretraining-text":
        assert [(int(row[0]), row[2], row[3]) for row in rows] == [(s["step"], s["prompt"], s["text"]) for s in samples]
    if key == "pretraining-bars":
        assert [row[2:] for row in rows] == [[token, str(p)] for s in samples for token, p in s["next"]]
    if key == "pretraining-thumbnails":
        heads, tokens = samples[-1]["shape"][0] * samples[-1]["shape"][1], len(samples[-1]["tokens"])
        assert len(rows) == heads * tokens**2 and len(list(drawing.iter(f"{SVG}image"))) == heads
    assert size == twice_the_drawing(drawing) and visitor.errors == []


WRITTEN = """async (bytes) => {
  const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)])), canvas = document.createElement("canvas");
  Object.assign(canvas, { width: picture.width, height: picture.height });
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const { data } = pen.getImageData(0, canvas.height - 34, canvas.width, 34), ends = [canvas.width, -1];
  for (let i = 0; i < data.length; i += 4) if (Math.abs(data[i] - data[0]) > 30) {
    const x = (i / 4) % canvas.width;
    ends[0] = Math.min(ends[0], x);
    ends[1] = Math.max(ends[1], x);
  }
  return ends[1] - ends[0];
}"""
WIDE = """([text, family]) => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `24px ${family}`;
  return pen.measureText(text).width;
}"""


def test_a_picture_is_written_in_the_font_of_the_page(server: str, visit) -> None:
    """The line under it is as wide as in the page's font, not as in the one that a picture without fonts falls back on."""
    visitor, found = figures(server, visit, "attention?layer=2&head=1")
    drawing = ElementTree.fromstring(taken(visitor, found[0], "SVG")[1])
    cited = list(drawing.iter(f"{SVG}text"))[-1].text
    own, other = (visitor.page.evaluate(WIDE, [cited, family]) for family in (drawing.get("font-family"), "sans-serif"))
    seen = visitor.page.evaluate(WRITTEN, list(taken(visitor, found[0], "PNG")[1]))
    assert abs(own - other) > 30 > 3 * abs(seen - own) and visitor.errors == []


@pytest.mark.slow
def test_two_runs_that_train_at_once_stay_apart_on_one_page_and_in_two_tabs(tmp_path, visit) -> None:
    runs = [tiny_run(tmp_path, tiny_spec(400, model={"n_layers": layers})) for layers in (1, 2)]
    assert runs[0].title != runs[1].title
    for run in runs:
        Controls(run).pause()
    workers = [start_worker(run) for run in runs]
    try:
        for run in runs:  # before there is a server: it would start a worker of its own for a run that waits
            wait_for(lambda run=run: run.status().state == "paused")
        with running_server(GLASSFORMER_RUNS=str(tmp_path)) as address:
            both = visit(f"{address}/pretraining?run={runs[0].id}&with={runs[1].id}")
            alone = visit(f"{address}/pretraining?run={runs[1].id}")
            for run in runs:
                Controls(run).resume()
            wait_for(lambda: all(run.status().state == "done" for run in runs))
            for visitor, shown in ((both, runs), (alone, runs[1:])):
                chart = visitor.page.locator(".st-key-pretraining-loss .gf")
                chart.locator("canvas[data-last='400']").first.wait_for()
                expected = [(run.title, line["step"], line["loss"]) for run in shown for line in lines_of(run, "metrics.jsonl")]
                assert len(expected) == 400 * len(shown)
                for _ in range(40):  # the second run of a chart may come a moment later
                    header, *rows = csv.reader(taken(visitor, chart, "CSV")[1].decode("utf-8-sig").splitlines())
                    if len(rows) == len(expected):
                        break
                    visitor.page.wait_for_timeout(500)
                assert [(row[0], int(row[1]), float(row[header.index("loss")])) for row in rows] == expected
                assert visitor.errors == []
    finally:
        for worker in workers:
            kill(worker)
