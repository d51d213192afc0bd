"""Which tokens are hidden and how, that only these count, and that both objectives learn."""

import math

import pytest
import torch

from llm.config import ModelConfig, TrainConfig
from llm.data import TokenData
from llm.evaluation import counted, evaluate, mean_loss
from llm.model import Transformer
from llm.objectives import IGNORED, NextToken, masked_tokens, objective_of, token_loss, usual_objective
from llm.training import Trainer, train
from tests.unit.training_data import token_data

END, MASK = 998, 999
SPECIAL = {"<|end|>": END, "[MASK]": MASK}
BOTH_WAYS = ModelConfig(vocab_size=18, context_length=8, n_layers=2, n_heads=2, d_model=32, causal=False)
ONE_WAY = ModelConfig(vocab_size=18, context_length=8, n_layers=2, n_heads=2, d_model=32)
MASKED = {"objective": "masked_tokens"}


def hide(ids, fraction=0.15, seed=0):
    return masked_tokens(1000, SPECIAL, fraction).hide(ids, torch.Generator().manual_seed(seed))


def some_ids(B=200, T=100, seed=0):
    return torch.randint(0, 998, (B, T), generator=torch.Generator().manual_seed(seed))


def test_fifteen_percent_are_chosen_and_shown_80_10_10():
    ids = some_ids(1000)
    inputs, targets = hide(ids)
    chosen = targets != IGNORED
    assert torch.equal(chosen.sum(1), torch.full((1000,), 15))  # of each window
    assert torch.equal(targets[chosen], ids[chosen])
    assert torch.equal(inputs[~chosen], ids[~chosen])
    shown, stood = inputs[chosen], ids[chosen]
    n = len(shown)  # 15,000: a share has a standard deviation of at most 0.0033
    assert int((shown == MASK).sum()) / n == pytest.approx(0.8, abs=0.015)
    assert int((shown == stood).sum()) / n == pytest.approx(0.1, abs=0.012)
    others = shown[(shown != MASK) & (shown != stood)]
    assert len(others) / n == pytest.approx(0.1, abs=0.012)
    assert others.max() < END  # never a special token
    assert others.float().mean() == pytest.approx(498, abs=35)  # any token alike


def test_every_place_is_chosen_alike():
    _, targets = hide(some_ids(4000, 20))
    share = (targets != IGNORED).float().mean(0)  # 3 of 20; a standard deviation of 0.0056
    assert (share - 0.15).abs().max() < 0.025


@pytest.mark.parametrize(("fraction", "length", "count"), [(0.15, 8, 1), (0.15, 1, 1), (0.3, 100, 30), (1.0, 10, 10)])
def test_the_fraction_counts_in_each_window(fraction, length, count):
    _, targets = hide(some_ids(5, length), fraction)
    assert (targets != IGNORED).sum(1).tolist() == [count] * 5


def test_special_tokens_are_chosen_only_where_others_run_out():
    ids = some_ids(300, 20)
    ids[:, ::2] = END
    inputs, targets = hide(ids, fraction=0.5)
    assert not (targets == END).any()
    assert torch.equal(inputs == END, ids == END)
    _, targets = hide(torch.full((2, 10), END))
    assert (targets == END).sum(1).tolist() == [2, 2]  # a loss always has something to count


def test_masks_follow_their_generator_and_in_validation_a_fixed_seed():
    ids = some_ids()
    assert torch.equal(hide(ids, seed=3)[0], hide(ids, seed=3)[0])
    assert not torch.equal(hide(ids, seed=3)[0], hide(ids, seed=4)[0])
    objective = masked_tokens(1000, SPECIAL)
    before = torch.get_rng_state()
    first, again = objective.windows(ids.flatten()[:1003], 100), objective.windows(ids.flatten()[:1003], 100)
    assert torch.equal(before, torch.get_rng_state())
    assert [tuple(x.shape) for x, _ in first] == [(10, 100), (1, 3)]
    assert counted(first) == 10 * 15 + 1
    assert all(torch.equal(a, b) for one, two in zip(first, again, strict=True) for a, b in zip(one, two, strict=True))


