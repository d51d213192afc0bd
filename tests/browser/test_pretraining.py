"""A run watched in real browsers: one stream a page, no script runs, live changes, the line, and whose run it is."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from llm.runs.control import Controls
from llm.runs.queue import Queue
from llm.runs.status import Status
from llm.runs.store import Run, RunStore
from tests.browser.conftest import PATIENT, Visitor, free_port, server_process
from tests.run_helpers import tiny_spec
from ui.text import load
from ui.tokens import visible
from ui.visitor import COOKIE

LOSS = ".st-key-card-pretraining-chart canvas"
STATUS = ".st-key-pretraining-bar .line"
STEPS = 10_000_000  # more than any machine does in the time of these tests
# a tab says that it is hidden when a test says so: in a headless browser all tabs can be seen
HIDEABLE = """
let hidden = false;
Object.defineProperty(document, "hidden", { get: () => hidden });
Object.defineProperty(document, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
window.hide = (value) => { hidden = value; document.dispatchEvent(new Event("visibilitychange")); };
"""
# What a browser and Streamlit say of a server that a test has ended: it was cut off in the middle of a stream or of an answer,
# or nobody is there.
CUT = (
    "INCOMPLETE_CHUNKED_ENCODING",
    "CONTENT_LENGTH_MISMATCH",
    "EMPTY_RESPONSE",
    "INVALID_HTTP_RESPONSE",
    "SOCKET_NOT_CONNECTED",
)
GONE = ("CONNECTION_", "NETWORK_", "TIMED_OUT", "ABORTED")
AWAY = (*(f"net::ERR_{name}" for name in CUT + GONE), "WebSocket", "in reaching server endpoint", "server is not responding")
# What the server says reaches a page later when a test asks for it, as on a busy server; never in another order.
LATE = """
const listen = WebSocket.prototype.addEventListener;
WebSocket.prototype.addEventListener = function (type, heard, options) {
  const waiting = [];
  const later = (event) => {
    if (!window.late && !waiting.length) return heard(event);
    waiting.push(event);
    setTimeout(() => heard(waiting.shift()), window.late || 1000);
  };
  return listen.call(this, type, type === "message" ? later : heard, options);
};
"""


@dataclass
class Browsing:
    """One visitor: a browser of their own with their cookie, and what its pages have sent and received."""

    context: BrowserContext
    address: str
    me: str
    errors: list[str] = field(default_factory=list)
    streams: list = field(default_factory=list)  # event streams that are open
    frames: list[int] = field(default_factory=lambda: [0])  # messages from the page's script

    def page(self, path: str) -> Visitor:
        page = self.context.new_page()
        page.on("request", lambda request: self.streams.append(request) if "/live/" in request.url else None)
        for ended in ("requestfinished", "requestfailed"):
            page.on(ended, lambda request: self.streams.remove(request) if request in self.streams else None)
        page.on("websocket", lambda socket: socket.on("framereceived", lambda _: self._count()))
        visitor = Visitor(page)
        visitor.errors = self.errors
        visitor.open(f"{self.address}{path}")
        return visitor

    def run(self, run: Run) -> Visitor:
        """A page with this run on its stage, once it shows steps."""
        visitor = self.page(f"/pretraining?run={run.id}")
        until(visitor.page, lambda: last_step(visitor.page) > 0)
        return visitor

    def _count(self) -> None:
        self.frames[0] += 1


@dataclass
class Site:
    """A server over a folder of runs; it can be ended and started again at the same address."""

    root: Path
    port: int
    ended: bool = False  # in this test: only then may its pages complain that it is away
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    address: str = ""

    @property
    def store(self) -> RunStore:
        return RunStore(self.root)

    def start(self) -> None:
        """One run trains at a time, however many cores there are, and as long as the tests need it."""
        options = {"GLASSFORMER_MAX_AT_ONCE": "1", "GLASSFORMER_MAX_MINUTES": "600"}
        _, self.address = self.stack.enter_context(server_process(self.port, GLASSFORMER_RUNS=str(self.root), **options))

    def stop(self) -> None:
        self.ended = True
        self.stack.close()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:  # a worker may still be writing
        site = Site(Path(root), free_port())
        site.start()
        yield site
        for run in site.store.runs():
            if run.status().active:
                Controls(run).stop()
        wait(lambda: not any(run.status().active for run in site.store.runs()), 300)  # workers leave the machine to others
        site.stop()


@pytest.fixture
def browse(browser: Browser, site: Site) -> Iterator[Callable[..., Browsing]]:
    """``browse(owner)`` is a browser with this visitor's cookie, or a new visitor's."""
    opened: list[Browsing] = []
    site.ended = False

    def browse_(cookie: str | None = None) -> Browsing:
        cookie = cookie or secrets.token_urlsafe(32)
        context = browser.new_context(viewport={"width": 1280, "height": 1200})
        context.add_init_script(HIDEABLE)
        context.add_init_script(LATE)
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": site.address}])
        opened.append(Browsing(context, site.address, hash_of(cookie)))
        return opened[-1]

    yield browse_
    expected = AWAY if site.ended else ()
    for each in opened:
        each.context.close()
    for each in opened:
        assert not [error for error in each.errors if not any(text in error for text in expected)], each.errors


@pytest.fixture(scope="module")
def owned(site: Site) -> tuple[Run, str]:
    """A run that trains for the length of these tests, a few milliseconds a step, and its owner's cookie."""
    cookie = secrets.token_urlsafe(32)
    slow = {"n_layers": 2, "d_model": 64, "context_length": 32}
    spec = tiny_spec(STEPS, train={"eval_every": 200, "batch_size": 16}, model=slow, prompt="moon cup tree moon cup")
    run = site.store.create(spec, hash_of(cookie))
    wait(lambda: run.status().state == "running" and run.status().step > 0)
    return run, cookie


def hash_of(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def wait(condition: Callable[[], object], seconds: float = PATIENT / 1000) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def until(page: Page, condition: Callable[[], object]) -> None:
    """The same, while the browser's events are handled."""
    end = time.monotonic() + PATIENT / 1000
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        page.wait_for_timeout(60)


def last_step(page: Page) -> int:
    """The newest step that the chart has drawn."""
    canvas = page.locator(LOSS)
    return int(canvas.first.get_attribute("data-last") or 0) if canvas.count() else 0


def ranges(page: Page) -> dict[str, list[float]]:
    return json.loads(page.locator(LOSS).first.get_attribute("data-range"))


def marks(page: Page) -> list[int]:
    return json.loads(page.locator(LOSS).first.get_attribute("data-marks"))


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def state_is(page: Page, state: str) -> None:
    expect(page.locator(STATUS)).to_have_attribute("data-state", state)


def drag(page: Page, *places: tuple[float, float]) -> None:
    """Drag over the chart; places are parts of its width and height."""
    box = page.locator(LOSS).first.bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def test_a_start_from_the_page_ends_by_itself_and_its_buttons_follow(browse) -> None:
    visitor = browse().page("/pretraining")
    page = visitor.page
    page.get_by_role("radio", name="Copying").click()
    visitor.idle()
    page.get_by_role("radio", name="tiny", exact=True).click()
    visitor.idle()
    page.get_by_text("More", exact=True).first.click()
    visitor.idle()
    steps = page.get_by_role("spinbutton", name="Steps", exact=True)
    steps.fill("60")
    steps.press("Enter")
    visitor.idle()
    button(page, "Start").click()
    page.locator(LOSS).first.wait_for()
    page.locator(LOSS).first.evaluate("(canvas) => { canvas.mine = true; }")
    state_is(page, "done")  # nobody has touched the page
    until(page, lambda: last_step(page) == 60)
    expect(button(page, "Pause")).to_have_count(0)
    expect(page.locator(STATUS)).to_contain_text("All 60 steps are done.")
    assert page.locator(LOSS).first.evaluate("(canvas) => canvas.mine"), "the chart was mounted anew"


def test_a_run_that_is_deleted_leaves_the_page_of_whoever_watches(browse, site: Site) -> None:
    run = site.store.create(tiny_spec(40), hash_of(secrets.token_urlsafe(32)), status=Status("done", step=40, steps=40))
    visitor = browse().page(f"/pretraining?run={run.id}")
    state_is(visitor.page, "done")
    site.store.remove(run)
    expect(visitor.page.get_by_text(load("pretraining")["start"]["none"])).to_be_visible()
    assert "run=" not in visitor.page.url and not visitor.errors


def test_two_browsers_watch_one_run_without_script_runs(browse, owned) -> None:
    run, cookie = owned
    mine, theirs = browse(cookie), browse()
    one, other = mine.run(run), theirs.run(run)
    first, second = one.page, other.page
    expect(button(first, "Pause")).to_have_count(1)
    expect(button(second, "Pause")).to_have_count(0)
    drag(first, (0.2, 0.3), (0.5, 0.7))
    expect(button(first, "Show all")).to_be_visible()
    one.idle(), other.idle()
    before = [last_step(first), last_step(second)]
    zoomed, whole = ranges(first), ranges(second)
    counted = [mine.frames[0], theirs.frames[0]]
    until(first, lambda: min(last_step(first) - before[0], last_step(second) - before[1]) > 40)
    first.wait_for_timeout(1500)
    assert [mine.frames[0], theirs.frames[0]] == counted, "the page's script ran"
    assert ranges(first) == zoomed and ranges(second)["x"][1] >= whole["x"][1]
    assert len(mine.streams) == len(theirs.streams) == 1
    box = first.locator(LOSS).first.bounding_box()
    first.mouse.dblclick(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    expect(button(first, "Show all")).to_have_count(0)


def test_a_change_is_marked_and_can_be_read(browse, owned) -> None:
    run, cookie = owned
    page = browse(cookie).run(run).page
    known = len(run.changes())
    button(page, "× 2").click()
    until(page, lambda: len(marks(page)) == known + 1)
    change = run.changes()[-1]
    box = page.locator(LOSS).first.bounding_box()
    words = page.locator(".st-key-card-pretraining-chart .words")
    said = []

    def pointed_at() -> bool:
        """The mark moves on while the run goes on: what stands there is read at once."""
        page.mouse.move(box["x"] + marks(page)[-1], box["y"] + 60)
        said.append(words.inner_text())
        return "learning rate" in said[-1]

    until(page, pointed_at)
    old, new = change["learning_rate"]
    assert new == pytest.approx(2 * old)
    assert f"step {change['step']:,}" in said[-1] and f"→ {new:g}"[:6] in said[-1]


def test_a_press_before_the_page_has_heard_of_a_change_does_not_take_it_back(browse, owned) -> None:
    run, cookie = owned
    visitor = browse(cookie).run(run)
    page, known = visitor.page, len(run.changes())
    page.evaluate("window.late = 1000")
    button(page, "× 0.5").click()
    wait(lambda: len(run.changes()) == known + 1)
    page.get_by_text("More", exact=True).first.click()  # says the rate that the page still shows
    page.wait_for_timeout(2000)
    page.evaluate("window.late = 0")
    visitor.idle()
    (change,) = run.changes()[known:]
    field = page.locator(f"[class*='st-key-pretraining-rate-{run.id}'] input")
    expect(field).to_have_value(f"{change['learning_rate'][1]:g}")


def test_pause_one_step_and_resume(browse, owned) -> None:
    run, cookie = owned
    page = browse(cookie).run(run).page
    button(page, "Pause").click()
    state_is(page, "paused")
    expect(button(page, "Resume")).to_be_visible(timeout=PATIENT)
    at = run.status().step
    until(page, lambda: last_step(page) == at)
    button(page, "One step").click()
    until(page, lambda: last_step(page) == at + 1)
    expect(page.locator(STATUS)).to_contain_text(f"{at + 1:,} of")
    wait(lambda: run.status().step == at + 1)  # its line was there before what the step leaves behind was saved
    page.wait_for_timeout(500)
    assert run.status().step == run.metrics()[-1]["step"] == at + 1
    button(page, "Resume").click()
    state_is(page, "running")
    until(page, lambda: last_step(page) > at + 20)
    expect(button(page, "Pause")).to_be_visible(timeout=PATIENT)


def test_samples_go_back_and_the_newest_is_followed(browse, owned) -> None:
    run, _ = owned
    page = browse().run(run).page
    card = page.locator(".st-key-card-pretraining-sample")
    until(page, lambda: int(card.get_by_role("slider").get_attribute("max")) >= 2)
    card.get_by_role("button", name="Earlier").click()
    expect(card.get_by_role("button", name="Newest")).to_have_attribute("aria-pressed", "false")
    card.get_by_role("slider").fill("0")
    expect(card.locator(".head")).to_contain_text("step 0")
    assert card.locator(".given").inner_text() == "moon cup tree moon cup"
    names = page.locator(".st-key-card-pretraining-next .name").all_inner_texts()
    first = run.samples()[0]
    assert names == [visible(token) for token, _ in first["next"]]
    newest = card.get_by_role("button", name="Newest")
    newest.click()
    expect(newest).to_have_attribute("aria-pressed", "true")
    expect(card.locator(".head")).not_to_contain_text("step 0 ")
    seen = card.locator(".head").inner_text()
    expect(card.locator(".head")).not_to_have_text(seen)  # the next one comes by itself


def test_eight_tabs_of_one_browser_work_and_hidden_ones_hold_no_stream(browse, owned) -> None:
    run, _ = owned
    mine = browse()
    tabs: list[Page] = []
    for _ in range(8):
        if tabs:
            tabs[-1].evaluate("hide(true)")
        tabs.append(mine.run(run).page)
    until(tabs[-1], lambda: len(mine.streams) == 1)
    old = last_step(tabs[0])
    tabs[-1].evaluate("hide(true)")
    until(tabs[0], lambda: not mine.streams)
    tabs[0].evaluate("hide(false)")
    until(tabs[0], lambda: last_step(tabs[0]) > old + 20 and len(mine.streams) == 1)
    assert "since=0" not in mine.streams[0].url, "it begins again instead of going on"


def test_thirty_starts_by_thirty_visitors_each_see_their_place(browse, owned, site: Site) -> None:
    cookies = [secrets.token_urlsafe(32) for _ in range(30)]
    line = Queue(site.store, slots=1, spare=False)
    waiting = [line.start(tiny_spec(60, train={"seed": i}), hash_of(cookie)) for i, cookie in enumerate(cookies)]
    try:
        assert [line.place(run)[0] for run in waiting] == list(range(1, 31))
        for number, words in ((0, "Next in line"), (21, "22nd in line"), (29, "30th in line")):
            page = browse(cookies[number]).page("/pretraining").page  # their own run, without being named
            expect(page.locator(STATUS)).to_contain_text(words)
            expect(page.locator(STATUS)).to_contain_text("It starts in")
        Controls(waiting[0]).stop()
        expect(page.locator(STATUS)).to_contain_text("29th in line")
    finally:
        for run in waiting:
            Controls(run).stop()


def test_the_owner_keeps_control_and_nobody_else_gets_it(browse, owned, site: Site) -> None:
    run, cookie = owned
    mine = browse(cookie)
    page = mine.run(run).page
    page.reload()
    expect(button(page, "Pause")).to_be_visible(timeout=PATIENT)
    site.stop()
    before = run.status().step
    wait(lambda: run.status().step > before)  # it trains without a server
    site.start()
    seen = last_step(page)
    until(page, lambda: last_step(page) > max(seen, before) + 20)  # the page goes on by itself
    second = mine.run(run).page
    expect(button(second, "Pause")).to_be_visible(timeout=PATIENT)
    other = browse().run(run).page
    expect(button(other, "Pause")).to_have_count(0)
    expect(button(other, "Stop")).to_have_count(0)
    cookie = secrets.token_urlsafe(32)
    spec = replace(run.spec, train={**run.spec.train, "seed": 7})
    following = site.store.create(spec, hash_of(cookie))
    waits = browse(cookie).page(f"/pretraining?run={following.id}").page
    expect(waits.locator(STATUS)).to_contain_text("Next in line")
    button(second, "Stop").click()
    state_is(page, "stopped")
    until(waits, lambda: last_step(waits) > 0)
    expect(button(waits, "Pause")).to_be_visible()
    assert following.status().active  # long before it ends
    expect(page.get_by_role("button", name="Go on")).to_be_visible(timeout=PATIENT)
    Controls(following).stop()  # the next test's run would wait behind it
    wait(lambda: not following.status().active)


def test_an_exploded_run_goes_back_and_its_marks_with_it(browse, site: Site) -> None:
    """Two changes, the second of which blows it up; what came after the good state is gone without a reload."""
    cookie = secrets.token_urlsafe(32)
    wild = {"learning_rate": 0.01, "grad_clip": None, "explosion_steps": 20}
    run = site.store.create(tiny_spec(STEPS, train=wild), hash_of(cookie))
    visitor = browse(cookie).run(run)
    page = visitor.page
    until(page, lambda: last_step(page) > 100)
    for rate, count in ((0.005, 1), (20.0, 2)):
        field = page.locator(f"[class*='st-key-pretraining-rate-{run.id}'] input")
        field.fill(str(rate))
        field.press("Enter")
        until(page, lambda count=count: len(run.changes()) == count)
        visitor.idle()  # there is another field for another rate
    state_is(page, "failed")
    expect(page.locator(".st-key-pretraining-bar")).to_contain_text("It exploded: since step", timeout=PATIENT)
    until(page, lambda: len(marks(page)) == 2)
    at = run.changes()[1]["step"]
    page.get_by_role("button", name=f"Back to step {at:,}").click()
    until(page, lambda: len(run.changes()) == 2 and run.changes()[1]["learning_rate"] == [0.005, 0.0025])
    state_is(page, "running")  # what has exploded was longer than what is waited for next
    until(page, lambda: last_step(page) > at + 20 and len(marks(page)) == 2)
    assert max(row["loss"] for row in run.metrics()) < 8
    Controls(run).stop()
    state_is(page, "stopped")
