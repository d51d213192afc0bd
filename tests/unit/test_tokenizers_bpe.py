"""Our byte-pair encoding against the plain algorithm, merge for merge and id for id."""

import random
from collections import Counter
from itertools import pairwise

import pytest
import regex

from llm.tokenizers import END, GPT4_PATTERN, BPETokenizer, Merge, train_bpe

WORDS = ["the", "a", "dog", "cat", "little", "happy", "said", "was", "she", "he", "it's", "Tom's", "ran", "over"]
WORDS += ["mountain", "mountains", "somewhere", "123456", "42", "naïve", "你好", "👍🏽"]


def plain_training(text: str, n_merges: int, pattern: str = GPT4_PATTERN) -> list[Merge]:
    """The oracle: count all pairs, replace the most frequent one everywhere, again and again (Sennrich et al. 2016)."""
    chunks = [list(chunk.encode("utf-8", "replace")) for chunk in regex.findall(pattern, text)]
    merges = []
    while len(merges) < n_merges:
        counts = Counter(pair for chunk in chunks for pair in pairwise(chunk))
        if not counts:
            break
        count, pair = max(((count, pair) for pair, count in counts.items()), key=lambda item: (item[0], [-x for x in item[1]]))
        if count < 2:
            break
        new = 256 + len(merges)
        chunks = [plain_replace(chunk, pair, new) for chunk in chunks]
        merges.append(Merge(*pair, new, count))
    return merges


def plain_replace(ids: list[int], pair: tuple[int, int], new: int) -> list[int]:
    out = []
    while ids:
        taken = 2 if tuple(ids[:2]) == pair else 1
        out.append(new if taken == 2 else ids[0])
        ids = ids[taken:]
    return out


def random_story(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, weights=range(len(WORDS), 0, -1), k=words)).replace("happy", "happy.\n")


def test_the_example_of_wikipedia():
    """https://en.wikipedia.org/wiki/Byte-pair_encoding: Z = aa, Y = ab, X = ZY, then no pair occurs twice."""
    tokenizer = train_bpe("aaabdaaabac", 1000, special=())
    assert [(merge.left, merge.right, merge.new) for merge in tokenizer.merges] == [(97, 97, 256), (97, 98, 257), (256, 257, 258)]
    assert tokenizer.encode("aaabdaaabac") == [258, ord("d"), 258, ord("a"), ord("c")]
    assert "stopped at 259 of the 1,000" in tokenizer.note


@pytest.mark.parametrize("seed", range(40))
def test_merges_equal_the_plain_algorithm_on_small_nasty_texts(seed):
    """Few letters and long runs: overlapping pairs, ties, and merges of merges in every text."""
    rng = random.Random(seed)
    alphabet = rng.choice(["a", "ab", "ab ", "abc\n ", "aé中 ", "12 a", "a👍🏽"])
    text = "".join(rng.choice(alphabet) * rng.choice([1, 1, 2, 3, 5]) for _ in range(rng.randrange(1, 120)))
    assert train_bpe(text, 256 + 60, special=()).merges == plain_training(text, 60)


@pytest.mark.parametrize("pattern", [GPT4_PATTERN, r"(?s:.+)", r"\S+|\s+"])
def test_merges_equal_the_plain_algorithm_on_text(pattern):
    text = random_story(random.Random(0), 1500)
    tokenizer = train_bpe(text, 256 + 1 + 120, pattern=pattern)
    assert tokenizer.merges == plain_training(text, 120, pattern)
    assert tokenizer.pattern == pattern


def test_training_is_deterministic():
    text = random_story(random.Random(1), 3000)
    assert train_bpe(text, 500) == train_bpe(text, 500)


@pytest.mark.parametrize("seed", range(10))
def test_tiktoken_gives_the_ids_of_the_plain_merges(seed):
    rng = random.Random(seed)
    tokenizer = train_bpe(random_story(rng, 800), 400)
    for text in [random_story(rng, 60), "".join(rng.choices("thedogcat inmou'ns.\n", k=200)), "a" * 50, "你好👍🏽" * 5]:
        ids = tokenizer.encode(text)
        assert list(tokenizer.merge_steps(text)[-1].ids) == ids == tokenizer.explain(text).ids
        assert all(chunk.steps[-1].ids == chunk.ids for chunk in tokenizer.explain(text).chunks)


