"""The search for copied stretches against a plain quadratic search, and what counts as a word, a place and a share."""

from __future__ import annotations

import random

import numpy as np
import pytest

from llm.interpret import memorised
from llm.interpret.memorised import SHORTEST, TrainingText, excerpts, word_count


def naive(documents: list[str], text: str) -> list[tuple[int, int, int]]:
    """(first word, last word (exclusive), times) of all maximal stretches of at least SHORTEST words, word by word."""
    query = text.split()
    corpus = [document.split() for document in documents]

    def times(a: int, b: int) -> int:
        return sum(words[i : i + b - a] == query[a:b] for words in corpus for i in range(len(words) - (b - a) + 1))

    reach = [max([b for b in range(a + 1, len(query) + 1) if times(a, b)], default=a) for a in range(len(query))]
    return [
        (a, b, times(a, b)) for a, b in enumerate(reach) if b - a >= SHORTEST and b > max(reach[:a], default=0)
    ]  # fmt: skip


def spans(text: str) -> list[tuple[int, int]]:
    """First and last character of the words of a text without signs."""
    found, start = [], 0
    for word in text.split(" "):
        found.append((start, start + len(word)))
        start += len(word) + 1
    return found


@pytest.mark.parametrize("seed", range(30))
def test_stretches_are_those_of_the_quadratic_search(seed: int) -> None:
    rng = random.Random(seed)
    words = ["a", "b", "c", "d"][: rng.randint(2, 4)]
    documents = [" ".join(rng.choices(words, k=rng.randint(0, 40))) for _ in range(rng.randint(1, 6))]
    text = " ".join(rng.choices([*words, "z"], k=rng.randint(1, 30)))
    found = TrainingText(documents).find(text)
    place = spans(text)
    expected = [(place[a][0], place[b - 1][1], times) for a, b, times in naive(documents, text)]
    assert [(s.start, s.end, s.count) for s in found.stretches] == expected
    lengths = np.zeros(len(place), dtype=int)
    for a, b, _ in naive(documents, text):
        lengths[a:b] = np.maximum(lengths[a:b], b - a)
    assert found.lengths.tolist() == lengths.tolist()


def test_many_texts_at_once_are_found_as_one_by_one() -> None:
    rng = random.Random(1)
    search = TrainingText([" ".join(rng.choices("abc", k=50)) for _ in range(4)])
    texts = [" ".join(rng.choices("abc", k=n)) for n in (0, 3, 20, 25)]
    for one, text in zip(search.find_all(texts), texts, strict=True):
        alone = search.find(text)
        assert one.stretches == alone.stretches and one.lengths.tolist() == alone.lengths.tolist()


def test_words_that_share_a_hash_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    documents, text = ["one two three four five six"], "one two three four six five one two three five"
    plain = TrainingText(documents).find(text).stretches
    monkeypatch.setattr(memorised, "_hashes", lambda units: np.zeros(max(0, len(units) - SHORTEST + 1), dtype=np.uint32))
    assert TrainingText(documents).find(text).stretches == plain
    assert [text[s.start : s.end] for s in plain] == ["one two three four"]


def test_the_block_borders_of_the_sieve_hide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"w{i}" for i in range(60)]
    for block in (1, 2, 5, 7):
        monkeypatch.setattr(memorised, "_BLOCK", block)
        found = TrainingText([" ".join(words)]).find(" ".join(words[3:50]))
        assert [(s.words, s.count) for s in found.stretches] == [(47, 1)]


def test_case_and_signs_count_and_spaces_do_not() -> None:
    search = TrainingText(["The dog ran home. It was\n late, very late."])
    assert search.find("The   dog\nran home . It").longest == 5
    assert search.find("the dog ran home. It").longest == 4
    assert search.find("dog ran home! It was late, very late").longest == 5
    stretch = search.find('She said: "It was late, very late."').stretches[0]
    assert stretch.words == 5  # the comma is compared, not counted
    assert search.passage(stretch.places[0]).found == "It was\n late, very late."


def test_signs_alone_are_no_stretch() -> None:
    assert TrainingText(['"...!?" "...!?" he'] * 3).find('"...!?" "...').stretches == ()


def test_a_sign_of_a_script_without_spaces_is_a_word() -> None:
    search = TrainingText(["我今天去公园看花。"])
    found = search.find("他今天去公园了")
    assert found.longest == 5 and word_count("他今天去公园了") == 7
    assert found.text[found.stretches[0].start : found.stretches[0].end] == "今天去公园"


def test_no_stretch_reaches_over_the_end_of_a_document() -> None:
    search = TrainingText(["one two three four", "five six seven eight"])
    found = search.find("two three four five six seven")
    assert found.stretches == ()
    assert search.find("one two three four five six seven eight").longest == 4


def test_a_passage_is_the_training_text_around_the_place_within_its_document() -> None:
    documents = ["alpha beta.", "It began. The cat sat on the mat and slept. It ended.", "gamma"]
    search = TrainingText(documents)
    stretch = search.find("yes, the cat, The cat sat on the mat").stretches[0]
    passage = search.passage(stretch.places[0], around=12)
    assert (passage.document, passage.found) == (1, "The cat sat on the mat")
    assert passage.before == "It began. " and passage.after == " and slept. …"
    assert documents[1].startswith(passage.before + passage.found)
    assert [search.document(i) for i in range(3)] == documents
    assert search.text[passage.place :].startswith("The cat")


def test_only_what_comes_after_the_prompt_counts() -> None:
    search = TrainingText(["the little dog was very happy to see the cat again"])
    prompt, written = "the little dog was very hap", "py to see a bird"
    found = search.find(prompt + written, start=len(prompt))
    assert len(found.lengths) == 5  # happy, to, see, a, bird: a word that the prompt began counts
    assert found.stretches == ()
    assert search.find(prompt + written).longest == 8


def test_shares_fall_with_the_length_and_are_one_for_the_training_text() -> None:
    document = "once there was a small bird who sang all day and slept all night"
    search = TrainingText([document, "another text of no use"])
    found = search.find(document)
    assert found.share(4) == found.share(14) == 1.0 and found.share(15) == 0.0
    assert found.share(1) == found.share(SHORTEST)
    half = search.find("once there was a small bug on my other old shoe")
    assert half.share(4) == pytest.approx(5 / 11)


@pytest.mark.parametrize("text", ["", " \n", "unknown words that stand nowhere else", "😀 😀 😀 😀 😀", "a b c"])
def test_odd_texts_give_no_stretch(text: str) -> None:
    found = TrainingText(["the cat sat on the mat"]).find(text)
    assert found.stretches == () and found.longest == 0
    assert TrainingText([""]).find(text).stretches == () and TrainingText([]).find(text).stretches == ()
    assert np.isnan(TrainingText([""]).find("").share(4))


def test_excerpts_are_equally_long_evenly_spread_and_in_the_text() -> None:
    documents = [" ".join(f"{d}x{i}" for i in range(25)) for d in range(10)]
    cut = excerpts(documents, 10, 100, skip=3)
    assert {word_count(piece) for piece in cut} == {10}  # the rest of two words is left out
    assert cut[0].startswith("0x3 ") and len(cut) == 20
    few = excerpts(documents, 10, 5)
    assert len(few) == 5 and few[0][0] == "0" and few[-1][0] == "8"
    assert all(any(piece in document for document in documents) for piece in cut)
    assert excerpts(["one two"], 10, 5) == []
