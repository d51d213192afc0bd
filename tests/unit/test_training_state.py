"""A run that goes on from its saved state is the run that was never stopped, to the last bit, live changes included."""

import itertools
import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from llm.config import ModelConfig, TrainConfig
from llm.model import Transformer
from llm.training import Trainer
from tests.unit.training_data import token_data

STEPS = 14
CHANGES = {3: {"learning_rate": 0.02}, 5: {"batch_size": 5}, 7: {"dropout": 0.3}, 10: {"dropout": 0.0, "learning_rate": 0.001}}


def make(dropout=0.1, **options) -> Trainer:
    shape = {"vocab_size": 18, "context_length": 8, "n_layers": 2, "n_heads": 2, "d_model": 32}
    causal = options.get("objective") != "masked_tokens"
    model = Transformer(ModelConfig(**shape, dropout=dropout, causal=causal))
    options = {"document_start_fraction": 0.25, "eval_every": 4, "eval_tokens": 40, "batch_size": 4, "warmup_steps": 2} | options
    return Trainer(model, token_data(400), TrainConfig(steps=STEPS, learning_rate=0.01, **options))


def run(trainer: Trainer, until: int = STEPS, changes=CHANGES) -> list[tuple]:
    """The records up to a step, without the clock; a change at step s is made before the step after it."""
    records = []
    while trainer.step < until:
        if trainer.step in changes:
            trainer.change(**changes[trainer.step])
        r = trainer.advance()
        records.append((r.step, r.loss, r.learning_rate, r.grad_norm, r.tokens, r.val_loss, r.val_tokens, r.val_whole))
    return records


def everything(trainer: Trainer) -> tuple[dict, dict]:
    tensors, facts = trainer.state()
    return tensors | {f"model.{n}": p.detach().clone() for n, p in trainer.model.named_parameters()}, facts | {"seconds": 0}


def assert_equal(a: Trainer, b: Trainer) -> None:
    (ours, our_facts), (theirs, their_facts) = everything(a), everything(b)
    assert our_facts == their_facts
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert torch.equal(ours[name], theirs[name]), name


KINDS = list(itertools.product(["adamw", "muon"], ["float32", "bfloat16"], [None, 0.2], [0.0, 0.2]))


@pytest.mark.parametrize(("optimizer", "precision", "average", "dropout"), KINDS)
def test_resumed_equals_uninterrupted(tmp_path, optimizer, precision, average, dropout):
    options = {"optimizer": optimizer, "precision": precision, "average_fraction": average, "dropout": dropout}
    check_resume(tmp_path, options)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_resumed_equals_uninterrupted_with_masks(tmp_path, precision):
    check_resume(tmp_path, {"objective": "masked_tokens", "precision": precision, "short_window_fraction": 0.5})


def test_resumed_equals_uninterrupted_on_the_way_to_a_plateau(tmp_path):
    check_resume(tmp_path, {"plateau_evaluations": 3, "eval_every": 2, "stop_at_val_loss": 0.1})


def test_a_resumed_run_remembers_how_long_the_loss_has_not_fallen():
    """Nothing is learned at rate 0: three evaluations without a fall, after steps 4, 6 and 8, wherever it was stopped."""
    options = {"plateau_evaluations": 3, "eval_every": 2, "dropout": 0.0}
    for cut in (1, 5, 7):
        first, second = make(**options), make(**options)
        first.change(learning_rate=0.0)
        run(first, cut, changes={})
        second.restore(*first.state())
        while second.stop_reason is None:
            second.advance()
        assert (second.stop_reason, second.step) == ("plateau", 8)


def check_resume(tmp_path, options) -> None:
    """Stop after a few steps, write the state to a disk, and let a new trainer go on: the same records, the same state."""
    whole = make(**options)
    records = run(whole)
    for cut in (0, 1, 4, 6, 11, STEPS):
        first = make(**options)
        before = run(first, cut)
        tensors, facts = first.state()
        save_file(tensors, tmp_path / "state.safetensors")
        (tmp_path / "state.json").write_text(json.dumps(facts))
        second = make(**options)
        second.restore(load_file(tmp_path / "state.safetensors"), json.loads((tmp_path / "state.json").read_text()))
        assert_equal(first, second)
        assert before + run(second) == records, f"cut after step {cut}"
        assert_equal(whole, second)
        assert second.stop_reason == "steps"