def test_only_masked_places_count():
    """The loss is the mean over the chosen places of what a slow loop finds; the other logits have no gradient."""
    _, targets = hide(some_ids(4, 30))
    logits = torch.randn(4, 30, 1000, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = token_loss(logits, targets)
    loss.backward()
    log_probabilities = logits.detach().log_softmax(-1)
    losses = [
        -float(log_probabilities[b, t, targets[b, t]]) for b in range(4) for t in range(30) if int(targets[b, t]) != IGNORED
    ]
    assert len(losses) == 4 * round(0.15 * 30)
    assert loss.item() == pytest.approx(sum(losses) / len(losses), abs=1e-5)
    assert torch.equal(logits.grad.abs().sum(-1) > 0, targets != IGNORED)


def test_evaluation_counts_only_masked_places():
    model = Transformer(BOTH_WAYS)
    data = token_data()
    objective = usual_objective(BOTH_WAYS, data.special)
    windows = objective.windows(data.val[:45], 8)
    total, count = 0.0, 0
    for inputs, targets in windows:
        for row, wanted in zip(inputs, targets, strict=True):
            log_probabilities = model(row[None])[0].detach().log_softmax(-1)
            for t in range(len(row)):
                if int(wanted[t]) != IGNORED:
                    total, count = total - float(log_probabilities[t, wanted[t]]), count + 1
    assert count == 6  # one in each of five windows, and one in the rest of five tokens
    assert evaluate(model, data.val[:45], batch_size=2, objective=objective) == pytest.approx(total / count, abs=1e-5)
    assert mean_loss(model, windows) == pytest.approx(total / count, abs=1e-5)


def test_a_masked_run_measures_on_the_same_places_every_time():
    looks = []
    for seed in (0, 1):
        config = TrainConfig(steps=4, eval_every=2, learning_rate=0.0, seed=seed, **MASKED)
        looks += [r for r in train(Transformer(BOTH_WAYS), token_data(), config) if r.val_loss is not None]
    assert len({r.val_loss for r in looks}) == 1  # nothing is learned at rate 0, so only other masks could differ
    assert {r.val_tokens for r in looks} == {25}  # one of eight places in each window of 200 tokens
    assert looks[0].perplexity == pytest.approx(math.exp(looks[0].val_loss))
    assert looks[0].val_bits_per_byte == pytest.approx(looks[0].val_loss / math.log(2))  # a byte a token here


def test_a_masked_run_draws_new_masks_each_step():
    ids = torch.arange(9)
    trainer = Trainer(Transformer(BOTH_WAYS), TokenData(ids, ids, ids[:1], 9, {"[MASK]": 17}), TrainConfig(**MASKED))
    chosen = {int((trainer._batch()[1][0] != IGNORED).nonzero()) for _ in range(50)}
    assert len(chosen) == 8


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize(("shape", "options"), [(ONE_WAY, {}), (BOTH_WAYS, MASKED)], ids=["next_token", "masked_tokens"])
def test_overfits_one_batch(shape, options, optimizer):
    """One window, seen again and again, is known by heart: the loss goes to nearly zero."""
    ids = torch.randint(0, 16, (9,), generator=torch.Generator().manual_seed(0))
    data = TokenData(ids, ids, ids[:0], 9, {"[MASK]": 17})
    rates = {"learning_rate": 0.01, "muon_learning_rate": 0.01, "schedule": "constant", "weight_decay": 0.0}
    config = TrainConfig(steps=200, batch_size=4, optimizer=optimizer, **rates, **options)
    records = list(train(Transformer(shape), data, config))
    assert records[0].loss > 2
    assert max(r.loss for r in records[-10:]) < 0.02


def test_a_masked_model_learns_from_both_sides():
    """Neighbours differ by 0, 1 or 2: with both of them known a token has fewer choices than with one alone."""
    config = TrainConfig(steps=300, batch_size=32, learning_rate=0.01, optimizer="muon", **MASKED)
    *_, both = train(Transformer(BOTH_WAYS), token_data(8000), config)
    assert both.val_loss < 1.0 < math.log(3)  # ln 3 is what the token before it alone allows


def test_objectives_that_do_not_fit_are_sentences():
    config = TrainConfig(**MASKED)
    with pytest.raises(ValueError, match="set causal to False"):
        objective_of(config, ONE_WAY, SPECIAL)
    with pytest.raises(ValueError, match=r"no \[MASK\]"):
        objective_of(config, BOTH_WAYS, {"<|end|>": 16})
    with pytest.raises(ValueError, match="objective is 'riddles'"):
        TrainConfig(objective="riddles")
    with pytest.raises(ValueError, match="mask_fraction is 0"):
        TrainConfig(mask_fraction=0)
    with pytest.raises(ValueError, match="at least 2 tokens, not 1"):
        NextToken().windows(torch.tensor([1]), 8)
    with pytest.raises(ValueError, match="at least 1 token"):
        masked_tokens(18, {"[MASK]": 17}).windows(torch.tensor([], dtype=torch.long), 8)
    assert objective_of(TrainConfig(), ONE_WAY, {}) == usual_objective(ONE_WAY, {}) == NextToken()
    assert objective_of(TrainConfig(mask_fraction=0.4, **MASKED), BOTH_WAYS, {"[MASK]": 17}).fraction == 0.4
