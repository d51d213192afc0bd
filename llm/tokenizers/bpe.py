"""Our own byte-level BPE: trained here, keeps every merge in order, encodes through a `tiktoken.Encoding` of its ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import regex
import tiktoken

from llm.tokenizers.base import END, Merge, check_special, check_vocab_size, training_text
from llm.tokenizers.bpe_training import N_BYTES, learn_merges
from llm.tokenizers.bytelevel import ByteLevelTokenizer

# GPT-4's split: contractions, words with the sign or space before them, up to three digits, signs, line breaks, spaces.
GPT4_PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"""
)


class BPETokenizer(ByteLevelTokenizer):
    """Ids 0-255 are the bytes, then one id per merge in the order of learning, then the special tokens."""

    kind: ClassVar[str] = "bpe"

    def __init__(
        self,
        merges: Sequence[Merge],
        special: Sequence[str] = (END,),
        pattern: str = GPT4_PATTERN,
        name: str | None = None,
        note: str | None = None,
    ) -> None:
        self.merges = list(merges)
        tokens = _token_table(self.merges)
        names = check_special(special)
        self.name = name or f"bpe-{len(tokens) + len(names)}"
        self.note = note
        self._rules = {(merge.left, merge.right): merge for merge in self.merges}
        super().__init__(
            tiktoken.Encoding(
                self.name,
                pat_str=_checked_pattern(pattern),
                mergeable_ranks={token: rank for rank, token in enumerate(tokens)},
                special_tokens={token: len(tokens) + place for place, token in enumerate(names)},
            )
        )

    def merge_of(self, left: int, right: int) -> Merge | None:
        return self._rules.get((left, right))

    def with_vocab_size(self, vocab_size: int) -> BPETokenizer:
        """The tokenizer that training would have given for a smaller `vocab_size`: the first merges of this one."""
        least = N_BYTES + len(self.special)
        check_vocab_size(vocab_size, least, "the 256 bytes and the special tokens")
        if vocab_size > self.vocab_size:
            raise ValueError(f"vocab_size ({vocab_size}) is more than this tokenizer's own {self.vocab_size}; train again.")
        return BPETokenizer(self.merges[: vocab_size - least], tuple(self.special), self.pattern)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "special": list(self.special),
            "pattern": self.pattern,
            "merges": [[merge.left, merge.right, merge.count] for merge in self.merges],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> BPETokenizer:
        """Rebuilds a tokenizer from `to_json`."""
        rules = enumerate(data["merges"], start=N_BYTES)
        merges = [Merge(left=rule[0], right=rule[1], new=new, count=rule[2]) for new, rule in rules]
        return cls(merges, special=data["special"], pattern=data["pattern"], name=data["name"])


def train_bpe(
    text: str,
    vocab_size: int,
    special: Sequence[str] = (END,),
    pattern: str = GPT4_PATTERN,
    name: str | None = None,
) -> BPETokenizer:
    """Learns a byte-level BPE from `text`.

    At each step the most frequent pair of neighbouring tokens inside the chunks of the split becomes a new token; of
    equally frequent pairs the one with the smaller (left, right) ids. A pair must occur at least twice. `vocab_size`
    counts the 256 bytes and the special tokens; when the text has no more repeated pairs, training stops there and
    `note` says so.

    Raises:
        ValueError: the text is empty, or `vocab_size` is below the bytes and special tokens.
    """
    names = check_special(special)
    least = N_BYTES + len(names)
    check_vocab_size(vocab_size, least, "the 256 bytes and the special tokens")
    chunks = regex.compile(_checked_pattern(pattern)).findall(training_text(text))
    merges = learn_merges(chunks, vocab_size - least)
    note = None
    if len(merges) < vocab_size - least:
        note = (
            f"Training stopped at {len(merges) + least:,} of the {vocab_size:,} tokens asked for: "
            "no pair of neighbouring tokens occurs twice any more in this text."
        )
    return BPETokenizer(merges, names, pattern, name, note)


def _checked_pattern(pattern: str) -> str:
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"The split pattern {pattern!r} is not a regular expression: {error}.") from None
    if compiled.groups:
        raise ValueError(f"The split pattern {pattern!r} must not capture groups; write (?:...) instead of (...).")
    return pattern


LARGEST_TABLE = 64_000_000  # bytes of all tokens together


def _token_table(merges: Sequence[Merge]) -> list[bytes]:
    """The bytes of every id, bytes first; each merge must join two earlier ids into the next new one."""
    tokens = [bytes([byte]) for byte in range(N_BYTES)]
    size = 0
    for merge in merges:
        if merge.new != len(tokens) or not (0 <= merge.left < merge.new and 0 <= merge.right < merge.new):
            raise ValueError(
                f"Merge number {len(tokens) - N_BYTES + 1} joins {merge.left} and {merge.right} into {merge.new}, but it "
                f"must join two ids below {len(tokens)} into {len(tokens)}; the tokenizer file is damaged."
            )
        size += len(tokens[merge.left]) + len(tokens[merge.right])
        if size > LARGEST_TABLE:  # forty merges that double each time would fill any memory
            raise ValueError(f"The merges make tokens of over {LARGEST_TABLE:,} bytes together; the tokenizer file is damaged.")
        tokens.append(tokens[merge.left] + tokens[merge.right])
    if len(set(tokens)) < len(tokens):
        raise ValueError("Two merges make the same token, which no training does; the tokenizer file is damaged.")
    return tokens
