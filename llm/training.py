"""The training loop as a generator of small records, and the loss over a whole text."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from llm.config import TrainConfig
from llm.data import TokenData, WindowSampler
from llm.model import Transformer
from llm.optim import Optimizer, place, rate_fraction

STATE_FORMAT = 1


@dataclass(frozen=True)
class StepRecord:
    """What one step did. ``step`` counts from 1; ``seconds`` is the time in training steps so far, without evaluations.

    ``val_loss`` is there after a step with an evaluation, measured on ``val_tokens`` tokens: all of the validation part when
    ``val_whole``, else a fixed sample of it. Losses are in nats per token.
    """

    step: int
    loss: float
    learning_rate: float
    grad_norm: float
    seconds: float
    tokens: int
    val_loss: float | None = None
    val_tokens: int | None = None
    val_whole: bool = False


def train(model: Transformer, data: TokenData, config: TrainConfig) -> Iterator[StepRecord]:
    """Train ``model`` in place, one record a step, until a limit of the configuration is met.

    The model can be used between any two records: it always holds the float32 weights (the average where one is asked for).

    Raises:
        ValueError: when the data are shorter than one window, or the loss stops being a number.
    """
    trainer = Trainer(model, data, config)
    while trainer.stop_reason is None:
        yield trainer.advance()


class Trainer:
    """All that changes while a model trains: weights, optimiser, position in the data, step and clock."""

    def __init__(self, model: Transformer, data: TokenData, config: TrainConfig) -> None:
        self.model, self.data, self.config = model, data, config
        self.current = config  # with what ``change`` has set since
        T = model.config.context_length
        self.sampler = WindowSampler(data, T, config.batch_size, seed=config.seed, start_fraction=config.document_start_fraction)
        self.dropout = model.config.dropout
        self.dropout_generator = torch.Generator().manual_seed(config.seed + 1)
        self.precision = resolve_precision(config.precision)
        self.step, self.tokens, self.seconds, self.stop_reason = 0, 0, 0.0, None
        dtype = torch.bfloat16 if self.precision == "bfloat16" else torch.float32
        separate = dtype != torch.float32 or config.average_fraction is not None
        self.working = twin(model, dtype) if separate else model
        self.optimizer = Optimizer(self.working, config, dtype)
        self.average = self.optimizer.masters
        if config.average_fraction is not None:
            self.average = self.optimizer.masters.clone()
        if separate:  # the caller's model shows the masters or their average, without a copy
            named = dict(model.named_parameters())
            place([named[name] for name in self.optimizer.names], self.average)
        self.watch = ValidationWatch(data.val, T, config)

    def advance(self) -> StepRecord:
        """One step, with an evaluation after it when one is due."""
        start = time.perf_counter()
        inputs, targets = self.sampler.next()
        fraction = rate_fraction(self.config, self.step)
        loss = next_token_loss(self.working(inputs, generator=self.dropout_generator), targets)
        loss.backward()
        norm = self.optimizer.step(fraction)
        self._update_average()
        loss = loss.item()
        self.step += 1
        self.tokens += inputs.numel()
        self.seconds += time.perf_counter() - start
        if not math.isfinite(loss):
            raise ValueError(f"the loss is no longer a number at step {self.step}; use a lower learning rate")
        rate = self.current.learning_rate * fraction
        return self._check(StepRecord(self.step, loss, rate, norm, self.seconds, self.tokens))

    @property
    def settings(self) -> dict[str, float | int]:
        """What can be changed while it trains, as it is now."""
        return {
            "learning_rate": self.current.learning_rate,
            "batch_size": self.current.batch_size,
            "dropout": self.dropout,
        }

    def change(self, *, learning_rate: float | None = None, batch_size: int | None = None, dropout: float | None = None) -> None:
        """Other settings from the next step on. Muon's rate changes by the same factor as AdamW's; the schedule goes on.

        Raises:
            ValueError: for a value that a configuration would not take either; then nothing changes.
        """
        wanted = dict(self.settings)
        given = {"learning_rate": learning_rate, "batch_size": batch_size, "dropout": dropout}
        wanted |= {name: value for name, value in given.items() if value is not None}
        dropout = replace(self.model.config, dropout=wanted.pop("dropout")).dropout
        current = replace(self.config, **wanted)
        factor = current.learning_rate / self.config.learning_rate if self.config.learning_rate else 1.0
        self.current = replace(current, muon_learning_rate=self.config.muon_learning_rate * factor)
        self.dropout = dropout
        self.optimizer.config = self.current
        self.sampler.resize(self.current.batch_size)
        for block in self.working.blocks:
            block.dropout = dropout

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that decides the steps to come: tensors (on the CPU, copies) and facts that JSON can hold.

        Weights that do not train are not among them; they are the model's own.
        """
        tensors = {name: x.detach().to("cpu", copy=True) for name, x in self._tensors().items()}
        facts = {
            "format": STATE_FORMAT,
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "stop_reason": self.stop_reason,
            "settings": self.settings,
            "watch": self.watch.state(),
            "train_tokens": len(self.data.train),
        }
        samplers = {f"sampler.{name}": x for name, x in self.sampler.state().items()}
        return tensors | samplers | {"dropout": self.dropout_generator.get_state()}, facts

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on where ``state`` was taken, to the last bit on a CPU; for a new trainer of the same model, data and configuration.

        Raises:
            ValueError: when the state is damaged or belongs to another run; then the trainer is of no more use.
        """
        try:
            self._check_state(tensors, facts)
            for name, x in self._tensors().items():
                x.copy_(tensors[name])
            self.optimizer.resume(facts["step"])
            self.sampler.restore({name: tensors[f"sampler.{name}"] for name in self.sampler.state()})
            self.dropout_generator.set_state(tensors["dropout"])
            self.watch.restore(facts["watch"])
            self.change(**facts["settings"])
            self.step, self.tokens, self.seconds = facts["step"], facts["tokens"], facts["seconds"]
            self.stop_reason = facts["stop_reason"]
        except (KeyError, TypeError, RuntimeError) as error:
            raise ValueError(f"the saved state of this run is damaged or incomplete ({error}); start the run again") from error

    def _tensors(self) -> dict[str, Tensor]:
        """What ``state`` copies and ``restore`` fills; the average only where it is a buffer of its own."""
        average = {} if self.average is self.optimizer.masters else {"average": self.average}
        return self.optimizer.tensors() | average

    def _check_state(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        if facts["format"] != STATE_FORMAT:
            raise ValueError(f"the saved state has format {facts['format']}, not {STATE_FORMAT}; start the run again")
        fits = facts["train_tokens"] == len(self.data.train)
        if not fits or any(tensors[name].shape != x.shape for name, x in self._tensors().items()):
            raise ValueError("the saved state belongs to another model or other data; open it with the run that wrote it")

    def _update_average(self) -> None:
        if self.average is not self.optimizer.masters:
            # weight of the newest: about one over the number of steps that the average looks back on
            newest = min(1.0, 1 / (1 + self.config.average_fraction * self.step))
            self.average.lerp_(self.optimizer.masters, newest)

    def _check(self, record: StepRecord) -> StepRecord:
        """Evaluate when it is due and set ``stop_reason`` when a limit is met."""
        c = self.config
        if self.step == c.steps:
            self.stop_reason = "steps"
        elif c.max_seconds is not None and self.seconds >= c.max_seconds:
            self.stop_reason = "max_seconds"
        if self.watch.due(self.step, last=self.stop_reason is not None):
            loss, tokens, whole = self.watch.look(self.model, self.step, last=self.stop_reason is not None)
            record = replace(record, val_loss=loss, val_tokens=tokens, val_whole=whole)
            if c.stop_at_val_loss is not None and whole and loss <= c.stop_at_val_loss:
                self.stop_reason = "stop_at_val_loss"
        return record


class ValidationWatch:
    """Decides when to evaluate, and on how much: a whole evaluation can cost as much as fifty steps.

    On the way a fixed sample of evenly spaced windows is enough. With a target loss, the sample is looked at more often the
    nearer the target is, and the whole part only when the sample, corrected by how far off it was the last time, says that
    the target is met.
    """

    def __init__(self, val: Tensor, length: int, config: TrainConfig) -> None:
        self.val, self.length, self.config = val, length, config
        self.windows = sample_windows(val, length, config.eval_tokens)
        self.is_whole = self.windows is None
        self.correction = 0.0  # whole minus sample, as last measured
        self.every = config.eval_every if config.stop_at_val_loss is None else min(config.eval_every, 20)
        self.next_step = self.every
        self.seen: tuple[int, float] | None = None  # step and loss of the last look

    def due(self, step: int, last: bool) -> bool:
        """Whether the step is one after which to evaluate; after the last one always."""
        return last or step >= self.next_step

    def look(self, model: Transformer, step: int, last: bool) -> tuple[float, int, bool]:
        """(loss, tokens it was measured on, whether these were all of the validation part)."""
        target = self.config.stop_at_val_loss
        sample = evaluate(model, self.val) if self.is_whole else window_loss(model, *self.windows)
        loss, tokens, whole = sample, self._tokens(), self.is_whole
        if not whole and (last or (target is not None and sample + self.correction <= target)):
            loss, tokens, whole = evaluate(model, self.val), len(self.val) - 1, True
            self.correction = loss - sample
        self._plan(step, sample + self.correction)
        return loss, tokens, whole

    def state(self) -> dict[str, Any]:
        """What later looks depend on, as plain values."""
        return {"correction": self.correction, "next_step": self.next_step, "seen": self.seen and list(self.seen)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state`` was taken."""
        self.correction, self.next_step = state["correction"], state["next_step"]
        self.seen = state["seen"] and tuple(state["seen"])

    def _tokens(self) -> int:
        return len(self.val) - 1 if self.is_whole else self.windows[1].numel()

    def _plan(self, step: int, loss: float) -> None:
        """The next look: after ``eval_every`` steps, or earlier when the loss is about to reach the target."""
        wait = self.every
        target = self.config.stop_at_val_loss
        if target is not None and self.seen is not None and loss > target:
            fallen = self.seen[1] - loss  # since the last look; loss falls about as the logarithm of the step
            slope = fallen / math.log(step / self.seen[0]) if fallen > 0 else 0.0
            if slope > 0:
                expected = step * (math.exp(min((loss - target) / slope, 5.0)) - 1)
                wait = min(wait, max(5, round(0.7 * expected)))
        elif target is not None and loss <= target:
            wait = 5
        self.seen, self.next_step = (step, loss), step + wait


