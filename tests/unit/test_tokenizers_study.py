"""Spans and merge states: what the tokenization page shows equals what the tokenizers do."""

from __future__ import annotations

import pytest

from llm.tokenizers import CharTokenizer, WordTokenizer, load_tokenizer, train_bpe
from llm.tokenizers.base import clean_text
from llm.tokenizers.bytelevel import apply_merge
from llm.tokenizers.merging import applying, learning
from llm.tokenizers.spans import spans

TEXTS = ["", "a", "The little dog", "👨‍👩‍👧 🇫🇷 café", "سلام <script>alert(1)</script>", "a\ud800b", "x" * 3000]


def tokenizers():
    corpus = "the little dog saw the cat. the cat ran. " * 5
    return [WordTokenizer.train(corpus), CharTokenizer.train(corpus), train_bpe(corpus, 300), load_tokenizer("gpt2")]


@pytest.mark.parametrize("text", TEXTS)
def test_spans_cover_the_text_without_gaps(text: str) -> None:
    data = clean_text(text).encode("utf-8")
    for tokenizer in tokenizers():
        found = spans(tokenizer, text)
        assert [span.id for span in found] == tokenizer.encode(text)
        assert b"".join(span.bytes for span in found) == data
        assert all(data[span.start : span.end] == span.bytes for span in found)


def test_unknown_pieces_keep_the_readers_bytes() -> None:
    word = tokenizers()[0]
    unknown = [span for span in spans(word, "the glimmerfrog") if not span.known]
    assert [span.bytes for span in unknown] == [b"glimmerfrog"]
    assert unknown[0].id == word.special["<unk>"]


@pytest.mark.parametrize("text", ["how much wood would a woodchuck chuck", "aaaaaaa", "naïve café café", "ab", "🐸🐸🐸"])
def test_learning_shows_the_choice_that_training_makes(text: str) -> None:
    tokenizer, states = learning(text, 40)
    assert len(states) == len(tokenizer.merges) + 1
    for state, merge, after in zip(states, tokenizer.merges, states[1:], strict=False):
        assert state.candidates[0] == merge
        assert [c.count for c in state.candidates] == sorted((c.count for c in state.candidates), reverse=True)
        assert len(after.ids) < len(state.ids)
    assert list(states[-1].ids) == tokenizer.encode(text)
    if len(tokenizer.merges) < 40:
        assert not states[-1].candidates


def test_a_merge_is_applied_inside_chunks_only() -> None:
    tokenizer, states = learning("low lower lowest low low", 10)
    for state, merge, after in zip(states, tokenizer.merges, states[1:], strict=False):
        merged, start = [], 0
        for end in state.chunk_ends:
            merged += apply_merge(list(state.ids[start:end]), merge)
            start = end
        assert tuple(merged) == after.ids


def test_applying_ends_at_the_tokenizers_own_ids() -> None:
    gpt2 = load_tokenizer("gpt2")
    states = applying(gpt2, "unbelievable tokenization", 500)
    assert list(states[-1].ids) == gpt2.encode("unbelievable tokenization")
    assert not states[-1].candidates
    ranks = [state.candidates[0].new for state in states[:-1]]
    assert all(candidates == sorted(candidates) for candidates in [[c.new for c in s.candidates] for s in states])
    assert len(ranks) == len(states) - 1
    assert len(applying(gpt2, "unbelievable tokenization", 3)) == 4


def test_learning_refuses_what_it_cannot_show() -> None:
    with pytest.raises(ValueError, match=r"2,000"):
        learning("x" * 2001, 5)
    with pytest.raises(ValueError, match="empty"):
        learning("", 5)
