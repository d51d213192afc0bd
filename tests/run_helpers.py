"""Tiny runs for tests: a model of one layer that takes a millisecond a step, and a plain oracle for what it must come to."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from llm.model import Transformer
from llm.runs.limits import Limits
from llm.runs.spec import DataSpec, RunSpec
from llm.runs.store import Run, RunStore
from llm.sources import corpus_source
from llm.training import Trainer

ROOT = Path(__file__).resolve().parents[1]
OWNER, OTHER = "a" * 64, "b" * 64
LIMITS = Limits()
DATA = DataSpec(corpus="copy", size=6_000, tokenizer="word", vocab_size=100)
MODEL = {"n_layers": 1, "n_heads": 2, "d_model": 16, "context_length": 16, "dropout": 0.1, "position": "alibi"}
TRAIN = {"batch_size": 4, "eval_every": 40, "eval_tokens": 64, "optimizer": "muon", "average_fraction": 0.2, "schedule": "linear"}


def tiny_spec(steps: int = 60, *, train: dict | None = None, model: dict | None = None, **values) -> RunSpec:
    values.setdefault("data", DATA)
    return RunSpec(model=MODEL | (model or {}), train=TRAIN | {"steps": steps} | (train or {}), **values)


def tiny_run(root: Path, spec: RunSpec | None = None, owner: str = OWNER, text: str | None = None) -> Run:
    return RunStore(root).create(spec or tiny_spec(), owner, text)


def start_worker(run: Run, **options) -> subprocess.Popen:
    """A worker as the queue starts it, but for this folder at once."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "llm.runs.worker", str(run.folder)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, stderr=subprocess.PIPE, **options)


def wait_for(condition, seconds: float = 120.0):
    """What the condition returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()


KILLED = """
import os, signal, sys, time
from pathlib import Path
import torch
from llm.runs.control import POLL, Controls
from llm.runs.session import Session
from llm.runs.store import Run

torch.set_num_threads(1)
run, changed, killed = Run(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])

def watch(record, trainer):
    if record.step == changed:
        Controls(run).change(learning_rate=3e-4)
        time.sleep(2 * POLL)  # then the session looks again before its next step
    if record.step == killed:
        os.kill(os.getpid(), signal.SIGKILL)

Session(run.folder, watch=watch).run()
"""


def train_until_killed(run: Run, changed: int, killed: int) -> None:
    """A worker whose learning rate is changed after one step and that is killed after another, before that one is saved."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLED, str(run.folder), str(changed), str(killed)]
    assert subprocess.run(command, cwd=ROOT, env=environment, timeout=300).returncode == -signal.SIGKILL


def finish(run: Run, seconds: float = 300) -> None:
    """Train to the end."""
    worker = start_worker(run)
    _, errors = worker.communicate(timeout=seconds)
    assert run.status().state == "done", (run.status(), errors.decode())


def rows_of(run: Run, *names: str) -> dict[int, tuple]:
    """Metrics by step: what does not depend on time."""
    names = names or ("loss", "learning_rate", "grad_norm", "tokens", "val_loss")
    return {row["step"]: tuple(row.get(name) for name in names) for row in run.metrics()}


def oracle(spec: RunSpec, changes: list[dict] = ()) -> tuple[dict[str, torch.Tensor], dict[int, tuple]]:
    """Weights and metrics of the same run without any of ``llm.runs``: the trainer alone, changed at the same steps."""
    data = spec.data
    source = corpus_source(data.corpus, data.size, data.seed, data.tokenizer, data.vocab_size)
    train = replace(spec.train_config(), max_seconds=None)
    trainer = Trainer(Transformer(spec.model_config(source.tokenizer.vocab_size)), source.data, train)
    changes, rows = list(changes), {}
    while trainer.stop_reason is None:
        while changes and changes[0]["step"] == trainer.step:
            made = changes.pop(0)
            settings = {name: made[name][1] for name in ("learning_rate", "batch_size", "dropout") if name in made}
            trainer.change(**settings)
        r = trainer.advance()
        six = [float(f"{x:.6g}") for x in (r.loss, r.learning_rate, r.grad_norm)]
        rows[r.step] = (*six, r.tokens, None if r.val_loss is None else float(f"{r.val_loss:.6g}"))
    return {name: x.detach().clone() for name, x in trainer.model.state_dict().items()}, rows


def assert_is_oracle(run: Run) -> None:
    """The finished run equals the same training without interruptions, bit for bit."""
    weights, rows = oracle(run.spec, run.changes())
    stored = load_file(run.folder / "model.safetensors")
    assert weights.keys() == stored.keys()
    for name, x in weights.items():
        assert torch.equal(x, stored[name]), name
    assert rows_of(run) == rows


def assert_whole(run: Run) -> None:
    """What holds at any moment: a readable state, whole lines, rising steps."""
    assert run.status().state
    content = (run.folder / "metrics.jsonl").read_bytes() if (run.folder / "metrics.jsonl").exists() else b""
    steps = [json.loads(line)["step"] for line in content[: content.rfind(b"\n") + 1].splitlines()]
    assert steps == sorted(set(steps))
