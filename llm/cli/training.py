"""Training in this process, in a run folder as the workers of the app write it: for ``train --out`` and ``resume``."""

from __future__ import annotations

import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

from llm.cli.progress import TrainingProgress
from llm.files import write_bytes, write_json
from llm.runs.locks import is_held
from llm.runs.output import Output
from llm.runs.session import Ending, Session
from llm.runs.spec import LONGEST_TITLE, RunSpec
from llm.runs.status import Status, write_status
from llm.sources import Source

OLD = ("metrics.jsonl", "samples.jsonl", "changes.jsonl", "control.json", "model.safetensors", "meta.json", "card.md", "text.txt")
OLD_PATTERNS = ("state-*", "snapshots/step-*.safetensors")


def make_folder(folder: Path, spec: RunSpec, output: Output, text: str | None) -> Path:
    """A run folder for a new run. One that holds a model is written over, one that holds other things is left alone.

    Raises:
        ValueError: for a folder with other things in it, or one that is being trained in.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not _holds_a_model(folder))):
        raise ValueError(f"{folder} exists and holds no model; choose another --out")
    if is_held(folder):
        raise ValueError(f"{folder} is being trained in by another process; stop that one, or choose another --out")
    folder.mkdir(parents=True, exist_ok=True)
    for path in [folder / name for name in OLD] + [path for pattern in OLD_PATTERNS for path in folder.glob(pattern)]:
        path.unlink(missing_ok=True)
    shutil.rmtree(folder / "tensorboard", ignore_errors=True)
    spec = replace(spec if text is None else spec.with_text(text), title=output.title[:LONGEST_TITLE])
    write_json(folder / "spec.json", spec.to_dict())
    output.save(folder)
    if text is not None:
        write_bytes(folder / "text.txt", text.encode("utf-8", "surrogatepass"))
    now = time.time()
    write_status(folder, Status(steps=spec.train_config().steps, queued=now, updated=now))
    return folder


def train_folder(folder: Path, progress: TrainingProgress, source: Source | None = None) -> dict[str, object]:
    """Train the run of a folder to its end, or on from what was saved; returns the figures of the finished model.

    Raises:
        ValueError: when it cannot go on; the sentence that its status says, too.
        KeyboardInterrupt: after Ctrl-C; everything is saved.
    """
    session = Session(folder, source=source, watch=progress)
    before = {number: signal.signal(number, session.end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        status = session.run()
    except Ending as ending:
        progress.close()
        raise KeyboardInterrupt(f"go on with: python -m llm resume {folder}") from ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    progress.close()
    if not session.result:
        raise ValueError(status.message or f"{folder} is being trained in by another process")
    return session.result


def _holds_a_model(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("config.json", "metrics.jsonl", "spec.json"))
