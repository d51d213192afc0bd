"""What a run learns from: a text or a generated corpus, split, tokenized, and described so that it can be made again."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import torch

from llm.corpora import CORPORA, arithmetic_split, generate, write_sum
from llm.data import TokenData, split_documents, split_text
from llm.exam import Question
from llm.library import BOX
from llm.tokenizers import END, MASK, CharTokenizer, Tokenizer, WordTokenizer, load_tokenizer, train_bpe

DEFAULT_TOKENIZERS = {"copy": "word", "arithmetic": "char"}
DEFAULT_BPE_VOCABULARY = 1024
RANDOM_ORDER = "in random order"  # what a description says of shuffled words


@dataclass(frozen=True)
class Source:
    """Data with what made them; ``description`` goes into the checkpoint.

    ``questions`` have one right answer each and are made from the validation part, for corpora that have such.
    """

    name: str
    tokenizer: Tokenizer
    data: TokenData
    description: dict[str, object]
    questions: tuple[Question, ...] = ()

    @property
    def recorded(self) -> dict[str, object]:
        """What a checkpoint says of the data: the description, and the loss of guessing by frequency alone."""
        return self.description | {"unigram_loss": round(self.data.unigram_loss(), 6)}


def text_source(
    text: str,
    name: str,
    tokenizer: str | None = None,
    vocab_size: int | None = None,
    *,
    masked: bool = False,
    shuffle_words: bool = False,
    seed: int = 0,
) -> Source:
    """A reader's own text: the last 10 % of the characters is for validation, the vocabulary comes from the rest.

    ``masked`` gives the vocabulary a ``[MASK]``, which the objective masked tokens needs. ``shuffle_words`` puts the words of
    each part in a random order, drawn from ``seed``.

    Raises:
        ValueError: for a text that is too short to be split.
    """
    train, val = split_text(text)
    if train and not train.strip():
        raise ValueError(f"{name} holds nothing but spaces and empty lines to train on; give a text")
    if not train or len(val) < 2:
        characters = "1 character" if len(text) == 1 else f"{len(text):,} characters"
        raise ValueError(f"{name} has {characters}, which is too little to train on; give some hundreds at least")
    if shuffle_words:
        train, val = shuffled_words([train, val], seed)
    trained = make_tokenizer(tokenizer or "bpe", train, vocab_size, masked=masked)
    size = len(val.encode(errors="replace"))
    data = TokenData(_ids(trained.encode(train)), _ids(trained.encode(val)), _ids([0]), size, trained.special)
    description = {"text": name, "characters": len(text), "validation": "last 10 % of the text"}
    return Source(name, trained, data, description | _order(shuffle_words))


def corpus_source(
    name: str,
    size: int | None = None,
    seed: int = 0,
    tokenizer: str | None = None,
    vocab_size: int | None = None,
    *,
    masked: bool = False,
    shuffle_words: bool = False,
) -> Source:
    """A generated corpus, each document ended by ``<|end|>``; the vocabulary comes from the training documents.

    ``masked`` and ``shuffle_words`` as in ``text_source``; each document's words stay in their document.
    """
    train, val = corpus_parts(name, size, seed)
    questions = tuple(as_question(line) for line in val) if name == "arithmetic" else ()
    if shuffle_words:
        train, val = shuffled_words(train, seed), shuffled_words(val, seed)
    kind = tokenizer or DEFAULT_TOKENIZERS.get(name, "bpe")
    trained = make_tokenizer(kind, "\n".join(train), vocab_size, masked=masked)
    validation = "all pairs that training leaves out" if name == "arithmetic" else "last 10 % of the documents"
    size = size or CORPORA[name].default_size
    description = {"corpus": name, "size": size, "seed": seed, "validation": validation} | _order(shuffle_words)
    return Source(name, trained, document_data(trained, train, val), description, questions)


def shuffled_words(documents: list[str], seed: int) -> list[str]:
    """Each document with its words in random order; the gaps between them, and so the length, stay as they are.

    A word is what stands between two gaps, the signs at it included.
    """
    generator = random.Random(seed)
    return [_shuffled(document, generator) for document in documents]


def _shuffled(text: str, generator: random.Random) -> str:
    parts = re.split(r"(\s+)", text)  # word, gap, word, gap, ..., word; the first and the last word may be empty
    words = [part for part in parts[::2] if part]
    generator.shuffle(words)
    remaining = iter(words)
    parts[::2] = [next(remaining) if part else "" for part in parts[::2]]
    return "".join(parts)


def _order(shuffle_words: bool) -> dict[str, object]:
    return {"words": RANDOM_ORDER} if shuffle_words else {}


def corpus_parts(name: str, size: int | None, seed: int) -> tuple[list[str], list[str]]:
    """Training and validation documents of a generated corpus; for arithmetic, validation is every pair left out of training."""
    documents = list(generate(name, size=size, seed=seed).documents)
    if name == "arithmetic":
        return documents, [write_sum(a, b) for a, b in arithmetic_split(seed)[1]]
    return split_documents(documents)


def as_question(line: str) -> Question:
    """``27+58=580`` as what to ask, ``27+58=``, and what has to follow, ``580``."""
    asked, equals, answer = line.partition("=")
    return asked + equals, answer


def document_data(tokenizer: Tokenizer, train: list[str], val: list[str]) -> TokenData:
    """Ids of documents that each end with ``<|end|>``, and where the training documents start."""
    encoded = [tokenizer.encode_document(text) for text in train]
    starts = torch.tensor([0] + [len(ids) for ids in encoded[:-1]]).cumsum(0)
    val_ids = [i for text in val for i in tokenizer.encode_document(text)]
    val_bytes = sum(len(text.encode()) + 1 for text in val)  # an end mark counts as one byte
    return TokenData(_ids([i for ids in encoded for i in ids]), _ids(val_ids), starts, val_bytes, tokenizer.special)


def make_tokenizer(kind: str, text: str, vocab_size: int | None = None, *, masked: bool = False) -> Tokenizer:
    """A tokenizer trained on ``text``, or a ready one by name ("stories": that of the model in the box) or folder.

    With a ``[MASK]`` when ``masked``.

    Raises:
        ValueError: when a ready one has no ``[MASK]`` but needs it.
    """
    special = (END, MASK) if masked else (END,)
    if kind == "char":
        return CharTokenizer.train(text, special)
    if kind == "word":
        size = {} if vocab_size is None else {"vocab_size": vocab_size}
        return WordTokenizer.train(text, special=special, **size)
    if kind == "bpe":
        return train_bpe(text, vocab_size or DEFAULT_BPE_VOCABULARY, special)
    ready = load_tokenizer(BOX / kind if kind == "stories" else kind)
    if masked and MASK not in ready.special:
        raise ValueError(f"the tokenizer {ready.name} has no {MASK} to hide tokens with; choose char, word or bpe")
    return ready


def _ids(ids: list[int]) -> torch.Tensor:
    return torch.tensor(ids, dtype=torch.long)
