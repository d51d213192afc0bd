"""Token ids to train on, and the windows that a batch is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class TokenData:
    """Ids of the training and the validation part.

    ``starts`` are the positions in ``train`` where a document starts; ``val_bytes`` is the size of the validation text in
    UTF-8, for bits per byte; ``special`` are the tokenizer's special tokens, name and id.
    """

    train: Tensor  # (N,) long
    val: Tensor  # (M,) long
    starts: Tensor  # (documents,) long
    val_bytes: int
    special: Mapping[str, int] = field(default_factory=dict)

    def check(self, context_length: int) -> None:
        """``ValueError`` unless there is one whole window to train on and one token to predict in validation."""
        if len(self.train) < context_length + 1:
            raise ValueError(
                f"the training part has {len(self.train)} tokens, but a context of {context_length} needs at least"
                f" {context_length + 1}; give more text or a shorter context"
            )
        if len(self.val) < 2:
            raise ValueError(f"the validation part has {len(self.val)} tokens, but it needs at least 2; give more text")

    def unigram_loss(self) -> float:
        """Nats per token of whoever knows only how frequent each token is in the training part: its entropy."""
        counts = torch.bincount(self.train)
        share = counts[counts > 0].double() / len(self.train)
        return float(-(share * share.log()).sum())


class WindowSampler:
    """Batches of windows: the text is cut at a random phase, the pieces are shuffled, and each is used once; then again.

    A ``start_fraction`` of each batch starts at documents' first tokens instead, each document once, then again. A
    ``short_fraction`` of the batches keeps only the first tokens of its windows, as many as chance says.
    """

    def __init__(
        self,
        data: TokenData,
        length: int,
        batch_size: int,
        *,
        seed: int = 0,
        start_fraction: float = 0.0,
        short_fraction: float = 0.0,
    ) -> None:
        data.check(length)
        self.ids = data.train
        self.length = length
        self.generator = torch.Generator().manual_seed(seed)
        usable = data.starts[data.starts + length < len(self.ids)]
        self.start_fraction = start_fraction if len(usable) else 0.0
        self.short_fraction = short_fraction
        self.offsets = torch.arange(length + 1)
        self._cut = Shuffled(self._phase, self.generator)
        self._starts = Shuffled(lambda: usable, self.generator)
        self.resize(batch_size)

    def resize(self, batch_size: int) -> None:
        """Batches of another size from the next one on; the order of the windows stays."""
        self._starts.count = round(batch_size * self.start_fraction)
        self._cut.count = batch_size - self._starts.count

    def next(self) -> Tensor:
        """Windows (B, T + 1) long: T tokens and the one that follows them; T is ``length``, or less in a short batch."""
        first = torch.cat((self._cut.next(), self._starts.next()))  # (B,)
        return self.ids[first[:, None] + self.offsets[: self._length() + 1]]  # (B, T + 1), one gather

    def state(self) -> dict[str, Tensor]:
        """What decides the batches to come: the generator, and the windows that this round has left. Copies."""
        left = {"cut": self._cut.positions.clone(), "starts": self._starts.positions.clone()}
        return {"generator": self.generator.get_state(), **left}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on where ``state`` was taken."""
        self.generator.set_state(state["generator"])
        self._cut.positions, self._starts.positions = state["cut"].clone(), state["starts"].clone()

    def _length(self) -> int:
        """Tokens of the next windows. Chance is asked only where it decides, so that other runs read what they always read."""
        if not self.short_fraction or torch.rand((), generator=self.generator) >= self.short_fraction:
            return self.length
        return int(torch.randint(1, self.length + 1, (), generator=self.generator))

    def _phase(self) -> Tensor:
        """Starts of windows that follow each other from a random first token."""
        room = len(self.ids) - 1
        phase = int(torch.randint(min(self.length, room - self.length + 1), (1,), generator=self.generator))
        return torch.arange(phase, room - self.length + 1, self.length)


class Shuffled:
    """``count`` positions at a time out of ``deal()``, in random order; dealt again when they run out."""

    def __init__(self, deal: Callable[[], Tensor], generator: torch.Generator) -> None:
        self.deal, self.generator = deal, generator
        self.count = 0
        self.positions = torch.empty(0, dtype=torch.long)

    def next(self) -> Tensor:
        while len(self.positions) < self.count:
            dealt = self.deal()
            order = torch.randperm(len(dealt), generator=self.generator)
            self.positions = torch.cat((self.positions, dealt[order]))
        taken, self.positions = self.positions[: self.count], self.positions[self.count :]
        return taken


def split_text(text: str, val_fraction: float = 0.1) -> tuple[str, str]:
    """The training part and the last ``val_fraction`` of the characters."""
    cut = int(len(text) * (1 - val_fraction) + 1e-9)
    return text[:cut], text[cut:]


def split_documents(documents: list[str], val_fraction: float = 0.1) -> tuple[list[str], list[str]]:
    """The training documents and the last ``val_fraction`` of them, at least one of each."""
    cut = min(max(1, int(len(documents) * (1 - val_fraction) + 1e-9)), len(documents) - 1)
    return documents[:cut], documents[cut:]
