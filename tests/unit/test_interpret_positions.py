"""Order and place: what each scheme can tell apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from llm.config import POSITIONS, ModelConfig
from llm.interpret import positions
from llm.model import Transformer


def model(position: str, **changes) -> Transformer:
    config = ModelConfig(vocab_size=40, context_length=32, n_layers=2, n_heads=4, d_model=32, position=position, **changes)
    return Transformer(config)


@pytest.mark.parametrize("position", POSITIONS)
def test_without_mask_and_positions_order_cannot_matter(position: str) -> None:
    ids = (3, 17, 5, 9, 22, 31, 8, 1)
    difference = positions.order_matters(model(position, causal=False), ids, seed=1)
    if position == "none":
        assert difference < 1e-6
    else:
        assert difference > 1e-6


def test_the_causal_mask_alone_tells_order_in_two_layers() -> None:
    assert positions.order_matters(model("none"), (3, 17, 5, 9, 22, 31, 8, 1), seed=1) > 1e-7


def test_one_causal_layer_without_positions_reads_a_bag_of_tokens() -> None:
    single = Transformer(ModelConfig(vocab_size=40, context_length=32, n_layers=1, d_model=32, position="none"))
    assert positions.order_matters(single, (3, 17, 5, 9, 22, 31, 8, 1), seed=1) < 1e-6


def test_shuffled_keeps_tokens_and_the_last_and_changes_the_order() -> None:
    ids = tuple(range(10))
    for seed in range(20):
        other = positions.shuffled(ids, seed)
        assert sorted(other) == sorted(ids) and other[-1] == 9 and other != ids
    assert positions.shuffled((4,), 0) == (4,)


def test_sinusoids_and_rope_fall_from_one_with_distance() -> None:
    for scheme in ("sinusoidal", "rope"):
        curve = positions.similarity_by_distance(model(scheme))
        assert curve[0] == pytest.approx(1, abs=1e-5)
        assert curve[1] < 1 and curve[8] < curve[1]
    for scheme in ("alibi", "none"):
        assert positions.similarity_by_distance(model(scheme)) is None


def test_rope_frequencies_are_the_paper_s() -> None:
    expected = 10_000.0 ** (-np.arange(0, 8, 2) / 8)
    assert np.allclose(positions.rotation_frequencies(model("rope")), expected, atol=1e-6)


def test_attention_by_distance_is_a_mean_over_diagonals() -> None:
    pattern = np.array([[[[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]]]])
    assert np.allclose(positions.attention_by_distance(pattern), [[(1 + 0.5 + 0.5) / 3, (0.5 + 0.3) / 2, 0.2]])


def test_alibi_penalties_grow_with_distance() -> None:
    rows = positions.distance_penalties(model("alibi"), 5)
    assert rows.shape == (4, 5)
    assert np.allclose(rows[0], -0.25 * np.arange(5))


@pytest.mark.parametrize("position", [name for name in POSITIONS if name != "none"])
def test_with_all_tokens_at_one_place_and_no_mask_order_cannot_matter(position: str) -> None:
    whole = model(position, causal=False).double()  # a random model minds a swap so little that float32 would hide it
    other, edit = positions.placeless(whole)
    ids = [3, 17, 5, 9, 22, 31, 8, 1]
    swapped = [17, 3, 5, 9, 22, 31, 8, 1]
    with torch.inference_mode():
        here, there = (other(torch.tensor([row]), edit)[0, -1] for row in (ids, swapped))
        apart = whole(torch.tensor([swapped]))[0, -1] - whole(torch.tensor([ids]))[0, -1]
    assert torch.allclose(here, there, rtol=0, atol=1e-12)
    assert apart.abs().max() > 1e-8
