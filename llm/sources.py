"""What a run learns from: a text or a generated corpus, split, tokenized, and described so that it can be made again."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from llm.corpora import CORPORA, arithmetic_split, generate, write_sum
from llm.data import TokenData, split_documents, split_text
from llm.exam import Question
from llm.tokenizers import CharTokenizer, Tokenizer, WordTokenizer, load_tokenizer, train_bpe

DEFAULT_TOKENIZERS = {"copy": "word", "arithmetic": "char"}
DEFAULT_BPE_VOCABULARY = 1024


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


def text_source(text: str, name: str, tokenizer: str | None = None, vocab_size: int | None = None) -> Source:
    """A reader's own text: the last 10 % of the characters is for validation, the vocabulary comes from the rest.

    Raises:
        ValueError: for a text that is too short to be split.
    """
    train, val = split_text(text)
    if not train.strip() or len(val) < 2:
        raise ValueError(f"{name} has {len(text)} characters, which is too little to train on; give some hundreds at least")
    trained = make_tokenizer(tokenizer or "bpe", train, vocab_size)
    data = TokenData(_ids(trained.encode(train)), _ids(trained.encode(val)), _ids([0]), len(val.encode(errors="replace")))
    return Source(name, trained, data, {"text": name, "characters": len(text), "validation": "last 10 % of the text"})


def corpus_source(
    name: str, size: int | None = None, seed: int = 0, tokenizer: str | None = None, vocab_size: int | None = None
) -> Source:
    """A generated corpus, each document ended by ``<|end|>``; the vocabulary comes from the training documents."""
    train, val = corpus_parts(name, size, seed)
    trained = make_tokenizer(tokenizer or DEFAULT_TOKENIZERS.get(name, "bpe"), "\n".join(train), vocab_size)
    validation = "all pairs that training leaves out" if name == "arithmetic" else "last 10 % of the documents"
    size = size or CORPORA[name].default_size
    description = {"corpus": name, "size": size, "seed": seed, "validation": validation}
    questions = tuple(as_question(line) for line in val) if name == "arithmetic" else ()
    return Source(name, trained, document_data(trained, train, val), description, questions)


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
    return TokenData(_ids([i for ids in encoded for i in ids]), _ids(val_ids), starts, val_bytes)


def make_tokenizer(kind: str, text: str, vocab_size: int | None = None) -> Tokenizer:
    """A tokenizer trained on ``text``, or a ready one by name or folder."""
    if kind == "char":
        return CharTokenizer.train(text)
    if kind == "word":
        return WordTokenizer.train(text) if vocab_size is None else WordTokenizer.train(text, vocab_size)
    if kind == "bpe":
        return train_bpe(text, vocab_size or DEFAULT_BPE_VOCABULARY)
    return load_tokenizer(kind)


def _ids(ids: list[int]) -> torch.Tensor:
    return torch.tensor(ids, dtype=torch.long)
