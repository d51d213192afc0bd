"""The text that a run learns from, its tokenizer and its ids."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import torch

from llm.cli.setup import read_text
from llm.corpora import CORPORA, arithmetic_split, generate, write_sum
from llm.data import TokenData, split_documents, split_text
from llm.tokenizers import CharTokenizer, Tokenizer, WordTokenizer, load_tokenizer, train_bpe

DEFAULT_TOKENIZERS = {"copy": "word", "arithmetic": "char"}
DEFAULT_BPE_VOCABULARY = 1024


@dataclass(frozen=True)
class Source:
    """Data with what made them. ``description`` goes into the checkpoint, so that the same data can be made again."""

    tokenizer: Tokenizer
    data: TokenData
    description: dict[str, object]


def load_source(args: Namespace) -> Source:
    """Data and tokenizer as the command line asks for them."""
    if args.text:
        train, val = split_text(read_text(args.text))
        description = {"text": Path(args.text).name, "characters": len(train) + len(val), "validation": "last 10 % of the text"}
        _check_text(train, val, args)
        tokenizer = make_tokenizer(args.tokenizer or "bpe", train, args.vocab)
        data = TokenData(_ids(tokenizer.encode(train)), _ids(tokenizer.encode(val)), _ids([0]), len(val.encode(errors="replace")))
    else:
        train_docs, val_docs = corpus_parts(args.corpus, args.size, args.corpus_seed)
        kind = args.tokenizer or DEFAULT_TOKENIZERS.get(args.corpus, "bpe")
        tokenizer = make_tokenizer(kind, "\n".join(train_docs), args.vocab)
        data = document_data(tokenizer, train_docs, val_docs)
        size = args.size or CORPORA[args.corpus].default_size
        validation = "pairs never trained on" if args.corpus == "arithmetic" else "last 10 % of the documents"
        description = {"corpus": args.corpus, "size": size, "seed": args.corpus_seed, "validation": validation}
    return Source(tokenizer, data, description)


def corpus_parts(name: str, size: int | None, seed: int) -> tuple[list[str], list[str]]:
    """Training and validation documents of a generated corpus; for arithmetic, validation is every pair left out of training."""
    documents = list(generate(name, size=size, seed=seed).documents)
    if name == "arithmetic":
        return documents, [write_sum(a, b) for a, b in arithmetic_split(seed)[1]]
    return split_documents(documents)


def document_data(tokenizer: Tokenizer, train: list[str], val: list[str]) -> TokenData:
    """Ids of documents that each end with ``<|end|>``, and where the training documents start."""
    encoded = [tokenizer.encode_document(text) for text in train]
    lengths = torch.tensor([0] + [len(ids) for ids in encoded[:-1]])
    val_ids = [i for text in val for i in tokenizer.encode_document(text)]
    val_bytes = sum(len(text.encode()) + 1 for text in val)  # an end mark counts as one byte
    return TokenData(_ids([i for ids in encoded for i in ids]), _ids(val_ids), lengths.cumsum(0), val_bytes)


def make_tokenizer(kind: str, text: str, vocabulary: int | None) -> Tokenizer:
    """A tokenizer trained on ``text``, or a ready one by name or folder."""
    if kind == "char":
        return CharTokenizer.train(text)
    if kind == "word":
        return WordTokenizer.train(text) if vocabulary is None else WordTokenizer.train(text, vocabulary)
    if kind == "bpe":
        return train_bpe(text, vocabulary or DEFAULT_BPE_VOCABULARY)
    return load_tokenizer(kind)


def _check_text(train: str, val: str, args: Namespace) -> None:
    if not train.strip() or len(val) < 2:
        raise ValueError(
            f"{Path(args.text).name} has {len(train) + len(val)} characters, which is too little to train on; give at least"
            f" {args.context * 2} characters for a context of {args.context}"
        )


def _ids(ids: list[int]) -> torch.Tensor:
    return torch.tensor(ids, dtype=torch.long)
