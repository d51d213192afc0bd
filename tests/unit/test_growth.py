"""Training that begins with one layer: the same as a model of one layer at first, and of all of them from the named step on."""

from dataclasses import replace

import pytest
import torch

from llm.config import ModelConfig, TrainConfig
from llm.model import Transformer
from llm.schedule import depth_at
from llm.training import Trainer
from tests.unit.training_data import token_data

MODEL = ModelConfig(18, 16, n_layers=3, n_heads=2, d_model=16, zero_init=True, tie_embeddings=False)
TRAIN = TrainConfig(steps=20, batch_size=4, optimizer="muon", eval_every=100, shallow_fraction=0.5, learning_rate=0.01)


def trainer(model=MODEL, **changes):
    return Trainer(Transformer(model), token_data(), replace(TRAIN, **changes))


def test_the_first_part_is_that_of_one_layer():
    assert [depth_at(TRAIN, step) for step in (0, 9, 10, 19)] == [1, 1, None, None]
    assert depth_at(replace(TRAIN, shallow_fraction=0.0), 0) is None
    assert depth_at(replace(TRAIN, steps=100, cycle_steps=10), 5) is None  # of the first fall, not of all steps


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_until_they_join_the_others_cost_and_change_nothing(optimizer):
    options = {"optimizer": optimizer, "weight_decay": 0.0}
    grown, small = trainer(**options), trainer(replace(MODEL, n_layers=1), shallow_fraction=0.0, **options)
    waiting = {name: p.clone() for name, p in grown.model.named_parameters() if name.startswith(("blocks.1.", "blocks.2."))}
    for _ in range(10):
        ours, theirs = grown.advance(), small.advance()
        assert (ours.loss, ours.learning_rate) == (theirs.loss, theirs.learning_rate)
    now = dict(grown.model.named_parameters())
    assert all(torch.equal(now[name], p) for name, p in waiting.items())
    ids = torch.arange(8)[None]
    assert torch.allclose(grown.model(ids), small.model(ids), atol=1e-6)
    for _ in range(3):
        grown.advance()
    assert all(not torch.equal(now[name], p) for name, p in waiting.items() if name.endswith("down.weight"))


def test_depth_runs_the_first_layers_alone():
    model = Transformer(replace(MODEL, zero_init=False))
    seen = []
    model(torch.arange(8)[None], lambda name, x: seen.append(name) or x, depth=2)
    assert {name.split(".")[1] for name in seen if name.startswith("blocks.")} == {"0", "1"}


def test_a_resume_knows_how_many_layers_train():
    whole, parts = trainer(), trainer()
    for _ in range(14):
        whole.advance()
    for _ in range(8):
        parts.advance()
    tensors, facts = parts.state()
    again = trainer()
    again.restore(tensors, facts)
    for _ in range(6):
        again.advance()
    for ours, theirs in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("change", [{"zero_init": False}, {"residual": False}, {"norm_position": "post"}])
def test_layers_that_would_change_what_was_learnt_are_a_sentence(change):
    with pytest.raises(ValueError, match="start as the identity"):
        trainer(replace(MODEL, **change))


def test_a_part_of_no_number_of_steps_is_a_sentence():
    with pytest.raises(ValueError, match="part of the steps"):
        TrainConfig(steps=None, schedule="constant", max_seconds=1, shallow_fraction=0.5)
