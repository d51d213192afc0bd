"""What holds for every tokenizer: round trips, special tokens, files, sentences for wrong input."""

import json
import random

import pytest

from llm.tokenizers import (
    END,
    MASK,
    UNKNOWN,
    BPETokenizer,
    CharTokenizer,
    TiktokenTokenizer,
    WordTokenizer,
    load_tokenizer,
    save_tokenizer,
    tokenizer_from_json,
    train_bpe,
)

TEXT = "The little dog was very happy.\nThe cat was not. “It's a dog's life,” said Zoë, and the dog said: wuff!\n" * 3
HARD_TEXTS = [
    "",
    "a",
    " ",
    "\n\r\n\t \n",
    "naïve café — Zoë’s 3.14159",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "你好，世界！日本語テキスト",
    "👩‍👩‍👧‍👦 🇫🇷 👍🏽 e\u0301",
    "<|endoftext|><|end|><unk>[MASK]",
    "\x00\x01\x7f\u202eabc\ufeff",
    "def f(x):\n    return x  # no\ttabs",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0010ffff",
]
NAMES = ["gpt2", "r50k_base", "cl100k_base", "o200k_base"]
BYTE_LEVEL = [*NAMES, "bpe"]
ALL = [*BYTE_LEVEL, "word", "char"]


@pytest.fixture(scope="module")
def tokenizers():
    trained = {
        "bpe": train_bpe(TEXT, 300, special=(END, MASK)),
        "word": WordTokenizer.train(TEXT, 100, special=(END, MASK)),
        "char": CharTokenizer.train(TEXT, special=(END, MASK)),
    }
    return trained | {name: load_tokenizer(name) for name in NAMES}


def is_one_sentence(error) -> bool:
    text = str(error.value)
    return "\n" not in text and text.endswith(".") and (text[0].isupper() or text.startswith("vocab_size"))


@pytest.mark.parametrize("name", BYTE_LEVEL)
@pytest.mark.parametrize("text", HARD_TEXTS)
def test_byte_level_tokenizers_give_any_text_back(tokenizers, name, text):
    tokenizer = tokenizers[name]
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert b"".join(map(tokenizer.token_bytes, ids)).decode() == text
    assert all(0 <= token < tokenizer.vocab_size for token in ids)
    assert tokenizer.unknown_pieces(text) == []


@pytest.mark.parametrize("name", ALL)
def test_the_training_text_comes_back(tokenizers, name):
    tokenizer = tokenizers[name]
    assert tokenizer.decode(tokenizer.encode(TEXT)) == TEXT


@pytest.mark.parametrize("name", ALL)
def test_empty_text_has_no_ids(tokenizers, name):
    tokenizer = tokenizers[name]
    assert tokenizer.encode("") == [] and tokenizer.decode([]) == ""
    assert tokenizer.explain("").ids == []


@pytest.mark.parametrize("name", ALL)
def test_random_text_never_fails_and_explains_itself(tokenizers, name):
    tokenizer, rng = tokenizers[name], random.Random(7)
    alphabet = "aA bB \n\t\r.!'’s3½é\u0301ß中م👍🏽\u200d\ufffd\x1c\u2028<|>"
    for _ in range(150):
        text = "".join(rng.choices(alphabet, k=rng.randrange(40)))
        ids = tokenizer.encode(text)
        assert tokenizer.explain(text).ids == ids
        assert "".join(chunk.text for chunk in tokenizer.explain(text).chunks) == text or name == "word"
        if name in BYTE_LEVEL:
            assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("name", ALL)
def test_surrogates_are_repaired_or_replaced(tokenizers, name):
    tokenizer = tokenizers[name]
    assert tokenizer.encode("a\ud83d\ude00b") == tokenizer.encode("a😀b")
    assert tokenizer.encode("a\ud800b\udfff") == tokenizer.encode("a\ufffdb\ufffd")
    assert tokenizer.explain("a\ud800").ids == tokenizer.encode("a\ufffd")


@pytest.mark.parametrize("name", ALL)
def test_typed_names_of_special_tokens_are_text(tokenizers, name):
    tokenizer = tokenizers[name]
    assert tokenizer.special
    ids = set(tokenizer.encode(" ".join([*tokenizer.special, *HARD_TEXTS])))
    assert not ids & {token for special, token in tokenizer.special.items() if special != UNKNOWN}


