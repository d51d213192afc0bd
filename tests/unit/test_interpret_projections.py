"""Neighbours, analogies and pictures of an embedding table, against slow or known answers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from llm.interpret import projections, vocabulary
from llm.tokenizers import CharTokenizer, WordTokenizer, train_bpe


@pytest.fixture
def table() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(60, 8)).astype(np.float32)


def slow_cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(sum(x * y for x, y in zip(a, b, strict=True)) / (sum(x * x for x in a) ** 0.5 * sum(y * y for y in b) ** 0.5))


def test_similarity_is_the_cosine_of_each_pair(table: np.ndarray) -> None:
    values = projections.similarity(table[:5])
    assert np.allclose(np.diagonal(values), 1) and np.allclose(values, values.T)
    assert values[1, 4] == pytest.approx(slow_cosine(table[1], table[4]), abs=1e-6)


def test_nearest_equals_a_full_sort(table: np.ndarray) -> None:
    expected = sorted((i for i in range(60) if i != 7), key=lambda i: -slow_cosine(table[7], table[i]))[:10]
    ids, values = projections.nearest(table, table[7], 10, without={7})
    assert ids.tolist() == expected
    assert values[0] == pytest.approx(slow_cosine(table[7], table[expected[0]]), abs=1e-6)
    only, _ = projections.nearest(table, table[7], 10, without={7}, among=[3, 7, 9])
    assert set(only.tolist()) == {3, 9}


def test_neighbours_of_all_equal_those_of_each(table: np.ndarray) -> None:
    found = projections.neighbours(table, 4, block=17)
    for i in range(60):
        assert found[i].tolist() == projections.nearest(table, table[i], 4, without={i})[0].tolist()
    assert projections.neighbours(table[:2], 3).tolist() == [[1, -1, -1], [0, -1, -1]]
    assert projections.neighbours(table[:1], 2).tolist() == [[-1, -1]]


def test_analogy_finds_the_fourth_corner_and_leaves_its_inputs_out() -> None:
    man, woman, royal = np.eye(3)
    table = np.stack([man + royal, man, woman, woman + royal, -man])
    ids, values = projections.analogy(table, 0, 1, 2, 2)  # king - man + woman
    assert ids[0] == 3 and not {0, 1, 2} & set(ids.tolist())
    assert values[0] > 0.8
    assert projections.analogy_scores(table, [(0, 1, 2, 3)]) == (1, 1)


def test_the_step_of_an_analogy_is_taken_twice(table: np.ndarray) -> None:
    places = projections.analogy_map(table, 3, 4, 5, [6, 7]).coordinates
    assert places.shape == (6, 2)
    assert np.allclose(places[0] - places[1], places[3] - places[2], atol=1e-6)


def test_pca_agrees_with_the_singular_values(table: np.ndarray) -> None:
    projection = projections.pca(table, 3)
    singular = np.linalg.svd(table - table.mean(axis=0), compute_uv=False)
    assert np.allclose(projection.shares, singular[:3] ** 2 / (singular**2).sum(), atol=1e-5)
    assert np.allclose(np.linalg.norm(projection.coordinates, axis=0), singular[:3], rtol=1e-5)
    assert np.array_equal(projection.coordinates, projections.pca(table, 3).coordinates)


def test_some_rows_may_decide_on_the_axes_for_all(table: np.ndarray) -> None:
    fit = np.arange(0, 60, 2)
    whole, some = projections.pca(table, 3, fit), projections.pca(table[fit], 3)
    assert np.allclose(whole.coordinates[fit], some.coordinates) and np.allclose(whole.shares, some.shares)
    assert whole.coordinates.shape == (60, 3)


def test_mean_similarity_is_the_mean_over_pairs(table: np.ndarray) -> None:
    pairs = projections.similarity(table)[np.triu_indices(60, 1)]
    assert projections.mean_similarity(table) == pytest.approx(float(pairs.mean()), abs=1e-6)
    assert projections.mean_similarity(table[:1]) is None


def test_pca_of_too_few_channels_is_padded_and_of_equal_rows_is_zero() -> None:
    assert projections.pca(np.arange(6.0).reshape(6, 1), 3).coordinates.shape == (6, 3)
    flat = projections.pca(np.ones((5, 4)), 2)
    assert np.allclose(flat.coordinates, 0) and np.isfinite(flat.shares).all()


def test_align_undoes_a_turn_and_a_mirror_and_keeps_distances(table: np.ndarray) -> None:
    fixed = table[:, :2].astype(np.float64)
    angle = 1.1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([1, -1])
    assert np.allclose(projections.align(fixed @ turn, fixed), fixed, atol=1e-9)
    other = projections.align(table[:, 2:4].astype(np.float64), fixed)
    assert np.allclose(np.linalg.norm(other, axis=1), np.linalg.norm(table[:, 2:4], axis=1), atol=1e-5)


def test_frames_keep_the_last_and_move_less_than_plain_pca(table: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    tables = [table + 0.3 * k * rng.normal(size=table.shape) for k in (3, 2, 1, 0)]
    made = projections.frames(tables)
    assert np.array_equal(made[-1].coordinates, projections.pca(tables[-1]).coordinates)
    jumps = [np.linalg.norm(a.coordinates - b.coordinates) for a, b in pairwise(made)]
    plain = [projections.pca(t).coordinates for t in tables]
    assert sum(jumps) <= sum(np.linalg.norm(a - b) for a, b in pairwise(plain)) + 1e-9


def test_tsne_keeps_two_far_groups_apart_and_repeats_itself() -> None:
    rng = np.random.default_rng(1)
    groups = np.concatenate([rng.normal(size=(20, 6)) + 8 * np.eye(6)[0], rng.normal(size=(20, 6)) + 8 * np.eye(6)[1]])
    placed = projections.tsne(groups, perplexity=8)
    assert placed.shape == (40, 2) and np.array_equal(placed, projections.tsne(groups, perplexity=8))
    inside = np.linalg.norm(placed[:20] - placed[:20].mean(axis=0), axis=1).mean()
    assert np.linalg.norm(placed[:20].mean(axis=0) - placed[20:].mean(axis=0)) > inside
    with pytest.raises(ValueError, match="at least 4"):
        projections.tsne(groups[:3])


def test_length_and_frequency_is_a_correlation_or_none() -> None:
    counts = np.arange(1, 41)
    table = np.log(counts)[:, None] * np.ones((1, 3))
    assert projections.length_and_frequency(table, counts) == pytest.approx(1)
    assert projections.length_and_frequency(np.ones((40, 3)), counts) is None
    assert projections.length_and_frequency(table, np.zeros(40, dtype=int)) is None


def test_spread_evenly_keeps_both_ends() -> None:
    assert list(projections.spread_evenly(range(5), 8)) == [0, 1, 2, 3, 4]
    few = list(projections.spread_evenly(range(100), 8))
    assert few[0] == 0 and few[-1] == 99 and len(few) == 8


TEXT = "The dog saw the cat. The cat ran home, and the dog sat down. 12 dogs! " * 30


def test_kinds_of_byte_pieces() -> None:
    tokenizer = train_bpe(TEXT, 320)
    kind = {tokenizer.token_text(i): vocabulary.token_kind(tokenizer, i) for i in range(tokenizer.vocab_size)}
    assert kind[" the"] == "start" and kind["The"] == "capitalised" and kind["a"] == "continues"
    assert kind["7"] == "number" and kind["!"] == "punctuation" and kind[" "] == "punctuation" and kind["\n"] == "punctuation"
    assert kind["⟨E2⟩"] == "byte" and kind["⟨00⟩"] == "byte" and kind["<|end|>"] == "special"
    assert vocabulary.token_kind(tokenizer, 9_999) == "special"


def test_kinds_of_words_and_characters() -> None:
    words, letters = WordTokenizer.train(TEXT), CharTokenizer.train(TEXT)
    assert vocabulary.token_kinds(words, words.encode(" dog. The the")) == ["start", "punctuation", "capitalised", "start"]
    kinds = vocabulary.token_kinds(letters, letters.encode("dT1. "))
    assert kinds == ["letter", "capitalised", "number", "punctuation", "punctuation"]


def test_whole_words_by_sample_and_by_length() -> None:
    tokenizer = train_bpe(TEXT, 300)
    ids = np.array(tokenizer.encode(TEXT))
    found = [tokenizer.token_text(i) for i in vocabulary.whole_words(tokenizer, range(tokenizer.vocab_size), ids)]
    assert " the" in found and " dog" in found and " c" not in found
    guessed = [tokenizer.token_text(i) for i in vocabulary.whole_words(tokenizer, range(tokenizer.vocab_size), None)]
    assert " dog" in guessed and all(len(text.strip()) > 2 for text in guessed)


def test_most_used_by_counts_or_by_id() -> None:
    assert vocabulary.most_used(5, 3, np.array([1, 9, 0, 9, 4])).tolist() == [1, 3, 4]
    assert vocabulary.most_used(5, 3, None).tolist() == [0, 1, 2]


def test_sample_is_known_only_for_generated_corpora() -> None:
    tokenizer = CharTokenizer.train("0123456789+=\n")
    assert vocabulary.sample_ids(tokenizer, {"corpus": "arithmetic"}, size=500).min() >= 0
    assert vocabulary.sample_ids(tokenizer, {"corpus": "mine.txt"}) is None and vocabulary.sample_ids(tokenizer, {}) is None


@pytest.mark.parametrize(("rows", "columns"), [(1024, 128), (50_257, 32), (15, 64), (2, 3)])
def test_the_best_cosine_by_chance_is_that_of_random_vectors(rows: int, columns: int) -> None:
    generator = np.random.default_rng(0)
    best = []
    for _ in range(100):
        vectors = generator.standard_normal((rows, columns), dtype=np.float32)
        best.append((vectors[:, 0] / np.linalg.norm(vectors, axis=1)).max())  # cosine with one fixed direction
    assert np.median(best) == pytest.approx(projections.best_by_chance(rows, columns), abs=0.03 if rows > 2 else 0.2)
