"""A sentence in a model that need not be the one on the bench: a run just trained, or both models of a comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ui import cached
from ui.state import Reading
from ui.tokens import chips


def reading_in(reading: Reading, model: Any = None, step: int | None = None) -> Reading:
    """The bench's sentence in another model.

    Args:
        model: a model's id, or a run (whose model is ``run-<id>``); None leaves the bench's model and step as they are.
        step: a snapshot's training step; None for the finished weights, or the newest.
    """
    if model is None:
        return reading
    model_id = model if isinstance(model, str) else f"run-{model.id}"
    opened, info = cached.checkpoint(model_id, step), cached.model_info(model_id)
    if step is None and info.kind == "run" and info.steps:
        step = info.steps[-1]  # what is newest now; later it will be another
    ids = opened.tokenizer.encode(reading.sentence) or opened.tokenizer.encode(info.default_text)
    limit = cached.longest_trace(model_id)
    return replace(
        reading, model_id=model_id, step=step, info=info, config=opened.config, tokenizer=opened.tokenizer,
        ids=tuple(ids[:limit]), chips=chips(opened.tokenizer, ids[:limit]), cut=opened.tokenizer.decode(ids[limit:]), notes=(),
        layer=min(reading.layer, opened.config.n_layers - 1), head=min(reading.head, opened.config.n_heads - 1),
    )  # fmt: skip