@pytest.mark.parametrize("name", ALL)
def test_special_tokens_have_the_highest_ids_and_readable_names(tokenizers, name):
    tokenizer = tokenizers[name]
    for special, token in tokenizer.special.items():
        assert tokenizer.decode([token]) == tokenizer.token_text(token) == special
        assert tokenizer.token_bytes(token) == special.encode()
    assert max(tokenizer.special.values()) == tokenizer.vocab_size - 1


@pytest.mark.parametrize("name", ["bpe", "word", "char"])
def test_trained_tokenizers_fill_their_ids_without_gaps(tokenizers, name):
    tokenizer = tokenizers[name]
    texts = [tokenizer.token_text(token) for token in range(tokenizer.vocab_size)]
    assert len(set(texts)) == tokenizer.vocab_size
    assert list(tokenizer.special.values()) == list(range(tokenizer.vocab_size - len(tokenizer.special), len(texts)))


@pytest.mark.parametrize("name", ALL)
def test_documents_end_with_the_end_token(tokenizers, name):
    tokenizer = tokenizers[name]
    assert tokenizer.encode_document("dog") == [*tokenizer.encode("dog"), tokenizer.end_id]


def test_without_an_end_token_documents_have_none():
    tokenizer = train_bpe("aaaa", 257, special=())
    assert tokenizer.end_id is None and tokenizer.encode_document("aaa") == tokenizer.encode("aaa")


@pytest.mark.parametrize("name", ALL)
def test_saved_tokenizers_come_back_equal(tokenizers, name, tmp_path):
    tokenizer = tokenizers[name]
    path = save_tokenizer(tokenizer, tmp_path / "new" / "folder")
    assert json.loads(path.read_text(encoding="utf-8"))["kind"] == tokenizer.kind
    for source in (path, path.parent, str(path.parent)):
        loaded = load_tokenizer(source)
        assert type(loaded) is type(tokenizer) and loaded == tokenizer and hash(loaded) == hash(tokenizer)
        assert loaded.fingerprint() == tokenizer.fingerprint()
        assert (loaded.special, loaded.vocab_size, loaded.name) == (tokenizer.special, tokenizer.vocab_size, tokenizer.name)
        assert loaded.encode(TEXT) == tokenizer.encode(TEXT)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("token", [-1, 10**6, 10**12, "a", 1.5, None])
def test_ids_outside_the_vocabulary_are_a_sentence(tokenizers, name, token):
    for call in (lambda: tokenizers[name].decode([0, token]), lambda: tokenizers[name].token_text(token)):
        with pytest.raises(ValueError, match="stands for nothing") as error:
            call()
        assert is_one_sentence(error)


@pytest.mark.parametrize(
    "train",
    [
        lambda: WordTokenizer.train("", 100),
        lambda: CharTokenizer.train(""),
        lambda: train_bpe("", 300),
        lambda: train_bpe("abc", 256),
        lambda: train_bpe("abc", 300.5),
        lambda: train_bpe("abc", 300, special=("x", "x")),
        lambda: train_bpe("abc", 300, pattern="("),
        lambda: train_bpe("abc", 300, pattern="(a)|b"),
        lambda: WordTokenizer.train("abc", 4),
        lambda: load_tokenizer("gpt5"),
        lambda: TiktokenTokenizer("p50k_base"),
        lambda: tokenizer_from_json({"kind": "magic"}),
        lambda: tokenizer_from_json({"kind": ["bpe"]}),
        lambda: tokenizer_from_json([]),
        lambda: tokenizer_from_json({"kind": "bpe"}),
        lambda: tokenizer_from_json({"kind": "bpe", "name": "x", "special": [], "pattern": r"\S+", "merges": [[0, 999, 1]]}),
        lambda: tokenizer_from_json(
            {"kind": "bpe", "name": "x", "special": [], "pattern": r"\S+", "merges": [[1, 2, 3], [1, 2, 3]]}
        ),
        lambda: tokenizer_from_json({"kind": "bpe", "name": "x", "special": [], "pattern": r"\S+", "merges": [[1, 2]]}),
        lambda: tokenizer_from_json({"kind": "char", "name": "x", "special": [], "vocabulary": ["a", "a"]}),
        lambda: tokenizer_from_json({"kind": "char", "name": "x", "special": [], "vocabulary": []}),
        lambda: tokenizer_from_json({"kind": "word", "name": "x", "special": [], "vocabulary": ["a", 5]}),
        lambda: tokenizer_from_json({"kind": "bpe", "name": "x", "special": [], "pattern": 5, "merges": []}),
    ],
)
def test_wrong_input_is_a_sentence(train):
    with pytest.raises(ValueError) as error:
        train()
    assert is_one_sentence(error)


