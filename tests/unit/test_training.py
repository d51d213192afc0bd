"""The training loop: it learns, repeats itself bit for bit, and its loss is that of a slow loop over the whole text."""

import itertools
import math

import pytest
import torch

from llm.config import ModelConfig, TrainConfig
from llm.data import TokenData, WindowSampler, split_documents, split_text
from llm.model import Transformer
from llm.training import Trainer, ValidationWatch, evaluate, resolve_precision, sample_windows, train, window_loss
from tests.unit.training_data import token_data

SMALL = ModelConfig(vocab_size=16, context_length=8, n_layers=2, n_heads=2, d_model=32)


def test_overfits_one_batch():
    ids = torch.randint(0, 16, (9,), generator=torch.Generator().manual_seed(0))
    data = TokenData(ids, ids, torch.zeros(1, dtype=torch.long), 9)
    model = Transformer(SMALL)
    config = TrainConfig(steps=150, batch_size=1, learning_rate=0.01, weight_decay=0.0, schedule="constant")
    *_, last = train(model, data, config)
    assert last.loss < 0.01
    assert last.val_loss < 0.01


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_learns_a_simple_text(optimizer, precision):
    data = token_data()
    config = TrainConfig(steps=60, learning_rate=0.01, optimizer=optimizer, precision=precision, eval_every=30)
    records = list(train(Transformer(SMALL), data, config))
    assert [r.step for r in records] == list(range(1, 61))
    assert records[0].loss == pytest.approx(math.log(16), abs=0.1)
    assert records[-1].val_loss < 1.6  # a bigram table reaches ln 3 = 1.10
    assert [r.step for r in records if r.val_loss is not None] == [30, 60]
    assert all(a.seconds < b.seconds for a, b in itertools.pairwise(records))


@pytest.mark.parametrize("options", [{}, {"optimizer": "muon", "average_fraction": 0.2}])
def test_same_seed_same_weights_to_the_last_bit(options):
    def weights(seed):
        model = Transformer(ModelConfig(**(SMALL.to_dict() | {"dropout": 0.1})))
        for _ in train(model, token_data(), TrainConfig(steps=10, seed=seed, **options)):
            pass
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def test_leaves_the_global_generator_alone():
    model = Transformer(SMALL)
    before = torch.get_rng_state()
    for _ in train(model, token_data(), TrainConfig(steps=3, document_start_fraction=0.5)):
        pass
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("length", [2, 5, 9, 10, 41, 200])
def test_evaluate_equals_a_slow_loop(length):
    model = Transformer(SMALL)
    ids = token_data().val[:length]
    total = 0.0
    with torch.no_grad():
        for start in range(0, length - 1, 8):
            window = ids[start : start + 9]
            for i in range(len(window) - 1):
                logits = model(window[None, : i + 1])[0, -1]
                total -= logits.log_softmax(-1)[window[i + 1]].item()
    assert evaluate(model, ids, batch_size=3) == pytest.approx(total / (length - 1), abs=1e-5)


def test_evaluate_needs_two_tokens():
    with pytest.raises(ValueError, match="at least 2 tokens, not 1"):
        evaluate(Transformer(SMALL), torch.tensor([3]))


def test_the_model_shows_the_weights_at_every_record():
    """With separate working weights, the caller's model is the float32 one; an average is that of the masters."""
    model = Transformer(SMALL)
    trainer = Trainer(model, token_data(), TrainConfig(steps=5, precision="bfloat16"))
    for _ in range(5):
        trainer.advance()
        assert all(p.dtype == torch.float32 for p in model.parameters())
        p, q = next(model.parameters()), next(trainer.working.parameters())
        assert torch.equal(p.bfloat16(), q)
    assert model.attention_bias.dtype == torch.float32


def test_the_average_follows_the_weights():
    model = Transformer(SMALL)
    trainer = Trainer(model, token_data(), TrainConfig(steps=40, schedule="constant", average_fraction=0.2))
    history = []
    for _ in range(40):
        trainer.advance()
        history.append(trainer.optimizer.masters.clone())
    history = torch.stack(history)
    average = trainer.average
    assert not torch.equal(average, history[-1])
    near = (average - history[-10:].mean(0)).norm()
    assert near < (average - history[0]).norm() / 5


def test_stops_at_a_loss_and_says_why():
    trainer = Trainer(
        Transformer(SMALL),
        token_data(),
        TrainConfig(steps=None, schedule="constant", learning_rate=0.01, stop_at_val_loss=1.8, eval_every=10),
    )
    while trainer.stop_reason is None:
        record = trainer.advance()
    assert trainer.stop_reason == "stop_at_val_loss"
    assert record.val_whole
    assert record.val_loss <= 1.8
    assert record.val_loss == pytest.approx(evaluate(trainer.model, token_data().val), abs=1e-6)


