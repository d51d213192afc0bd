"""The live view's event stream: GET /live/RUN?since=STEP, server-sent events that follow a run folder; then GET /there/RUN.

One tail for each run, however many watch it: four times a second it reads what is new, writes it as events once, and wakes all
watchers. A stream only reads; runs are controlled from the page's script, which knows the visitor.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from llm.runs.metrics import Row, Tail
from llm.runs.store import Run
from ui import runs

TICK = 0.25  # seconds
BEAT = 15.0  # seconds of silence after which a comment shows whether the watcher is still there
KEPT = 240  # batches that a slow watcher can be behind before it reads from the folder again
FIRST_ROWS = 2_000
FIRST_SAMPLES = 40
MOST_WATCHERS = 400
GRACE = 5.0  # seconds that a tail goes on after its last watcher
COLUMNS = ("step", "loss", "learning_rate", "grad_norm", "seconds", "val_loss", "val_bits_per_byte")
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # a proxy must not hold events back


@dataclass(frozen=True)
class Batch:
    """The events of one tick, ready to send."""

    number: int
    content: bytes
    last: bool = False


class Feed:
    """One run, tailed for all its watchers."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.batches: deque[Batch] = deque(maxlen=KEPT)
        self.number = 0
        self.watchers = 0
        self.ended = False
        self.woken = asyncio.Condition()
        self.files = {name: Tail(run.folder / f"{name}.jsonl") for name in ("metrics", "samples", "changes")}
        self.status: dict[str, Any] = {}
        self.snapshots: tuple[int, ...] = ()

    def skip_to_now(self) -> None:
        """Forget what is there already: each watcher reads that for itself when it comes."""
        for tail in self.files.values():
            tail.read()
        self.status, self.snapshots = status_of(self.run), self.run.snapshots()

    def look(self) -> tuple[bytes, bool]:
        """The events since the last look, and whether they are the last."""
        status = status_of(self.run)  # before the files: when it says that the run has ended, they hold all that there will be
        parts = []
        rows = self.files["metrics"].read()
        if self.files["metrics"].rewound:
            parts.append(metrics_event(self.run.metrics(at_most=FIRST_ROWS), reset=True))
        elif rows:
            parts.append(metrics_event(rows))
        changes = self.files["changes"].read()
        if self.files["changes"].rewound:  # a run that went back has forgotten some
            parts.append(event("changes", {"rows": changes}))
        else:
            parts += [event("change", row) for row in changes]
        parts += [event("sample", row) for row in self.files["samples"].read()]
        snapshots = self.run.snapshots()
        if snapshots != self.snapshots:
            self.snapshots = snapshots
            parts.append(event("snapshots", {"steps": snapshots}))
        if status != self.status:
            self.status = status
            parts.append(event("status", status))
        over = not status["active"]
        if over:
            parts.append(event("end", {}))
        return b"".join(parts), over

    async def tail(self) -> None:
        """Look again and again until the run is over."""
        while not self.ended:
            await asyncio.sleep(TICK)
            content, over = await asyncio.to_thread(self.look)
            if content:
                await self.publish(content, over)

    async def publish(self, content: bytes, over: bool) -> None:
        """Hand one batch to everybody."""
        async with self.woken:
            self.number += 1
            self.batches.append(Batch(self.number, content, over))
            self.ended = self.ended or over
            self.woken.notify_all()

    async def end(self) -> None:
        """Let everybody go: the run's folder is gone, or the server ends."""
        async with self.woken:
            self.ended = True
            self.woken.notify_all()

    async def after(self, number: int) -> list[Batch] | None:
        """The batches after ``number``, waiting for one if need be (at most ``BEAT``); None when some are no longer kept."""
        async with self.woken:
            if self.number == number and not self.ended:
                try:
                    await asyncio.wait_for(self.woken.wait(), BEAT)
                except TimeoutError:
                    return []
            if self.batches and self.batches[0].number > number + 1:
                return None
            return [batch for batch in self.batches if batch.number > number]


class Feeds:
    """The tails of this server, by run id."""

    def __init__(self) -> None:
        self.feeds: dict[str, Feed] = {}
        self.tasks: dict[str, asyncio.Task] = {}

    @property
    def watchers(self) -> int:
        return sum(feed.watchers for feed in self.feeds.values())

    async def join(self, run: Run) -> Feed:
        """The run's tail, started if nobody watched yet."""
        feed = self.feeds.get(run.id)
        if feed is None or feed.ended:
            feed = self.feeds[run.id] = Feed(run)
            feed.watchers += 1
            await asyncio.to_thread(feed.skip_to_now)
            self.tasks[run.id] = asyncio.create_task(self._tail(feed))
        else:
            feed.watchers += 1
        return feed

    def leave(self, feed: Feed) -> None:
        """One watcher less; the tail ends when nobody has come back after a while."""
        feed.watchers -= 1
        if feed.watchers == 0:
            asyncio.get_running_loop().call_later(GRACE, self._drop, feed)

    async def close(self) -> None:
        """Before the server ends: open streams would keep it waiting."""
        for feed in list(self.feeds.values()):
            await feed.end()

    async def _tail(self, feed: Feed) -> None:
        try:
            await feed.tail()
        except Exception:
            logging.getLogger(__name__).exception("the tail of run %s ended", feed.run.id)
        await feed.end()

    def _drop(self, feed: Feed) -> None:
        if feed.watchers == 0 and self.feeds.get(feed.run.id) is feed:
            self.tasks.pop(feed.run.id).cancel()
            del self.feeds[feed.run.id]


