"""The training loop: it learns, repeats itself bit for bit, and its loss is that of a slow loop over the whole text."""

import itertools
import math
from dataclasses import replace

import pytest
import torch

from llm.config import ModelConfig, TrainConfig, mean_length
from llm.data import TokenData, WindowSampler, split_documents, split_text
from llm.evaluation import bits_per_byte, counted, evaluate, mean_loss, sample_windows
from llm.model import Transformer
from llm.objectives import IGNORED, NextToken
from llm.training import Trainer, train
from llm.watch import ValidationWatch
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
    trainer = Trainer(Transformer(SMALL), token_data(), TrainConfig(steps=None, schedule="constant", max_seconds=0.1))
    while trainer.stop_reason is None:
        last = trainer.advance()
    assert trainer.stop_reason == "max_seconds"
    assert 0.1 <= last.seconds < 5
    assert last.val_whole


def test_a_sample_on_the_way_and_everything_at_the_end():
    data = token_data()
    config = TrainConfig(steps=20, eval_every=10, eval_tokens=40)
    looks = [r for r in train(Transformer(SMALL), data, config) if r.val_loss is not None]
    assert [(r.step, r.val_tokens, r.val_whole) for r in looks] == [(10, 40, False), (20, len(data.val) - 1, True)]


def test_sample_windows_are_spread_over_the_text():
    whole = NextToken().windows(torch.arange(1005), 10)
    assert [tuple(inputs.shape) for inputs, _ in whole] == [(100, 10), (1, 4)]
    ((inputs, targets),) = sample_windows(whole, 100)
    assert inputs.shape == (10, 10)
    assert inputs[:, 0].tolist() == list(range(0, 1000, 100))
    assert torch.equal(targets, inputs + 1)
    assert sample_windows(whole, None) is whole
    assert sample_windows(whole, 5000) is whole


def watched(monkeypatch, **options):
    """A watch over 399 tokens whose sample has the loss in the dictionary, and the whole 0.05 more."""
    loss, wholes = {"sample": 3.0}, []

    def measured(model, windows):
        if counted(windows) == 16:
            return loss["sample"]
        wholes.append(1)
        return loss["sample"] + 0.05

    monkeypatch.setattr("llm.watch.mean_loss", measured)
    config = TrainConfig(**{"steps": None, "schedule": "constant", "eval_tokens": 16, **options})
    return ValidationWatch(NextToken().windows(torch.zeros(400, dtype=torch.long), 8), config), loss, wholes


def test_the_watch_looks_at_everything_only_near_the_target(monkeypatch):
    """The sample says 0.05 too little; after one whole look the watch knows."""
    watch, loss, wholes = watched(monkeypatch, stop_at_val_loss=2.0)
    for step, value in ((20, 3.0), (40, 2.5), (60, 1.99), (80, 1.96)):
        loss["sample"] = value
        watch.look(None, step, last=False)
    assert len(wholes) == 1
    loss["sample"] = 1.94
    found = watch.look(None, 100, last=False)
    assert (found.loss, found.tokens, found.whole) == (pytest.approx(1.99), 399, True)


def test_the_watch_sees_a_plateau_and_then_looks_at_everything(monkeypatch):
    watch, loss, wholes = watched(monkeypatch, plateau_evaluations=3)
    seen = []
    for step, value in enumerate([3.0, 2.0, 2.1, 2.0, 1.9, 1.95, 1.9, 1.91]):
        loss["sample"] = value
        found = watch.look(None, 100 * (step + 1), last=False)
        seen.append((watch.on_plateau, found.whole))
    assert seen == [(False, False)] * 7 + [(True, True)]
    assert len(wholes) == 1


@pytest.mark.parametrize("eval_tokens", [None, 40])
def test_stops_on_a_plateau(eval_tokens):
    """Nothing is learned at rate 0: the first evaluation is the lowest, and two more say so."""
    options = {"steps": None, "schedule": "constant", "eval_every": 5, "plateau_evaluations": 2, "eval_tokens": eval_tokens}
    trainer = Trainer(Transformer(SMALL), token_data(), TrainConfig(learning_rate=0.0, **options))
    while trainer.stop_reason is None:
        record = trainer.advance()
    assert (trainer.stop_reason, record.step, record.val_whole) == ("plateau", 15, True)


def test_the_last_step_is_named_before_a_plateau():
    config = TrainConfig(steps=10, learning_rate=0.0, eval_every=5, plateau_evaluations=1)
    trainer = Trainer(Transformer(SMALL), token_data(), config)
    while trainer.stop_reason is None:
        trainer.advance()
    assert trainer.stop_reason == "steps"


def test_training_needs_an_end():
    with pytest.raises(ValueError, match="training needs an end"):
        TrainConfig(steps=None, schedule="constant")
    with pytest.raises(ValueError, match="plateau_evaluations is 0"):
        TrainConfig(plateau_evaluations=0)


def test_rates_depend_on_the_step_and_never_on_time(monkeypatch):
    def rates():
        config = TrainConfig(steps=30, warmup_steps=5, schedule="cosine")
        return [record.learning_rate for record in train(Transformer(SMALL), token_data(), config)]

    usual = rates()
    clock = itertools.count()
    monkeypatch.setattr("llm.training.time.perf_counter", lambda: 1000.0 * next(clock))
    assert rates() == usual
    assert len(set(usual)) == 30


