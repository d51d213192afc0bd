"""Detectors on hand-made patterns and a hand-built model; the steps of a head; with and without heads."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from llm.config import ModelConfig
from llm.corpora import COPY_WORDS
from llm.interpret import ablation
from llm.interpret.attention_steps import head_steps, strongest_other
from llm.interpret.comparison import loss, loss_by_head, probabilities, shown_position, text_loss, top_changes
from llm.interpret.detectors import KINDS, NEARBY_TOKENS, head_scores, label, repeated_sequences, scores_of
from llm.interpret.held_out import IGNORED, detector_text, held_out_documents, held_out_windows, mark_ids, ordinary_ids
from llm.model import Transformer
from llm.tokenizers import CharTokenizer, WordTokenizer
from llm.trace import trace

T = 48


def one(column_of) -> np.ndarray:
    """(1, 1, 1, T, T): query i gives everything to ``column_of(i)``."""
    pattern = np.zeros((1, 1, 1, T, T), dtype=np.float32)
    for i in range(T):
        pattern[0, 0, 0, i, min(max(column_of(i), 0), i)] = 1
    return pattern


HALF = T // 2
HABITS = {
    "previous_token": lambda i: i - 1,
    "first_token": lambda i: 0,
    "same_token": lambda i: i,
    "duplicate_token": lambda i: i - HALF if i >= HALF else i,
    "induction": lambda i: i - HALF + 1 if i >= HALF else 0,
}


@pytest.mark.parametrize("kind", ["previous_token", "first_token", "same_token"])
def test_a_pure_habit_scores_one_and_the_others_nothing(kind: str) -> None:
    scores = scores_of(one(HABITS[kind]), one(HABITS[kind]))
    for other in ("previous_token", "first_token", "same_token"):
        assert scores[other][0, 0] == pytest.approx(1.0 if other == kind else 0.0)
    assert label(scores, 0, 0) == (kind, pytest.approx(1.0))
    assert scores.entropy[0, 0] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("kind", ["duplicate_token", "induction"])
def test_repetition_is_measured_in_the_second_half_only(kind: str) -> None:
    scores = scores_of(None, one(HABITS[kind]))
    assert scores[kind][0, 0] == pytest.approx(1.0)
    assert scores["induction" if kind == "duplicate_token" else "duplicate_token"][0, 0] == pytest.approx(0.0)
    assert np.isnan(scores["previous_token"][0, 0])
    assert label(scores, 0, 0) == (kind, pytest.approx(1.0))


def test_even_attention_has_no_habit_and_full_entropy() -> None:
    even = np.tril(np.ones((T, T), dtype=np.float32))
    even = (even / even.sum(axis=1, keepdims=True))[None, None, None]
    scores = scores_of(even, even)
    assert scores.entropy[0, 0] == pytest.approx(1.0, abs=1e-6)
    assert max(scores[kind][0, 0] for kind in KINDS if kind in scores.scores and kind not in ("nearby", "punctuation")) < 0.15
    assert label(scores, 0, 0) == ("even", pytest.approx(1.0))


def test_attention_spread_over_the_tokens_before_is_called_nearby() -> None:
    pattern = np.zeros((1, 1, 1, T, T), dtype=np.float32)
    for i in range(T):
        places = range(max(0, i - NEARBY_TOKENS), i) or [0]
        pattern[0, 0, 0, i, list(places)] = 1 / len(places)
    scores = scores_of(pattern, pattern)
    assert scores["nearby"][0, 0] == pytest.approx(1.0, abs=1e-5)
    assert scores["previous_token"][0, 0] < 0.4
    assert label(scores, 0, 0)[0] == "nearby"


def test_a_mixture_scores_its_parts_and_averages_over_texts_and_keeps_heads_apart() -> None:
    previous, first = one(HABITS["previous_token"]), one(HABITS["first_token"])
    mixed = 0.75 * previous + 0.25 * first
    assert scores_of(mixed, None)["previous_token"][0, 0] == pytest.approx(0.75)
    texts = np.concatenate([previous, first], axis=1)  # two texts
    assert scores_of(texts, None)["first_token"][0, 0] == pytest.approx(0.5)
    heads = np.concatenate([previous, first], axis=2)  # two heads
    assert scores_of(heads, None)["first_token"].tolist() == [[0.0, 1.0]]


def test_below_the_threshold_nothing_is_named() -> None:
    mixed = 0.35 * one(HABITS["previous_token"]) + 0.33 * one(HABITS["first_token"]) + 0.32 * one(HABITS["same_token"])
    kind, score = label(scores_of(mixed, None), 0, 0)
    assert kind == "" and score == pytest.approx(0.35)


def test_punctuation_is_the_share_of_all_marked_tokens() -> None:
    marks = np.zeros((1, T), dtype=bool)
    marks[0, 5] = True
    pattern = one(lambda i: 5 if i >= 5 else i)
    assert scores_of(pattern, None, marks=marks)["punctuation"][0, 0] == pytest.approx((T - 5) / (T - 2))


def test_the_next_token_is_measured_only_without_a_mask() -> None:
    pattern = np.zeros((1, 1, 1, T, T), dtype=np.float32)
    pattern[0, 0, 0, np.arange(T), np.minimum(np.arange(T) + 1, T - 1)] = 1
    assert scores_of(pattern, None, causal=False)["next_token"][0, 0] == pytest.approx(1.0)
    assert "next_token" not in scores_of(pattern, None).scores


@pytest.mark.parametrize("length", [1, 2])
def test_texts_that_are_too_short_measure_nothing_and_name_nothing(length: int) -> None:
    model = Transformer(ModelConfig(vocab_size=5, context_length=length, n_layers=2, n_heads=2, d_model=8))
    scores = head_scores(model, [1] * length)
    assert all(np.isnan(array).all() and array.shape == (2, 2) for array in scores.scores.values())
    assert label(scores, 1, 1) == ("", 0)


def test_random_sequences_fit_repeat_and_come_from_the_given_tokens() -> None:
    ids = repeated_sequences(20, range(100, 140), seed=3)
    assert ids.shape[1] == 20 and (ids[:, :10] == ids[:, 10:]).all() and ids.min() >= 100
    assert all(len(set(row[:10])) == 10 for row in ids)
    assert (ids == repeated_sequences(20, range(100, 140), seed=3)).all()
    assert (ids != repeated_sequences(20, range(100, 140), seed=4)).any()
    assert repeated_sequences(4, range(9)) is None and repeated_sequences(64, [1, 2]) is None


def previous_token_model() -> Transformer:
    """Two heads on learned positions: head 0 looks one token back, head 1 at the first. Sharp by hand-made weights."""
    length = 16
    size = length + 2
    model = Transformer(ModelConfig(vocab_size=12, context_length=length, n_layers=1, n_heads=2, d_model=2 * size, bias=False))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.blocks[0].norm1.weight.fill_(1)
        model.position_embedding.weight[:, :length] = torch.eye(length)
        q, k = model.blocks[0].attn.qkv.weight[:size], model.blocks[0].attn.qkv.weight[2 * size : 3 * size]
        for i in range(length):
            k[i, i] = 30  # position i is found under i
            if i:
                q[i - 1, i] = 30  # position i asks for i - 1
        model.blocks[0].attn.qkv.weight[size : size + 1, :length] = 30  # head 1: every position asks for 0
        model.blocks[0].attn.qkv.weight[3 * size, 0] = 30
    return model.requires_grad_(False)


def test_a_hand_built_model_is_recognised() -> None:
    scores = head_scores(previous_token_model(), seed=1)
    assert [label(scores, 0, head)[0] for head in (0, 1)] == ["previous_token", "first_token"]
    assert scores["previous_token"][0, 0] > 0.99 and scores["first_token"][0, 1] > 0.99


@pytest.mark.parametrize("position", ["learned", "rope", "alibi", "none"])
@pytest.mark.parametrize("causal", [True, False])
def test_the_steps_lead_from_products_to_the_traced_pattern(position: str, causal: bool) -> None:
    shape = {"vocab_size": 20, "context_length": 12, "n_layers": 2, "n_heads": 2, "d_model": 16, "weight_std": 0.3}
    config = ModelConfig(position=position, causal=causal, **shape)
    steps = head_steps(trace(Transformer(config), range(9)), 1, 0)
    before_mask = steps.scaled if steps.bias is None else steps.scaled + steps.bias
    seen = np.isfinite(steps.masked)
    np.testing.assert_allclose(before_mask[seen], steps.masked[seen], atol=1e-5)
    assert seen.all() == (not causal) and (steps.bias is not None) == (position == "alibi")
    shares = np.exp(steps.masked.astype(np.float64))
    np.testing.assert_allclose(shares / shares.sum(axis=1, keepdims=True), steps.pattern, atol=1e-6)
    np.testing.assert_allclose(steps.weighted_values(4).sum(axis=0), steps.z[4], atol=1e-6)


def test_the_first_cell_is_the_strongest_besides_the_diagonal() -> None:
    pattern = np.array([[1.0, 0, 0], [0.5, 0.5, 0], [0.2, 0.1, 0.7]])
    assert strongest_other(pattern, 2) == (2, 0)
    assert strongest_other(np.ones((1, 1)), 0) == (0, 0)


def small_model(causal: bool = True) -> Transformer:
    config = ModelConfig(vocab_size=30, context_length=16, n_layers=2, n_heads=2, d_model=16, causal=causal, weight_std=0.5)
    return Transformer(config).requires_grad_(False)


def test_the_loss_of_a_text_is_the_mean_surprise_of_each_next_token() -> None:
    model, ids = small_model(), [3, 1, 4, 1, 5, 9, 2, 6]
    p = probabilities(trace(model, ids, ["logits"])["logits"])
    expected = -np.mean([math.log(p[i, ids[i + 1]]) for i in range(len(ids) - 1)])
    assert text_loss(model, ids) == pytest.approx(expected, rel=1e-5)
    assert math.isnan(text_loss(model, [3]))


def test_a_model_that_fills_blanks_is_asked_for_each_token_in_turn() -> None:
    model, ids, mask_id = small_model(causal=False), [3, 1, 4], 29
    surprises = []
    for place, token in enumerate(ids):
        hidden = [mask_id if i == place else t for i, t in enumerate(ids)]
        surprises.append(-math.log(probabilities(trace(model, hidden, ["logits"])["logits"][place])[token]))
    assert text_loss(model, ids, mask_id=mask_id) == pytest.approx(np.mean(surprises), rel=1e-5)
    assert math.isnan(text_loss(model, ids))
    assert shown_position([3, mask_id, 4], False, mask_id) == 1
    assert shown_position([3, mask_id, 4], True, mask_id) == 2 and shown_position([3, 1], False, None) == 1


def test_losses_without_heads_do_not_depend_on_the_batch_and_differ() -> None:
    model = small_model()
    ids = torch.randint(30, (5, 17), generator=torch.Generator().manual_seed(0))
    inputs, targets = ids[:, :-1], ids[:, 1:]
    whole = loss(model, inputs, targets)
    assert loss(model, inputs, targets, batch_size=2) == pytest.approx(whole, rel=1e-6)
    by_head = loss_by_head(model, inputs, targets)
    assert by_head.shape == (2, 2) and len({round(float(x), 6) for x in by_head.flat} | {round(whole, 6)}) == 5
    assert by_head[1, 0] == pytest.approx(loss(model, inputs, targets, edit=ablation(heads=[(1, 0)])), rel=1e-6)


def test_the_tokens_to_compare_come_from_both_sides() -> None:
    before, after = np.array([0.7, 0.2, 0.1, 0.0]), np.array([0.1, 0.1, 0.1, 0.7])
    assert top_changes(before, after, 2) == [0, 3]
    assert sorted(top_changes(before, after, 10)) == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["stories", "copy", "arithmetic"])
def test_held_out_text_fills_windows_and_is_not_training_text(name: str) -> None:
    from llm.corpora import generate

    documents = held_out_documents(name, 0, 600)
    training = set(generate(name, size=30_000, seed=0).documents)
    assert not training & set(documents)
    tokenizer = CharTokenizer.train("\n".join(documents))
    config = ModelConfig(vocab_size=tokenizer.vocab_size, context_length=32)
    inputs, targets = held_out_windows({"corpus": name, "seed": 0}, tokenizer, config, tokens=600)
    assert inputs.shape == targets.shape and inputs.shape[1] == 32 and inputs.numel() > 500
    assert (inputs[:, 1:] == targets[:, :-1]).all()
    assert set(ordinary_ids((inputs, targets), tokenizer)).isdisjoint(tokenizer.special.values())


def test_there_is_no_held_out_text_for_unknown_data() -> None:
    tokenizer = WordTokenizer.train(" ".join(COPY_WORDS))
    config = ModelConfig(vocab_size=tokenizer.vocab_size, context_length=16)
    for data in (None, {}, {"text": "mine.txt"}, {"corpus": "unknown"}):
        assert held_out_windows(data, tokenizer, config) is None
    masked = ModelConfig(vocab_size=tokenizer.vocab_size, context_length=16, causal=False)
    assert held_out_windows({"corpus": "copy"}, tokenizer, masked) is None


def test_blanks_are_hidden_in_the_input_and_only_they_count() -> None:
    class WithMask:
        def __init__(self) -> None:
            self.special = {"[MASK]": 999}

        def encode_document(self, text: str) -> list[int]:
            return [ord(c) % 200 for c in text]

    config = ModelConfig(vocab_size=1000, context_length=32, causal=False)
    inputs, targets = held_out_windows({"corpus": "copy"}, WithMask(), config, tokens=2000)
    hidden = inputs == 999
    assert 0.05 < hidden.float().mean() < 0.3
    assert ((targets != IGNORED) == hidden).all() and (targets[hidden] < 200).all()


def test_marks_are_signs_without_letters_or_digits() -> None:
    tokenizer = CharTokenizer.train("ab 1.,!+ \n")
    texts = [tokenizer.encode("a1 .,+"), tokenizer.encode("b\n .")]
    assert {tokenizer.token_text(i) for i in mark_ids(tokenizer, texts)} == {".", ",", "+"}
    assert mark_ids(tokenizer, None) == []


def test_detectors_fall_back_to_stories_and_then_to_nothing() -> None:
    words = WordTokenizer.train(" ".join(COPY_WORDS))
    config = ModelConfig(vocab_size=words.vocab_size, context_length=32)
    windows = held_out_windows({"corpus": "copy"}, words, config)
    assert detector_text(windows, words, config) == windows[0][:4].tolist()
    assert detector_text(None, words, config) is None
    letters = CharTokenizer.train("\n".join(held_out_documents("stories", 0)))
    assert np.shape(detector_text(None, letters, config)) == (4, 32)
