"""A text being written, token by token, with the candidates of each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from ui.components.core import renderer


@dataclass(frozen=True)
class Written:
    """One generated token: its text in the story and on a bar, its probability, and the top candidates."""

    text: str
    shown: str
    probability: float
    candidates: tuple[tuple[str, float], ...]


def story(prompt: str, steps: Sequence[Written], words: Mapping[str, str], *, run: str, play: bool, key: str) -> bool:
    """Draw the text; True in the run in which the reader asked for another continuation.

    ``run`` names this text and continuation: a new one starts from the prompt, and plays at once with ``play``.
    """
    data = {"prompt": prompt, "steps": [asdict(step) for step in steps], "words": dict(words), "run": run, "play": play}
    return bool(renderer("story")(data=data, key=key, on_another_change=lambda: None).another)
