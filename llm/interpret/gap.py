"""The gap between the loss on text that a model was trained on and on text that it never saw: the sign of memory."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llm.model import Transformer
from llm.objectives import Objective, token_loss, usual_objective
from llm.tokenizers import Tokenizer

SAMPLE_TOKENS = 8_192
_SLICES = 16  # of a text that is one long document
_PROBE = 2_000  # characters from which the length of a token is estimated
_ROOM = 1.2  # times as much text as should be needed
_BATCH = 32


@dataclass(frozen=True)
class SampleLoss:
    """Mean loss in nats per predicted token, its standard error over windows, and the number of predicted tokens."""

    mean: float
    error: float
    tokens: int


@dataclass(frozen=True)
class Gap:
    """The same measure on equally much training and validation text."""

    train: SampleLoss
    val: SampleLoss

    @property
    def difference(self) -> float:
        """Validation minus training: above zero, the training text is easier for the model than new text."""
        return self.val.mean - self.train.mean

    @property
    def error(self) -> float:
        """The standard error of the difference."""
        return math.hypot(self.train.error, self.val.error)

    @property
    def clear(self) -> bool:
        """Whether the difference is larger than twice its standard error; smaller ones can be chance."""
        return abs(self.difference) > 2 * self.error


def loss_gap(model: Transformer, train: Tensor, val: Tensor, objective: Objective) -> Gap:
    """The gap between two texts of token ids (N,), which should be equally long (``equal_samples``)."""
    return Gap(*(sample_loss(model, ids, objective) for ids in (train, val)))


def objective_for(model: Transformer, tokenizer: Tokenizer) -> Objective:
    """What the model is measured by: next tokens, or blanks at places that are the same for every model and step."""
    return usual_objective(model.config, tokenizer.special)


def equal_samples(
    tokenizer: Tokenizer, train: Sequence[str], val: Sequence[str], *, bounded: bool, tokens: int = SAMPLE_TOKENS
) -> tuple[Tensor, Tensor]:
    """Ids of evenly spread text of both parts, equally many: at most ``tokens + 1``, fewer where a part has no more.

    ``bounded`` documents end with the tokenizer's end mark; a text without is sampled in slices.
    """
    first, second = (_sample(tokenizer, part, tokens + 1, bounded) for part in (train, val))
    count = min(len(first), len(second))
    return first[:count], second[:count]


def sample_loss(model: Transformer, ids: Tensor, objective: Objective) -> SampleLoss:
    """The loss over all full windows of ``ids`` and the rest; the error is taken from the windows' spread."""
    totals, counts = [], []
    with torch.inference_mode():
        for inputs, targets in objective.windows(ids, model.config.context_length):  # (B, T) each
            for x, y in zip(inputs.split(_BATCH), targets.split(_BATCH), strict=True):
                losses = token_loss(model(x), y, reduction="none").view(y.shape)  # (B, T)
                totals.append(losses.sum(1).double())
                counts.append((y >= 0).sum(1))
    total, count = torch.cat(totals), torch.cat(counts)  # (windows,) each
    mean = float(total.sum() / count.sum())
    spread = total - mean * count
    n = len(total)
    error = math.sqrt(float((spread**2).sum()) * n / max(1, n - 1)) / float(count.sum()) if n > 1 else math.nan
    return SampleLoss(mean, error, int(count.sum()))


def _sample(tokenizer: Tokenizer, documents: Sequence[str], count: int, bounded: bool) -> Tensor:
    """The first ``count`` ids of documents or slices that are spread over the whole part."""
    probe = documents[0][:_PROBE] or " "
    characters = int(_ROOM * count * len(probe) / max(1, len(tokenizer.encode(probe))))
    ids: list[int] = []
    texts = (_spread if bounded else _slices)(documents, characters)
    random.Random(0).shuffle(texts)  # what is cut off at the end is then not the end of the part
    for text in texts:
        ids += tokenizer.encode_document(text) if bounded else tokenizer.encode(text)
    return torch.tensor(ids[:count], dtype=torch.long)


def _spread(documents: Sequence[str], characters: int) -> list[str]:
    """Evenly spaced documents of together about so many characters."""
    mean = max(1, sum(map(len, documents)) // len(documents))
    wanted = min(len(documents), 2 + characters // mean)
    return [documents[i * len(documents) // wanted] for i in range(wanted)]


def _slices(documents: Sequence[str], characters: int) -> list[str]:
    """Evenly spaced slices of a long text, or all of a short one."""
    text = "\n".join(documents)
    if len(text) <= characters:
        return [text]
    length = characters // _SLICES
    return [text[start : start + length] for start in (i * len(text) // _SLICES for i in range(_SLICES))]
