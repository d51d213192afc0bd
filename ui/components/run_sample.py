"""What a run makes of its watched sentence while it trains: text, next token, attention. All three show the same sample."""

from __future__ import annotations

from typing import Any

from llm.runs.store import Run
from ui.components.core import pack, renderer
from ui.text import load


def sample_text(run: Run, *, key: str, title: str) -> None:
    """The newest text that the model wrote, the prompt set apart; a slider goes back to its first, and takes the others along.

    Of a model that fills blanks: the sentence, with the likeliest token in its blank.
    """
    renderer("run_sample")(data=pack(_header(run, key, "sample") | {"title": title}), key=key)


def next_bars(run: Run, *, key: str, label: str) -> None:
    """The likeliest next tokens (or tokens for the blank) as bars, each with its history over the samples as a small line."""
    renderer("run_next")(data=pack(_header(run, key, "next") | {"label": label}), key=key)


def head_thumbnails(run: Run, *, key: str, label: str) -> None:
    """The attention patterns of all heads, as small pictures that form; the pointer says where a token looks most."""
    renderer("run_heads")(data=pack(_header(run, key, "heads") | {"label": label}), key=key)


def _header(run: Run, key: str, part: str) -> dict[str, Any]:
    words = load("live")
    said = words["origin"] | {name: text for name, text in words["status"].items() if isinstance(text, str)} | words[part]
    return {"name": key, "run": run.id, "model": run.title, "active": run.status().active, "words": said}
