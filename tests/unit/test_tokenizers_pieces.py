"""Ids grouped for the eye: one glyph is one piece, and no byte is lost or shown raw."""

import random

import pytest

from llm.tokenizers import END, CharTokenizer, WordTokenizer, load_tokenizer, pieces, train_bpe

FAMILY = "👩‍👩‍👧‍👦"


@pytest.fixture(scope="module")
def bpe():
    return train_bpe("the dog and the cat and the dog", 270)


def test_one_emoji_of_four_bytes_is_one_piece_over_four_ids(bpe):
    (piece,) = pieces(bpe, bpe.encode("👍"))
    assert (piece.start, piece.end, piece.text) == (0, 4, "👍")
    assert piece.bytes == (b"\xf0", b"\x9f", b"\x91", b"\x8d") and piece.ids == (0xF0, 0x9F, 0x91, 0x8D)


@pytest.mark.parametrize("glyph", [FAMILY, "🇫🇷", "e\u0301", "क्षि", "👍🏽", "\r\n"])
def test_a_glyph_of_many_code_points_is_one_piece(bpe, glyph):
    for tokenizer in (bpe, CharTokenizer.train(glyph)):
        (piece,) = pieces(tokenizer, tokenizer.encode(glyph))
        assert piece.text == glyph and piece.end == len(tokenizer.encode(glyph))


def test_ordinary_tokens_are_pieces_of_their_own(bpe):
    ids = bpe.encode("the dog!")
    assert [piece.text for piece in pieces(bpe, ids)] == [bpe.token_text(token) for token in ids]
    gpt2 = load_tokenizer("gpt2")
    assert [piece.text for piece in pieces(gpt2, gpt2.encode("Hello happy world"))] == ["Hello", " happy", " world"]


def test_special_tokens_stand_alone(bpe):
    end = bpe.special[END]
    shown = pieces(bpe, [0xF0, 0x9F, end, 0x91, 0x8D, end])
    assert [(piece.text, piece.special) for piece in shown] == [
        ("⟨F0⟩", False), ("⟨9F⟩", False), (END, True), ("⟨91⟩", False), ("⟨8D⟩", False), (END, True),
    ]  # fmt: skip


def test_words_and_unknown_words(bpe):
    words = WordTokenizer.train("the dog", 20)
    assert [piece.text for piece in pieces(words, words.encode("the cow"))] == ["the", " ", "<unk>"]


@pytest.mark.parametrize("name", ["gpt2", "o200k_base", "bpe"])
def test_pieces_cover_any_ids_in_order(bpe, name):
    tokenizer, rng = bpe if name == "bpe" else load_tokenizer(name), random.Random(5)
    for _ in range(100):
        ids = [rng.randrange(266) for _ in range(rng.randrange(20))]
        shown = pieces(tokenizer, ids)
        assert [token for piece in shown for token in piece.ids] == ids
        assert [piece.start for piece in shown] == [0, *(piece.end for piece in shown)][: len(shown)]
        assert all(len(piece.bytes) == len(piece.ids) == piece.end - piece.start > 0 for piece in shown)
        assert all(piece.text.encode("utf-8") for piece in shown)


def test_a_text_comes_back_from_its_pieces(bpe):
    text = f"Zoë {FAMILY} said: 🇫🇷🇩🇪 नमस्ते,\r\n مرحبا"
    for tokenizer in (bpe, load_tokenizer("gpt2"), load_tokenizer("cl100k_base")):
        assert "".join(piece.text for piece in pieces(tokenizer, tokenizer.encode(text))) == text


def test_text_of_one_token_is_safe_to_show(bpe):
    assert bpe.token_text(0xE2) == "⟨E2⟩"
    assert bpe.token_text(0) == "⟨00⟩" and bpe.token_text(10) == "\n"
    assert bpe.token_text(ord("a")) == "a"
    chars = CharTokenizer.train("\u0301\u202e")
    assert [chars.token_text(token) for token in (0, 1)] == ["◌\u0301", "⟨U+202E⟩"]


def test_no_ids_no_pieces(bpe):
    assert pieces(bpe, []) == []