def test_an_evaluation_has_perplexity_and_bits_per_byte():
    data = token_data()
    *_, last = train(Transformer(SMALL), data, TrainConfig(steps=5))
    assert last.perplexity == pytest.approx(math.exp(last.val_loss))
    per_byte = last.val_loss * (len(data.val) - 1) / data.val_bytes
    assert last.val_bits_per_byte == pytest.approx(per_byte / math.log(2))
    first, *_ = train(Transformer(SMALL), data, TrainConfig(steps=5))
    assert first.perplexity is first.val_bits_per_byte is None
    assert bits_per_byte(1.0, 10, 0) is None


def test_windows_are_used_once_each_round():
    ids = torch.arange(8 * 10 + 1)
    sampler = WindowSampler(TokenData(ids, ids, ids[:1], 0), 8, 3, seed=0)
    seen = torch.cat([sampler.next()[:, 0] for _ in range(3)])
    assert len(set(seen.tolist())) == 9
    windows = sampler.next()
    assert windows.shape == (3, 9)
    assert torch.equal(windows[:, 1:], windows[:, :-1] + 1)


def test_document_starts_are_in_every_batch():
    data = token_data()
    sampler = WindowSampler(data, 8, 8, start_fraction=0.5)
    starts = {tuple(data.train[s : s + 8].tolist()) for s in data.starts.tolist()}
    for _ in range(5):
        assert sum(tuple(row[:8].tolist()) in starts for row in sampler.next()) >= 4


def test_short_windows_are_the_beginnings_of_whole_ones():
    data = token_data()
    whole, short = WindowSampler(data, 8, 4, seed=3), WindowSampler(data, 8, 4, seed=3, short_fraction=0.5)
    assert torch.equal(whole.next(), WindowSampler(data, 8, 4, seed=3, short_fraction=0.0).next())
    lengths = [short.next().shape[1] - 1 for _ in range(400)]
    assert set(lengths) == set(range(1, 9))
    assert lengths.count(8) / 400 == pytest.approx(0.5 + 0.5 / 8, abs=0.08)
    assert sum(lengths) / 400 == pytest.approx(mean_length(8, 0.5), abs=0.4)
    texts = {tuple(data.train[i : i + 3].tolist()) for i in range(len(data.train) - 2)}
    assert all(tuple(row[:3].tolist()) in texts for row in short.next())


def test_a_model_that_learned_from_short_windows_counts_the_tokens_it_saw():
    config = TrainConfig(steps=20, batch_size=4, short_window_fraction=1.0, objective="masked_tokens")
    data = replace(token_data(), special={"[MASK]": 15})
    *_, last = train(Transformer(ModelConfig(**(SMALL.to_dict() | {"causal": False}))), data, config)
    assert 20 * 4 <= last.tokens < 20 * 4 * SMALL.context_length and last.tokens % 4 == 0


def test_a_batch_may_change_its_size_on_the_way():
    data = token_data()
    sampler = WindowSampler(data, 8, 8, start_fraction=0.5)
    sampler.next()
    sampler.resize(3)
    assert sampler.next().shape == (3, 9)
    sampler.resize(300)  # more than there are windows: the rest is dealt again
    assert sampler.next().shape == (300, 9)


def test_too_little_text_is_a_sentence_with_both_numbers():
    ids = torch.zeros(8, dtype=torch.long)
    with pytest.raises(ValueError, match="8 tokens, but a context of 8 needs at least 9"):
        list(train(Transformer(SMALL), TokenData(ids, ids, ids[:1], 8), TrainConfig()))
    with pytest.raises(ValueError, match="1 tokens, but it needs at least 2"):
        TokenData(ids, ids[:1], ids[:1], 8).check(4)


def test_a_gradient_that_explodes_is_a_sentence_and_updates_nothing():
    model = Transformer(SMALL)
    trainer = Trainer(model, token_data(), TrainConfig(steps=5))
    trainer.optimizer.gradient[0] = float("inf")  # the backward pass adds to it
    before = model.token_embedding.weight.clone()
    with pytest.raises(ValueError, match="gradient is no longer a number; use a lower learning rate"):
        trainer.advance()
    assert torch.equal(before, model.token_embedding.weight)


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


def test_the_mean_loss_depends_on_what_counts_and_not_on_the_batch():
    windows = NextToken().windows(token_data().val, 8)
    model = Transformer(SMALL)
    assert mean_loss(model, windows, 1) == pytest.approx(mean_loss(model, windows, 64), abs=1e-5)
    inputs, targets = windows[0]
    half = targets.clone()
    half[:, ::2] = IGNORED
    losses = -model(inputs).log_softmax(-1).gather(2, targets[:, :, None])[:, 1::2].detach()
    assert mean_loss(model, [(inputs, half)]) == pytest.approx(float(losses.mean()), abs=1e-5)


def test_where_the_rate_falls_to_a_target_the_watch_looks_late_and_at_all_of_it_in_the_end(monkeypatch):
    falling = {"stop_at_val_loss": 2.0, "cycle_steps": 100, "schedule": "linear"}
    watch, loss, _ = watched(monkeypatch, **falling)
    seen = []
    for step in range(1, 101):
        if watch.due(step, last=False):
            loss["sample"] = 3.0 - step / 125  # 2.2 at the end: never near
            found = watch.look(None, step, last=False)
            seen.append((step, found.whole))
    assert seen == [(70, False), (85, False), (92, False), (96, False), (100, True)]
    assert watch.next_step == 135  # 0.7 of the next cycle, which is half as long
    loss["sample"] = 1.97  # the whole is 2.02: near
    watch.look(None, 135, last=False)
    assert watch.next_step == 138
