"""The event stream: what is there first, then what comes, once each; and the visitor's cookie."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from llm.runs.metrics import Appender
from llm.runs.spec import DataSpec, RunSpec
from llm.runs.status import Status, write_status
from llm.runs.store import Run, RunStore
from ui import live, runs
from ui.visitor import COOKIE, VisitorCookie

SPEC = RunSpec(DataSpec("corpus", "copy"), {"n_layers": 1}, {"steps": 50})


def parse(content: bytes) -> list[tuple[str, dict]]:
    """(event, data) of a stream's text."""
    found = []
    for block in content.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":") and ": " in line)
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def steps_in(events: list[tuple[str, dict]]) -> list[int]:
    return [row[0] for name, data in events if name == "metrics" for row in data["rows"]]


@pytest.fixture
def store(tmp_path, monkeypatch) -> RunStore:
    store = RunStore(tmp_path / "runs")
    monkeypatch.setattr(runs, "store", lambda: store)
    return store


def make_run(store: RunStore, state: str = "done", steps: int = 30) -> Run:
    run = store.create(SPEC, "a" * 64, status=Status(state, step=steps, steps=50, updated=time.time()))
    log(run, range(1, steps + 1))
    return run


def log(run: Run, steps) -> None:
    metrics = Appender(run.folder / "metrics.jsonl")
    for step in steps:
        metrics.add({"step": step, "loss": 4.0 / step, "learning_rate": 0.1, "seconds": step / 10})
    metrics.close()


@pytest.fixture
def client() -> TestClient:
    home = Route("/", lambda request: HTMLResponse("<p>page</p>"))
    script = Route("/script.js", lambda request: PlainTextResponse("1;"))
    layers = [Middleware(GZipMiddleware, minimum_size=10), Middleware(VisitorCookie)]
    return TestClient(Starlette(routes=[*live.routes, home, script], middleware=layers))


def test_a_finished_run_is_told_whole_and_closed(store, client):
    run = make_run(store)
    answer = client.get(f"/live/{run.id}")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in answer.headers and answer.headers["cache-control"] == "no-store"
    events = parse(answer.content)
    assert steps_in(events) == list(range(1, 31))
    assert [name for name, _ in events][-1] == "end"
    assert dict(events)["status"]["state"] == "done"


@pytest.mark.parametrize("how", ["query", "header"])
def test_a_stream_goes_on_after_the_last_known_step(store, client, how):
    run = make_run(store)
    if how == "query":
        answer = client.get(f"/live/{run.id}?since=12")
    else:
        answer = client.get(f"/live/{run.id}", headers={"Last-Event-ID": "12"})
    assert steps_in(parse(answer.content)) == list(range(13, 31))


@pytest.mark.parametrize("since", ["-5", "x", "²", "9" * 40, ""])
def test_a_strangers_since_is_the_start(store, client, since):
    run = make_run(store, steps=3)
    assert steps_in(parse(client.get(f"/live/{run.id}", params={"since": since}).content)) == [1, 2, 3]


@pytest.mark.parametrize("run_id", ["nothing", "%2e%2e%5csecret", ".queue.lock", ".cache"])
def test_an_unknown_run_is_a_sentence(store, client, run_id):
    make_run(store)
    answer = client.get(f"/live/{run_id}")
    assert answer.status_code == 404 and "no such run" in answer.json()["error"]
    assert client.get("/live/%2e%2e%2fsecret").status_code == 404


def test_a_page_can_ask_whether_an_ended_run_is_still_there(store, client):
    run = make_run(store)
    answer = client.get(f"/there/{run.id}")
    assert answer.json() == {"there": True, "active": False} and answer.headers["cache-control"] == "no-store"
    write_status(run.folder, replace(run.status(), state="waiting"))
    assert client.get(f"/there/{run.id}").json() == {"there": True, "active": True}
    write_status(run.folder, replace(run.status(), state="stopped"))
    store.remove(run)
    for name in (run.id, "nothing", "%2e%2e%5csecret", ".cache"):
        assert client.get(f"/there/{name}").json() == {"there": False, "active": False}


def test_only_reading_is_possible(store, client):
    assert client.post(f"/live/{make_run(store).id}").status_code == 405


def test_a_long_run_is_thinned_and_keeps_its_ends(store, client):
    run = make_run(store, steps=9_000)
    found = steps_in(parse(client.get(f"/live/{run.id}").content))
    assert (found[0], found[-1]) == (1, 9_000) and len(found) <= live.FIRST_ROWS
    assert found == sorted(set(found))


def test_watchers_get_each_new_step_once_and_the_end(store):
    run = make_run(store, "paused", steps=5)
    write_status(run.folder, replace(run.status(), state="waiting"))  # active without a worker

    async def watch(seen: list[bytes]) -> None:
        async for content in live.follow(run, 0):
            seen.append(content)

    async def everything() -> tuple[list[bytes], list[bytes]]:
        early, late = [], []
        tasks = [asyncio.create_task(watch(early))]
        await until(lambda: early)
        log(run, range(6, 21))
        await until(lambda: 20 in steps_in(parse(b"".join(early))))
        tasks.append(asyncio.create_task(watch(late)))
        await until(lambda: late)
        log(run, range(21, 31))
        write_status(run.folder, Status("done", step=30, steps=50))
        await asyncio.wait_for(asyncio.gather(*tasks), 120)
        return early, late

    for seen in run_apart(everything()):
        events = parse(b"".join(seen))
        assert steps_in(events) == list(range(1, 31))
        assert [name for name, _ in events].count("end") == 1
    assert live.FEEDS.watchers == 0


