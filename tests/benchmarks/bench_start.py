"""From pressing Start to words and sentences: the run that the page starts when everything is left as it is, in its own process.

    python tests/benchmarks/bench_start.py [--corpus stories] [--size small]

Times are counted from ``Queue.start``, which is what the button calls, and are those of the reader of the run folder, as a page
is. The reference is the same start where no worker waits in reserve, so that Python, PyTorch and the data are loaded first.
A sample has words when 9 of 10 of its words stand in the training text, and sentences when it also ends two of them and 9 of 10
neighbouring words are neighbours there. Prints two tables; asserts nothing.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from llm.presets import starter  # noqa: E402
from llm.runs.prepare import load_data  # noqa: E402
from llm.runs.queue import Queue  # noqa: E402
from llm.runs.spec import RunSpec  # noqa: E402
from llm.runs.store import Run, RunStore  # noqa: E402

WORDS, PAIRS, ENDS = 0.9, 0.9, 2
TICK, LONGEST = 0.05, 180.0  # seconds
RESERVE = 15.0  # seconds for the worker in reserve to get ready


@dataclass(frozen=True)
class Known:
    """Words of the training text, and which follow each other there."""

    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, text: str) -> Known:
        found = split(text)
        return cls(frozenset(found), frozenset(pairwise(found)))

    def shares(self, text: str) -> tuple[float, float]:
        """Parts of a sample's words, and of its pairs of neighbours, that are known."""
        found = split(text)[:-1]  # the last one may be cut off
        pairs = list(pairwise(found))
        words = sum(word in self.words for word in found) / max(1, len(found))
        return words, sum(pair in self.pairs for pair in pairs) / max(1, len(pairs))


def split(text: str) -> list[str]:
    """Words without case."""
    return re.findall(r"[\w']+", text.lower())


@dataclass
class Watch:
    """Seconds from pressing Start to each of these, None until then."""

    first_step: float | None = None
    words: float | None = None
    sentences: float | None = None
    end: float | None = None

    def see(self, seconds: float, words: float, pairs: float, ends: int) -> None:
        if self.words is None and words >= WORDS:
            self.words = seconds
        if self.sentences is None and words >= WORDS and pairs >= PAIRS and ends >= ENDS:
            self.sentences = seconds


def watch(queue: Queue, run: Run, known: Known, started: float, show: bool) -> Watch:
    """Follow a run as a page does, until it ends."""
    found, seen = Watch(), -1
    while found.end is None and time.perf_counter() - started < LONGEST:
        queue.tick()
        now = time.perf_counter() - started
        if found.first_step is None and run.metrics(0, 1):
            found.first_step = now
        for sample in run.samples(seen):
            seen = sample["step"]
            words, pairs = known.shares(sample["text"])
            ends = len(re.findall(r"[.!?]", sample["text"]))
            if seen > 0:  # step 0 is the model before it has learnt anything
                found.see(now, words, pairs, ends)
            if show:
                text = sample["text"].replace("\n", "⏎")[:90]
                print(f"{now:8.1f}{seen:8d}{words:8.0%}{pairs:8.0%}{ends:6d}  {text}", flush=True)
        if not run.status().active:
            found.end = now
        time.sleep(TICK)
    return found


def start(spec: RunSpec, known: Known, in_reserve: bool, show: bool) -> Watch:
    """One start, in a folder of its own."""
    with tempfile.TemporaryDirectory() as root:
        queue = Queue(RunStore(Path(root)), spare=in_reserve, warm=spec.data if in_reserve else None)
        if in_reserve:
            queue.launcher.keep_spare()
            time.sleep(RESERVE)
        started = time.perf_counter()
        run = queue.start(spec, "a" * 64)
        found = watch(queue, run, known, started, show)
        status = run.status()
        queue.close()
    print(f"        ended: {status.state}, {status.reason}, step {status.step:,} of {spec.train_config().steps:,}\n")
    return found


def main() -> None:
    """The two starts, then how long each thing took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", default="stories")
    parser.add_argument("--size", default="small")
    args = parser.parse_args()
    spec = starter(args.corpus, args.size)
    source = load_data(spec.data)
    known = Known.of(source.tokenizer.decode(source.data.train.tolist()))
    print(f"{'seconds':>8s}{'step':>8s}{'words':>8s}{'pairs':>8s}{'ends':>6s}  sample")
    rows = {"a worker in reserve": start(spec, known, True, True), "reference: none": start(spec, known, False, False)}
    print(f"{'':24s}" + "".join(f"{name:>14s}" for name in ("first step", "words", "sentences", "end")))
    for name, found in rows.items():
        times = (found.first_step, found.words, found.sentences, found.end)
        print(f"{name:24s}" + "".join(f"{'-' if t is None else f'{t:.1f} s':>14s}" for t in times))


if __name__ == "__main__":
    main()
