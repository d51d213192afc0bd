"""Text that a model was not trained on, made again from the grammar of its own corpus, to measure on."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from llm.checkpoints import read_json
from llm.config import ModelConfig
from llm.corpora import CORPORA, arithmetic_split, generate, write_sum
from llm.library import ModelInfo
from llm.objectives import IGNORED
from llm.sources import RANDOM_ORDER, shuffled_words

SAMPLE_TOKENS = 2048
CHARACTERS_PER_TOKEN = 6  # more than any corpus here has, so that the text is long enough
OTHER_SEED = 7_919  # added to the seed of the training text
MASKED_SHARE = 0.15  # of the tokens of a masked model's sample (BERT, Devlin et al. 2019)
FEWEST_ORDINARY = 8
TEXTS = 4  # windows that detectors look at
STORY_TOKENS = 64  # of each of these, where the model's own kind of text cannot be made
STRANGEST = 0.3  # share of unknown tokens from which a text says nothing about a model

Windows = tuple[Tensor, Tensor]


def held_out(info: ModelInfo, tokenizer: Any) -> Windows | None:
    """Inputs and targets of a listed model's own kind of text; None where its corpus cannot be made again."""
    described = read_json(info.folder / "config.json") if info.kind != "gpt2" else {}
    return held_out_windows(described.get("data"), tokenizer, info.config)


def held_out_windows(
    data: Mapping[str, Any] | None, tokenizer: Any, config: ModelConfig, *, tokens: int = SAMPLE_TOKENS, seed: int = 0
) -> Windows | None:
    """Inputs and targets (B, T) for a loss; targets of -100 do not count.

    Args:
        data: what the checkpoint's ``config.json`` says about its data; only generated corpora can be made again.
        config: the model's. Windows are as long as its context. A model without causal mask gets blanks to fill.

    Returns:
        None when the text cannot be made again, or when the model fills blanks but its tokenizer has no ``[MASK]``.
    """
    name = (data or {}).get("corpus")
    mask_id = tokenizer.special.get("[MASK]")
    if name not in CORPORA or (not config.causal and mask_id is None):
        return None
    length = config.context_length
    documents = held_out_documents(name, int(data.get("seed", 0)), tokens)
    if data.get("words") == RANDOM_ORDER:
        documents = shuffled_words(documents, seed)
    ids = _document_ids(documents, tokenizer, tokens + 1)
    count = (len(ids) - 1) // length
    if count == 0:
        return None
    inputs, following = ids[: count * length].view(count, length), ids[1 : count * length + 1].view(count, length)
    if config.causal:
        return inputs, following
    hidden = torch.rand(inputs.shape, generator=torch.Generator().manual_seed(seed)) < MASKED_SHARE
    return inputs.masked_fill(hidden, mask_id), torch.where(hidden, inputs, IGNORED)


def held_out_documents(name: str, seed: int, tokens: int = SAMPLE_TOKENS) -> list[str]:
    """Documents of a generated corpus that training with ``seed`` did not see: pairs left out, or those of another seed."""
    if name == "arithmetic":
        sums = [write_sum(a, b) for a, b in arithmetic_split(seed)[1]]
        return random.Random(seed).sample(sums, len(sums))
    return list(generate(name, size=CHARACTERS_PER_TOKEN * tokens, seed=seed + OTHER_SEED).documents)


def ordinary_ids(windows: Windows | None, tokenizer: Any) -> list[int]:
    """Tokens to draw random sequences from: those of the model's own kind of text, or all that are not special.

    Forms that occur less than a quarter as often as its tokens do on average are left out: a word tokenizer's words without
    a space, for example, which the copy model reads only at the start of a text.
    """
    special = set(tokenizer.special.values())
    ids, counts = windows[0].unique(return_counts=True) if windows is not None else (torch.zeros(0), torch.zeros(0))
    seen = sorted(set(ids[counts >= counts.float().mean() / 4].tolist()) - special)
    return seen if len(seen) >= FEWEST_ORDINARY else [i for i in range(tokenizer.vocab_size) if i not in special]


def mark_ids(tokenizer: Any, texts: Iterable[Iterable[int]] | None) -> list[int]:
    """The tokens in these texts that are punctuation or other signs: something to see, no letter and no digit in it."""
    present = {i for text in texts or () for i in text} - set(tokenizer.special.values())
    shown = {i: tokenizer.token_text(i).strip() for i in sorted(present)}
    return [i for i, text in shown.items() if text.isascii() and text and not any(c.isalnum() for c in text)]


def detector_text(windows: Windows | None, tokenizer: Any, config: ModelConfig) -> list[list[int]] | None:
    """(B, T) ids that detectors measure on: held-out windows of the model's own kind, else some of the stories corpus.

    None when the tokenizer does not know most of these either; random sequences then have to serve.
    """
    if windows is not None:
        return windows[0][:TEXTS].tolist()
    length = min(config.context_length, STORY_TOKENS)
    ids = _document_ids(held_out_documents("stories", 0, TEXTS * length), tokenizer, TEXTS * length)
    unknown = tokenizer.special.get("<unk>")
    strange = float((ids == unknown).float().mean()) if unknown is not None else 0.0
    return ids.view(TEXTS, length).tolist() if len(ids) == TEXTS * length and strange <= STRANGEST else None


def _document_ids(documents: list[str], tokenizer: Any, count: int) -> Tensor:
    """Ids of the documents one after the other, each with its end mark, at most ``count``."""
    ids: list[int] = []
    for text in documents:
        ids += tokenizer.encode_document(text)
        if len(ids) >= count:
            break
    return torch.tensor(ids[:count], dtype=torch.long)
