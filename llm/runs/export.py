"""A run as one zip file to take away: the model's folder as ``load_checkpoint`` opens it, with metrics and changes."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

from llm.files import snapshot_paths
from llm.runs.store import Run

DESCRIBING = ("config.json", "tokenizer.json", "spec.json", "metrics.jsonl", "changes.jsonl", "card.md")


def export_run(run: Run) -> tuple[str, bytes]:
    """(file name, content) of the zip. Of a run that still trains: its newest snapshot. A text of one's own stays here.

    Raises:
        ValueError: when there are no weights yet.
    """
    weights, meta = _weights(run)
    name = re.sub(r"[^a-z0-9]+", "-", run.title.lower()).strip("-")[:60] or "model"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{name}/model.safetensors"), weights)  # numbers do not get smaller: stored
        archive.writestr(f"{name}/meta.json", json.dumps(meta, indent=1, ensure_ascii=False))
        for file in DESCRIBING:
            content = _content(run.folder / file)
            if content is not None:
                archive.writestr(f"{name}/{file}", content)
    return f"{name}.zip", out.getvalue()


def _weights(run: Run) -> tuple[bytes, dict[str, object]]:
    finished = _content(run.folder / "model.safetensors")
    if finished is not None:
        return finished, run.meta()
    for step, path in sorted(snapshot_paths(run.folder).items(), reverse=True):
        content = _content(path)
        if content is not None:
            return content, {"name": run.id, "title": run.title, "step": step, "default_text": run.spec.prompt}
    raise ValueError("this run has no weights yet; wait for its first snapshot")


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
