"""The list of models: what is found, in which order, and what is said of folders that are not models."""

import json
import os

import pytest
import torch

from llm.checkpoints import save_checkpoint, save_snapshot
from llm.config import ModelConfig
from llm.hf import save_gpt2
from llm.library import list_models, open_model, problems
from llm.model import Transformer
from llm.tokenizers import CharTokenizer, TiktokenTokenizer

TOKENIZER = CharTokenizer.train("the little dog was very happy")


def small_model(**changes):
    shape = {
        "vocab_size": TOKENIZER.vocab_size,
        "context_length": 16,
        "n_layers": 1,
        "n_heads": 2,
        "d_model": 8,
    }
    return Transformer(ModelConfig(**{**shape, **changes}))


def make(folder, **meta):
    save_checkpoint(folder, small_model(), TOKENIZER, {"step": 100, **meta})
    return folder


@pytest.fixture
def box(tmp_path):
    for name in ("arithmetic", "stories", "copy"):
        make(tmp_path / "box" / name, title=name.title(), summary=f"about {name}", default_text=f"a {name}")
    (tmp_path / "box" / "notes").mkdir()
    (tmp_path / "box" / "README.md").write_text("not a model")
    return tmp_path / "box"


def test_stories_come_first_and_everything_is_told(box):
    listed = list_models(box, "")
    assert [info.id for info in listed] == ["stories", "arithmetic", "copy"]
    first = listed[0]
    assert (first.title, first.summary, first.default_text) == ("Stories", "about stories", "a stories")
    assert (first.kind, first.folder, first.steps) == ("box", box / "stories", (100,))
    assert first.parameters == sum(p.numel() for p in small_model().parameters())
    assert first.config == small_model().config
    assert problems(box, "") == ()


def test_no_models_at_all(tmp_path):
    assert list_models(tmp_path / "nowhere", "") == ()
    assert problems(tmp_path / "nowhere", "") == ()
    with pytest.raises(ValueError, match="the models are none yet"):
        open_model("stories", box=tmp_path, extra="")


def test_folders_of_the_environment(box, tmp_path, monkeypatch):
    make(tmp_path / "mine" / "Stories")
    make(tmp_path / "mine" / "Größe 2!")
    single = make(tmp_path / "single")
    extra = os.pathsep.join([str(tmp_path / "mine"), "", str(single), str(tmp_path / "missing"), str(box / "README.md")])
    monkeypatch.setenv("GLASSFORMER_MODELS", extra)
    listed = list_models(box)
    assert [info.id for info in listed][3:] == ["gr-e-2", "stories-2", "single"]
    assert {info.kind for info in listed[3:]} == {"folder"}
    assert open_model("stories-2", box=box).config == small_model().config


def test_broken_folders_are_left_out_and_named(box):
    (box / "copy" / "config.json").write_text("{")
    (box / "arithmetic" / "model.safetensors").unlink()
    make(box / "odd")
    described = json.loads((box / "odd" / "config.json").read_text())
    described["model"]["n_heads"] = 3
    (box / "odd" / "config.json").write_text(json.dumps(described))
    (box / "gpt").mkdir()
    (box / "gpt" / "config.json").write_text('{"n_embd": 8, "vocab_size": 10}')
    (box / "gpt" / "model.safetensors").write_bytes(b"")
    assert [info.id for info in list_models(box, "")] == ["stories"]
    sentences = "\n".join(problems(box, ""))
    for part in (
        "config.json in copy is not readable",
        "arithmetic has no weights",
        "n_heads (3)",
        "has no 'block_size'",
    ):
        assert part in sentences
    assert len(problems(box, "")) == 4


def test_snapshots_and_the_finished_step(box):
    for step in (0, 10, 50):
        save_snapshot(box / "stories", small_model(seed=step), step)
    assert list_models(box, "")[0].steps == (0, 10, 50, 100)
    at_10 = open_model("stories", 10, box=box, extra="")
    assert at_10.meta["step"] == 10
    assert torch.equal(at_10.model.unembedding, small_model(seed=10).unembedding.half().float())
    for step in (None, 100):
        finished = open_model("stories", step, box=box, extra="")
        assert torch.equal(finished.model.unembedding, small_model().unembedding)
    with pytest.raises(ValueError, match="no snapshot of step 11; the nearest are 0, 10, 50"):
        open_model("stories", 11, box=box, extra="")


def test_run_folder_without_finished_weights(tmp_path):
    run = make(tmp_path / "run")
    (run / "model.safetensors").unlink()
    save_snapshot(run, small_model(), 40)
    assert list_models(tmp_path, "")[0].steps == (40,)
    assert open_model("run", box=tmp_path, extra="").meta["step"] == 40


@pytest.mark.parametrize("model_id", ["../box/stories", "/etc", "stories/", "", "STORIES", "stories\x00"])
def test_ids_are_looked_up_not_joined(box, model_id):
    with pytest.raises(ValueError, match="the models are stories, arithmetic, copy"):
        open_model(model_id, box=box, extra="")


def gpt2_folder(folder, **changes):
    model = small_model(activation="gelu_tanh", **changes)
    save_gpt2(model, folder)
    return model


def test_gpt2_format(tmp_path):
    model = gpt2_folder(tmp_path / "gpt2-tiny", vocab_size=50257)
    (info,) = list_models(tmp_path, "")
    assert (info.kind, info.id, info.steps) == ("gpt2", "gpt2-tiny", ())
    assert info.parameters == sum(p.numel() for p in model.parameters())
    opened = open_model("gpt2-tiny", box=tmp_path, extra="")
    assert isinstance(opened.tokenizer, TiktokenTokenizer)
    ids = torch.tensor([opened.tokenizer.encode("The little dog")])
    assert torch.allclose(opened.model(ids), model(ids), atol=1e-6)
    assert not opened.model.unembedding.requires_grad
    with pytest.raises(ValueError, match="has no step 3"):
        open_model("gpt2-tiny", 3, box=tmp_path, extra="")


def test_gpt2_format_with_another_vocabulary(tmp_path):
    folder = tmp_path / "tiny"
    gpt2_folder(folder)
    (folder / "tokenizer.json").write_text('{"version": "1.0", "model": {"type": "BPE"}}')  # Hugging Face's
    with pytest.raises(ValueError, match=r"has 18 tokens where GPT-2's .* put a tokenizer\.json of this program"):
        open_model("tiny", box=tmp_path, extra="")
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER.to_json()))
    assert open_model("tiny", box=tmp_path, extra="").tokenizer == TOKENIZER


def test_listing_opens_no_weights(box):
    for folder in box.iterdir():
        if (folder / "model.safetensors").exists():
            (folder / "model.safetensors").write_bytes(b"damaged")
    assert len(list_models(box, "")) == 3
    with pytest.raises(ValueError, match="cannot be read as safetensors"):
        open_model("copy", box=box, extra="")