@pytest.mark.parametrize("content", [b"\xff{", b"[" * 100_000])
def test_damaged_files_are_a_sentence(tmp_path, content):
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(ValueError, match="not JSON") as error:
        load_tokenizer(tmp_path)
    assert is_one_sentence(error)


def test_ids_may_be_numpy_or_torch_integers(tokenizers):
    numpy, torch = pytest.importorskip("numpy"), pytest.importorskip("torch")
    for tokenizer in tokenizers.values():
        ids = tokenizer.encode("The dog")
        assert tokenizer.decode(numpy.array(ids)) == tokenizer.decode(torch.tensor(ids)) == "The dog"


def test_words_keep_the_space_before_them(tokenizers):
    words = WordTokenizer.train("the dog and the cat, the end\n", 20)
    assert [chunk.text for chunk in words.explain("the dog, and\n").chunks] == ["the", " dog", ",", " and", "\n"]
    assert words.decode(words.encode("the cat saw a dog")) == "the cat <unk> <unk> dog"
    assert words.unknown_pieces("the cow saw the cow") == ["cow", "saw"]
    assert words.decode(words.encode("cat\n dog  the ")) == "<unk>\n dog  the "


def test_the_most_frequent_words_are_kept_and_ties_are_in_order():
    words = WordTokenizer.train("\nc\nc\nc\nd\nd\nb\nb\na", 7)
    assert words.vocabulary == (" ", "\n", "c", "b", "d")
    assert words.special == {UNKNOWN: 5, END: 6} and words.vocab_size == 7 and words.note is None
    assert "instead of the 100 asked for" in WordTokenizer.train("c c b", 100).note


def test_a_word_that_is_known_only_without_its_space_keeps_both():
    words = WordTokenizer.train("dog\ndog\n", 20)
    assert words.decode(words.encode(" dog dog")) == " dog dog"


def test_characters_are_in_code_point_order_and_unknown_ones_are_named():
    chars = CharTokenizer.train("cabba")
    assert chars.vocabulary == ("a", "b", "c") and chars.special == {UNKNOWN: 3, END: 4}
    assert chars.encode("abz") == [0, 1, 3]
    assert chars.unknown_pieces("zaz é") == ["z", " ", "é"]
    assert chars.decode(chars.encode("abz")) == "ab<unk>"


def test_unknown_text_that_looks_like_the_unknown_token_stays_characters():
    chars = CharTokenizer.train("<unk>")
    assert chars.decode(chars.encode("<unk>")) == "<unk>"
    assert chars.unknown_id not in chars.encode("<unk>")


def test_different_tokenizers_are_different(tokenizers):
    assert len({tokenizer.fingerprint() for tokenizer in tokenizers.values()}) == len(tokenizers)
    assert tokenizers["bpe"] != tokenizers["char"] and tokenizers["bpe"] != "bpe"
    assert isinstance(tokenizers["bpe"], BPETokenizer) and "'bpe-300', 300 ids" in repr(tokenizers["bpe"])


@pytest.mark.parametrize("name", ALL)
def test_which_tokens_end_a_sentence(tokenizers, name):
    tokenizer = tokenizers[name]
    for text, ends in {"wuff!": True, "happy.": True, "dog": False, "“": False}.items():
        assert tokenizer.ends_sentence(tokenizer.encode(text)[-1]) is ends
    assert not any(map(tokenizer.ends_sentence, tokenizer.special.values()))
