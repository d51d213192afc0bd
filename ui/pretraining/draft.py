"""The run that the starter describes: a dictionary of plain values that the widgets change, and that becomes a ``RunSpec``.

It lives in the session under one key, not in the widgets, so that nothing is lost when a panel is closed or another page is
opened. Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from llm import presets
from llm.config import ModelConfig, TrainConfig
from llm.corpora.public import TEXTS
from llm.runs.spec import DataSpec, RunSpec
from llm.uploads import OwnText

Draft = dict[str, Any]

OWN = "own"
SOURCES = (*presets.CORPORA, *TEXTS, OWN)
DATA = ("tokenizer", "vocab_size", "shuffle_words", "data_seed", "size")
MODEL = tuple(f.name for f in fields(ModelConfig) if f.name not in ("vocab_size", "seed", "causal"))
TRAIN = tuple(f.name for f in fields(TrainConfig) if f.name != "seed")
LEARNED = ("bpe", "word")  # tokenizers whose vocabulary has a size to choose
SIZED = (
    "n_layers",
    "n_heads",
    "alibi_slopes",
    "d_model",
    "context_length",
    "learning_rate",
    "muon_learning_rate",
    "steps",
    "max_seconds",
)


def fresh(source: str = "stories", size: str = presets.DEFAULT_SIZE, own: OwnText | None = None) -> Draft:
    """Everything left as it is, for something to learn from and a size of the dial."""
    return from_spec(_preset(source, size, own), source)


def from_spec(spec: RunSpec, source: str | None = None) -> Draft:
    """The draft that a run was started from; what it does not say is at the default."""
    model, train = spec.model_config(1).to_dict(), spec.train_config().to_dict()
    data = spec.data
    return {
        "source": source or (data.corpus if data.kind == "corpus" else OWN),
        "tokenizer": data.tokenizer,
        "vocab_size": data.vocab_size,  # None: as many as is usual
        "shuffle_words": data.shuffle_words,
        "data_seed": data.seed,
        "size": data.size,
        **{name: model[name] for name in MODEL},
        **{name: train[name] for name in TRAIN},
        "seed": train["seed"],
        "prompt": spec.prompt,
        "tensorboard": spec.tensorboard,
    }


def resized(draft: Draft, size: str, own: OwnText | None = None) -> Draft:
    """The dial turned: what it sets changes, everything else stays."""
    preset = fresh(draft["source"], size, own)
    return {**draft, **{name: preset[name] for name in SIZED}}


def with_source(draft: Draft, source: str, own: OwnText | None = None) -> Draft:
    """Something else to learn from: tokenizer, sentence and what belongs to the corpus change, own choices of the rest stay."""
    size = size_of(draft) or presets.DEFAULT_SIZE
    before, after = fresh(_known(draft["source"]), size), fresh(source, size, own)
    return {
        name: after[name] if draft[name] == before[name] or name in ("source", *DATA, "prompt") else draft[name] for name in draft
    }


def with_objective(draft: Draft, objective: str) -> Draft:
    """Another objective. Hidden tokens need a vocabulary with ``[MASK]``, which ready ones do not have."""
    masked = objective == "masked_tokens"
    changed = {**draft, "objective": objective}
    if masked and draft["tokenizer"] not in (*LEARNED, "char"):
        changed |= {"tokenizer": "bpe", "vocab_size": None}
    plain, blank = fresh(_known(draft["source"]))["prompt"], presets.BLANKS.get(draft["source"], "")
    if draft["prompt"] in (plain, blank):
        changed["prompt"] = blank if masked and blank else plain
    usual = (TrainConfig.short_window_fraction, presets.MASKED_SHORT_WINDOWS)
    if draft["short_window_fraction"] in usual:
        changed["short_window_fraction"] = usual[masked]
    return changed


def size_of(draft: Draft) -> str | None:
    """The dial's position, or None when something that it sets was set otherwise."""
    for size in presets.SIZES:
        preset = fresh(_known(draft["source"]), size)
        if all(draft[name] == preset[name] for name in SIZED):
            return size
    return None


def spec_of(draft: Draft, own: OwnText | None = None) -> RunSpec:
    """What the queue is given; ``own`` is the text where one is learned from.

    Raises:
        ValueError: one sentence, for values that do not fit together or a text that is missing.
    """
    masked = draft["objective"] == "masked_tokens"
    model = {name: draft[name] for name in MODEL} | {"causal": not masked, "seed": draft["seed"]}
    train = {name: draft[name] for name in TRAIN} | {"seed": draft["seed"]}
    if draft["steps"] is None:
        train["schedule"] = "constant"
    spec = RunSpec(_data(draft), _without_defaults(model, ModelConfig), _without_defaults(train, TrainConfig),
                   prompt=draft["prompt"], tensorboard=draft["tensorboard"])  # fmt: skip
    if spec.data.kind != "text":
        return spec
    if own is None:
        raise ValueError("There is no text yet: paste one or choose a file.")
    named = {**spec.to_dict(), "data": {**spec.to_dict()["data"], "name": own.name}}
    return RunSpec.from_dict(named).with_text(own.text)


def _data(draft: Draft) -> DataSpec:
    tokenizer = draft["tokenizer"]
    values = {"tokenizer": tokenizer, "shuffle_words": draft["shuffle_words"], "seed": draft["data_seed"]}
    values["vocab_size"] = draft["vocab_size"] if tokenizer in LEARNED else None
    if draft["source"] in presets.CORPORA:
        return DataSpec(corpus=draft["source"], size=draft["size"], **values)
    return DataSpec(kind="text", corpus="", **values)


def _preset(source: str, size: str, own: OwnText | None) -> RunSpec:
    if source in presets.CORPORA:
        return presets.starter(source, size)
    if own is not None:
        spec = presets.starter_for_text(own.text, own.name, size)
        return RunSpec(spec.data, spec.model, spec.train, prompt=TEXTS[source].prompt) if source in TEXTS else spec
    return RunSpec(DataSpec(kind="text", corpus=""), presets.model_of(size), presets.train_of(size))


def _known(source: str) -> str:
    """A source that needs no text to have a preset."""
    return source if source in SOURCES else "stories"


def _without_defaults(values: Mapping[str, Any], cls: type) -> dict[str, Any]:
    """What differs from the class's own defaults: short specs, and equal ones for equal runs."""
    defaults = {f.name: f.default for f in fields(cls)}
    return {name: value for name, value in values.items() if value != defaults[name]}


def likely_vocabulary(draft: Draft) -> int:
    """How many tokens the run's vocabulary will have, as far as the settings say."""
    return _data(draft).likely_vocabulary()
