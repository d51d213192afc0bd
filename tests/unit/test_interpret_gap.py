"""The train/validation gap: the same loss as the evaluation's, equal samples, and a gap where a model has memorised."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from llm.checkpoints import save_checkpoint
from llm.config import ModelConfig, TrainConfig
from llm.data import TokenData
from llm.evaluation import evaluate
from llm.interpret.gap import equal_samples, loss_gap, objective_for, sample_loss
from llm.interpret.training_text import has_text, text_key, training_parts
from llm.model import Transformer
from llm.objectives import NextToken
from llm.sources import corpus_parts, corpus_source
from llm.tokenizers import END, MASK, CharTokenizer
from llm.training import train

LETTERS = "abcdefgh"


def noise(seed: int, length: int) -> str:
    return "".join(random.Random(seed).choices(LETTERS, k=length))


def test_the_loss_is_the_evaluations_and_the_error_that_of_equal_windows() -> None:
    model = Transformer(ModelConfig(vocab_size=11, context_length=8, n_layers=1, n_heads=2, d_model=16)).eval()
    ids = torch.randint(0, 11, (8 * 40 + 1,), generator=torch.Generator().manual_seed(0))
    sample = sample_loss(model, ids, NextToken())
    assert sample.mean == pytest.approx(evaluate(model, ids), abs=1e-6) and sample.tokens == 320
    windows = torch.tensor([evaluate(model, ids[start : start + 9]) for start in range(0, 320, 8)])
    assert sample.error == pytest.approx(float(windows.std() / 40**0.5), rel=1e-4)


def test_samples_are_equally_long_and_spread_over_the_documents() -> None:
    tokenizer = CharTokenizer.train(LETTERS)
    documents = [letter * 30 for letter in LETTERS for _ in range(20)]
    first, second = equal_samples(tokenizer, documents, documents[::-1], bounded=True, tokens=600)
    assert len(first) == len(second) == 601
    assert {tokenizer.token_text(i) for i in first.tolist()} == {*LETTERS, END}
    text = noise(0, 10_000)
    first, second = equal_samples(tokenizer, [text], [noise(1, 50)], bounded=False, tokens=600)
    assert len(first) == len(second) == 50


def test_a_model_that_has_memorised_has_a_clear_gap_and_an_untrained_one_has_none() -> None:
    tokenizer = CharTokenizer.train(LETTERS)
    known, new = noise(0, 320), noise(1, 320)
    samples = equal_samples(tokenizer, [known], [new], bounded=False)
    model = Transformer(ModelConfig(vocab_size=tokenizer.vocab_size, context_length=16, n_layers=1, n_heads=2, d_model=64))
    before = loss_gap(model, *samples, objective_for(model, tokenizer))
    assert not before.clear
    ids = torch.tensor(tokenizer.encode(known))
    data = TokenData(ids, torch.tensor(tokenizer.encode(new)), torch.tensor([0]), len(new))
    for _ in train(model, data, TrainConfig(steps=250, batch_size=16, learning_rate=3e-3, eval_every=1000)):
        pass
    after = loss_gap(model, *samples, objective_for(model, tokenizer))
    assert after.clear and after.difference > 1 and after.train.mean < before.train.mean - 0.5


def test_a_model_that_fills_blanks_is_measured_at_the_same_hidden_places_each_time() -> None:
    tokenizer = CharTokenizer.train(LETTERS, (END, MASK))
    model = Transformer(ModelConfig(vocab_size=tokenizer.vocab_size, context_length=20, d_model=32, n_layers=1, causal=False))
    ids = torch.tensor(tokenizer.encode(noise(0, 400)))
    objective = objective_for(model, tokenizer)
    first, second = sample_loss(model, ids, objective), sample_loss(model, ids, objective)
    assert first == second and first.tokens == 20 * 3  # 15 % of 20 places in each of 20 windows


def saved(folder: Path, data: dict | None) -> Path:
    tokenizer = CharTokenizer.train(LETTERS)
    model = Transformer(ModelConfig(vocab_size=tokenizer.vocab_size, context_length=8, n_layers=1, n_heads=1, d_model=8))
    save_checkpoint(folder, model, tokenizer, {}, data=data)
    return folder


def test_a_generated_corpus_is_made_again_as_it_was_trained_on(tmp_path: Path) -> None:
    source = corpus_source("copy", size=5_000, seed=3)
    folder = saved(tmp_path / "copy", source.description)
    parts = training_parts(folder)
    train, val = corpus_parts("copy", 5_000, 3)
    assert (list(parts.train), list(parts.val), parts.bounded) == (train, val, True)
    assert has_text(folder)
    other = saved(tmp_path / "other", corpus_source("copy", size=5_000, seed=4).description)
    again = saved(tmp_path / "again", source.description)
    assert text_key(folder) == text_key(again) != text_key(other)


def test_shuffled_words_are_shuffled_again_in_the_same_order(tmp_path: Path) -> None:
    source = corpus_source("stories", size=4_000, seed=1, shuffle_words=True)
    parts = training_parts(saved(tmp_path / "run", source.description))
    ids = [i for text in parts.train for i in source.tokenizer.encode_document(text)]
    assert ids == source.data.train.tolist()


def test_own_text_is_read_from_the_run_folder_and_split_as_in_training(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run", {"text": "mine", "characters": 1000})
    assert training_parts(folder) is None and not has_text(folder)
    (folder / "text.txt").write_text("x" * 900 + "y" * 100, encoding="utf-8")
    parts = training_parts(folder)
    assert (parts.train, parts.val, parts.bounded) == (("x" * 900,), ("y" * 100,), False) and has_text(folder)
    assert training_parts(saved(tmp_path / "plain", None)) is None
