"""Data to train on: words in another order, tokenizers with [MASK], and what stays as it was without them."""

import math
import re
from collections import Counter

import pytest
import torch

from llm.config import ModelConfig
from llm.interpret.held_out import held_out_windows
from llm.sources import RANDOM_ORDER, corpus_parts, corpus_source, make_tokenizer, shuffled_words, text_source
from llm.tokenizers import MASK, save_tokenizer

TEXT = "The dog saw the cat.\n\n  The cat ran away, and the dog did not follow it!\nÄpfel 🍎 [MASK] <|end|> <unk> of " * 20
KINDS = ("char", "word", "bpe")


def test_shuffled_words_are_the_same_words_in_the_same_gaps():
    documents = ["One two,  three\nfour.", " edge spaces ", "", "alone", "\n\n"]
    shuffled = shuffled_words(documents, 3)
    for before, after in zip(documents, shuffled, strict=True):
        assert Counter(before.split()) == Counter(after.split())
        assert re.findall(r"\s+", before) == re.findall(r"\s+", after)
        assert len(before.encode()) == len(after.encode())
    assert shuffled == shuffled_words(documents, 3)
    long = [" ".join(map(str, range(200)))]
    assert shuffled_words(long, 0) != shuffled_words(long, 1) != long


def test_a_shuffled_corpus_keeps_its_documents_and_says_what_it_is():
    plain, shuffled = corpus_source("stories", 30_000), corpus_source("stories", 30_000, shuffle_words=True)
    assert "words" not in plain.description
    assert shuffled.description == plain.description | {"words": "in random order"}
    assert shuffled.data.val_bytes == plain.data.val_bytes
    train, _ = corpus_parts("stories", 30_000, 0)
    ids = shuffled.data.train[: int(shuffled.data.starts[1])].tolist()
    text = shuffled.tokenizer.decode(ids).removesuffix("<|end|>")
    assert text != train[0]
    assert Counter(text.split()) == Counter(train[0].split())


def test_held_out_text_of_a_shuffled_corpus_is_shuffled_too():
    tokenizer = make_tokenizer("word", TEXT)
    config = ModelConfig(tokenizer.vocab_size, context_length=64)
    description = corpus_source("stories", 20_000).description
    plain, _ = held_out_windows(description, tokenizer, config, tokens=256)
    shuffled, _ = held_out_windows(description | {"words": RANDOM_ORDER}, tokenizer, config, tokens=256)
    assert plain.shape == shuffled.shape
    assert not torch.equal(plain, shuffled)


def test_a_shuffled_text_keeps_training_and_validation_apart():
    text = "alpha beta gamma delta " * 400 + "one two three four " * 100
    source = text_source(text, "mine.txt", "word", shuffle_words=True, seed=1)
    seen = set(source.tokenizer.decode(source.data.val.tolist()).split())
    assert seen <= {"one", "two", "three", "four", "<unk>"}
    assert source.description["words"] == "in random order"


@pytest.mark.parametrize("kind", KINDS)
def test_a_mask_is_there_only_when_asked_for_and_changes_no_id(kind):
    plain, masked = make_tokenizer(kind, TEXT, None), make_tokenizer(kind, TEXT, None, masked=True)
    assert MASK not in plain.special
    assert masked.special == plain.special | {MASK: plain.vocab_size}  # the text is too short to fill either vocabulary
    assert masked.encode(TEXT) == plain.encode(TEXT)
    assert masked.vocab_size == plain.vocab_size + 1


@pytest.mark.parametrize("kind", KINDS)
def test_typing_never_gives_a_mask(kind):
    tokenizer = make_tokenizer(kind, TEXT, None, masked=True)
    for typed in ("[MASK]", " [MASK] [MASK]", "<|end|>[MASK]<unk>", "[[MASK]]"):
        assert tokenizer.special[MASK] not in tokenizer.encode(typed)
    assert tokenizer.decode([tokenizer.special[MASK]]) == MASK


@pytest.mark.parametrize("kind", KINDS)
def test_a_vocabulary_size_includes_the_mask(kind):
    size = None if kind == "char" else 300 if kind == "bpe" else 20
    source = corpus_source("stories", 20_000, tokenizer=kind, vocab_size=size, masked=True)
    assert source.data.special == source.tokenizer.special
    assert source.tokenizer.special[MASK] == source.tokenizer.vocab_size - 1
    assert size is None or source.tokenizer.vocab_size == size
    assert not torch.isin(torch.tensor([source.tokenizer.special[MASK]]), source.data.train).any()


def test_a_ready_tokenizer_needs_its_own_mask(tmp_path):
    with pytest.raises(ValueError, match=r"gpt2 has no \[MASK\]"):
        make_tokenizer("gpt2", TEXT, masked=True)
    save_tokenizer(make_tokenizer("bpe", TEXT, 300, masked=True), tmp_path)
    assert MASK in make_tokenizer(str(tmp_path), TEXT, masked=True).special


def test_a_text_that_cannot_be_split_is_a_sentence():
    with pytest.raises(ValueError, match="tiny has 3 characters"):
        text_source("abc", "tiny")


def test_the_loss_of_guessing_by_frequency_is_the_entropy_of_the_counts():
    source = text_source("abca" * 100, "letters", "char")
    counts = Counter(source.data.train.tolist())
    total = sum(counts.values())
    expected = -sum(n / total * math.log(n / total) for n in counts.values())
    assert source.recorded["unigram_loss"] == pytest.approx(expected, abs=1e-6)
    assert source.recorded.items() >= source.description.items()
