"""Byte-pair encoding over UTF-8 bytes: what our own BPE and OpenAI's tokenizers share.

Text is split into chunks by a regular expression, each chunk starts as its bytes, and merges are applied in the order
of their rank (Sennrich, Haddow and Birch 2016; over bytes: Radford et al. 2019, GPT-2). The fast way runs in tiktoken;
`merge_steps` is the plain algorithm, slow and readable, for showing the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain, pairwise

import regex
import tiktoken

from llm.tokenizers.base import Chunk, Explanation, Merge, MergeStep, Tokenizer, clean_text

# tiktoken's Rust core panics on a run of white space somewhere between 600,000 and 1,000,000 characters long. Runs
# below two windows are never cut, longer ones where two windows of nothing else meet.
_WINDOW = 50_000
# Every state of the merging is kept, so time and memory grow with the square of the length.
LONGEST_EXPLAINED = 2_000


class ByteLevelTokenizer(Tokenizer):
    """A tokenizer backed by a `tiktoken.Encoding`. Text is always encoded as ordinary text, never as a special token."""

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        self._encoding = encoding
        self.special = dict(sorted(encoding._special_tokens.items(), key=lambda item: item[1]))
        self._split = regex.compile(encoding._pat_str)

    @property
    def vocab_size(self) -> int:
        return self._encoding.n_vocab

    @property
    def pattern(self) -> str:
        """The regular expression that splits text into chunks; no merge crosses a chunk."""
        return self._encoding._pat_str

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, with no special token among them whatever was typed.

        Lone surrogates become U+FFFD (see `clean_text`). White space runs of over 100,000 characters may be encoded in
        parts, because tiktoken fails on a million: the text comes back whole, the ids at a cut may differ from tiktoken's.
        """
        if len(text) < 2 * _WINDOW:
            return self._encoding.encode_ordinary(text)
        encoded = [self._encoding.encode_ordinary(part) for part in _parts(text)]
        return encoded[0] if len(encoded) == 1 else list(chain.from_iterable(encoded))

    def decode(self, ids: Iterable[int]) -> str:
        ids = list(ids)
        try:
            return self._encoding.decode(ids, errors="replace")
        except (KeyError, OverflowError, TypeError):
            # Finds the culprit and says it in a sentence.
            return super().decode(ids)

    def token_bytes(self, token: int) -> bytes:
        try:
            return self._encoding.decode_single_token_bytes(token)
        except (KeyError, OverflowError, TypeError):
            raise self._outside(token) from None

    def chunks(self, text: str) -> list[str]:
        """`text` split as it is before merging.

        The split runs here with the library `regex`, in `encode` with tiktoken's own; they differ only on letters
        that are newer than the Unicode tables of one of them.
        """
        return self._split.findall(clean_text(text))

    def merge_steps(self, text: str) -> list[MergeStep]:
        """The whole text from bytes to tokens: first the bytes, then the state after each merge, lowest rank first.

        One step applies one rule wherever it fits. The last state's ids are those of `encode`.

        Raises:
            ValueError: the text is longer than 2,000 characters.
        """
        return list(self._merge(self._short_chunks(text)))

    def explain(self, text: str) -> Explanation:
        """The chunks of `text`, each with its own merge steps; limited like `merge_steps`."""
        explained = []
        for chunk in self._short_chunks(text):
            steps = tuple(self._merge([chunk]))
            explained.append(Chunk(chunk, steps[-1].ids, steps=steps))
        return Explanation(clean_text(text), tuple(explained))

    def unknown_pieces(self, text: str) -> list[str]:
        """Nothing: every text is made of bytes, and every byte has an id."""
        return []

    def merge_of(self, left: int, right: int) -> Merge | None:
        """The rule that joins these two neighbours, or None."""
        new = self._ranks.get(self.token_bytes(left) + self.token_bytes(right))
        return None if new is None else Merge(left, right, new)

    @property
    def _ranks(self) -> dict[bytes, int]:
        return self._encoding._mergeable_ranks

    def _short_chunks(self, text: str) -> list[str]:
        if len(text) > LONGEST_EXPLAINED:
            raise ValueError(
                f"Merges can be shown for up to {LONGEST_EXPLAINED:,} characters, but the text has {len(text):,}; shorten it."
            )
        return self.chunks(text)

    def _merge(self, chunks: list[str]) -> Iterator[MergeStep]:
        states = [[self._ranks[bytes([byte])] for byte in chunk.encode("utf-8")] for chunk in chunks]
        rule_of = cache(self.merge_of)
        rules = [_first_rule(ids, rule_of) for ids in states]
        yield _step(None, states)
        while merge := min(filter(None, rules), key=_rank, default=None):
            for place, rule in enumerate(rules):
                if rule == merge:
                    states[place] = apply_merge(states[place], merge)
                    rules[place] = _first_rule(states[place], rule_of)
            yield _step(merge, states)


def _first_rule(ids: list[int], rule_of: Callable[[int, int], Merge | None]) -> Merge | None:
    """Of all rules that fit somewhere in `ids`, the one that was learned first."""
    rules = (rule_of(left, right) for left, right in set(pairwise(ids)))
    return min(filter(None, rules), key=_rank, default=None)


def _rank(merge: Merge) -> int:
    """The place of a merge in the order of learning, which is its id."""
    return merge.new


def apply_merge(ids: list[int], merge: Merge) -> list[int]:
    """`ids` with each `left, right` replaced by `new`, from left to right."""
    merged, place = [], 0
    while place < len(ids):
        if ids[place] == merge.left and place + 1 < len(ids) and ids[place + 1] == merge.right:
            merged.append(merge.new)
            place += 2
        else:
            merged.append(ids[place])
            place += 1
    return merged


def _step(merge: Merge | None, states: list[list[int]]) -> MergeStep:
    ends, total = [], 0
    for ids in states:
        total += len(ids)
        ends.append(total)
    return MergeStep(merge, tuple(token for ids in states for token in ids), tuple(ends))


def _parts(text: str) -> Iterator[str]:
    """`text` in parts whose runs of white space are shorter than three windows; joined, they are `text`."""
    start, blank_before = 0, False
    for place in range(0, len(text), _WINDOW):
        blank = text[place : place + _WINDOW].isspace()
        if blank and blank_before:
            yield text[start:place]
            start = place
        blank_before = blank
    yield text[start:]
