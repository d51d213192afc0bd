"""Tokenizers: text to ids and back, by words, by characters, by our own byte-level BPE, or by OpenAI's."""

from __future__ import annotations

from llm.tokenizers.base import END, MASK, UNKNOWN, Chunk, Explanation, Merge, MergeStep, Tokenizer
from llm.tokenizers.bpe import GPT4_PATTERN, BPETokenizer, train_bpe
from llm.tokenizers.files import load_tokenizer, save_tokenizer, tokenizer_from_json
from llm.tokenizers.lookup import CharTokenizer, WordTokenizer
from llm.tokenizers.openai import TiktokenTokenizer
from llm.tokenizers.pieces import Piece, pieces

__all__ = [
    "END",
    "GPT4_PATTERN",
    "MASK",
    "UNKNOWN",
    "BPETokenizer",
    "CharTokenizer",
    "Chunk",
    "Explanation",
    "Merge",
    "MergeStep",
    "Piece",
    "TiktokenTokenizer",
    "Tokenizer",
    "WordTokenizer",
    "load_tokenizer",
    "pieces",
    "save_tokenizer",
    "tokenizer_from_json",
    "train_bpe",
]
