"""Experiments and sweeps: one thing differs, all fit the limits, verdicts follow the numbers, the code runs."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from types import MappingProxyType

import pytest

from llm import experiments, presets, sweeps
from llm.config import ModelConfig, TrainConfig
from llm.experiments import BITS, EXPERIMENTS, LOSS, Experiment, Outcome
from llm.runs.limits import Limits
from llm.runs.spec import RunSpec
from llm.runs.store import RunStore
from llm.sweeps import KNOBS, MOST_RUNS, Sweep, flat
from tests.run_helpers import finish, tiny_spec
from ui.experiments.click import GROUPS
from ui.snippets_experiments import experiment_code, sweep_code
from ui.text import load

WORDS = load("experiments")
# What each experiment says that it changes; ALiBi's slopes go with the scheme.
NAMED = {
    "no_positions": {"position", "alibi_slopes"}, "one_head": {"n_heads"}, "one_layer": {"n_layers"},
    "no_residual": {"residual"}, "no_norm": {"norm"}, "post_norm": {"norm_position"}, "tiny_mlp": {"d_mlp"},
    "untied": {"tie_embeddings"}, "large_start": {"embedding_std"}, "fast": {"learning_rate"}, "slow": {"learning_rate"},
    "batch_one": {"batch_size"}, "dropout": {"dropout"}, "little_text": {"size"}, "shuffled": {"shuffle_words"},
    "characters": {"tokenizer"},
}  # fmt: skip


def everything(spec: RunSpec) -> dict[str, object]:
    """All settings of a run under one name each."""
    data = {f.name: getattr(spec.data, f.name) for f in fields(spec.data)}
    model, train = spec.model_config(100).to_dict(), spec.train_config().to_dict()
    return {**{f"data.{k}": v for k, v in data.items()}, **{f"model.{k}": v for k, v in model.items()},
            **{f"train.{k}": v for k, v in train.items()}, "prompt": spec.prompt}  # fmt: skip


def differing(a: RunSpec, b: RunSpec) -> set[str]:
    first, second = everything(a), everything(b)
    return {name.partition(".")[2] for name in first if first[name] != second[name]}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_exactly_the_named_thing_differs(name: str) -> None:
    base, changed, twin = EXPERIMENTS[name].specs
    assert differing(base, changed) == NAMED[name]
    assert differing(base, twin) == {"seed"}
    assert len({spec.digest() for spec in (base, changed, twin)}) == 3


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_each_run_is_within_the_usual_limits(name: str) -> None:
    for spec in EXPERIMENTS[name].specs:
        spec.check(Limits())
        assert RunSpec.from_dict(spec.to_dict()).digest() == spec.digest()


def test_other_tokens_are_compared_in_bits() -> None:
    for each in EXPERIMENTS.values():
        changes_tokens = {"tokenizer", "vocab_size"} & set(each.data)
        assert each.measure == (BITS if changes_tokens else LOSS)


def test_every_experiment_has_its_place_and_its_words() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(EXPERIMENTS) == sorted(NAMED)
    for name in EXPERIMENTS:
        own = WORDS["try"][name]
        assert {"name", "title", "question", "expected", "why"} <= set(own)
        assert own["expected"] in ("worse", "same", "better")
    assert set(WORDS["sweep"]["knob"]) == set(KNOBS)


@pytest.mark.parametrize(
    ("base", "changed", "twin", "verdict"),
    [
        (3.0, 3.5, 3.05, "worse"),
        (3.0, 3.09, 3.05, "same"),  # twice what the seeds differ in
        (3.0, 3.11, 3.05, "worse"),
        (3.0, 3.015, 3.0, "same"),  # the least that counts
        (3.0, 2.5, 2.9, "better"),
        (3.0, 2.81, 2.9, "same"),
        (3.0, math.inf, 3.0, "worse"),
    ],
)
def test_the_verdict_follows_the_numbers(base: float, changed: float, twin: float, verdict: str) -> None:
    outcome = Outcome(base, changed, twin)
    assert outcome.verdict == verdict
    assert outcome.noise >= experiments.LEAST and outcome.seeds_apart == abs(base - twin)


def test_a_sweep_is_the_product_of_its_values() -> None:
    made = Sweep("learning_rate", (1e-3, 1e-2), "position", ("none", "rope", "alibi"))
    rows = made.specs()
    assert [len(row) for row in rows] == [3, 3] and made.count == 6 == len({spec.digest() for spec in flat(rows)})
    assert rows[1][2].train["learning_rate"] == 1e-2 and rows[1][2].model["position"] == "alibi"
    assert differing(rows[0][0], rows[1][1]) == {"learning_rate", "position"}


def test_the_seed_is_that_of_weights_and_of_order() -> None:
    (first, second), _ = Sweep("n_layers", (1, 2), "seed", (0, 3)).specs()
    assert second.model_config(9).seed == second.train_config().seed == 3 and first.train_config().seed == 0


def test_a_vocabulary_makes_the_measure_bits() -> None:
    assert Sweep("vocab_size", (300, 512), "seed", (0, 1)).measure == BITS
    assert Sweep("n_layers", (1, 2), "seed", (0, 1)).measure == LOSS


@pytest.mark.parametrize("first", KNOBS)
def test_usual_values_fit_together_and_the_limits(first: str) -> None:
    for second in KNOBS:
        if first == second:
            continue
        made = Sweep(first, KNOBS[first].usual, second, KNOBS[second].usual)
        for spec in flat(made.specs()):
            spec.check(Limits())
        assert made.count <= MOST_RUNS <= Limits().sweep
    for value in KNOBS[first].values:
        KNOBS[first].turn(sweeps.BASE, value).check(Limits())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("n_layers", (1, 2), "n_layers", (1, 2)), "the same knob twice"),
        (("n_layers", (1,), "seed", (0, 1)), "from 2 to 5"),
        (("n_layers", (1, 1), "seed", (0, 1)), "different values"),
        (("n_layers", (1, 2, 3, 4), "seed", (0, 1, 2, 3)), "these are 16 runs"),
        (("colour", (1, 2), "seed", (0, 1)), "no knob 'colour'"),
    ],
)
def test_what_is_no_sweep_is_said(arguments: tuple, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Sweep(*arguments)


def test_the_code_of_an_experiment_trains_its_three_runs(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    small = Experiment(base=tiny_spec(12), model={"n_heads": 1})
    monkeypatch.setattr(experiments, "EXPERIMENTS", MappingProxyType({"one_head": small}))
    exec(experiment_code("one_head"), {})
    lines = capsys.readouterr().out.splitlines()
    losses = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}
    assert list(losses) == ["unchanged", "changed", "another seed"] and len(set(losses.values())) == 3
    assert all(3 < loss < 6 for loss in losses.values())


def test_the_code_of_a_sweep_trains_all_of_its_runs(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(Sweep.__init__, "__defaults__", (tiny_spec(8),))
    made = Sweep("n_layers", (1, 2), "seed", (0, 1))
    exec(sweep_code(made), {})
    rows = [numbers_in(line) for line in capsys.readouterr().out.splitlines()]
    assert [len(row) for row in rows] == [2, 2] and len({loss for row in rows for loss in row}) == 4


def numbers_in(line: str) -> list[float]:
    return [float(part) for part in line.strip("[]").split(",")]


def test_the_tokenizer_of_the_stories_model_is_known_by_name() -> None:
    from llm.sources import make_tokenizer

    assert make_tokenizer("stories", "").vocab_size == 1024


def test_fields_of_an_experiment_exist() -> None:
    model, train = {f.name for f in fields(ModelConfig)}, {f.name for f in fields(TrainConfig)}
    for each in EXPERIMENTS.values():
        assert set(each.model) <= model and set(each.train) <= train
        replace(each.base.data, **each.data)


@pytest.mark.slow
def test_both_seeds_learn_to_copy_within_their_steps(tmp_path) -> None:
    """Otherwise chance alone would move the unchanged run by more than any change."""
    base, _, twin = EXPERIMENTS["no_positions"].specs
    for spec in (base, twin):
        run = RunStore(tmp_path).create(spec, "a" * 64)
        finish(run, 900)
        assert run.status().step == 2200 and run.meta()["val_loss"] < 3.0


@pytest.mark.slow
def test_the_copying_run_of_the_page_learns_to_copy(tmp_path) -> None:
    spec = presets.starter("copy")
    run = RunStore(tmp_path).create(replace(spec, train={**spec.train, "max_seconds": 800.0}), "a" * 64)
    finish(run, 900)
    assert run.meta()["val_loss"] < 3.0
