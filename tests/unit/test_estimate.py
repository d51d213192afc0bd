"""The estimate of a step: it grows with the work, and its counts are those of the model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llm import estimate, presets
from llm.config import ModelConfig, TrainConfig
from llm.cost import flops_per_token
from llm.runs.limits import Limits

MACHINE = estimate.Machine("bfloat16", {"float32": 8e10, "bfloat16": 2e11}, {"float32": 1e10, "bfloat16": 7e9}, 2.5e-6)
MODEL = ModelConfig(1024, 64, 2, 4, 128)
TRAIN = TrainConfig(steps=100, batch_size=16, optimizer="muon", precision="auto")


def seconds(model: ModelConfig = MODEL, train: TrainConfig = TRAIN) -> float:
    return estimate.step_seconds(model, train, MACHINE)


@pytest.mark.parametrize(
    "change", [{"n_layers": 4}, {"d_model": 256}, {"context_length": 128}, {"vocab_size": 4096}, {"activation": "swiglu"}]
)
def test_more_model_takes_longer(change: dict) -> None:
    assert seconds(replace(MODEL, **change)) > 1.05 * seconds()


def test_more_batch_muon_and_wider_numbers_take_longer() -> None:
    assert seconds(train=replace(TRAIN, batch_size=64)) > 3 * seconds()
    assert seconds(train=replace(TRAIN, optimizer="adamw")) < seconds()
    assert seconds(train=replace(TRAIN, precision="float32")) > seconds()
    assert seconds() == seconds(train=replace(TRAIN, precision="bfloat16"))


def test_the_products_alone_are_a_lower_bound() -> None:
    flops = 16 * 64 * flops_per_token(MODEL, training=True)
    assert seconds() > flops / MACHINE.products["bfloat16"]


def test_muon_counts_three_rounds_of_each_matrix_of_a_layer() -> None:
    C, F = 128, 512
    square, long = 4 * C * C * C + 2 * C**3, 4 * C * C * F + 2 * C**3
    assert estimate.muon_flops(MODEL) == 3 * 2 * (4 * square + 2 * long)


def test_a_run_ends_at_whichever_limit_comes_first() -> None:
    assert estimate.run_seconds(MODEL, TRAIN, MACHINE) == pytest.approx(100 * seconds())
    assert estimate.run_seconds(MODEL, replace(TRAIN, max_seconds=0.5), MACHINE) == 0.5
    short = replace(TRAIN, short_window_fraction=1.0)  # windows of 1 to T tokens
    part = (MODEL.context_length + 1) / 2 / MODEL.context_length
    assert estimate.run_seconds(MODEL, short, MACHINE) == pytest.approx(100 * part * seconds())
    endless = replace(TRAIN, steps=None, schedule="constant", stop_at_val_loss=1.0)
    assert estimate.run_seconds(MODEL, endless, MACHINE) is None


def test_a_measured_machine_has_both_precisions_and_sensible_speeds() -> None:
    machine = estimate.measure()
    assert machine.precision in machine.products and "float32" in machine.products
    assert all(1e8 < speed < 1e14 for speed in (*machine.products.values(), *machine.touches.values()))
    assert 1e-8 < machine.call < 1e-3


def test_watt_hours() -> None:
    assert estimate.watt_hours(3600) == estimate.WATTS_PER_CORE


@pytest.mark.parametrize("corpus", presets.CORPORA)
def test_every_size_is_allowed_and_larger_ones_are_larger(corpus: str) -> None:
    from llm.cost import count_parameters

    counts = []
    for size in presets.SIZES:
        spec = presets.starter(corpus, size)
        spec.check(Limits())
        counts.append(count_parameters(spec.model_config(spec.data.likely_vocabulary())))
    assert counts == sorted(counts) and len(set(counts)) == len(counts)


def test_the_default_run_cannot_train_for_a_minute() -> None:
    assert presets.starter().train_config().max_seconds <= 50


def test_own_text_starts_with_its_first_words_and_a_vocabulary_for_its_length() -> None:
    page = "Once upon a time there was a very small mouse that lived in a house. " * 10
    spec = presets.starter_for_text(page, "mouse.txt")
    assert spec.data.tokenizer == "char" and spec.prompt == "Once upon a time there was a very small" and spec.data.sha256
    assert presets.starter_for_text(page * 20, "mouse.txt").data.vocab_size == presets.SMALL_VOCABULARY
    assert presets.opening("x" * 100) == "x" * 40 and presets.opening("  ") == ""
