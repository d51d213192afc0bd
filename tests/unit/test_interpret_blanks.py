"""Blanks: one forward for each hidden token as the oracle, the left alone, and attention to later tokens."""

from __future__ import annotations

import numpy as np
import pytest

from llm.config import ModelConfig
from llm.interpret.blanks import from_both_sides, from_the_end, from_the_left, later_share
from llm.model import Transformer
from llm.tokenizers import END, MASK, train_bpe
from llm.trace import trace

SHAPE = {"vocab_size": 40, "context_length": 32, "n_layers": 2, "n_heads": 2, "d_model": 32}
IDS = [3, 17, 5, 5, 31, 8, 3]


@pytest.fixture(scope="module")
def masked() -> Transformer:
    return Transformer(ModelConfig(**SHAPE, causal=False, position="rope", seed=1)).requires_grad_(False).eval()


@pytest.fixture(scope="module")
def causal() -> Transformer:
    return Transformer(ModelConfig(**SHAPE, seed=2)).requires_grad_(False).eval()


def chances(model: Transformer, ids: list[int], place: int) -> np.ndarray:
    logits = trace(model, ids, ["logits"])["logits"][place].astype(np.float64)
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def test_each_blank_is_what_the_trace_of_the_sentence_with_that_blank_gives(masked: Transformer) -> None:
    found = from_both_sides(masked, IDS, 39, k=5)
    for place, token in enumerate(IDS):
        expected = chances(masked, [*IDS[:place], 39, *IDS[place + 1 :]], place)
        order = np.argsort(-expected, kind="stable")
        assert found.best[place].tolist() == order[:5].tolist()
        assert found.chances[place] == pytest.approx(expected[order[:5]], rel=1e-4)
        assert found.own[place] == pytest.approx(expected[token], rel=1e-4)
        assert found.rank[place] == 1 + int((expected > expected[token]).sum())
        assert found.surprise[place] == pytest.approx(-np.log(expected[token]), rel=1e-4)


def test_more_tokens_than_a_batch_change_nothing(masked: Transformer) -> None:
    ids = (IDS * 5)[:30]
    assert from_both_sides(masked, ids, 39).own[20] == pytest.approx(
        chances(masked, [*ids[:20], 39, *ids[21:]], 20)[ids[20]], rel=1e-4
    )  # fmt: skip


def test_the_blank_does_not_depend_on_the_token_it_hides_but_on_both_sides(masked: Transformer) -> None:
    first = from_both_sides(masked, IDS, 39)
    other = from_both_sides(masked, [*IDS[:3], 22, *IDS[4:]], 39)
    assert first.best[3].tolist() == other.best[3].tolist()
    later = from_both_sides(masked, [*IDS[:6], 22], 39)
    assert not np.allclose(first.chances[3], later.chances[3])


def test_a_blank_at_the_end_is_what_the_trace_of_the_cut_text_gives(masked: Transformer) -> None:
    found = from_the_end(masked, IDS, 39, k=5)
    for place, token in enumerate(IDS):
        expected = chances(masked, [*IDS[:place], 39], place)
        assert found.own[place] == pytest.approx(expected[token], rel=1e-4)
        assert found.best[place].tolist() == np.argsort(-expected, kind="stable")[:5].tolist()
    assert found.own[-1] == pytest.approx(from_both_sides(masked, IDS, 39).own[-1], rel=1e-4)


def test_the_left_never_depends_on_what_comes_after(causal: Transformer) -> None:
    found = from_the_left(causal, IDS, 38)
    assert found.own[0] == pytest.approx(chances(causal, [38], 0)[IDS[0]], rel=1e-4)
    for place in range(1, len(IDS)):
        assert found.own[place] == pytest.approx(chances(causal, IDS[:place], place - 1)[IDS[place]], rel=1e-4)
    assert from_the_left(causal, IDS[:1], 38).own.shape == (1,)


def test_attention_to_later_tokens_is_zero_with_a_causal_mask_and_counted_without(
    causal: Transformer, masked: Transformer
) -> None:
    name = "blocks.0.attn.pattern"
    assert later_share(trace(causal, IDS, [name])[name]).tolist() == [0.0, 0.0]
    pattern = trace(masked, IDS, [name])[name]
    by_hand = [np.mean([pattern[h, q, q + 1 :].sum() for q in range(len(IDS) - 1)]) for h in range(2)]
    assert later_share(pattern) == pytest.approx(by_hand, rel=1e-6)
    assert np.isnan(later_share(pattern[:, :1, :1])).all()


def test_typing_the_name_of_the_mask_gives_its_letters_and_never_the_special_token() -> None:
    tokenizer = train_bpe("the little dog was very happy. [MASK] is text here. " * 20, 300, (END, MASK))
    ids = tokenizer.encode("The [MASK] dog <|end|>")
    assert not {*ids} & {*tokenizer.special.values()}
    assert tokenizer.decode(ids) == "The [MASK] dog <|end|>"
