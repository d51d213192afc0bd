"""Every hyperparameter of the project, as frozen dataclasses that check themselves.

A wrong value raises a ``ValueError`` whose text is one sentence that a page or a terminal can show as it is.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

# Options are named maps: the same table fills a select box and checks a configuration.
POSITIONS = {
    "learned": "a learned vector for each position (GPT-2)",
    "sinusoidal": "sine and cosine waves of many wavelengths (Vaswani et al. 2017)",
    "rope": "queries and keys turned by an angle that grows with the position (RoFormer, Su et al. 2021)",
    "alibi": "a penalty on attention that grows with distance (Press et al. 2021)",
    "none": "no position information at all",
}
NORMS = {
    "layernorm": "subtract the mean, divide by the standard deviation (Ba et al. 2016)",
    "rmsnorm": "divide by the root mean square (Zhang and Sennrich 2019)",
    "none": "no norm at all",
}
NORM_POSITIONS = {
    "pre": "norm before each sublayer (GPT-2)",
    "post": "norm after each residual addition (Vaswani et al. 2017)",
}
ACTIVATIONS = {
    "gelu": "x times the normal distribution function of x (Hendrycks and Gimpel 2016)",
    "gelu_tanh": "the tanh approximation of GELU that GPT-2 uses",
    "relu": "max(0, x)",
    "relu2": "max(0, x) squared (So et al. 2021)",
    "silu": "x times sigmoid(x), also called swish",
    "swiglu": "silu of one projection times another (Shazeer 2020)",
}


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise ValueError(sentence)


def _one_of(name: str, value: str, options: dict[str, str]) -> None:
    _require(isinstance(value, str) and value in options, f"{name} is {value!r}; choose one of {', '.join(options)}")


def _whole(name: str, value: Any, least: int) -> None:
    _require(
        isinstance(value, int) and not isinstance(value, bool) and value >= least,
        f"{name} is {value!r}; it must be a whole number of at least {least}",
    )


def _between(name: str, value: Any, low: float, high: float) -> None:
    ok = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and low <= value <= high
    _require(ok, f"{name} is {value!r}; it must be a number from {low:g} to {high:g}")


def _flag(name: str, value: Any) -> None:
    _require(isinstance(value, bool), f"{name} is {value!r}; it must be true or false")


@dataclass(frozen=True)
class ModelConfig:
    """Shape and choices of one ``Transformer``. The defaults are the textbook (GPT-2-like) model.

    The fields from ``rope_base`` on are named refinements, off by default, so that a checkpoint rebuilds exactly
    the model that was trained:

    - ``alibi_slopes``: one slope per head in place of the paper's geometric series.
    - ``qk_norm``: queries and keys divided by their root mean square before the dot product (Henry et al. 2020).
    - ``embedding_norm``: a norm (without weights) right after the embeddings.
    - ``smear``: each token's vector also gets a learned part of the previous token's embedding, channel by channel, so the
      first layer sees pairs of tokens at once (a refinement of the speed runs that follow modded-nanogpt).
    - ``zero_init``: output projections and an untied unembedding start at zero, so that a new block starts as the identity.
    - ``residual``: whether each sublayer is added to the stream (He et al. 2015); without, it takes the stream's place.
    - ``embedding_std``, ``weight_std``: spread of the initial embeddings and of the blocks' matrices (0.02 in GPT-2).
    """

    vocab_size: int
    context_length: int = 128
    n_layers: int = 4
    n_heads: int = 4
    d_model: int = 128
    d_mlp: int | None = None  # None: 4 * d_model
    position: str = "learned"
    norm: str = "layernorm"
    norm_position: str = "pre"
    activation: str = "gelu"
    tie_embeddings: bool = True
    bias: bool = True
    causal: bool = True
    dropout: float = 0.0
    seed: int = 0
    rope_base: float = 10_000.0
    norm_eps: float = 1e-5
    alibi_slopes: tuple[float, ...] | None = None
    qk_norm: bool = False
    embedding_norm: bool = False
    smear: bool = False
    zero_init: bool = False
    embedding_std: float = 0.02
    weight_std: float = 0.02
    residual: bool = True

    def __post_init__(self) -> None:
        for name in ("vocab_size", "context_length", "n_layers", "n_heads", "d_model"):
            _whole(name, getattr(self, name), 1)
        if self.d_mlp is not None:
            _whole("d_mlp", self.d_mlp, 1)
        _whole("seed", self.seed, 0)
        _one_of("position", self.position, POSITIONS)
        _one_of("norm", self.norm, NORMS)
        _one_of("norm_position", self.norm_position, NORM_POSITIONS)
        _one_of("activation", self.activation, ACTIVATIONS)
        _between("dropout", self.dropout, 0.0, 0.95)
        _between("rope_base", self.rope_base, 1.0, 1e9)
        _between("norm_eps", self.norm_eps, 1e-12, 1e-2)
        _between("embedding_std", self.embedding_std, 0.0, 10.0)
        _between("weight_std", self.weight_std, 0.0, 10.0)
        _require(
            self.d_model % self.n_heads == 0,
            f"n_heads ({self.n_heads}) must divide d_model ({self.d_model})",
        )
        _require(
            self.position != "rope" or self.d_head % 2 == 0,
            f"rope turns pairs of numbers, so the head size d_model / n_heads ({self.d_head}) must be even",
        )
        for name in ("tie_embeddings", "bias", "causal", "qk_norm", "embedding_norm", "smear", "zero_init", "residual"):
            _flag(name, getattr(self, name))
        if self.alibi_slopes is not None:
            _require(isinstance(self.alibi_slopes, (list, tuple)), "alibi_slopes must be a list of numbers")
            for slope in self.alibi_slopes:
                _between("a slope in alibi_slopes", slope, -1e3, 1e3)
            object.__setattr__(self, "alibi_slopes", tuple(float(s) for s in self.alibi_slopes))
            _require(
                len(self.alibi_slopes) == self.n_heads,
                f"alibi_slopes has {len(self.alibi_slopes)} values; it needs one for each of the {self.n_heads} heads",
            )

    @property
    def d_head(self) -> int:
        """Width of one head, ``d_model / n_heads``."""
        return self.d_model // self.n_heads

    @property
    def mlp_width(self) -> int:
        """Width of the MLP's hidden layer."""
        return 4 * self.d_model if self.d_mlp is None else self.d_mlp

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``config.json`` stores them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelConfig:
        """The configuration stored by ``to_dict``; an unknown field is a ``ValueError``, never silently dropped."""
        return _from_dict(cls, values)


