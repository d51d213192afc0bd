"""The step budget of ``train --fast``: chosen once the data are there, and said."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace

from llm.budget import Budget, budget_for, budget_in, shallow_fraction, usual_batch
from llm.cli.options import DEFAULT_SECONDS
from llm.config import ModelConfig
from llm.data import TokenData
from llm.model import Transformer
from llm.runs.spec import RunSpec
from llm.sources import Source
from llm.training import Trainer

PROBE, WARM = 4, 2  # steps that are timed, and steps before them
SPARE = 0.95  # of the time, so that the rate has fallen before it is over


def with_budget(spec: RunSpec, args: Namespace, source: Source) -> RunSpec:
    """The run with a batch and a number of steps to fall over, where the command line names none. Says which."""
    model = spec.model_config(source.tokenizer.vocab_size)
    train = dict(spec.train)
    per_token = characters_per_token(source.data)
    target = train["stop_at_val_loss"]
    if args.steps is not None:
        found = Budget(args.steps, args.batch or usual_batch(model), shallow_fraction(model))
        why = "as asked for"
    elif target is not None:
        found = budget_for(model, target, per_token)
        why = f"for {target:g} nats per token; if it takes more, the rate falls again"
    else:
        seconds = args.max_seconds or DEFAULT_SECONDS
        found = budget_in(model, SPARE * seconds, step_seconds(spec, model, source.data), per_token)
        train["steps"], why = found.steps, f"which is what {seconds:g} seconds allow"
    if args.batch is not None:
        found = replace(found, batch_size=args.batch)
    if args.schedule == "constant":
        found = replace(found, shallow_fraction=0.0)  # a part of no number of steps
    else:
        train["schedule"] = args.schedule or "linear"
        train["cycle_steps"] = found.steps
    train["batch_size"] = found.batch_size
    train["shallow_fraction"] = found.shallow_fraction
    first = f", the first {round(found.steps * found.shallow_fraction):,} with one layer" if found.shallow_fraction else ""
    line = f"step budget: {found.steps:,} steps of {found.batch_size} windows{first}, {why}"
    print(line, file=sys.stderr if args.json else sys.stdout, flush=True)
    return replace(spec, train=train)


def characters_per_token(data: TokenData) -> float:
    """Of the validation part, in bytes of UTF-8: characters where the text is plain English."""
    return max(1, data.val_bytes) / len(data.val)


def step_seconds(spec: RunSpec, model: ModelConfig, data: TokenData) -> tuple[float, float]:
    """What a step of the usual batch takes with one layer, and with all: means of a few, with weights that are thrown away."""
    data.check(model.context_length)
    whole = _step_seconds(spec, model, data)
    return (_step_seconds(spec, replace(model, n_layers=1), data) if shallow_fraction(model) else whole), whole


def _step_seconds(spec: RunSpec, model: ModelConfig, data: TokenData) -> float:
    free = {"steps": WARM + PROBE + 1, "max_seconds": None, "stop_at_val_loss": None, "eval_every": 10**6}
    trainer = Trainer(Transformer(model), data, replace(spec.train_config(), batch_size=usual_batch(model), **free))
    seconds = [trainer.advance().seconds for _ in range(WARM + PROBE)]
    return (seconds[-1] - seconds[WARM - 1]) / PROBE
