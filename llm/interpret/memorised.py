"""Memorised or generalised: which stretches of a text stand word for word in the text that a model was trained on.

The search compares words and signs, never tokens, so that it does not depend on how a tokenizer cuts. Upper and lower
case and punctuation count; spaces and line ends do not. It needs no suffix array: a sieve over hashes of every run of four
words reads ten million characters in about 20 ms, and what passes is compared word by word.

Legend: N words of the training text, Q of the text that is looked at, K pairs of equal places.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import regex

SHORTEST = 4  # words and signs; shorter runs are common phrases, not memory
PLACES = 4  # passages of the training text that are kept for each stretch
_BLOCK = 1 << 17  # words at a time, so that the sieve stays in the processor's cache
_SIEVE_BITS = 16
_MIX = np.uint32(2_654_435_761)  # 2^32 divided by the golden ratio (Knuth's multiplicative hash)
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"  # scripts without spaces: each sign is a word
_UNIT = regex.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+(?:['’][^\W{_UNSPACED}]+)*|[^\w\s]")
_BORDER, _UNKNOWN = 0, -1  # between two documents; a word that the training text does not have


@dataclass(frozen=True)
class Passage:
    """Where a stretch stands in the training text: its first character, its document (from 0), itself and what is around it."""

    place: int
    document: int
    before: str
    found: str
    after: str


@dataclass(frozen=True)
class Stretch:
    """A part of a text, by characters, that stands in the training text and cannot be made longer on either side.

    ``words`` counts words, not signs; ``count`` is how often it stands there, ``places`` are the first of them, each as
    first and last (exclusive) character of the training text.
    """

    start: int
    end: int
    words: int
    count: int
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Findings:
    """What was found for one text.

    ``spans`` (Q, 2) are the characters of its words, ``lengths`` (Q,) how many words the longest stretch has that holds
    each of them; 0 where there is none of at least ``SHORTEST``.
    """

    text: str
    stretches: tuple[Stretch, ...]
    spans: np.ndarray
    lengths: np.ndarray

    def share(self, least: int) -> float:
        """The share of words, 0 to 1, inside stretches of at least ``least`` words; NaN for a text without words."""
        return float((self.lengths >= max(least, SHORTEST)).mean()) if len(self.lengths) else float("nan")

    @property
    def longest(self) -> int:
        """The number of words of the longest stretch; 0 when there is none."""
        return int(self.lengths.max(initial=0))


class TrainingText:
    """Documents as numbered words and signs, ready to be searched. Holds the text once; about 20 bytes for each word."""

    def __init__(self, documents: Iterable[str]) -> None:
        self.text = "\n".join(documents := tuple(documents))
        self._numbers: dict[str, int] = {}
        lengths = np.array([len(text) for text in documents], dtype=np.int64)
        self.starts = np.concatenate(([0], np.cumsum(lengths + 1)))[:-1] if len(lengths) else lengths  # (documents,)
        self._units, self._first, self._last = self._read(documents)  # (N,) each

    def __len__(self) -> int:
        """The number of documents."""
        return len(self.starts)

    @property
    def words(self) -> int:
        """The number of words and signs."""
        return len(self._units) - len(self)

    def document(self, number: int) -> str:
        """The text of one document."""
        return self.text[slice(*self._bounds(number))]

    def passage(self, place: tuple[int, int], around: int = 140) -> Passage:
        """The training text at a stretch's place, with up to ``around`` characters of the same document on both sides."""
        start, end = place
        number = int(np.searchsorted(self.starts, start, side="right")) - 1
        first, last = self._bounds(number)
        before, after = max(first, start - around), min(last, end + around)
        cut_before = "…" if before > first else ""
        cut_after = "…" if after < last else ""
        text = self.text
        return Passage(start, number, cut_before + text[before:start], text[start:end], text[end:after] + cut_after)

    def find(self, text: str, start: int = 0) -> Findings:
        """All maximal stretches of ``text`` from its character ``start`` on (a word that reaches over it counts)."""
        return self.find_all([text], start)[0]

    def find_all(self, texts: Sequence[str], start: int = 0) -> list[Findings]:
        """``find`` for many texts at the price of one reading of the training text."""
        read = [_Query(text, start, self._numbers) for text in texts]
        query = np.concatenate([part for one in read for part in (one.units, [_UNKNOWN])] or [[]]).astype(np.int32)
        first, there, length = _runs(*_hits(query, self._units), len(query))
        found, offset = [], 0
        for one in read:
            mine = (first >= offset) & (first < offset + len(one.units))
            found.append(self._findings(one, first[mine] - offset, there[mine], length[mine]))
            offset += len(one.units) + 1
        return found

    def _findings(self, query: _Query, first: np.ndarray, there: np.ndarray, length: np.ndarray) -> Findings:
        """From all runs of equal words (where in the query, where in the training text, how long) to maximal stretches."""
        words_before = np.concatenate(([0], np.cumsum(query.is_word)))  # (Q + 1,)
        lengths = np.zeros(len(query.units), dtype=np.int32)
        stretches = []
        for a, b, runs in _maximal(first, length):
            words = int(words_before[b] - words_before[a])
            if words < SHORTEST:
                continue
            lengths[a:b] = np.maximum(lengths[a:b], words)
            places = np.sort(there[runs])
            kept = tuple((int(self._first[j]), int(self._last[j + b - a - 1])) for j in places[:PLACES])
            stretches.append(Stretch(int(query.spans[a, 0]), int(query.spans[b - 1, 1]), words, len(places), kept))
        return Findings(query.text, tuple(stretches), query.spans[query.is_word], lengths[query.is_word])

    def _bounds(self, number: int) -> tuple[int, int]:
        following = self.starts[number + 1] - 1 if number + 1 < len(self.starts) else len(self.text)
        return int(self.starts[number]), int(following)

    def _read(self, documents: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        units, first, last = array("i"), array("q"), array("q")
        numbers = self._numbers
        for offset, text in zip(self.starts.tolist(), documents, strict=True):
            for match in _UNIT.finditer(text):
                units.append(numbers.setdefault(match[0], len(numbers) + 1))
                first.append(offset + match.start())
                last.append(offset + match.end())
            units.append(_BORDER)
            first.append(offset + len(text))
            last.append(offset + len(text))
        return tuple(np.array(column, dtype=np.int32) for column in (units, first, last))


class _Query:
    """A text as numbers of the training text's words."""

    def __init__(self, text: str, start: int, numbers: dict[str, int]) -> None:
        found = [match for match in _UNIT.finditer(text) if match.end() > start]
        self.text = text
        self.units = np.array([numbers.get(match[0], _UNKNOWN) for match in found], dtype=np.int32)  # (Q,)
        self.spans = np.array([match.span() for match in found], dtype=np.int64).reshape(-1, 2)
        self.is_word = np.array([match[0][0].isalnum() or match[0][0] == "_" for match in found], dtype=bool)


def excerpts(documents: Sequence[str], words: int, count: int, skip: int = 0) -> list[str]:
    """Up to ``count`` pieces of ``words`` words, evenly spread: of each document from word ``skip`` on, one after another.

    A rest of less than half as many words is left out, so that all pieces are of about one length.
    """
    cut = []
    for text in documents:
        spans = [match.span() for match in _UNIT.finditer(text) if match[0][0].isalnum()][skip:]
        blocks = [spans[i : i + words] for i in range(0, len(spans), max(1, words))]
        cut += [text[block[0][0] : block[-1][1]] for block in blocks if 2 * len(block) >= words]
    return [cut[i * len(cut) // count] for i in range(count)] if len(cut) > count else cut


def word_count(text: str) -> int:
    """How many words a text has, counted as in the search."""
    return sum(match[0][0].isalnum() for match in _UNIT.finditer(text))


def _hits(query: np.ndarray, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K,), (K,): all places of the query and of the training text at which ``SHORTEST`` equal words start."""
    here, there = [], []
    wanted = _hashes(query)
    order = np.argsort(wanted, kind="stable")
    ordered = wanted[order]
    sieve = np.zeros(1 << _SIEVE_BITS, dtype=bool)
    shift = np.uint32(32 - _SIEVE_BITS)
    sieve[wanted >> shift] = True
    for start in range(0, len(units) - SHORTEST + 1 if len(wanted) else 0, _BLOCK):
        hashes = _hashes(units[start : start + _BLOCK + SHORTEST - 1])
        passed = np.flatnonzero(sieve[hashes >> shift])
        low, high = (np.searchsorted(ordered, hashes[passed], side) for side in ("left", "right"))
        times = high - low
        within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        here.append(order[np.repeat(low, times) + within])
        there.append(np.repeat(passed + start, times))
    i, j = (np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64) for parts in (here, there))
    equal = np.ones(len(i), dtype=bool)  # a hash can be shared by different words: compare the words themselves
    for k in range(SHORTEST):
        equal &= query[i + k] == units[j + k]
    return i[equal], j[equal]


def _hashes(units: np.ndarray) -> np.ndarray:
    """A hash of each run of ``SHORTEST`` words: (N,) -> (N - SHORTEST + 1,) uint32."""
    count = max(0, len(units) - SHORTEST + 1)
    hashes = np.zeros(count, dtype=np.uint32)
    for k in range(SHORTEST):
        hashes = hashes * _MIX + units[k : k + count].astype(np.uint32)
    return hashes


def _runs(i: np.ndarray, j: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Join equal places that follow each other: first place in the query (R,), in the training text (R,), and length (R,)."""
    step = size + 1  # places on one diagonal j - i are neighbours in this order, two diagonals are never
    keys = np.sort((j.astype(np.int64) - i + size) * step + i)
    starts = np.flatnonzero(np.diff(keys, prepend=-2) != 1)
    lengths = np.diff(np.append(starts, len(keys))) + SHORTEST - 1
    first = keys[starts] % step
    return first, keys[starts] // step - size + first, lengths


def _maximal(first: np.ndarray, length: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """Stretches (start, end, its runs) of the query that lie in no other, from left to right."""
    order = np.lexsort((-length, first))
    found, reach, at = [], 0, 0
    while at < len(order):
        a, b = int(first[order[at]]), int(first[order[at]] + length[order[at]])
        same = at
        while same < len(order) and first[order[same]] == a and first[order[same]] + length[order[same]] == b:
            same += 1
        if b > reach:
            found.append((a, b, order[at:same]))
            reach = b
        at = same
    return found