@dataclass(frozen=True)
class SamplingConfig:
    """How logits become a choice. Applied in this order: repetition penalty, temperature, top-k, top-p, min-p.

    ``temperature=0`` is greedy decoding. ``repetition_penalty`` is the one of CTRL (Keskar et al. 2019), ``top_p`` is
    nucleus sampling (Holtzman et al. 2019), ``min_p`` is that of Nguyen et al. 2024.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        _between("temperature", self.temperature, 0.0, 100.0)
        if self.top_k is not None:
            _whole("top_k", self.top_k, 1)
        if self.top_p is not None:
            _between("top_p", self.top_p, 0.0, 1.0)
            _require(self.top_p > 0, "top_p is 0; it must be above 0, because at least one token has to stay")
        if self.min_p is not None:
            _between("min_p", self.min_p, 0.0, 1.0)
        _between("repetition_penalty", self.repetition_penalty, 0.01, 100.0)
        _whole("seed", self.seed, 0)


OPTIMIZERS = {
    "adamw": "AdamW for every weight (Loshchilov and Hutter 2017)",
    "muon": "Muon for the matrices inside the blocks (Jordan et al. 2024), AdamW for the rest",
}
SCHEDULES = {
    "constant": "the same rate after warm-up",
    "linear": "falls in a straight line to final_lr_fraction of the rate",
    "cosine": "falls along half a cosine to final_lr_fraction of the rate",
}
PRECISIONS = {
    "float32": "32-bit numbers throughout",
    "bfloat16": "16-bit weights and activations over 32-bit masters",
    "auto": "bfloat16 where the processor is quicker with it (it is measured), else float32",
}
OBJECTIVES = {
    "next_token": "predict each next token from those before it (GPT, Radford et al. 2018)",
    "masked_tokens": "predict hidden tokens from both sides (BERT, Devlin et al. 2018)",
}
DEVICES = {
    "cpu": "the processor",
    "cuda": "an NVIDIA (or ROCm) graphics card",
    "mps": "the graphics part of an Apple chip",
    "auto": "cuda where there is one, else mps, else cpu",
}


@dataclass(frozen=True)
class TrainConfig:
    """One training run. ``learning_rate`` is AdamW's; Muon's own rate is ``muon_learning_rate``.

    ``steps=None`` trains until another limit is met (``max_seconds``, ``stop_at_val_loss``, ``plateau_evaluations``: so many
    evaluations in a row without a lower validation loss); a falling schedule then has no end to fall towards, so the rate must
    be constant. ``mask_fraction`` is the part of the tokens that the objective ``masked_tokens`` hides.

    Named refinements, off by default:

    - ``precision``: ``bfloat16`` computes with 16-bit weights over float32 masters; ``auto`` does so where the processor is
      quicker with it and stays with float32 elsewhere.
    - ``cycle_steps``: a falling schedule falls over so many steps, and when training goes on it starts again from half the
      rate (warm restarts, Loshchilov and Hutter 2016), so it needs no number of steps to end at.
    - ``flush_denormals``: numbers below 1.2e-38 count as 0, because many processors are very slow with them.
    - ``average_fraction``: the model that is evaluated and saved is a running average of the weights over about the last
      such part of the steps (polynomial averaging, Shamir and Zhang 2013), which does at a constant rate what a falling
      rate does.
    - ``shallow_fraction``: for this part of the steps (of the first fall of the rate) only the first layer is computed and
      trained; then all of them are (progressive stacking, Gong et al. 2019). Early steps learn what one layer can hold, at a
      fraction of the price. It takes layers that start as the identity, as ``zero_init`` lets them.
    - ``document_start_fraction``: this part of each batch starts where a document starts, as a reader's prompt does.
    - ``short_window_fraction``: this part of the steps reads shorter windows, of a random length. A model that looks both ways
      has otherwise never seen a text as short as a sentence (BERT was trained so, too: Devlin et al. 2018, appendix A.2).
    - ``eval_tokens``: evaluations on the way look at about so many validation tokens, in evenly spaced windows.
    - ``explosion_steps``: training stops when so many steps in a row have a loss far above that of guessing, ln V.
    """

    steps: int | None = 1000
    batch_size: int = 16
    objective: str = "next_token"
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    muon_learning_rate: float = 0.02
    schedule: str = "cosine"
    final_lr_fraction: float = 0.1
    warmup_steps: int = 20
    weight_decay: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.99
    grad_clip: float | None = 1.0
    precision: str = "float32"
    muon_momentum: float = 0.95
    muon_weight_decay: float = 0.0
    average_fraction: float | None = None
    document_start_fraction: float = 0.0
    short_window_fraction: float = 0.0
    eval_every: int = 100
    eval_tokens: int | None = None
    max_seconds: float | None = None
    stop_at_val_loss: float | None = None
    seed: int = 0
    mask_fraction: float = 0.15
    device: str = "cpu"
    plateau_evaluations: int | None = None
    flush_denormals: bool = False
    cycle_steps: int | None = None
    explosion_steps: int | None = None
    shallow_fraction: float = 0.0

    def __post_init__(self) -> None:
        if self.steps is not None:
            _whole("steps", self.steps, 1)
        for name in ("batch_size", "eval_every"):
            _whole(name, getattr(self, name), 1)
        if self.cycle_steps is not None:
            _whole("cycle_steps", self.cycle_steps, 1)
        _whole("warmup_steps", self.warmup_steps, 0)
        _whole("seed", self.seed, 0)
        _one_of("objective", self.objective, OBJECTIVES)
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("schedule", self.schedule, SCHEDULES)
        _one_of("precision", self.precision, PRECISIONS)
        _one_of("device", self.device, DEVICES)
        _between("mask_fraction", self.mask_fraction, 0.01, 1.0)
        _between("muon_momentum", self.muon_momentum, 0.0, 0.9999)
        _between("muon_weight_decay", self.muon_weight_decay, 0.0, 10.0)
        if self.average_fraction is not None:
            _between("average_fraction", self.average_fraction, 0.001, 1.0)
        _between("document_start_fraction", self.document_start_fraction, 0.0, 1.0)
        _between("short_window_fraction", self.short_window_fraction, 0.0, 1.0)
        if self.eval_tokens is not None:
            _whole("eval_tokens", self.eval_tokens, 1)
        _between("learning_rate", self.learning_rate, 0.0, 100.0)
        _between("muon_learning_rate", self.muon_learning_rate, 0.0, 100.0)
        _between("final_lr_fraction", self.final_lr_fraction, 0.0, 1.0)
        _between("weight_decay", self.weight_decay, 0.0, 10.0)
        _between("beta1", self.beta1, 0.0, 0.9999)
        _between("beta2", self.beta2, 0.0, 0.99999)
        if self.grad_clip is not None:
            _between("grad_clip", self.grad_clip, 1e-6, 1e6)
        if self.max_seconds is not None:
            _between("max_seconds", self.max_seconds, 0.0, 1e7)
        if self.stop_at_val_loss is not None:
            _between("stop_at_val_loss", self.stop_at_val_loss, 0.0, 100.0)
        if self.plateau_evaluations is not None:
            _whole("plateau_evaluations", self.plateau_evaluations, 1)
        if self.explosion_steps is not None:
            _whole("explosion_steps", self.explosion_steps, 1)
        _between("shallow_fraction", self.shallow_fraction, 0.0, 1.0)
        _require(
            not self.shallow_fraction or self.steps is not None or self.cycle_steps is not None,
            "shallow_fraction is a part of the steps; set steps or cycle_steps",
        )
        limits = (self.steps, self.max_seconds, self.stop_at_val_loss, self.plateau_evaluations)
        ends = "steps, max_seconds, stop_at_val_loss or plateau_evaluations"
        _require(any(x is not None for x in limits), f"training needs an end: set {ends}")
        _require(
            self.steps is not None or self.cycle_steps is not None or self.schedule == "constant",
            f"a {self.schedule} schedule needs a number of steps to fall over; set steps or use the constant schedule",
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``config.json`` stores them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainConfig:
        """The configuration stored by ``to_dict``."""
        return _from_dict(cls, values)


def mean_length(length: int, short_fraction: float) -> float:
    """Tokens in a training window, on average: a short one has a random length up to the whole one."""
    return length * (1 - short_fraction) + (length + 1) / 2 * short_fraction


def _from_dict(cls: type, values: dict[str, Any]) -> Any:
    unknown = set(values) - {f.name for f in fields(cls)}
    _require(not unknown, f"{cls.__name__} has no field {', '.join(sorted(unknown))}; the file is of another version")
    return cls(**values)
