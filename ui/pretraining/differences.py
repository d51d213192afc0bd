"""What sets runs apart: the settings that are not the same in all of them, in the reader's words. Nothing here draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llm.corpora import CORPORA
from llm.runs.spec import USUAL_SIZES, RunSpec

Values = dict[str, Any]
# In the order in which they are told; what is not named here comes after them.
FIRST = ("source", "tokenizer", "vocab_size", "objective", "n_layers", "n_heads", "d_model", "context_length", "position")
SILENT = (
    "alibi_slopes", "rope_base", "norm_eps", "causal", "device", "prompt", "max_seconds", "eval_tokens", "eval_every",
    "flush_denormals",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """``same``: settings that all runs share; ``each``: for each run those that differ, in one order for all."""

    same: Values
    each: tuple[Values, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The settings that differ."""
        return tuple(self.each[0]) if self.each else ()


def values_of(spec: RunSpec) -> Values:
    """Every setting of a run under one name, defaults included; one seed stands for both. Of an uploaded model: its shape."""
    model, train, data = spec.model_config(1).to_dict(), spec.train_config().to_dict(), spec.data
    if data.kind == "upload":  # how it was trained is not known
        return {name: model[name] for name in model if name not in ("vocab_size", "seed")}
    found = {
        "source": data.label if data.kind == "text" else CORPORA[data.corpus].title,
        "tokenizer": data.tokenizer,
        "vocab_size": data.vocab_size or USUAL_SIZES.get(data.tokenizer, 0) if data.tokenizer in ("bpe", "word") else None,
        "shuffle_words": data.shuffle_words,
        **{name: value for name, value in model.items() if name not in ("vocab_size", "seed")},
        **{name: value for name, value in train.items() if name != "seed"},
        "seed": train["seed"],
    }
    if train["optimizer"] != "muon":
        found["muon_learning_rate"] = None
    order = {name: place for place, name in enumerate(FIRST)}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))


def compare(specs: Sequence[RunSpec]) -> Comparison:
    """Which settings differ between runs; of a single run none does."""
    every = [values_of(spec) for spec in specs]
    if not every:
        return Comparison({}, ())
    known = {name: value for values in sorted(every, key=len) for name, value in values.items()}  # in the order of the fullest
    fullest = max(every, key=len)
    names = [name for name in {**fullest, **known} if name not in SILENT]
    differing = [name for name in names if len({repr(values[name]) for values in every if name in values}) > 1]
    same = {name: known[name] for name in names if name not in differing}
    return Comparison(same, tuple({name: values.get(name) for name in differing} for values in every))


def said(name: str, value: Any, fields: Mapping[str, str], options: Mapping[str, str]) -> str:
    """One setting in words: ``Layers 4``, ``Positions by distance (ALiBi)``, ``no Biases``."""
    label = fields.get(name, name)
    if name == "source":
        return str(value)
    if isinstance(value, bool):
        return label if value else f"{fields['without']} {label[:1].lower()}{label[1:]}"
    if value is None:
        return f"{label}: {fields['absent']}"
    if isinstance(value, float):
        return f"{label} {value:g}"
    return f"{label} {options.get(value, value)}" if isinstance(value, str) else f"{label} {value:,}"


def chips(values: Values, fields: Mapping[str, str], options: Mapping[str, str]) -> list[str]:
    """The differing settings of one run in words."""
    return [said(name, value, fields, options) for name, value in values.items() if value is not None]
