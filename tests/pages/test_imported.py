"""Models that are not in the box: a folder in GPT-2's format, and odd configurations, on every page."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from llm.checkpoints import save_checkpoint, save_snapshot
from llm.config import ModelConfig
from llm.hf import save_gpt2
from llm.model import Transformer
from llm.tokenizers import WordTokenizer, train_bpe
from tests.pages.helpers import check, messages, open_page
from ui import cached
from ui.pages import PAGES

SLUGS = [page.slug for page in PAGES]
TEXT = "The little dog was very happy. It saw a cat in the garden, and the cat saw it. " * 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 download (random weights, its real vocabulary), and models with the rarer options."""
    top = tmp_path_factory.mktemp("models")
    gpt2 = ModelConfig(vocab_size=50257, context_length=1024, n_layers=12, n_heads=12, d_model=48, activation="gelu_tanh")
    save_gpt2(Transformer(gpt2), top / "gpt2")
    bpe, words = train_bpe(TEXT, 300), WordTokenizer.train(TEXT, 100)
    masked = ModelConfig(vocab_size=bpe.vocab_size, context_length=32, n_layers=1, d_model=32, causal=False, norm_position="post")
    save_checkpoint(top / "blanks", Transformer(masked), bpe, {"title": "blanks"})
    modern = ModelConfig(vocab_size=words.vocab_size, context_length=32, n_layers=2, d_model=32, position="rope", norm="rmsnorm",
                         activation="swiglu", bias=False, tie_embeddings=False)  # fmt: skip
    save_checkpoint(top / "modern", Transformer(modern), words, {"title": "modern"})
    save_gpt2(Transformer(ModelConfig(300, 32, 1, 1, 16, activation="gelu_tanh")), top / "other-words")
    save_checkpoint(top / "torn", Transformer(modern), words, {"title": "torn"})
    (top / "torn" / "model.safetensors").write_bytes(b"half a file")
    save_checkpoint(top / "stepped", Transformer(modern), words, {"title": "stepped", "step": 500})
    for step in (10, 40):
        save_snapshot(top / "stepped", Transformer(modern), step)
    (top / "stepped" / "snapshots" / "step-000010.safetensors").write_bytes(b"half a file")
    return top


@pytest.mark.parametrize("model", ["gpt2", "blanks", "modern"])
def test_every_page_opens_every_kind_of_model(extra: None, model: str) -> None:
    for slug, text in product(SLUGS, ("The little dog saw a cat", "dog")):
        at = check(open_page(slug, model=model, text=text), slug)
        assert at.selectbox(key="bench-model").value == model, slug
        detail = messages(at)["pipeline"]["stations"][-1]["detail"]
        assert float(detail.split()[-1].replace("−", "-")) > 0, slug  # also where 50,257 tokens are all about as probable


@pytest.mark.parametrize(
    ("model", "why"), [("other-words", "GPT-2's tokenizer has 50257"), ("torn", "cannot be read as safetensors")]
)
def test_a_model_that_cannot_be_opened_is_one_sentence_on_every_page(extra: None, model: str, why: str) -> None:
    for slug in SLUGS:
        at = check(open_page(slug, model=model), slug)
        said = [note.value.replace("\\", "") for note in at.warning]  # without what keeps it from being read as Markdown
        assert any(f"“{model}” cannot be opened" in note and why in note for note in said), slug
        assert at.selectbox(key="bench-model").value == "stories"


def test_a_torn_snapshot_gives_the_nearest_that_is_whole(extra: None) -> None:
    at = check(open_page("attention", model="stepped", step="10"), "attention")
    assert any("nearest stored step, 40" in note.value for note in at.warning)


def test_a_long_sentence_in_a_big_model_is_cut_for_the_picture_and_says_so(extra: None) -> None:
    at = open_page("attention", model="gpt2")
    at.text_input(key="text").set_value("dog cat " * 120).run()
    check(at, "attention")
    assert any("64 MB" in warning.value for warning in at.warning)
    assert cached.longest_trace("gpt2") < 240
    ids = cached.checkpoint("gpt2").tokenizer.encode("dog cat " * 120)[: cached.longest_trace("gpt2")]
    assert cached.trace_of("gpt2", None, ids).nbytes <= cached.TRACE_BUDGET
