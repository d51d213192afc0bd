"""The training loop as a generator of small records; it can be changed, saved and resumed between any two of them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from llm.config import ModelConfig, TrainConfig
from llm.data import TokenData, WindowSampler
from llm.devices import denormals_flushed, resolve_device, resolve_precision
from llm.evaluation import bits_per_byte
from llm.explosion import REASON as EXPLODED
from llm.explosion import Exploded, ExplosionWatch
from llm.model import Transformer
from llm.objectives import objective_of, token_loss
from llm.optim import Optimizer, place
from llm.schedule import depth_at, rate_fraction, starts_as_identity
from llm.watch import ValidationWatch

STATE_FORMAT = 1


@dataclass(frozen=True)
class StepRecord:
    """What one step did. ``step`` counts from 1; ``seconds`` is the time in training steps so far, without evaluations.

    ``val_loss`` is there after a step with an evaluation, the mean of ``val_tokens`` predicted tokens: all of the validation
    part when ``val_whole``, else a fixed sample of it. Losses are in nats per token. ``val_bits_per_byte`` is the same loss for
    any vocabulary to compare; of masked tokens it is that of the hidden ones, at the text's mean bytes per token.
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
    val_bits_per_byte: float | None = None

    @property
    def perplexity(self) -> float | None:
        """e to the validation loss: among how many equally likely tokens the model would be as unsure."""
        return None if self.val_loss is None else math.exp(min(self.val_loss, 700.0))


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
    """All that changes while a model trains: weights, optimiser, position in the data, step and clock.

    ``model`` always holds the float32 weights (the average where one is asked for), to be looked at or saved between two steps.
    """

    def __init__(self, model: Transformer, data: TokenData, config: TrainConfig) -> None:
        """Move ``model`` to the device and prepare to train it.

        Raises:
            ValueError: when the data are too short, the objective does not fit the model, or the device is not there.
        """
        self.objective = objective_of(config, model.config, data.special)
        check_growth(config, model.config)
        self.device = resolve_device(config.device)
        self.precision = resolve_precision(config.precision, self.device)
        self.model, self.data, self.config = model.to(self.device), data, config
        self.current = config  # with what ``change`` has set since
        self.dropout, self.layers = model.config.dropout, model.config.n_layers
        T = model.config.context_length
        parts = {"start_fraction": config.document_start_fraction, "short_fraction": config.short_window_fraction}
        self.sampler = WindowSampler(data, T, config.batch_size, seed=config.seed, **parts)
        self.dropout_generator = torch.Generator(self.device).manual_seed(config.seed + 1)
        self.mask_generator = torch.Generator().manual_seed(config.seed + 2)
        self.watch = ValidationWatch(self.objective.windows(data.val, T), config)
        self.explosion = ExplosionWatch(model.config.vocab_size, config.explosion_steps)
        self.step, self.tokens, self.seconds, self.stop_reason = 0, 0, 0.0, None
        self.cpu_seconds = 0.0  # processor time of this process in its own steps, which other programs disturb less
        self._prepare_weights()

    def _prepare_weights(self) -> None:
        """Optimiser and buffers: training may work on 16-bit weights, and ``model`` may show an average."""
        dtype = torch.bfloat16 if self.precision == "bfloat16" else torch.float32
        averages = self.config.average_fraction is not None
        separate = dtype != torch.float32 or averages
        self.working = twin(self.model, dtype) if separate else self.model
        self.optimizer = Optimizer(self.working, self.config, dtype)
        self.average = self.optimizer.masters.clone() if averages else self.optimizer.masters
        if separate:  # the caller's model shows the masters or their average, without a copy
            named = dict(self.model.named_parameters())
            place([named[name] for name in self.optimizer.names], self.average)

    def advance(self) -> StepRecord:
        """One step, with an evaluation after it when one is due.

        Raises:
            ValueError: when the loss stops being a number.
        """
        with denormals_flushed(self.config.flush_denormals):
            return self._check(self._step())

    def _step(self) -> StepRecord:
        """Forward, backward and update."""
        start, cpu = time.perf_counter(), time.process_time()
        inputs, targets = self._batch()
        fraction, depth = rate_fraction(self.config, self.step), depth_at(self.config, self.step)
        loss = token_loss(self.working(inputs, generator=self.dropout_generator, depth=depth), targets)
        loss.backward()
        loss = loss.item()
        if not math.isfinite(loss):  # before the update, so that the weights stay those that can be looked at
            raise Exploded(f"the loss is no longer a number at step {self.step + 1}; use a lower learning rate")
        try:
            norm = self.optimizer.step(fraction, (depth or self.layers) / self.layers)
        except ValueError as error:  # the gradient is no number: found before the update, too
            raise Exploded(str(error)) from error
        self._update_average()
        self.step += 1
        self.tokens += inputs.numel()
        self.seconds += time.perf_counter() - start
        self.cpu_seconds += time.process_time() - cpu
        rate = self.current.learning_rate * fraction
        return StepRecord(self.step, loss, rate, norm, self.seconds, self.tokens)

    def _batch(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets (B, T) of the next step. Drawn on the CPU, so that every device sees the same."""
        inputs, targets = self.objective.batch(self.sampler.next(), self.mask_generator)
        return inputs.to(self.device), targets.to(self.device)

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
            "device": self.device,
            "precision": self.precision,
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "stop_reason": self.stop_reason,
            "settings": self.settings,
            "watch": self.watch.state(),
            "explosion": self.explosion.state(),
            "train_tokens": len(self.data.train),
        }
        samplers = {f"sampler.{name}": x for name, x in self.sampler.state().items()}
        generators = {"dropout": self.dropout_generator.get_state(), "masks": self.mask_generator.get_state()}
        return tensors | samplers | generators, facts

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on where ``state`` was taken, to the last bit on a CPU; for a new trainer of the same model, data and configuration.

        Raises:
            ValueError: when the state is damaged or belongs to another run; then the trainer is of no more use.
        """
        try:
            self._check_state(tensors, facts)
            self._use_precision(facts.get("precision", self.precision))
            for name, x in self._tensors().items():
                x.copy_(tensors[name])
            self.optimizer.resume(facts["step"])
            self.sampler.restore({name: tensors[f"sampler.{name}"] for name in self.sampler.state()})
            self.mask_generator.set_state(tensors["masks"])
            if facts["device"] == self.device:
                self.dropout_generator.set_state(tensors["dropout"])
            else:  # another kind of device has another generator: as good, but not the same numbers
                self.dropout_generator.manual_seed(self.config.seed + 1 + facts["step"])
            self.watch.restore(facts["watch"])
            self.explosion.restore(facts.get("explosion", self.explosion.state()))  # an older run's state has none
            self.change(**facts["settings"])
            self.step, self.tokens, self.seconds = facts["step"], facts["tokens"], facts["seconds"]
            self.stop_reason = facts["stop_reason"]
        except (KeyError, TypeError, RuntimeError) as error:
            raise ValueError(f"the saved state of this run is damaged or incomplete ({error}); start the run again") from error

    def _use_precision(self, precision: str) -> None:
        """Go on with numbers of the size that the run began with, whatever ``auto`` comes to on this machine."""
        if precision != self.precision:
            self.precision = precision
            self._prepare_weights()

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
        if self.explosion.see(self.step, record.loss):
            self.stop_reason = EXPLODED
        elif self.step == c.steps:
            self.stop_reason = "steps"
        elif c.max_seconds is not None and self.seconds >= c.max_seconds:
            self.stop_reason = "max_seconds"
        if self.watch.due(self.step, last=self.stop_reason is not None):
            look = self.watch.look(self.model, self.step, last=self.stop_reason is not None)
            bits = bits_per_byte(look.loss, self.objective.places(self.data.val), self.data.val_bytes)
            record = replace(record, val_loss=look.loss, val_tokens=look.tokens, val_whole=look.whole, val_bits_per_byte=bits)
            if c.stop_at_val_loss is not None and look.whole and look.loss <= c.stop_at_val_loss:
                self.stop_reason = "stop_at_val_loss"
            elif self.stop_reason is None and self.watch.on_plateau:
                self.stop_reason = "plateau"
        return record


def check_growth(config: TrainConfig, model: ModelConfig) -> None:
    """``ValueError`` where layers that join later (``shallow_fraction``) would change what the model has learnt so far."""
    if config.shallow_fraction and not starts_as_identity(model):
        raise ValueError(
            "shallow_fraction needs layers that start as the identity; set zero_init, with residual connections and pre-norm"
        )


def twin(model: Transformer, dtype: torch.dtype) -> Transformer:
    """The same model with parameters and tables of its own, in ``dtype``; what does not train there does not train here."""
    other = model.rewired().to(dtype)
    for ours, theirs in zip(other.parameters(), model.parameters(), strict=True):
        ours.requires_grad_(theirs.requires_grad)
    return other