FEEDS = Feeds()


async def live(request: Request) -> Response:
    """The stream of one run. ``since`` (or the browser's Last-Event-ID) is the last step that the watcher has."""
    if FEEDS.watchers >= MOST_WATCHERS:
        return JSONResponse({"error": "too many pages watch runs at the moment; try again later"}, 503)
    try:
        run = await asyncio.to_thread(runs.store().get, request.path_params["run_id"])
    except ValueError as error:
        return JSONResponse({"error": str(error)}, 404)
    since = whole(request.headers.get("last-event-id") or request.query_params.get("since", "0"))
    return StreamingResponse(follow(run, since), media_type="text/event-stream", headers=HEADERS)


async def there(request: Request) -> Response:
    """Whether a run that a page has seen end is still there, and whether it trains again."""
    try:
        run = await asyncio.to_thread(runs.store().get, request.path_params["run_id"])
        active = (await asyncio.to_thread(run.status)).active
    except (ValueError, OSError):
        return JSONResponse({"there": False, "active": False}, headers=HEADERS)
    return JSONResponse({"there": True, "active": active}, headers=HEADERS)


async def follow(run: Run, since: int) -> AsyncIterator[bytes]:
    """All events of one watcher: first what is there, then what comes."""
    feed = await FEEDS.join(run)
    try:
        number = feed.number
        content, over = await asyncio.to_thread(story_so_far, run, since)
        yield content
        while not over:
            batches = await feed.after(number)
            if batches is None:  # too slow for the others' pace: read the folder again
                number = feed.number
                content, over = await asyncio.to_thread(story_so_far, run, since)
                yield content
                continue
            if not batches and feed.ended:
                return
            yield b"".join(batch.content for batch in batches) or b": still there\n\n"
            number = batches[-1].number if batches else number
            over = bool(batches) and batches[-1].last
    finally:
        FEEDS.leave(feed)


def story_so_far(run: Run, since: int) -> tuple[bytes, bool]:
    """The run as it stands, thinned, as events; and whether it is over."""
    status = status_of(run)  # before the files, as in ``Feed.look``
    rows, cut = run.metrics(since, FIRST_ROWS), False
    if since and not rows and not run.metrics(since - 1, 1):  # the watcher knows steps that a resume has cut
        since, cut = 0, True
        rows = run.metrics(0, FIRST_ROWS)
    samples = run.samples(since - 1)  # another prompt brings another sample of the same step
    parts = [b"retry: 2000\n\n", event("status", status), metrics_event(rows, reset=cut)]
    parts += [event("change", row) for row in run.changes()]
    parts += [event("sample", row) for row in few(samples)]
    parts.append(event("snapshots", {"steps": run.snapshots()}))
    over = not status["active"]
    if over:
        parts.append(event("end", {}))
    return b"".join(parts), over


def few(samples: list[Row]) -> list[Row]:
    """At most ``FIRST_SAMPLES``, evenly chosen; pictures of attention only with the newest, because they are large."""
    if len(samples) > FIRST_SAMPLES:
        last = len(samples) - 1
        samples = [samples[round(i * last / (FIRST_SAMPLES - 1))] for i in range(FIRST_SAMPLES)]
    return [{name: value for name, value in row.items() if name != "patterns"} for row in samples[:-1]] + samples[-1:]


def status_of(run: Run) -> dict[str, Any]:
    """The status as the page shows it, with the place in the line and the seconds until it starts."""
    status = run.status()
    values = status.to_dict()
    del values["updated"], values["pid"], values["queued"]
    values |= {"active": status.active, "resumable": status.resumable, "place": 0, "wait": 0.0}
    if status.state == "waiting":
        place, wait = runs.queue().place(run)
        values |= {"place": place, "wait": round(wait)}
    return values


def metrics_event(rows: list[Row], *, reset: bool = False) -> bytes:
    """Rows in columns' order; its id is the last step, from which a broken stream goes on."""
    table = [[row.get(name) for name in COLUMNS] for row in rows]
    number = rows[-1].get("step") if rows else None
    return event("metrics", {"columns": COLUMNS, "rows": table, "reset": reset}, number)


def event(name: str, value: object, number: int | None = None) -> bytes:
    """One server-sent event."""
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(value, ensure_ascii=False, allow_nan=False)}\n\n".encode("utf-8", "replace")


def whole(text: str) -> int:
    """A step from a stranger's text; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


routes = [Route("/live/{run_id}", live, methods=["GET"]), Route("/there/{run_id}", there, methods=["GET"])]
