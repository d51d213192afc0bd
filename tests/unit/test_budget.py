"""The step budget of the quickest recipe: more for a harder target, fewer for longer tokens, what fits for a time."""

import json
from dataclasses import replace

import pytest

from llm.budget import budget_for, budget_in, usual_batch
from llm.checkpoints import load_checkpoint
from llm.cli.options import run_spec
from llm.cli.parser import build_parser
from llm.config import ModelConfig
from tests.unit.test_cli import TEXT, llm, result


def shape(layers=4, width=128, context=64):
    return ModelConfig(67, context, layers, 4, width)


def growing(**changes):
    return replace(shape(**changes), zero_init=True)


def tokens(model, target, per_token=1.0):
    found = budget_for(model, target, per_token)
    return found.steps * found.batch_size * model.context_length


def test_a_harder_target_takes_more_steps_and_larger_batches():
    easy, usual, hard = (budget_for(shape(), target, 1.0) for target in (2.1, 1.88, 1.65))
    assert easy.steps < usual.steps < hard.steps
    assert easy.batch_size < usual.batch_size == usual_batch(shape()) == 16 < hard.batch_size
    assert tokens(shape(), 1.65) > 3 * tokens(shape(), 1.88)


def test_shape_and_tokenizer_count():
    assert budget_for(shape(layers=1), 1.88, 1.0).shallow_fraction == 0.0  # there are no other layers that could wait
    assert budget_for(shape(), 1.88, 1.0).shallow_fraction == 0.0  # they could not pass on what they get
    assert budget_for(growing(), 1.88, 1.0).shallow_fraction > 0.5
    assert budget_for(shape(width=64), 1.88, 1.0).steps > budget_for(shape(), 1.88, 1.0).steps
    assert budget_for(shape(), 1.88 * 2.4, 2.4).steps < budget_for(shape(), 1.88, 1.0).steps  # same nats per character
    assert budget_for(shape(context=128), 1.88, 1.0).batch_size == 8


@pytest.mark.parametrize("target", [0.0, 50.0])
def test_a_target_out_of_reach_still_gives_a_budget(target):
    found = budget_for(shape(), target, 1.0)
    assert 10 <= found.steps < 10_000
    assert found.batch_size >= 1


def test_a_time_is_filled_and_not_exceeded():
    for seconds in (1, 10, 300):
        found = budget_in(growing(), seconds, (0.02, 0.05), 1.0)
        share = found.shallow_fraction
        needed = found.steps * found.batch_size / 16 * (share * 0.02 + (1 - share) * 0.05)
        assert 0.8 * seconds < needed <= seconds


def spec_of(*options):
    return run_spec(build_parser().parse_args(["train", "--text", "x", *options]))


def test_fast_is_a_recipe_by_name():
    assert spec_of("--fast", "--steps", "5") == spec_of("--recipe", "quickest", "--steps", "5")
    assert spec_of("--steps", "5").recipe == "fast"
    with pytest.raises(ValueError, match="leave one of the two out"):
        spec_of("--fast", "--recipe", "textbook")


@pytest.fixture(scope="module")
def text_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "weather.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


SHAPE = "--tokenizer char --layers 1 --heads 2 --width 32 --context 32 --json"


def test_fast_says_its_budget_and_goes_on_until_the_target(text_file, tmp_path):
    """A step of 8 windows, not of the budget's 221, reaches it as surely; the limit of time is far away on any machine."""
    limits = "--stop-at-val-loss 0.45 --batch 8 --max-seconds 1200"
    done = llm("train", "--text", text_file, *SHAPE.split(), *limits.split(), "--fast", "--out", tmp_path / "m")
    line = result(done)
    assert "step budget: " in done.stderr
    assert line["stop_reason"] == "stop_at_val_loss"
    assert line["val_loss"] <= 0.45
    assert line["val_whole"]
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    assert config["train"]["cycle_steps"] >= 10
    assert config["model"]["smear"]
    assert load_checkpoint(tmp_path / "m").meta["val_loss"] == line["val_loss"]


def test_fast_takes_steps_and_batch_from_the_command_line(text_file):
    limits = "--steps 12 --batch 3 --stop-at-val-loss 0.1"
    done = llm("train", "--text", text_file, *SHAPE.split(), *limits.split(), "--fast")
    line = result(done)
    assert (line["steps"], line["tokens"], line["stop_reason"]) == (12, 12 * 3 * 32, "steps")
    assert "step budget: 12 steps of 3 windows, as asked for" in done.stderr


def test_fast_without_a_target_fills_the_time(text_file):
    done = llm("train", "--text", text_file, *SHAPE.split(), "--fast", "--max-seconds", 1)
    line = result(done)
    assert line["stop_reason"] in ("steps", "max_seconds")
    assert "which is what 1 seconds allow" in done.stderr
