"""OpenAI's tokenizers: the ids of tiktoken itself, without any network."""

import os
import random
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import tiktoken

from llm.tokenizers import TiktokenTokenizer, load_tokenizer, openai

NAMES = ["r50k_base", "cl100k_base", "o200k_base"]
TEXTS = [
    "Hello world, it's GPT-4o's 12345 tokens!\n\n  def f():\n\treturn 0",
    "<|endoftext|> typed by a reader <|fim_prefix|>",
    "مرحبا بالعالم नमस्ते 你好 👩‍👩‍👧‍👦 e\u0301 \u202e\ufeff",
    "a\ud83d\ude00\ud800",
    "CamelCaseWords and SHOUTING'S 3.14   \r\n\r\n x",
]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def published(monkeypatch):
    """tiktoken's own encodings, read from our rank files."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(openai.RANKS_FOLDER))
    return {name: tiktoken.get_encoding(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_ids_equal_those_of_tiktoken(published, name):
    tokenizer, oracle, rng = load_tokenizer(name), published[name], random.Random(0)
    drawn = ["".join(rng.choices("aAbB zZ'stndl \n\r\t.,!/0123é中م👍\u0301\xa0", k=60)) for _ in range(300)]
    decoded = [oracle.decode(rng.choices(range(50000), k=30)) for _ in range(100)]
    for text in TEXTS + drawn + decoded:
        assert tokenizer.encode(text) == oracle.encode_ordinary(text)
    assert tokenizer.vocab_size == oracle.n_vocab
    assert tokenizer.special == oracle._special_tokens
    assert tokenizer.pattern == oracle._pat_str
    assert tokenizer._encoding._mergeable_ranks == oracle._mergeable_ranks


def test_gpt2_is_r50k():
    assert load_tokenizer("gpt2").encode("Hello world") == [15496, 995]
    assert load_tokenizer("gpt2").special == {"<|endoftext|>": 50256}
    assert load_tokenizer("gpt2").vocab_size == 50257
    assert [load_tokenizer(name).title for name in ("gpt2", *NAMES)] == ["GPT-2", "GPT-2", "GPT-4", "GPT-4o"]


@pytest.mark.parametrize("name", NAMES)
def test_the_plain_merges_give_the_same_ids(name):
    tokenizer, rng = load_tokenizer(name), random.Random(1)
    drawn = [tokenizer.decode(rng.choices(range(50000), k=20)) for _ in range(20)]
    for text in TEXTS + drawn:
        assert list(tokenizer.merge_steps(text)[-1].ids) == tokenizer.encode(text)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["a" * 10**6, " " * 10**6, " " * 10**6 + "x", "x\n" + "\t " * 500_000, "\n" * 10**6])
def test_a_megabyte_of_the_same(name, text):
    tokenizer = load_tokenizer(name)
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("name", NAMES)
def test_runs_are_not_cut_without_need(published, name):
    for text in ("a" * 250_000, " " * 99_999 + "word" * 50_000):
        assert load_tokenizer(name).encode(text) == published[name].encode_ordinary(text)


@pytest.mark.parametrize("name", NAMES)
def test_ids_between_the_special_tokens_stand_for_nothing(name):
    tokenizer = load_tokenizer(name)
    known = set(tokenizer.special.values()) | set(range(len(tokenizer._encoding._mergeable_ranks)))
    for token in set(range(tokenizer.vocab_size)) - known:
        with pytest.raises(ValueError, match="stands for nothing"):
            tokenizer.decode([token])


def test_many_threads_load_one_encoding_and_leave_the_environment_alone(monkeypatch):
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    openai._load_encoding.cache_clear()
    before = dict(os.environ)
    with ThreadPoolExecutor(8) as pool:
        tokenizers = list(pool.map(lambda _: load_tokenizer("gpt2"), range(16)))
    assert len({id(tokenizer._encoding) for tokenizer in tokenizers}) == 1
    assert dict(os.environ) == before


def test_a_missing_or_damaged_rank_file_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(openai, "RANKS_FOLDER", tmp_path)
    openai._load_encoding.cache_clear()
    with pytest.raises(ValueError, match=r"The rank file of GPT-2's tokenizer is missing; restore .* from the repository\."):
        load_tokenizer("gpt2")
    for source in openai._SOURCES.values():
        (tmp_path / source.file).write_bytes(b"IQ== 0\n")
    with pytest.raises(ValueError, match=r"The rank file of GPT-4's tokenizer is damaged .* from the repository\."):
        TiktokenTokenizer("cl100k_base")