def test_stops_after_seconds():
    *_, last = train(Transformer(SMALL), token_data(), TrainConfig(steps=None, schedule="constant", max_seconds=0.1))
    assert 0.1 <= last.seconds < 5
    assert last.val_whole


def test_a_sample_on_the_way_and_everything_at_the_end():
    data = token_data()
    config = TrainConfig(steps=20, eval_every=10, eval_tokens=40)
    looks = [r for r in train(Transformer(SMALL), data, config) if r.val_loss is not None]
    assert [(r.step, r.val_tokens, r.val_whole) for r in looks] == [(10, 40, False), (20, len(data.val) - 1, True)]


def test_sample_windows_are_spread_over_the_text():
    ids = torch.arange(1001)
    inputs, targets = sample_windows(ids, 10, 100)
    assert inputs.shape == (10, 10)
    assert inputs[:, 0].tolist() == list(range(0, 1000, 100))
    assert torch.equal(targets, inputs + 1)
    assert sample_windows(ids, 10, None) is None
    assert sample_windows(ids, 10, 5000) is None


def test_the_watch_looks_at_everything_only_near_the_target(monkeypatch):
    """The sample says 0.05 too little; after one whole look the watch knows."""
    loss = {"sample": 3.0}
    wholes = []
    monkeypatch.setattr("llm.training.window_loss", lambda *a: loss["sample"])
    monkeypatch.setattr("llm.training.evaluate", lambda *a: wholes.append(1) or loss["sample"] + 0.05)
    config = TrainConfig(steps=None, schedule="constant", stop_at_val_loss=2.0, eval_tokens=16)
    watch = ValidationWatch(torch.zeros(400, dtype=torch.long), 8, config)
    for step, value in ((20, 3.0), (40, 2.5), (60, 1.99), (80, 1.96)):
        loss["sample"] = value
        watch.look(None, step, last=False)
    assert len(wholes) == 1
    loss["sample"] = 1.94
    assert watch.look(None, 100, last=False) == (pytest.approx(1.99), 399, True)


def test_windows_are_used_once_each_round():
    ids = torch.arange(8 * 10 + 1)
    sampler = WindowSampler(TokenData(ids, ids, ids[:1], 0), 8, 3, seed=0)
    seen = torch.cat([sampler.next()[0][:, 0] for _ in range(3)])
    assert len(set(seen.tolist())) == 9
    x, y = sampler.next()
    assert torch.equal(y, x + 1)
    assert x.shape == (3, 8)


def test_document_starts_are_in_every_batch():
    data = token_data()
    sampler = WindowSampler(data, 8, 8, start_fraction=0.5)
    starts = {tuple(data.train[s : s + 8].tolist()) for s in data.starts.tolist()}
    for _ in range(5):
        x, _ = sampler.next()
        assert sum(tuple(row.tolist()) in starts for row in x) >= 4


def test_too_little_text_is_a_sentence_with_both_numbers():
    ids = torch.zeros(8, dtype=torch.long)
    with pytest.raises(ValueError, match="8 tokens, but a context of 8 needs at least 9"):
        list(train(Transformer(SMALL), TokenData(ids, ids, ids[:1], 8), TrainConfig()))
    with pytest.raises(ValueError, match="1 tokens, but it needs at least 2"):
        TokenData(ids, ids[:1], ids[:1], 8).check(4)


def test_a_loss_that_explodes_is_a_sentence():
    config = TrainConfig(steps=200, learning_rate=100.0, grad_clip=None, schedule="constant", warmup_steps=0)
    bad = ModelConfig(**(SMALL.to_dict() | {"embedding_std": 0.0}))
    model = Transformer(bad)
    with torch.no_grad():
        model.token_embedding.weight[:] = float("inf")
    with pytest.raises(ValueError, match="no longer a number at step 1; use a lower learning rate"):
        list(train(model, token_data(), config))


def test_splits():
    assert split_text("abcdefghij") == ("abcdefghi", "j")
    assert [len(part) for part in split_text("x" * 1_115_394)] == [1_003_854, 111_540]
    assert split_documents(["a", "b"]) == (["a"], ["b"])
    assert [len(part) for part in split_documents(list("abcdefghijklmnopqrst"))] == [18, 2]


def test_precision_is_resolved():
    assert resolve_precision("float32") == "float32"
    assert resolve_precision("auto") in ("float32", "bfloat16")


def test_window_loss_does_not_depend_on_the_batch():
    inputs, targets = sample_windows(token_data().val, 8, 100)
    model = Transformer(SMALL)
    assert window_loss(model, inputs, targets, 1) == pytest.approx(window_loss(model, inputs, targets, 64), abs=1e-5)
