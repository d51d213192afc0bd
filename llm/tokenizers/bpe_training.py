"""Learning the merges of a byte-pair encoding in time that grows with the merges made, not with the text.

The plain algorithm counts all pairs anew for every merge. Here each different chunk is stored once with its frequency,
pair counts are corrected only where a merge happens, and a heap gives the most frequent pair. The merges are the same.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable

from llm.tokenizers.base import Merge

N_BYTES = 256
# A pair of ids as one number, left in the high bits: compares like the tuple, hashes faster.
_SHIFT = 32
_RIGHT = (1 << _SHIFT) - 1
# Stands between chunks and in places that a merge has emptied; no pair contains it.
_NOTHING = -1


def learn_merges(chunks: Iterable[str], n_merges: int) -> list[Merge]:
    """The first `n_merges` merges of byte-level BPE over `chunks`, fewer when no pair occurs twice any more.

    The most frequent pair wins, and of equally frequent ones the smaller (left, right). A pair's count is the number
    of neighbouring positions, so "aaa" holds "aa" twice; merging goes from left to right.
    """
    line = _Line(Counter(chunks))
    # The heap may promise more than is left of a pair, never less: counts of old pairs only fall.
    heap = [(-count, pair) for pair, count in line.counts.items()]
    heapq.heapify(heap)
    merges: list[Merge] = []
    while heap and len(merges) < n_merges:
        promised, pair = heapq.heappop(heap)
        count = line.counts.get(pair, 0)
        if count < 2:
            continue
        if count != -promised:
            heapq.heappush(heap, (-count, pair))
            continue
        new = N_BYTES + len(merges)
        for born in line.merge(pair, new):
            heapq.heappush(heap, (-line.counts[born], born))
        merges.append(Merge(pair >> _SHIFT, pair & _RIGHT, new, count))
    return merges


class _Line:
    """All different chunks in one line of symbols, linked to both sides so that a merge costs the same anywhere.

    Per place: `symbols` (id or `_NOTHING`), `before` and `after` (neighbouring places), `weights` (the chunk's
    frequency). Per pair: `counts` and `places` (of its left symbol; some outdated, none missing, none twice).
    """

    def __init__(self, frequencies: Counter[str]) -> None:
        self.symbols: list[int] = [_NOTHING]
        self.weights: list[int] = [0]
        for chunk, frequency in frequencies.items():
            data = chunk.encode("utf-8")
            self.symbols += data
            self.weights += [frequency] * len(data)
            self.symbols.append(_NOTHING)
            self.weights.append(0)
        size = len(self.symbols)
        self.before = list(range(-1, size - 1))
        self.after = list(range(1, size + 1))
        self.counts: defaultdict[int, int] = defaultdict(int)
        self.places: defaultdict[int, list[int]] = defaultdict(list)
        for place in range(1, size - 1):
            left, right = self.symbols[place], self.symbols[place + 1]
            if left >= 0 and right >= 0:
                self.counts[left << _SHIFT | right] += self.weights[place]
                self.places[left << _SHIFT | right].append(place)

    def merge(self, pair: int, new: int) -> set[int]:
        """Replaces `pair` by the id `new` everywhere and gives the pairs that this has created."""
        symbols, before, after = self.symbols, self.before, self.after
        counts, places = self.counts, self.places
        left, right = pair >> _SHIFT, pair & _RIGHT
        born = set()
        # Sorted, because in a run like "aaa" the leftmost pair is merged first.
        for place in sorted(places.pop(pair)):
            second = after[place]
            if symbols[place] != left or symbols[second] != right:
                continue
            weight, previous, following = self.weights[place], before[place], after[second]
            if (symbol := symbols[previous]) >= 0:
                counts[symbol << _SHIFT | left] -= weight
                created = symbol << _SHIFT | new
                counts[created] += weight
                places[created].append(previous)
                born.add(created)
            if (symbol := symbols[following]) >= 0:
                counts[right << _SHIFT | symbol] -= weight
                created = new << _SHIFT | symbol
                counts[created] += weight
                places[created].append(place)
                born.add(created)
            symbols[place], symbols[second] = new, _NOTHING
            after[place], before[following] = following, place
        del counts[pair]
        return born