def test_changes_made_before_the_cut_are_part_of_the_state():
    """A worker replays only what came after the state; the settings of that moment are in it."""
    first = make()
    run(first, 9)
    second = make()
    second.restore(*first.state())
    assert second.settings == first.settings == {"learning_rate": 0.02, "batch_size": 5, "dropout": 0.3}


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_state_shares_no_memory_with_the_run(optimizer):
    trainer = make(optimizer=optimizer, average_fraction=0.2)
    run(trainer, 6)
    tensors, facts = trainer.state()
    kept, kept_facts = {name: x.clone() for name, x in tensors.items()}, json.dumps(facts)
    run(trainer, 9)
    assert all(torch.equal(kept[name], x) for name, x in tensors.items())
    assert json.dumps(facts) == kept_facts
    other = make(optimizer=optimizer, average_fraction=0.2)
    other.restore(tensors, facts)
    run(other, 12)
    assert all(torch.equal(kept[name], x) for name, x in tensors.items())


def test_looking_and_saving_change_nothing():
    quiet, watched = make(), make()
    for until in range(1, STEPS + 1):
        run(watched, until)
        watched.state()
        with torch.inference_mode():
            watched.model(torch.zeros(1, 4, dtype=torch.long))
    run(quiet)
    assert_equal(quiet, watched)


def test_a_new_rate_scales_both_optimizers_and_the_schedule_goes_on():
    trainer = make(optimizer="muon", schedule="linear", final_lr_fraction=0.0, warmup_steps=0)
    before = trainer.advance().learning_rate
    trainer.change(learning_rate=0.03)
    assert trainer.current.muon_learning_rate == pytest.approx(3 * trainer.config.muon_learning_rate)
    assert before == pytest.approx(0.01)
    assert trainer.advance().learning_rate == pytest.approx(0.03 * (1 - 1 / STEPS))
    trainer.change(learning_rate=0.01)
    assert trainer.current == trainer.config


def test_a_new_batch_size_counts_its_own_tokens():
    trainer = make()
    assert trainer.advance().tokens == 4 * 8
    trainer.change(batch_size=7)
    assert trainer.advance().tokens == (4 + 7) * 8


def test_a_new_dropout_is_used_and_off_means_off():
    def losses(*dropouts):
        trainer = make(dropout=0.0, average_fraction=0.2)
        found = []
        for dropout in dropouts:
            trainer.change(dropout=dropout)
            found.append(trainer.advance().loss)
        return found

    assert losses(0.0, 0.0)[1] == losses(0.0, None)[1] != losses(0.0, 0.5)[1]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"learning_rate": -1.0}, "learning_rate is -1.0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"learning_rate": 0.5, "batch_size": 8, "dropout": -0.1}, "dropout is -0.1"),
        ({"learning_rate": 0.5, "dropout": 0.5, "batch_size": -3}, "batch_size is -3"),
    ],
)
def test_a_wrong_change_is_a_sentence_and_changes_nothing(wrong, sentence):
    trainer = make(optimizer="muon")
    before = everything(trainer)
    with pytest.raises(ValueError, match=sentence):
        trainer.change(**wrong)
    after = everything(trainer)
    assert before[1] == after[1]
    assert trainer.current == trainer.optimizer.config == trainer.config
    assert [block.dropout for block in trainer.working.blocks] == [0.1, 0.1]


@pytest.mark.parametrize("what", ["format", "step", "watch", "settings", "masters", "dropout", "sampler.cut", "0.mean"])
def test_an_incomplete_state_is_a_sentence(what):
    tensors, facts = make().state()
    (tensors if what in tensors else facts).pop(what)
    with pytest.raises(ValueError, match="damaged or incomplete"):
        make().restore(tensors, facts)


def test_a_state_of_another_run_is_a_sentence():
    tensors, facts = make().state()
    with pytest.raises(ValueError, match="another model or other data"):
        make().restore(tensors | {"masters": torch.zeros(3)}, facts)
    with pytest.raises(ValueError, match="another model or other data"):
        make().restore(tensors, facts | {"train_tokens": 5})
    with pytest.raises(ValueError, match="format 99"):
        make().restore(tensors, facts | {"format": 99})
    with pytest.raises(ValueError, match="damaged or incomplete"):
        make().restore(tensors | {"dropout": torch.zeros(3, dtype=torch.uint8)}, facts)


@pytest.mark.parametrize(("began", "goes_on"), [("float32", "bfloat16"), ("bfloat16", "float32")])
@pytest.mark.parametrize("average", [None, 0.2])
def test_a_run_goes_on_with_the_numbers_that_it_began_with(began, goes_on, average):
    """Another machine may choose otherwise for "auto"; the run stays what it was."""
    whole, first = make(precision=began, average_fraction=average), make(precision=began, average_fraction=average)
    second = make(precision=goes_on, average_fraction=average)
    expected = run(whole)
    run(first, until=6)
    second.restore(*first.state())
    assert second.precision == began
    assert run(second) == expected[6:]
    assert_equal(whole, second)
