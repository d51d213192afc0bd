"""Sampling, step by step, against Hugging Face's logits processors in the same order."""

import numpy as np
import pytest
import torch
from transformers.generation import logits_process as hf

from llm.config import SamplingConfig
from llm.sampling import REMOVED_BY, choose, explain_choice, random_numbers


def hugging_face(logits: np.ndarray, sampling: SamplingConfig, seen: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """(kept, probabilities) by transformers' own processors, in its own order, in float64."""
    steps = []
    if sampling.repetition_penalty != 1:
        steps.append(hf.RepetitionPenaltyLogitsProcessor(float(sampling.repetition_penalty)))
    steps.append(hf.TemperatureLogitsWarper(float(sampling.temperature)))
    if sampling.top_k is not None:
        steps.append(hf.TopKLogitsWarper(sampling.top_k))
    if sampling.top_p is not None:
        steps.append(hf.TopPLogitsWarper(sampling.top_p))
    if sampling.min_p is not None:
        steps.append(hf.MinPLogitsWarper(sampling.min_p))
    scores = torch.tensor(logits, dtype=torch.float64)[None]
    for step in steps:
        scores = step(torch.tensor([seen]), scores)
    return (scores[0] > -torch.inf).numpy(), scores[0].softmax(-1).numpy()


def random_case(seed: int) -> tuple[np.ndarray, SamplingConfig, list[int]]:
    rng = np.random.default_rng(seed)
    V = int(rng.integers(1, 200))
    logits = (rng.normal(size=V) * rng.choice([0.1, 1, 5, 30])).astype(np.float32)

    def maybe(value: float | int) -> float | int | None:
        return value if rng.random() < 0.6 else None

    sampling = SamplingConfig(
        temperature=float(rng.choice([0.1, 0.7, 1.0, 3.0])),
        top_k=maybe(int(rng.integers(1, V + 5))),
        top_p=maybe(float(rng.uniform(0.01, 1.0))),
        min_p=maybe(float(rng.uniform(0.0, 1.0))),
        repetition_penalty=float(rng.choice([1.0, 0.8, 1.2, 5.0])),
    )
    return logits, sampling, rng.integers(0, V, size=int(rng.integers(1, 20))).tolist()


def test_equals_hugging_face_in_500_random_cases():
    for seed in range(500):
        logits, sampling, seen = random_case(seed)
        kept, probabilities = hugging_face(logits, sampling, seen)
        choice = explain_choice(logits, sampling, seen, u=0.5)
        assert (choice.kept == kept).all(), (seed, sampling)
        np.testing.assert_allclose(choice.probabilities, probabilities, atol=1e-12, err_msg=f"{seed} {sampling}")


def test_stages_fit_together():
    for seed in range(100):
        logits, sampling, seen = random_case(seed)
        u = float(np.random.default_rng(seed).random())
        choice = explain_choice(logits, sampling, seen, u)
        n = choice.n_kept
        assert n >= 1
        assert set(choice.order[:n]) == set(np.flatnonzero(choice.kept)), "what stays is a front part of the order"
        assert (np.diff(choice.scaled[choice.order]) <= 0).all()
        assert sorted(choice.order) == list(range(len(logits)))
        assert abs(choice.probabilities.sum() - 1) < 1e-12 and abs(choice.full_probabilities.sum() - 1) < 1e-12
        np.testing.assert_allclose(np.cumsum(choice.probabilities[choice.order]), choice.cumulative, atol=1e-12)
        assert choice.cumulative[-1] == 1.0
        by_step = sum(choice.removed_mass(name) for name in REMOVED_BY[1:])
        assert choice.removed_mass() == pytest.approx(by_step, abs=1e-12)
        assert choice.removed_mass() + choice.full_probabilities[choice.kept].sum() == pytest.approx(1)
        assert choice.draw.low <= u < choice.draw.high
        assert choice.draw.high - choice.draw.low == pytest.approx(choice.probabilities[choice.token_id], abs=1e-12)
        assert choice.kept[choice.token_id]
        assert choose(logits, sampling, seen, u) == choice.token_id


def test_temperature_zero_takes_the_best_after_the_penalty():
    logits = np.array([3.0, 2.9, -1.0], dtype=np.float32)
    greedy = SamplingConfig(temperature=0)
    choice = explain_choice(logits, greedy)
    assert choice.token_id == 0 and choice.draw.u is None and choice.n_kept == 1
    assert choice.probabilities.tolist() == [1, 0, 0]
    assert REMOVED_BY[choice.removed_by[1]] == "greedy"
    assert choice.removed_mass("greedy") == pytest.approx(1 - choice.full_probabilities[0])
    penalised = SamplingConfig(temperature=0, repetition_penalty=2.0)
    assert explain_choice(logits, penalised, [0]).token_id == 1
    assert choose(logits, penalised, [0], None) == 1
    assert explain_choice(np.zeros(4), greedy).token_id == 0, "ties go to the lowest id"


def test_penalty_pushes_negative_logits_further_down():
    choice = explain_choice(np.array([2.0, -2.0, 1.0]), SamplingConfig(repetition_penalty=2.0), [0, 1, 1])
    assert choice.penalised.tolist() == [1.0, -4.0, 1.0]


def test_ties_at_the_edge_of_top_k_all_stay():
    choice = explain_choice(np.array([1.0, 2.0, 1.0, 0.0]), SamplingConfig(top_k=2), u=0.0)
    assert choice.kept.tolist() == [True, True, True, False]
    assert choice.order.tolist() == [1, 0, 2, 3]


@pytest.mark.parametrize(
    "extreme",
    [
        {"top_k": 1},
        {"top_k": 10**9},
        {"top_p": 1e-12},
        {"top_p": 1.0},
        {"min_p": 1.0},
        {"min_p": 0.0},
        {"temperature": 1e-300},
        {"temperature": 1e-12},
        {"temperature": 100.0},
        {"repetition_penalty": 100.0},
        {"repetition_penalty": 0.01},
        {"top_k": 1, "top_p": 1e-12, "min_p": 1.0, "temperature": 100.0},
    ],
)
@pytest.mark.parametrize("shape", ["random", "equal", "one", "huge", "impossible"])
def test_extremes_never_leave_an_empty_set_or_a_nan(extreme, shape):
    logits = {
        "random": np.random.default_rng(0).normal(size=50),
        "equal": np.zeros(50),
        "one": np.array([-3.0]),
        "huge": np.array([3e38, -3e38, 0.0]),
        "impossible": np.array([-np.inf, 0.0, -np.inf, 1.0]),
    }[shape]
    for u in (0.0, 0.5, np.nextafter(1.0, 0.0)):
        choice = explain_choice(logits, SamplingConfig(**extreme), [0], u)
        assert choice.n_kept >= 1
        assert np.isfinite(choice.probabilities).all() and choice.probabilities.sum() == pytest.approx(1)
        assert choice.probabilities[choice.token_id] > 0


def test_every_part_of_the_bar_is_drawn_from_exactly_its_own_numbers():
    logits = np.log(np.array([0.1, 0.2, 0.3, 0.4]))
    ids = [choose(logits, SamplingConfig(), [], u) for u in (0.0, 0.39, 0.41, 0.69, 0.71, 0.89, 0.91, 0.999999)]
    assert ids == [3, 3, 2, 2, 1, 1, 0, 0]


def test_the_seed_alone_decides_the_numbers():
    before = torch.get_rng_state()
    numbers = random_numbers(7, 20)
    assert torch.equal(before, torch.get_rng_state())
    assert ((numbers >= 0) & (numbers < 1)).all() and len(set(numbers)) == 20
    assert (numbers == random_numbers(7, 20)).all() and (numbers != random_numbers(8, 20)).any()
    assert (numbers[:5] == random_numbers(7, 5)).all()
    assert explain_choice(np.zeros(9), SamplingConfig(seed=7)).draw.u == numbers[0]


def test_nothing_can_be_changed_afterwards_and_the_input_stays():
    logits = np.array([0.0, 1.0], dtype=np.float32)
    choice = explain_choice(logits, SamplingConfig(repetition_penalty=2.0), [1])
    assert logits.tolist() == [0.0, 1.0]
    for name in ("logits", "penalised", "scaled", "full_probabilities", "removed_by", "probabilities", "order", "cumulative"):
        with pytest.raises(ValueError):
            getattr(choice, name)[0] = 1


@pytest.mark.parametrize("logits", [[np.nan, 1.0], [np.inf, 0.0], [-np.inf, -np.inf], [], [[1.0]]])
def test_logits_that_are_no_scores_are_refused(logits):
    with pytest.raises(ValueError, match="finite"):
        explain_choice(np.array(logits), SamplingConfig())


@pytest.mark.parametrize("u", [1.0, -0.1, float("nan")])
def test_a_random_number_outside_its_range_is_refused(u):
    with pytest.raises(ValueError, match="0 to below 1"):
        explain_choice(np.zeros(3), SamplingConfig(), u=u)
