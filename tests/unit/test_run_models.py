"""Runs as models: what is told of them from JSON alone, which weights a step has, and what cannot be opened."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
import torch

from llm.library import find_model, list_models, open_model
from llm.runs import models
from llm.runs.samples import BLANK
from llm.runs.store import RunStore
from tests.run_helpers import finish, tiny_run, tiny_spec


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    run = tiny_run(root, tiny_spec(12, title="Mine"))
    finish(run)
    return run


@pytest.fixture
def here(trained, monkeypatch):
    monkeypatch.setenv("GLASSFORMER_RUNS", str(trained.folder.parent))
    return trained


def test_a_run_is_described_like_any_model(here) -> None:
    info = find_model(f"run-{here.id}")
    assert (info.kind, info.title, info.folder) == ("run", "Mine", here.folder)
    assert info.steps == here.snapshots() and info.steps[0] == 0 and info.steps[-1] == 12
    assert info.parameters == sum(p.numel() for p in open_model(info.id).model.parameters())
    assert info.default_text.split()[0] == "moon" and info.meta["corpus"] == "copy"
    assert info.id not in {each.id for each in list_models()}


def test_every_step_opens_with_its_own_weights(here) -> None:
    info = models.describe_run(here)
    seen = [open_model(info.id, step).model.token_embedding.weight for step in info.steps]
    assert all(not torch.equal(a, b) for a, b in pairwise(seen))
    assert torch.equal(seen[-1], open_model(info.id).model.token_embedding.weight)
    assert all(models.weights_path(info, step).is_file() for step in (*info.steps, None))
    assert models.weights_path(info, None) == models.weights_path(info, 12) == here.folder / "model.safetensors"


def test_listing_reads_no_weights(here, monkeypatch) -> None:
    monkeypatch.setattr("llm.checkpoints.safe_open", None)
    assert models.describe_run(here).steps


@pytest.mark.parametrize("name", ["run-", "run-../x", "run-nobody", "run-" + "x" * 10_000, "run-.cache", "run-\n"])
def test_an_id_that_is_no_run_is_a_sentence(here, name: str) -> None:
    with pytest.raises(ValueError, match="no such run"):
        open_model(name)


def test_a_run_without_weights_says_so(tmp_path) -> None:
    run = tiny_run(tmp_path)
    with pytest.raises(ValueError, match=r"has no config\.json"):
        models.find_run_model(models.model_id(run), RunStore(tmp_path))


def test_a_damaged_run_says_so(tmp_path, trained) -> None:
    run = tiny_run(tmp_path)
    for content in ("{", "[]", json.dumps({"format": 1, "model": {"vocab_size": -1}})):
        (run.folder / "config.json").write_text(content)
        with pytest.raises(ValueError, match=r"\w"):
            models.describe_run(run)
    (run.folder / "config.json").write_bytes((trained.folder / "config.json").read_bytes())
    with pytest.raises(ValueError, match="no weights yet"):
        models.describe_run(run)


def test_a_sentence_with_a_blank_is_not_the_bench_s(tmp_path, trained) -> None:
    def sentence(**values) -> str:
        run = tiny_run(tmp_path, tiny_spec(**values))
        for name in ("config.json", "model.safetensors"):
            (run.folder / name).write_bytes((trained.folder / name).read_bytes())
        return models.describe_run(run).default_text

    assert sentence(prompt="moon cup") == "moon cup"
    assert BLANK not in sentence(prompt=f"moon {BLANK} cup") and sentence(prompt=f"moon {BLANK} cup").startswith("moon cup")


def test_the_nearest_step_is_the_earlier_of_two() -> None:
    assert [models.nearest_step((0, 10, 20), wanted) for wanted in (0, 4, 5, 6, 15, 10**9)] == [0, 0, 0, 10, 10, 20]