def ending_behind(read, run: Run):
    """The same function, behind whose back the run writes its last step and ends."""

    def read_(*given):
        found = read(*given)
        if run.status().active:
            log(run, [6])
            write_status(run.folder, Status("done", step=6, steps=50))
        return found

    return read_


@pytest.mark.parametrize("tailed", [True, False])
def test_a_run_that_ends_while_it_is_read_keeps_its_last_step(store, monkeypatch, tailed):
    run = make_run(store, "waiting", steps=5)
    feed = live.Feed(run)
    if tailed:
        feed.skip_to_now()
        monkeypatch.setattr(feed.files["metrics"], "read", ending_behind(feed.files["metrics"].read, run))
        before, over = feed.look()
    else:
        monkeypatch.setattr(run, "metrics", ending_behind(run.metrics, run))
        before, over = live.story_so_far(run, 0)
    assert not over and 6 not in steps_in(parse(before))
    after, over = feed.look() if tailed else live.story_so_far(run, 5)
    assert over and steps_in(parse(after)) == [6]


def run_apart(work: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: after a browser test, Playwright's event loop still runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def until(condition) -> None:
    for _ in range(2400):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come")


def test_a_resume_that_cuts_back_resets_the_curve(store):
    run = make_run(store, steps=30)
    feed = live.Feed(run)
    feed.skip_to_now()
    lines = (run.folder / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    (run.folder / "metrics.jsonl").write_bytes(b"".join(lines[:10]))
    log(run, [11])
    events = parse(feed.look()[0])
    assert steps_in(events) == list(range(1, 12))
    assert dict(events)["metrics"]["reset"] is True


def test_changes_that_a_resume_forgot_are_forgotten_by_those_who_watch(store):
    run = make_run(store, steps=30)
    path = run.folder / "changes.jsonl"
    path.write_text('{"step": 10, "learning_rate": [0.1, 3.0]}\n')
    feed = live.Feed(run)
    feed.skip_to_now()
    path.write_text("")
    assert ("changes", {"rows": []}) in parse(feed.look()[0])
    path.write_text('{"step": 5, "learning_rate": [0.1, 0.05]}\n')
    assert [each for each in parse(feed.look()[0]) if "change" in each[0]] == [
        ("change", {"step": 5, "learning_rate": [0.1, 0.05]})
    ]


def test_a_watcher_who_fell_far_behind_reads_the_folder_again(store):
    async def fall_behind() -> object:
        feed = live.Feed(make_run(store))
        for _ in range(live.KEPT + 2):
            await feed.publish(b"x", over=False)
        return await feed.after(0), await feed.after(feed.number - 1)

    missed, newest = run_apart(fall_behind())
    assert missed is None and [batch.content for batch in newest] == [b"x"]


def test_attention_travels_with_the_newest_sample_only():
    samples = [{"step": i, "text": "a", "patterns": "AAAA"} for i in range(100)]
    found = live.few(samples)
    assert len(found) == live.FIRST_SAMPLES and (found[0]["step"], found[-1]["step"]) == (0, 99)
    assert ["patterns" in row for row in found] == [False] * (live.FIRST_SAMPLES - 1) + [True]


def test_what_a_model_wrote_cannot_break_out_of_its_event():
    content = live.event("sample", {"text": "a\n\nevent: end\ndata: {}\n\n\ud800"})
    assert content.count(b"\n\n") == 1 and parse(content)[0][0] == "sample"


def test_a_page_brings_the_cookie_once(client):
    first = client.get("/")
    cookie = first.headers["set-cookie"]
    assert re.match(rf"{COOKIE}=[A-Za-z0-9_-]{{43}}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax$", cookie)
    assert "set-cookie" not in client.get("/").headers  # the client kept it
    client.cookies.set(COOKIE, "made up")
    client.cookies.clear()
    assert "set-cookie" not in client.get("/script.js").headers
    assert client.get("/").headers["set-cookie"] != cookie


@pytest.mark.parametrize("value", ["x", "a" * 42, '"' + "a" * 43, "<script>"])
def test_a_made_up_cookie_is_replaced(client, value):
    client.cookies.set(COOKIE, value)
    assert "set-cookie" in client.get("/", headers={"cookie": f"{COOKIE}={value}"}).headers


def test_over_https_the_cookie_is_secure(client):
    assert client.get("/", headers={"x-forwarded-proto": "https"}).headers["set-cookie"].endswith("; Secure")


def test_the_page_knows_a_hash_only(monkeypatch):
    from ui import visitor

    monkeypatch.setattr(visitor.st, "context", SimpleNamespace(cookies={COOKIE: "b" * 43}))
    assert visitor.visitor() == hashlib.sha256(b"b" * 43).hexdigest()