def test_merge_steps_go_from_bytes_to_tokens_one_rule_at_a_time():
    tokenizer = train_bpe("low low low lower lower newest newest", 300)
    text = "lower low"
    steps = tokenizer.merge_steps(text)
    assert steps[0].merge is None and list(steps[0].ids) == list(text.encode())
    assert steps[0].chunk_ends == (5, 9)
    assert steps[1].merge == tokenizer.merges[0]
    ranks = [step.merge.new for step in steps[1:]]
    assert ranks == sorted(ranks)
    for before, after in pairwise(steps):
        assert len(after.ids) < len(before.ids) and after.chunk_ends[-1] == len(after.ids)
        assert after.merge.new in after.ids
        assert tokenizer.decode(after.ids) == text
    assert [step.ids for step in tokenizer.merge_steps("")] == [()]


def test_merge_steps_of_a_long_text_are_refused_with_a_sentence():
    tokenizer = train_bpe("aaaa", 257)
    with pytest.raises(ValueError, match=r"up to 2,000 characters, but the text has 2,001; shorten it\."):
        tokenizer.merge_steps("a" * 2001)


def test_every_token_encodes_to_itself():
    tokenizer = train_bpe(random_story(random.Random(3), 3000), 600)
    for merge in tokenizer.merges:
        assert tokenizer.token_bytes(merge.new) == tokenizer.token_bytes(merge.left) + tokenizer.token_bytes(merge.right)
        token = tokenizer.token_bytes(merge.new)
        if token.decode("utf-8", "ignore").encode() == token:
            assert tokenizer.encode(token.decode()) == [merge.new]


def test_counts_fall_and_are_true():
    text = "abab abab"
    tokenizer = train_bpe(text, 300, pattern=r"\S+")
    assert tokenizer.merges == [Merge(97, 98, 256, 4), Merge(256, 256, 257, 2)]


def test_a_smaller_vocabulary_is_the_beginning_of_a_larger_one():
    text = random_story(random.Random(4), 2000)
    large = train_bpe(text, 320)
    for size in (257, 300, 320):
        assert large.with_vocab_size(size) == train_bpe(text, size)
        assert large.with_vocab_size(size).encode(text) == train_bpe(text, size).encode(text)
    with pytest.raises(ValueError, match=r"vocab_size \(321\) is more than this tokenizer's own 320"):
        large.with_vocab_size(321)
    with pytest.raises(ValueError, match=r"vocab_size \(256\) is too small"):
        large.with_vocab_size(256)


def test_sizes_count_bytes_and_special_tokens():
    tokenizer = train_bpe(random_story(random.Random(5), 1000), 300, special=(END, "[MASK]"))
    assert tokenizer.vocab_size == 300 and tokenizer.note is None and len(tokenizer.merges) == 42
    assert tokenizer.special == {END: 298, "[MASK]": 299}
    assert train_bpe("abc", 257).vocab_size == 257


@pytest.mark.parametrize("text", ["x", "xy", "ab cd ef", " ", "\ud800"])
def test_short_text_stops_early_and_says_so(text):
    tokenizer = train_bpe(text, 1000)
    assert tokenizer.vocab_size == 257 + len(tokenizer.merges) < 1000
    assert tokenizer.note.startswith(f"Training stopped at {tokenizer.vocab_size:,} of the 1,000 tokens asked for: ")
    assert tokenizer.decode(tokenizer.encode("fine, still")) == "fine, still"


@pytest.mark.parametrize("letter", ["a", " ", "\n", "é"])
def test_a_megabyte_of_one_letter(letter):
    tokenizer = train_bpe(letter * 1000, 300)
    for text in (letter * 1_000_000, letter * 1_000_000 + "x"):
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_training_on_a_megabyte_of_one_letter():
    tokenizer = train_bpe("a" * 1_000_000, 300)
    assert [(merge.left, merge.right, merge.count) for merge in tokenizer.merges[:2]] == [(97, 97, 999_999), (256, 256, 499_999)]
    assert tokenizer.encode("a" * 64) == [256 + 5]


def test_merges_that_double_without_end_are_refused() -> None:
    merges = [[97, 97, 2]] + [[255 + n, 255 + n, 2] for n in range(1, 60)]
    stored = {**train_bpe("abab abab", 258).to_json(), "merges": merges}
    with pytest.raises(ValueError, match="bytes together"):
        BPETokenizer.from_json(stored)
