"""The other corpora: copy, arithmetic, and the reader's own text."""

import pytest

from llm.corpora import (
    COPY_WORDS,
    CORPORA,
    Corpus,
    arithmetic_split,
    generate,
    load_text_file,
    read_answer,
    write_sum,
)


@pytest.mark.parametrize("name", sorted(CORPORA))
def test_every_corpus_is_deterministic_and_as_large_as_asked(name):
    corpus = generate(name, size=20_000, seed=4)
    assert isinstance(corpus, Corpus)
    assert corpus == generate(name, size=20_000, seed=4)
    assert corpus.documents != generate(name, size=20_000, seed=5).documents
    assert 20_000 <= len(corpus.text) + 1 < 22_000
    assert corpus.text == "\n".join(corpus.documents)
    info = CORPORA[name]
    assert info.name == name and info.title and info.description and info.default_size > 0


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("poems", 10, "no corpus 'poems'"),
        ("stories", 0, r"size \(0\)"),
        ("copy", 10**9, "50000000"),
    ],
)
def test_wrong_requests_are_one_sentence(name, size, words):
    with pytest.raises(ValueError, match=words):
        generate(name, size)


def test_copy_repeats_each_round_word_for_word_within_one_context():
    lengths, rounds = set(), set()
    for document in generate("copy", 200_000, seed=1).documents:
        words = document.split(" ")
        assert len(words) <= 63 and set(words) <= set(COPY_WORDS)
        length = len(set(words))
        assert words == words[:length] * (len(words) // length)
        lengths.add(length)
        rounds.add(len(words) // length)
    assert lengths == set(range(8, 25)) and rounds == {2, 3}


def test_copy_words_are_64_and_equally_likely():
    assert len(set(COPY_WORDS)) == 64
    words = generate("copy", 400_000, seed=2).text.split()
    counts = [words.count(word) for word in COPY_WORDS]
    assert max(counts) < 1.25 * min(counts)


def test_arithmetic_split_is_complete_disjoint_and_keeps_twins_together():
    train, test = map(set, arithmetic_split(seed=0, holdout=0.1))
    assert not train & test
    assert train | test == {(a, b) for a in range(100) for b in range(100)}
    assert abs(len(test) - 1_000) <= 1
    assert all((b, a) in test for a, b in test)
    assert arithmetic_split(0) == arithmetic_split(0) != arithmetic_split(1)


@pytest.mark.parametrize("holdout", [0, 1, -0.1])
def test_arithmetic_holdout_out_of_range(holdout):
    with pytest.raises(ValueError, match="between 0 and 1"):
        arithmetic_split(0, holdout)


@pytest.mark.parametrize("reverse", [True, False])
def test_arithmetic_lines_are_right_and_from_training_pairs_only(reverse):
    train, _ = arithmetic_split(seed=3)
    lines = generate("arithmetic", 90_000, seed=3, reverse=reverse).documents
    pairs = set()
    for line in lines:
        a, b = int(line[:2]), int(line[3:5])
        assert line == write_sum(a, b, reverse) and len(line) == 9
        assert read_answer(line, reverse) == a + b
        pairs.add((a, b))
    assert pairs <= set(train) and len(pairs) > 0.99 * len(train)


def test_arithmetic_reads_as_the_docstring_says():
    assert write_sum(27, 58) == "27+58=580"
    assert write_sum(27, 58, reverse=False) == "27+58=085"
    assert read_answer("27+58=580\n99+") == 85
    assert read_answer("27+58=5") is None and read_answer("27+58=5a0") is None and read_answer("hello") is None


TEXT = "The quick brown fox jumps over the lazy dog. " * 6


def test_own_text_from_a_path_and_from_bytes(tmp_path):
    path = tmp_path / "mine.md"
    path.write_text(TEXT, encoding="utf-8")
    for corpus in (load_text_file(path), load_text_file(str(path)), load_text_file(TEXT.encode(), "mine.md")):
        assert corpus.text == TEXT and corpus.name == "mine.md" and corpus.notes == ()
        assert corpus.documents == (TEXT,) and corpus.size == len(TEXT)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_own_text_with_a_byte_order_mark(encoding):
    assert load_text_file(("é" + TEXT).encode(encoding), "a.txt").text == "é" + TEXT


def test_own_text_in_latin_1_is_reported():
    corpus = load_text_file(("café " + TEXT).encode("latin-1"), "a.txt")
    assert corpus.text.startswith("café") and len(corpus.notes) == 1 and "Latin-1" in corpus.notes[0]


def test_own_text_has_one_kind_of_line_end():
    assert "\r" not in load_text_file(TEXT.replace(". ", ".\r\n").encode() + b"\r", "a.txt").text


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.txt", "too short: it has 0 characters.*at least 200"),
        (b"short" + b" " * 500, "a.txt", "too short: it has 5 "),
        (TEXT.encode() + b"\0", "a.txt", "zero bytes"),
        (TEXT.encode(), "a.pdf", "not a text file"),
        (b"a" * 20_000_001, "a.txt", "20.0 MB"),
        (b"\xff\xfe" + b"\x00\xd8" * 300, "a.txt", "UTF-16"),
    ],
)
def test_own_text_that_cannot_be_used_is_one_sentence(data, name, words):
    with pytest.raises(ValueError, match=words) as caught:
        load_text_file(data, name)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="no file"):
        load_text_file(tmp_path / "nothing.txt")
