"""How long an uploaded model trained: what its files say, and otherwise that nobody knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llm.cli.runs_command import describe, table
from llm.runs.limits import Limits
from llm.runs.store import RunStore
from llm.runs.upload import upload_model

BOX = Path(__file__).resolve().parents[2] / "assets" / "models" / "copy"
MODEL = {name: (BOX / name).read_bytes() for name in ("model.safetensors", "config.json", "tokenizer.json")}


@pytest.mark.parametrize(
    ("meta", "rows", "seconds", "step"),
    [
        ({}, [], None, 0),
        ({"step": 500}, [], None, 500),
        ({"step": 500, "seconds": 12.5}, [{"step": 400, "seconds": 9.0}], 12.5, 500),
        ({}, [{"step": 400, "seconds": 9.0}], 9.0, 400),
        ({"seconds": -3.0}, [{"step": 4, "loss": 2.0}], None, 4),
        ({"seconds": "long"}, [], None, 0),
    ],
)
def test_the_time_is_what_its_files_say(tmp_path, meta, rows, seconds, step):
    files = MODEL | {"meta.json": json.dumps(meta).encode()}
    files |= {"metrics.jsonl": "".join(json.dumps(row) + "\n" for row in rows).encode()}
    run = upload_model(RunStore(tmp_path), files, "a" * 64, Limits())
    assert (run.status().seconds, run.status().step) == (seconds, step)
    assert "0:00" not in table([describe(run)])
