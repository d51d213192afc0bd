"""How much one run, and all of them together, may take. Set by the environment, shown on the page, checked by the server."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from llm.runs.spec import TOKENIZERS

if TYPE_CHECKING:
    from llm.config import ModelConfig, TrainConfig
    from llm.runs.spec import RunSpec

MINUTE = 60


def cores_but_one() -> int:
    """One is left to those who look."""
    return max(1, (os.cpu_count() or 2) - 1)


@dataclass(frozen=True)
class Limits:
    """The most that a visitor's run may have; ``from_environment`` reads other values.

    ``bytes`` is for all runs together: the oldest finished ones that nobody keeps are removed beyond it. ``memory`` is that of
    one training process, in bytes; ``upload`` the size of one uploaded file; ``sweep`` the runs that a visitor may queue at
    once, ``at_once`` those that train at the same time; after ``pause`` seconds a paused run makes room for others, and after
    ``explosion`` steps in a row that are far above guessing an exploded one does.
    """

    parameters: int = 5_000_000
    steps: int = 20_000
    seconds: float = 10 * MINUTE
    text_characters: int = 5_000_000
    memory: int = 2 * 10**9
    upload: int = 100 * 10**6
    bytes: int = 5 * 10**9
    sweep: int = 25
    pause: float = 10 * MINUTE
    explosion: int = 60
    at_once: int = field(default_factory=cores_but_one)

    @classmethod
    def from_environment(cls) -> Limits:
        """The limits with what GLASSFORMER_MAX_PARAMETERS, _STEPS, _MINUTES, _CHARACTERS, _MEMORY_MB, _UPLOAD_MB, _DISK_MB,
        _SWEEP, _PAUSE_MINUTES, _EXPLOSION_STEPS and _AT_ONCE say instead.

        Raises:
            ValueError: when one of them is not a number above 0.
        """
        usual = cls()
        return cls(
            parameters=int(_read("PARAMETERS", usual.parameters)),
            steps=int(_read("STEPS", usual.steps)),
            seconds=MINUTE * _read("MINUTES", usual.seconds / MINUTE),
            text_characters=int(_read("CHARACTERS", usual.text_characters)),
            memory=int(1e6 * _read("MEMORY_MB", usual.memory / 1e6)),
            upload=int(1e6 * _read("UPLOAD_MB", usual.upload / 1e6)),
            bytes=int(1e6 * _read("DISK_MB", usual.bytes / 1e6)),
            sweep=int(_read("SWEEP", usual.sweep)),
            pause=MINUTE * _read("PAUSE_MINUTES", usual.pause / MINUTE),
            explosion=int(_read("EXPLOSION_STEPS", usual.explosion)),
            at_once=max(1, int(_read("AT_ONCE", usual.at_once))),
        )

    def check(self, spec: RunSpec) -> None:
        """``ValueError``, in one sentence, when the run is more than allowed."""
        known = ", ".join(TOKENIZERS)
        _require(spec.data.tokenizer in TOKENIZERS, f"the tokenizer is {spec.data.tokenizer!r}; choose one of {known}")
        check_tensorboard(spec)
        most = self.text_characters
        size = spec.data.size or 0
        _require(size <= most, f"the corpus has {size:,} characters; at most {most:,} are trained on here")
        train = spec.train_config()
        steps = train.steps or 0
        _require(steps <= self.steps, f"the run has {steps:,} steps; at most {self.steps:,} are allowed here")
        self.check_model(spec.model_config(spec.data.likely_vocabulary()), train)

    def check_model(self, model: ModelConfig, train: TrainConfig) -> None:
        """The same for a model whose vocabulary is known."""
        from llm.cost import count_parameters  # PyTorch comes with it

        count = count_parameters(model)
        _require(count <= self.parameters, f"the model has {count:,} parameters; at most {self.parameters:,} are allowed here")
        needed, most = step_memory(model, train.batch_size, count), self.memory
        advice = "make the batch, the context or the model smaller"
        _require(
            needed <= most, f"a step would need {needed / 1e6:,.0f} MB of memory; at most {most / 1e6:,.0f} are allowed; {advice}"
        )


def check_tensorboard(spec: RunSpec) -> None:
    """``ValueError`` when a run asks for TensorBoard's files and its writer is not installed."""
    if spec.tensorboard and not has_tensorboard():
        raise ValueError("TensorBoard is not installed here; install it with pip install tensorboard, or switch it off")


def has_tensorboard() -> bool:
    """Whether the package is there. It is not among the requirements: 55 MB for files that only TensorBoard itself can show."""
    return find_spec("tensorboard") is not None


def step_memory(model: ModelConfig, batch_size: int, parameters: int) -> int:
    """About how many bytes one training step holds at once: weights with what the optimiser keeps, and activations."""
    B, T, C, F, H = batch_size, model.context_length, model.d_model, model.mlp_width, model.n_heads
    block = B * T * (10 * C + 3 * F) + 3 * B * H * T * T
    logits = 3 * B * T * model.vocab_size
    return 4 * (6 * parameters + model.n_layers * block + logits)


def _read(name: str, usual: float) -> float:
    text = os.environ.get(f"GLASSFORMER_MAX_{name}", "").strip()
    if not text:
        return usual
    try:
        value = float(text.replace("_", ""))
    except ValueError:
        value = 0.0
    _require(0 < value < 1e18, f"GLASSFORMER_MAX_{name} is {text!r}; it must be a number above 0")
    return value


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise ValueError(sentence)