def next_token_loss(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """Cross-entropy in nats of logits (B, T, V) for targets (B, T), in float32."""
    return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction=reduction)


def evaluate(model: Transformer, ids: Tensor, batch_size: int = 32) -> float:
    """Mean loss in nats per token over all of ``ids``.

    The inputs are consecutive windows of the model's context, each with its next tokens as targets; the last window may be
    shorter and counts with its number of tokens. So every token but the first is predicted exactly once.

    Raises:
        ValueError: for fewer than two tokens.
    """
    if len(ids) < 2:
        raise ValueError(f"a loss needs at least 2 tokens, not {len(ids)}; give more text")
    T = model.config.context_length
    n = (len(ids) - 1) // T  # whole windows
    total = 0.0
    if n:
        inputs, targets = ids[: n * T].view(n, T), ids[1 : n * T + 1].view(n, T)
        total += window_loss(model, inputs, targets, batch_size) * n * T
    rest = len(ids) - 1 - n * T
    if rest:
        total += window_loss(model, ids[None, n * T : -1], ids[None, n * T + 1 :]) * rest
    return total / (len(ids) - 1)


def window_loss(model: Transformer, inputs: Tensor, targets: Tensor, batch_size: int = 32) -> float:
    """Mean loss in nats per token over windows (N, T)."""
    total = 0.0
    with torch.inference_mode():
        for x, y in zip(inputs.split(batch_size), targets.split(batch_size), strict=True):
            total += next_token_loss(model(x), y, reduction="sum").item()
    return total / targets.numel()


def sample_windows(ids: Tensor, length: int, tokens: int | None) -> tuple[Tensor, Tensor] | None:
    """Evenly spaced windows of about ``tokens`` tokens, (N, T) inputs and targets; None when that would be all of them."""
    n = (len(ids) - 1) // length
    wanted = max(1, tokens // length) if tokens is not None else n
    if wanted >= n:
        return None
    chosen = torch.arange(wanted) * n // wanted
    return ids[: n * length].view(n, length)[chosen], ids[1 : n * length + 1].view(n, length)[chosen]


def resolve_precision(precision: str) -> str:
    """``auto`` becomes ``bfloat16`` on a CPU with instructions for it, where it about doubles the speed, else ``float32``."""
    if precision != "auto":
        return precision
    able = torch.cpu.get_capabilities()
    return "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") else "float32"


def twin(model: Transformer, dtype: torch.dtype) -> Transformer:
    """The same model with parameters and tables of its own, in ``dtype``; what does not train there does not train here."""
    other = model.rewired().to(dtype)
    for ours, theirs in zip(other.parameters(), model.parameters(), strict=True):
        ours.requires_grad_(theirs.requires_grad)
    return other
