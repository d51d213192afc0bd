"""Runs as models for the stage pages: who sees which in the menu, and which weights a step has at the moment."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping

import streamlit as st

from llm.checkpoints import Checkpoint, load_checkpoint
from llm.library import ModelInfo
from llm.runs.models import PREFIX, describe_run, find_run, is_run, model_id, weights_path
from llm.runs.store import Run
from ui import runs

FRESH = 0.5  # seconds for which one look into a run's folder serves everybody
MOST_LISTED = 30  # runs in a visitor's menu, the newest


def run_of(model: str) -> Run:
    """The run behind a model's id; ``ValueError`` when there is none (any more)."""
    if not is_run(model):
        raise ValueError(f"{model!r} is not a run")
    return find_run(model, runs.store())


def trains(model: str) -> bool:
    """Whether this is a run that has not ended. Ask before ``info``: the last weights are there before it ends."""
    try:
        return run_of(model).status().active
    except (ValueError, OSError):
        return False


def info(model: str) -> ModelInfo:
    """The run's entry as it stands now; ``ValueError``, in one sentence, when it cannot be opened (yet)."""
    return described(model, trains(model))


@st.cache_resource(show_spinner=False, ttl=FRESH, max_entries=256)
def described(model: str, active: bool) -> ModelInfo:
    """The entry, kept for a moment. What was seen of a run that trained is not given out for the run that has ended."""
    return describe_run(run_of(model))


def open_run(model: str, step: int | None) -> Checkpoint:
    """The run's weights at a step (None: the newest), read from its folder."""
    return load_checkpoint(info(model).folder, step)


def stamp(model: str, step: int | None) -> int:
    """Changes when a step's weights do (None: when there are newer ones): when their file was written."""
    try:
        return weights_path(info(model), step).stat().st_mtime_ns
    except (ValueError, OSError):
        return 0


def listed(linked: str = "") -> list[ModelInfo]:
    """The visitor's runs that can be opened, newest first, and the one that the address names: nobody else's."""
    found = []
    for run in runs.my_runs()[:MOST_LISTED]:
        with contextlib.suppress(ValueError, OSError):  # no weights yet, damaged, or deleted this moment
            found.append(info(model_id(run)))
    if is_run(linked) and linked not in {each.id for each in found}:
        with contextlib.suppress(ValueError, OSError):
            found.append(info(linked))
    return found


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Names of models by their ids, each different: a menu tells its entries apart by what they are called."""
    often = Counter(names.values())
    return {key: name if often[name] == 1 else f"{name} · {key.removeprefix(PREFIX)[:6]}" for key, name in names.items()}
