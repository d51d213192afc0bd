"""What a model is asked to predict: each next token, or tokens that were hidden from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from llm.config import ModelConfig, TrainConfig
from llm.tokenizers.base import MASK

IGNORED = -100  # a target that no loss is taken of
SHOWN_AS_MASK, SHOWN_AS_RANDOM = 0.8, 0.1  # of the hidden tokens; the others stay as they are (Devlin et al. 2018)
VALIDATION_SEED = 0  # of the masks in validation: the same for every run, so that losses compare

Batch = tuple[Tensor, Tensor]  # inputs and targets, both (B, T) long; a target of -100 does not count


class Objective(Protocol):
    """Turns text into inputs and targets."""

    name: ClassVar[str]

    def batch(self, windows: Tensor, generator: torch.Generator) -> Batch:
        """Inputs and targets (B, T) of windows (B, T + 1), for one training step."""

    def windows(self, ids: Tensor, length: int) -> list[Batch]:
        """A whole text (N,) as inputs and targets, always the same: its full windows, then the shorter rest if there is one."""

    def places(self, ids: Tensor) -> int:
        """How many tokens of a text can be asked for."""


@dataclass(frozen=True)
class NextToken:
    """Each token is predicted from those before it (GPT, Radford et al. 2018)."""

    name: ClassVar[str] = "next_token"

    def batch(self, windows: Tensor, generator: torch.Generator | None = None) -> Batch:
        return windows[:, :-1], windows[:, 1:]

    def windows(self, ids: Tensor, length: int) -> list[Batch]:
        if len(ids) < 2:
            raise ValueError(f"a loss needs at least 2 tokens, not {len(ids)}; give more text")
        return list(zip(cut(ids[:-1], length), cut(ids[1:], length), strict=True))

    def places(self, ids: Tensor) -> int:
        return len(ids) - 1


@dataclass(frozen=True)
class MaskedTokens:
    """Hidden tokens are predicted from both sides (BERT, Devlin et al. 2018).

    In each window a fraction of the places is chosen. Of these, 80 % show ``[MASK]``, 10 % a random token and 10 % the token
    itself, and only these places count. Special tokens are never random ones, and chosen only where others run out.
    """

    mask_id: int
    ordinary: Tensor  # (O,) the ids that are not special
    special: Tensor  # (S,) those that are
    fraction: float = 0.15
    name: ClassVar[str] = "masked_tokens"

    def batch(self, windows: Tensor, generator: torch.Generator) -> Batch:
        return self.hide(windows[:, :-1], generator)

    def windows(self, ids: Tensor, length: int) -> list[Batch]:
        if len(ids) < 1:
            raise ValueError("a loss needs at least 1 token to hide, not 0; give more text")
        generator = torch.Generator().manual_seed(VALIDATION_SEED)
        return [self.hide(part, generator) for part in cut(ids, length)]

    def places(self, ids: Tensor) -> int:
        return len(ids)

    def hide(self, ids: Tensor, generator: torch.Generator) -> Batch:
        """Inputs with hidden places, and the tokens that stood there; ids (B, T), at least one place in each row."""
        B, T = ids.shape
        K = max(1, round(self.fraction * T))
        order = torch.rand(B, T, generator=generator) - torch.isin(ids, self.special).float()  # (B, T), special ones last
        chosen = order.topk(K).indices  # (B, K)
        wanted = ids.gather(1, chosen)  # (B, K)
        others = self.ordinary[torch.randint(len(self.ordinary), (B, K), generator=generator)]  # (B, K)
        how = torch.rand(B, K, generator=generator)
        shown = torch.where(how < SHOWN_AS_MASK + SHOWN_AS_RANDOM, others, wanted)
        shown = torch.where(how < SHOWN_AS_MASK, self.mask_id, shown)
        return ids.scatter(1, chosen, shown), torch.full_like(ids, IGNORED).scatter(1, chosen, wanted)


def objective_of(config: TrainConfig, model: ModelConfig, special: Mapping[str, int]) -> Objective:
    """The objective that a run is configured for; ``special`` are the tokenizer's special tokens.

    Raises:
        ValueError: when tokens are to be hidden from a causal model, or the tokenizer has no ``[MASK]`` to hide them with.
    """
    if config.objective == NextToken.name:
        return NextToken()
    if model.causal:
        raise ValueError("masked_tokens is for a model that looks both ways; set causal to False, or use next_token")
    return masked_tokens(model.vocab_size, special, config.mask_fraction)


def usual_objective(model: ModelConfig, special: Mapping[str, int]) -> Objective:
    """What a finished model of this configuration is measured by: a causal one predicts what follows, another fills blanks."""
    return NextToken() if model.causal else masked_tokens(model.vocab_size, special)


def masked_tokens(vocab_size: int, special: Mapping[str, int], fraction: float = 0.15) -> MaskedTokens:
    """The masked objective for a vocabulary; ``ValueError`` without ``[MASK]``."""
    if MASK not in special:
        raise ValueError(f"this tokenizer has no {MASK} to hide tokens with; train a char, word or bpe tokenizer with one")
    marks = sorted(special.values())
    ordinary = torch.tensor([i for i in range(vocab_size) if i not in marks])
    return MaskedTokens(special[MASK], ordinary, torch.tensor(marks), fraction)


def cut(ids: Tensor, length: int) -> list[Tensor]:
    """ids (N,) as windows that follow each other: (N // length, length), then (1, rest); parts without tokens are left out."""
    whole = len(ids) // length * length
    return [part for part in (ids[:whole].view(-1, length), ids[None, whole:]) if part.numel()]


def token_loss(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """Cross-entropy in nats of logits (B, T, V) for the targets (B, T) that count, in float32 or wider."""
    wide = logits.flatten(0, 1).to(torch.promote_types(logits.dtype, torch.float32))  # (B, T, V) -> (B T, V)
    return F.cross_entropy(wide, targets.flatten(), ignore_index=IGNORED, reduction=reduction)
