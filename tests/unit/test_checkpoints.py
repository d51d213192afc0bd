"""Checkpoints: what is stored is what is opened, and what is damaged is one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from llm import checkpoints
from llm.checkpoints import load_checkpoint, load_weights, save_checkpoint, save_snapshot, snapshot_steps
from llm.config import ModelConfig, TrainConfig
from llm.model import Transformer
from llm.tokenizers import CharTokenizer, TiktokenTokenizer, train_bpe

ROOT = Path(__file__).resolve().parents[2]
TEXT = "the little dog was very happy and the little cat was not"
SMALL = {"context_length": 16, "n_layers": 2, "n_heads": 2, "d_model": 8}
VARIANTS = [
    {},
    {"position": "rope"},
    {"position": "alibi", "alibi_slopes": (0.5, 0.25)},
    {"position": "sinusoidal", "norm": "rmsnorm", "activation": "swiglu"},
    {"position": "none", "norm_position": "post", "bias": False},
    {"norm": "none", "residual": False},
    {"tie_embeddings": False, "causal": False, "qk_norm": True, "embedding_norm": True, "d_mlp": 12},
]


def small_model(tokenizer, **changes):
    return Transformer(ModelConfig(vocab_size=tokenizer.vocab_size, **{**SMALL, **changes}))


@pytest.fixture
def tokenizer():
    return CharTokenizer.train(TEXT)


@pytest.fixture
def folder(tmp_path, tokenizer):
    save_checkpoint(tmp_path / "m", small_model(tokenizer), tokenizer, {"step": 100})
    return tmp_path / "m"


@pytest.mark.parametrize("changes", VARIANTS)
def test_round_trip_in_float32_is_exact(tmp_path, tokenizer, changes):
    model = small_model(tokenizer, **changes)
    about = {"train": TrainConfig(), "data": {"c": 1}}
    save_checkpoint(tmp_path, model, tokenizer, {"name": "x"}, **about)
    opened = load_checkpoint(tmp_path)
    ids = torch.tensor([tokenizer.encode("the little dog")])
    assert opened.config == model.config
    assert opened.tokenizer == tokenizer
    assert opened.meta == {"name": "x"}
    assert torch.equal(opened.model(ids), model(ids))
    stored = json.loads((tmp_path / "config.json").read_text())
    assert stored["format"] == 1
    assert TrainConfig.from_dict(stored["train"]) == TrainConfig()
    assert stored["data"] == {"c": 1}


def test_stored_float16_weights_are_the_model(tmp_path, tokenizer):
    model = small_model(tokenizer)
    save_checkpoint(tmp_path, model, tokenizer, {}, dtype="float16")
    opened = load_checkpoint(tmp_path).model
    for (name, before), after in zip(model.state_dict().items(), opened.state_dict().values(), strict=True):
        assert after.dtype == torch.float32
        assert torch.equal(after, before.half().float()), name
    assert not opened.training
    assert not any(p.requires_grad for p in opened.parameters())
    first = (tmp_path / "model.safetensors").read_bytes()
    save_checkpoint(tmp_path, opened, tokenizer, {}, dtype="float16")
    assert (tmp_path / "model.safetensors").read_bytes() == first


def test_opened_weights_do_not_live_in_the_file(tmp_path, tokenizer):
    save_checkpoint(tmp_path, small_model(tokenizer), tokenizer, {}, dtype="float32")
    opened = load_checkpoint(tmp_path).model
    before = opened.token_embedding.weight.clone()
    path = tmp_path / "model.safetensors"
    with path.open("r+b") as file:
        file.seek(-64, os.SEEK_END)
        file.write(b"\x00" * 64)
    path.write_bytes(b"")
    assert torch.equal(opened.token_embedding.weight, before)


@pytest.mark.parametrize("make", [lambda: train_bpe(TEXT * 4, 280), lambda: TiktokenTokenizer("gpt2")])
def test_tokenizer_comes_back(tmp_path, make):
    tokenizer = make()
    save_checkpoint(tmp_path, small_model(tokenizer), tokenizer, {})
    assert load_checkpoint(tmp_path).tokenizer.encode("the little dog") == tokenizer.encode("the little dog")


def test_folder_named_like_a_published_tokenizer(tmp_path, tokenizer, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_checkpoint("gpt2", small_model(tokenizer), tokenizer, {})
    assert load_checkpoint("gpt2").tokenizer == tokenizer


def test_snapshots(tmp_path, tokenizer):
    models = {step: small_model(tokenizer, seed=step) for step in (0, 40, 1_000_000)}
    save_checkpoint(tmp_path, models[1_000_000], tokenizer, {"step": 1_000_000}, dtype="float16")
    for step in (1_000_000, 0, 40):
        path = save_snapshot(tmp_path, models[step], step)
    assert path.name == "step-000040.safetensors"
    assert snapshot_steps(tmp_path) == (0, 40, 1_000_000)
    for step, model in models.items():
        opened = load_checkpoint(tmp_path, step)
        assert opened.meta["step"] == step
        assert torch.equal(opened.model.token_embedding.weight, model.token_embedding.weight.half().float())


def test_last_step_is_the_finished_model(folder):
    finished = load_checkpoint(folder)
    assert torch.equal(load_checkpoint(folder, 100).model.unembedding, finished.model.unembedding)


def test_missing_step_names_the_nearest(folder, tokenizer):
    for step in (10, 50, 90, 200):
        save_snapshot(folder, small_model(tokenizer), step)
    with pytest.raises(ValueError, match=r"no snapshot of step 60; the nearest are 10, 50, 90"):
        load_checkpoint(folder, 60)


def test_run_folder_opens_its_newest_valid_snapshot(folder, tokenizer):
    (folder / "model.safetensors").unlink()
    (folder / "meta.json").unlink()
    for step in (10, 20, 30, 40):
        save_snapshot(folder, small_model(tokenizer, seed=step), step)
    assert load_checkpoint(folder).meta == {"step": 40}
    newest = folder / "snapshots/step-000040.safetensors"
    newest.write_bytes(newest.read_bytes()[:-100])
    (folder / "snapshots/step-000030.safetensors").write_bytes(b"")
    (folder / "snapshots/step-000050.safetensors.part").write_bytes(b"half")
    assert load_checkpoint(folder).meta == {"step": 20}
    with pytest.raises(ValueError, match=r"step-000040\.safetensors cannot be read"):
        load_checkpoint(folder, 40)


def test_no_weights_at_all(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="has no weights"):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_missing_file(folder, name):
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"has no {name}"):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "meta.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b'"x"'])
def test_damaged_json(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "blue"},
        {"n_layers": 10**12},
        {"n_layers": 3},
        {"d_model": 2**62},
        {"context_length": 10**9},
        {"context_length": 10**9, "position": "rope"},
        {"position": "alibi", "alibi_slopes": 7},
        {"vocab_size": None},
        {"vocab_size": 10},
        {"vocab_size": 10**15},
        {"d_mlp": 10**15},
        {"position": ["learned"]},
    ],
)
def test_config_that_does_not_fit(folder, changes):
    described = json.loads((folder / "config.json").read_text())
    described["model"].update(changes)
    (folder / "config.json").write_text(json.dumps(described))
    with pytest.raises(ValueError) as caught:
        load_checkpoint(folder)
    assert "\n" not in str(caught.value)


def test_config_of_another_program(folder):
    for described in (
        {"n_embd": 8},
        {"format": 2, "model": {}},
        {"format": 1, "model": None},
        {"format": 1, "model": {}},
    ):
        (folder / "config.json").write_text(json.dumps(described))
        with pytest.raises(ValueError, match=r"config\.json"):
            load_checkpoint(folder)


def test_larger_vocabulary_than_the_model(folder):
    tokenizer = CharTokenizer.train(TEXT + "0123456789")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer.to_json()))
    with pytest.raises(ValueError, match=f"has {tokenizer.vocab_size} tokens, its model only"):
        load_checkpoint(folder)


def test_wrong_weights(folder, tokenizer):
    path = folder / "model.safetensors"
    config = load_checkpoint(folder).config
    weights = load_file(path)
    wrong = {
        "final_norm.bias is missing": {k: v for k, v in weights.items() if k != "final_norm.bias"},
        "extra should not be there": {**weights, "extra": torch.zeros(3)},
        r"final_norm.bias is \(9,\) but should be \(8,\)": {**weights, "final_norm.bias": torch.zeros(9)},
        "is stored as I64": {**weights, "final_norm.bias": torch.zeros(8).long()},
    }
    for sentence, tensors in wrong.items():
        save_file(tensors, path)
        with pytest.raises(ValueError, match=sentence):
            load_weights(path, config)


def test_pickle_is_never_opened(folder):
    torch.save({"token_embedding.weight": torch.zeros(3)}, folder / "model.safetensors")
    with pytest.raises(ValueError, match="cannot be read as safetensors"):
        load_checkpoint(folder)


def test_weights_too_large_for_float16(tmp_path, tokenizer):
    model = small_model(tokenizer)
    with torch.no_grad():
        model.final_norm.weight[0] = 70_000
    with pytest.raises(ValueError, match="store it as float32"):
        save_checkpoint(tmp_path, model, tokenizer, {}, dtype="float16")
    assert not (tmp_path / "model.safetensors").exists()
    save_checkpoint(tmp_path, model, tokenizer, {})
    with pytest.raises(ValueError, match="choose one of float16, float32"):
        save_checkpoint(tmp_path, model, tokenizer, {}, dtype="int8")


def test_crash_while_writing_leaves_the_old_file(folder, tokenizer, monkeypatch):
    before = (folder / "model.safetensors").read_bytes()

    def crash(*_):
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints.os, "replace", crash)
        with pytest.raises(OSError, match="no space"):
            save_checkpoint(folder, small_model(tokenizer), tokenizer, {"step": 200})
    assert (folder / "model.safetensors").read_bytes() == before
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    load_checkpoint(folder)


def test_old_weights_never_stand_beside_another_tokenizer(folder, monkeypatch):
    other = CharTokenizer.train(TEXT[::-1].replace("h", "q"))

    def crash(path, value):
        raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "write_json", crash)
        with pytest.raises(OSError, match="killed"):
            save_checkpoint(folder, small_model(other), other, {})
    with pytest.raises(ValueError, match="no weights"):
        load_checkpoint(folder)


def test_opening_a_model_does_not_import_torchs_compiler(folder):
    code = f"import sys; from llm.checkpoints import load_checkpoint; load_checkpoint({str(folder)!r})"
    code += "; print('torch._dynamo' in sys.modules)"  # seconds of start-up
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
