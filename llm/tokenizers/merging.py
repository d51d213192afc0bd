"""Byte-pair encoding one merge at a time, with the pairs that stood for choice: learning merges, or applying learned ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from llm.tokenizers.base import Merge, MergeStep
from llm.tokenizers.bpe import BPETokenizer, train_bpe
from llm.tokenizers.bpe_training import N_BYTES
from llm.tokenizers.bytelevel import ByteLevelTokenizer


@dataclass(frozen=True)
class MergeState:
    """The text before one merge: its `ids`, where each chunk ends among them, and the candidates, best first.

    `candidates[0]` is the merge that comes next; without candidates nothing is left to merge. While learning, `count`
    says how often a pair stands in the text; while applying, the rank is in `new`.
    """

    ids: tuple[int, ...]
    chunk_ends: tuple[int, ...]
    candidates: tuple[Merge, ...]


def learning(text: str, n_merges: int, n_candidates: int = 8) -> tuple[BPETokenizer, list[MergeState]]:
    """Learn up to `n_merges` merges from `text`: the tokenizer, and the state before each merge and after the last.

    The most frequent pair comes first, of equally frequent ones the smaller ids (`train_bpe`); pairs that stand only
    once are not merged, and not listed.

    Raises:
        ValueError: the text is empty, or longer than `merge_steps` can show.
    """
    tokenizer = train_bpe(text, N_BYTES + n_merges, special=())
    steps = tokenizer.merge_steps(text)
    states = [
        MergeState(step.ids, step.chunk_ends, tuple(_frequent_pairs(step, N_BYTES + place, n_candidates)))
        for place, step in enumerate(steps)
    ]
    return tokenizer, states


def applying(tokenizer: ByteLevelTokenizer, text: str, n_merges: int, n_candidates: int = 8) -> list[MergeState]:
    """Apply a tokenizer's own merges to `text`: the state before each of the first `n_merges`, and after the last.

    Of all rules that fit somewhere, the one that was learned first comes next.

    Raises:
        ValueError: the text is longer than `merge_steps` can show.
    """
    steps = tokenizer.merge_steps(text)[: n_merges + 1]
    return [MergeState(s.ids, s.chunk_ends, tuple(_first_rules(tokenizer, s, n_candidates))) for s in steps]


def _pairs(ids: Sequence[int], chunk_ends: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring ids that belong to the same chunk."""
    start = 0
    for end in chunk_ends:
        yield from pairwise(ids[start:end])
        start = end


def _frequent_pairs(step: MergeStep, new: int, most: int) -> list[Merge]:
    counts = Counter(_pairs(step.ids, step.chunk_ends))
    repeated = [(pair, count) for pair, count in counts.items() if count > 1]
    repeated.sort(key=lambda item: (-item[1], item[0]))
    return [Merge(left, right, new, count) for (left, right), count in repeated[:most]]


def _first_rules(tokenizer: ByteLevelTokenizer, step: MergeStep, most: int) -> list[Merge]:
    counts = Counter(_pairs(step.ids, step.chunk_ends))
    rules = [(tokenizer.merge_of(*pair), count) for pair, count in counts.items()]
    fitting = sorted(((rule, count) for rule, count in rules if rule), key=lambda item: item[0].new)
    return [Merge(rule.left, rule.right, rule.new, count) for rule, count in fitting[:most]]
