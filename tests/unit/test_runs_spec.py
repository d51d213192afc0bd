"""What a run is, and how much it may take."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from llm.model import Transformer
from llm.runs.limits import Limits, step_memory
from llm.runs.spec import DataSpec, RunSpec, check_text
from tests.run_helpers import ROOT, tiny_spec


def test_a_spec_survives_json():
    spec = tiny_spec(prompt="a", title="b", snapshots=(0, 5), snapshot_every=7, model={"alibi_slopes": (1.0, 0.5)})
    again = RunSpec.from_dict(json.loads(json.dumps(spec.to_dict())))
    assert again.digest() == spec.digest()
    assert again.snapshots == (0, 5)
    assert again.data == spec.data
    assert again.train_config() == spec.train_config()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"speed": 1}, "RunSpec has no field speed"),
        ({"data": {"place": 1}}, "DataSpec has no field place"),
        ({"data": {"kind": "web"}}, "kind is 'web'"),
        ({"data": {"corpus": "news"}}, "there is no corpus 'news'"),
        ({"data": {"seed": -1}}, "seed is -1"),
        ({"data": {"vocab_size": True}}, "vocab_size is True"),
        ({"data": []}, "stored as an object"),
        ({"model": {"n_heads": 3}}, "n_heads \\(3\\) must divide"),
        ({"model": {"vocab_size": 5}}, "leave vocab_size out"),
        ({"model": {"layers": 5}}, "ModelConfig has no field layers"),
        ({"train": {"steps": 0}}, "steps is 0"),
        ({"prompt": "x" * 2000}, "the prompt is longer"),
        ({"title": 5}, "are texts"),
        ({"snapshot_every": 0}, "snapshot_every is 0"),
        ({"snapshots": [-1]}, "whole steps"),
    ],
)
def test_what_makes_no_run(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        RunSpec.from_dict(values)


def test_the_digest_knows_what_matters():
    spec = tiny_spec()
    same = [
        replace(spec, title="x"),
        replace(spec, tensorboard=True),
        replace(spec, recipe="r"),
        tiny_spec(model={"d_mlp": None}),
    ]
    other = [
        tiny_spec(61),
        tiny_spec(model={"seed": 1}),
        tiny_spec(prompt="x"),
        replace(spec, data=replace(spec.data, seed=1)),
        replace(spec, data=replace(spec.data, shuffle_words=True)),
    ]
    assert {s.digest() for s in same} == {spec.digest()}
    assert len({s.digest() for s in [spec, *other]}) == len(other) + 1


def test_a_text_is_known_by_its_content_and_not_by_its_name():
    one, two = (RunSpec(data=DataSpec("text", name=name)).with_text("abc" * 100) for name in ("a.txt", "b.txt"))
    assert one.digest() == two.digest()
    assert one.data.sha256
    assert one.with_text("abd" * 100).digest() != one.digest()
    assert one.with_text("\ud800" * 300).data.sha256  # half of a pair is text, too


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (RunSpec(model={"d_model": 1024}), "parameters; at most 5,000,000"),
        (RunSpec(data=DataSpec(tokenizer="o200k_base"), model={"d_model": 64}), "parameters; at most"),
        (RunSpec(train={"steps": 10**6}), "1,000,000 steps; at most 20,000"),
        (RunSpec(train={"batch_size": 10_000}), "MB of memory; at most 2,000"),
        (RunSpec(model={"context_length": 8_000}, train={"batch_size": 16}), "of memory"),
        (RunSpec(data=DataSpec(size=10**7)), "10,000,000 characters; at most 5,000,000"),
        (RunSpec(data=DataSpec(tokenizer="/etc")), "the tokenizer is '/etc'; choose one of"),
    ],
)
def test_limits(spec, sentence):
    with pytest.raises(ValueError, match=sentence):
        spec.check(Limits())
    RunSpec().check(Limits())


def test_limits_from_the_environment(monkeypatch):
    monkeypatch.setenv("GLASSFORMER_MAX_MINUTES", "0.5")
    monkeypatch.setenv("GLASSFORMER_MAX_STEPS", "1_000")
    assert (Limits.from_environment().seconds, Limits.from_environment().steps) == (30, 1000)
    for wrong in ("many", "-1", "0", "nan", "inf"):
        monkeypatch.setenv("GLASSFORMER_MAX_DISK_MB", wrong)
        with pytest.raises(ValueError, match="GLASSFORMER_MAX_DISK_MB is"):
            Limits.from_environment()


def test_texts_have_limits():
    check_text("word " * 100, Limits())
    with pytest.raises(ValueError, match="3 characters; learning needs at least 200"):
        check_text("abc   " + " " * 500, Limits())
    with pytest.raises(ValueError, match="5,000,001 characters; at most"):
        check_text("a" * 5_000_001, Limits())


def test_the_memory_of_a_step_is_about_right():
    """Against what autograd really keeps for the backward pass, and the weights with their copies."""
    import torch

    spec = RunSpec(model={"n_layers": 3, "d_model": 64, "context_length": 64, "n_heads": 4})
    config = spec.model_config(500)
    model = Transformer(config)
    kept = {}

    def keep(x):
        kept[x.data_ptr()] = x.numel() * x.element_size()
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        model(torch.zeros(16, 64, dtype=torch.long)).logsumexp(-1).sum()
    parameters = sum(p.numel() for p in model.parameters())
    real = sum(kept.values()) + 6 * 4 * parameters
    assert 0.5 < step_memory(config, 16, parameters) / real < 2


def test_runs_are_listed_without_torch():
    code = "import sys, llm.runs.queue, llm.runs.control, llm.cli.runs_command, llm.runs.export; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
