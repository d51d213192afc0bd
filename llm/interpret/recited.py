"""Does a model recite? It is given the first tokens of a document: how many of those that follow does it write, one by one?

The most probable token is taken each time, so no chance is in it (Carlini et al. 2021 call text that comes out so extractable).

Legend: T tokens of one document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from llm.interpret.memorised import excerpts
from llm.model import Transformer
from llm.tokenizers import Tokenizer

ASKED = 32  # tokens that could come back
TEXTS = 40
_LOOKED_AT = 3 * TEXTS  # some documents are too short


@dataclass(frozen=True)
class Recital:
    """One document as ids, how many of them were given, and how many of those after them came back before the first other one."""

    ids: tuple[int, ...]
    given: int
    right: int

    @property
    def asked(self) -> int:
        """How many could have come back."""
        return len(self.ids) - self.given

    @property
    def whole(self) -> bool:
        """Whether all came back."""
        return self.right == self.asked


def beginnings(tokenizer: Tokenizer, documents: Sequence[str], given: int, *, bounded: bool) -> list[tuple[int, ...]]:
    """Up to ``TEXTS`` evenly spread texts as ids, each of ``given + ASKED`` tokens from its beginning.

    Of a text that is one long document (not ``bounded``), pieces are taken instead.
    """
    length = given + ASKED
    if bounded:
        count = min(_LOOKED_AT, len(documents))
        texts = [documents[i * len(documents) // count] for i in range(count)]
    else:
        texts = excerpts(documents, length, TEXTS)  # every word is at least one token
    ids = [tuple(tokenizer.encode(text)[:length]) for text in texts]
    return [one for one in ids if len(one) == length][:TEXTS]


def recite(model: Transformer, documents: Sequence[Sequence[int]], given: int) -> list[Recital]:
    """How far each document comes back after its first ``given`` tokens, within the model's context.

    One forward pass for each is enough: up to the first token that differs, what the model has written is the document.

    Raises:
        ValueError: for a document with nothing to come back, or a model that does not continue texts.
    """
    if not model.config.causal:
        raise ValueError("only a causal model continues a text; this one fills blanks")
    return [_recital(model, tuple(ids[: model.config.context_length + 1]), given) for ids in documents]


def _recital(model: Transformer, ids: tuple[int, ...], given: int) -> Recital:
    if not 0 < given < len(ids):
        raise ValueError(f"given is {given}; it must be from 1 to {len(ids) - 1}, one less than the document's tokens")
    with torch.inference_mode():
        best = model(torch.tensor([ids[:-1]]))[0, given - 1 :].argmax(-1).tolist()  # for the tokens from ``given`` on
    wrong = (i for i, (token, own) in enumerate(zip(best, ids[given:], strict=True)) if token != own)
    return Recital(ids, given, next(wrong, len(best)))
