"""What kinds of tokens a vocabulary holds, how often they occur, and which of them are whole words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from llm.corpora import CORPORA, generate
from llm.tokenizers import Tokenizer

KINDS = ("start", "capitalised", "continues", "letter", "number", "punctuation", "byte", "special")
SAMPLE = 400_000  # characters of a generated corpus that are counted


def token_kind(tokenizer: Tokenizer, token: int) -> str:
    """One of ``KINDS``, from the token's text alone.

    "start": lower-case letters behind a space, or a word of a word tokenizer; it may be only the first part of a word.
    "continues": letters without a space before them. "letter": the same in a character tokenizer. "byte": no whole
    character. "punctuation" holds spaces and line ends too.
    """
    if token in tokenizer.special.values():
        return "special"
    try:
        text = tokenizer.token_bytes(token).decode("utf-8")
    except UnicodeDecodeError:
        return "byte"
    except ValueError:  # an id that pads the matrix and stands for nothing
        return "special"
    letters = text.strip()
    categories = {unicodedata.category(c)[0] for c in letters}
    if "L" not in categories:
        return "number" if "N" in categories else "byte" if _is_control(text) else "punctuation"
    first = next(c for c in letters if unicodedata.category(c)[0] == "L")
    if first.isupper():
        return "capitalised"
    if tokenizer.kind == "char":
        return "letter"
    return "start" if text[0].isspace() or tokenizer.kind == "word" else "continues"


def token_kinds(tokenizer: Tokenizer, tokens: Iterable[int]) -> list[str]:
    """The kind of each token."""
    return [token_kind(tokenizer, token) for token in tokens]


def sample_ids(tokenizer: Tokenizer, meta: Mapping[str, Any], size: int = SAMPLE) -> np.ndarray | None:
    """(N,) ids of a sample of the generated corpus that a model was trained on; None when that is not known."""
    name = meta.get("corpus")
    if name not in CORPORA:
        return None
    documents = generate(name, min(size, CORPORA[name].default_size)).documents
    return np.array([i for document in documents for i in tokenizer.encode_document(document)], dtype=np.int64)


def most_used(vocab_size: int, most: int, counts: np.ndarray | None) -> np.ndarray:
    """Ids of the ``most`` most frequent tokens, most frequent first; without counts, the lowest ids.

    Byte-pair encoding gives low ids to what it merged first, which is what was frequent.
    """
    if counts is None:
        return np.arange(min(vocab_size, most))
    return np.argsort(-counts, kind="stable")[:most]


def whole_words(tokenizer: Tokenizer, tokens: Iterable[int], ids: np.ndarray | None) -> list[int]:
    """Those tokens that are words by themselves, in the order given.

    With a sample of text: tokens of letters behind a space that are followed by something else than the rest of a word
    at least half of the time. Without: every such token of three letters or more.
    """
    if tokenizer.kind == "char":
        return [token for token in tokens if token_kind(tokenizer, token) in ("letter", "capitalised")]
    candidates = [token for token in tokens if _is_word(tokenizer, token)]
    if ids is None:
        return [token for token in candidates if len(tokenizer.token_text(token).strip()) > 2]
    goes_on = np.array([_goes_on(tokenizer, token) for token in range(int(ids.max(initial=0)) + 1)])
    total = np.bincount(ids[:-1], minlength=len(goes_on))
    parts = np.bincount(ids[:-1], weights=goes_on[ids[1:]], minlength=len(goes_on))
    return [token for token in candidates if token < len(total) and total[token] and parts[token] <= total[token] / 2]


def _is_control(text: str) -> bool:
    """A single control character that is neither a line end nor a tab."""
    return len(text) == 1 and unicodedata.category(text) == "Cc" and text not in "\n\t\r"


def _is_word(tokenizer: Tokenizer, token: int) -> bool:
    if token_kind(tokenizer, token) not in ("start", "capitalised"):
        return False
    text = tokenizer.token_text(token)
    return text.strip().isalpha() and (text[0] == " " or tokenizer.kind == "word")


def _goes_on(tokenizer: Tokenizer, token: int) -> bool:
    """Whether a token continues the word before it."""
    if tokenizer.kind == "word" or token in tokenizer.special.values():
        return False
    return tokenizer.token_text(token)[:1].isalpha()
