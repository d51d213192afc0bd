"""Uploaded models: what is wrong with one is a sentence and leaves nothing behind; how long it trained is what its files say."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from llm.checkpoints import load_checkpoint
from llm.cli.runs_command import describe, table
from llm.runs.export import export_run
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


def weights(change: Callable[[dict], None]) -> dict[str, bytes]:
    """The model with other weights."""
    found = load(MODEL["model.safetensors"])
    change(found)
    return {"model.safetensors": save({name: value.contiguous() for name, value in found.items()})}


def config(**values) -> dict[str, bytes]:
    """The model with another configuration."""
    whole = json.loads(MODEL["config.json"])
    return {"config.json": json.dumps({**whole, "model": {**whole["model"], **values}}).encode()}


def packed(*items: tuple[str, bytes]) -> bytes:
    """A zip file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in items:
            archive.writestr(name, content)
    return file.getvalue()


def pickled() -> bytes:
    """What torch.save writes: a zip with a pickle in it."""
    file = io.BytesIO()
    torch.save(load(MODEL["model.safetensors"]), file)
    return file.getvalue()


def first(found: dict) -> torch.Tensor:
    return found["token_embedding.weight"]


TOKENS = json.loads(MODEL["tokenizer.json"])
FEWER = {**TOKENS, "vocabulary": TOKENS["vocabulary"][:-1]}
TWO = packed(*((f"{folder}/{name}", content) for folder in "ab" for name, content in MODEL.items()))
BOMB = packed(("model.safetensors", bytes(200_000_000)), ("config.json", b"{}"), ("tokenizer.json", b"{}"))


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (weights(lambda w: w.update({"token_embedding.weight": first(w)[:-1]})), "should be"),
        (weights(lambda w: w.update(extra=torch.zeros(3))), "extra should not be there"),
        (weights(lambda w: w.pop("token_embedding.weight")), "token_embedding.weight is missing"),
        (weights(lambda w: first(w)[0].fill_(float("nan"))), "not numbers"),
        (weights(lambda w: w.update({name: value.float() * 1e30 for name, value in w.items()})), "so large"),
        ({"model.safetensors": pickled()}, "cannot be read as safetensors"),
        ({"model.safetensors": pickle.dumps([1])}, "cannot be read as safetensors"),
        ({"model.safetensors": struct.pack("<Q", 2**62) + b"{}"}, "cannot be read as safetensors"),
        ({"model.safetensors": b""}, "cannot be read as safetensors"),
        (config(n_layers=10**9), "at most"),
        (config(n_layers=9), "holds 2 layers"),
        (config(context_length=10**9), "larger than is opened here"),
        (config(causal="yes"), "causal is 'yes'; it must be true or false"),
        (config(position=["rope"]), "position is"),
        (config(alibi_slopes=5), "alibi_slopes must be a list"),
        (config(alibi_slopes=["x"]), "alibi_slopes is 'x'"),
        (config(invented=1), "no field invented"),
        ({"config.json": b"[" * 100_000}, "config.json in the upload is not readable"),
        (
            {"tokenizer.json": json.dumps({**TOKENS, "vocabulary": TOKENS["vocabulary"][:-1]}).encode()},
            "they do not belong together",
        ),
        ({"tokenizer.json": b"[]"}, "does not hold an object"),
        ({"meta.json": b"null"}, "does not hold an object"),
        ({"model.zip": TWO}, "more than one model"),
        ({"model.zip": BOMB}, "cannot be uploaded"),
        ({"model.zip": TWO[:500]}, "damaged or encrypted"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_nothing_is_stored(tmp_path, files, sentence):
    with pytest.raises(ValueError, match=sentence):
        upload_model(RunStore(tmp_path), MODEL | files, "a" * 64, Limits())
    assert RunStore(tmp_path).runs() == []


@pytest.mark.parametrize("lines", [b"no json\n", b"[" * 100_000, b'{"step": 1, "loss": NaN}\n', b'{"step": 5}\n{"step": 3}\n'])
def test_a_record_that_makes_no_sense_is_left_out(tmp_path, lines):
    run = upload_model(RunStore(tmp_path), MODEL | {"metrics.jsonl": lines}, "a" * 64, Limits())
    assert run.opens and len(run.metrics()) <= 1


def test_names_lead_nowhere_and_are_shown_as_they_are(tmp_path):
    files = {f"../../{name}": content for name, content in MODEL.items()}
    title = "<script>alert(1)</script> ../../x"
    run = upload_model(RunStore(tmp_path), files | {"meta.json": json.dumps({"title": title}).encode()}, "a" * 64, Limits())
    assert run.title == title and run.folder.parent == tmp_path


def test_a_download_can_be_uploaded_again(tmp_path):
    store = RunStore(tmp_path)
    run = upload_model(store, MODEL, "a" * 64, Limits())
    again = upload_model(store, {"run.zip": export_run(run)[1]}, "b" * 64, Limits())
    first_, second = (load_checkpoint(each.folder).model.state_dict() for each in (run, again))
    assert again.id != run.id and all(torch.equal(first_[name], second[name]) for name in first_)
