"""A text whose stretches that stand word for word in a training text are underlined, each with where it stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from llm.interpret.memorised import Findings, Passage
from ui.components.core import pack, renderer

Place = tuple[int, int]


def marked_text(
    found: Findings,
    passage: Callable[[Place], Passage],
    where: Callable[[Passage], str],
    words: Mapping[str, Any],
    *,
    key: str,
    run: str,
    label: str,
    own: str,
    lengths: Sequence[int],
    least: int,
    start: int = 0,
    held_out: np.ndarray | None = None,
) -> None:
    """Draw the text with a slider for the shortest stretch that is marked, the shares, and the passages.

    Args:
        found: the text and what of it stands in the training text; ``start`` is its first character that counts (what stands
            before is the prompt).
        passage: the training text around a place; ``where`` names its document.
        words: texts of slider, bars, hint and table (``assets/text/en/memorised.toml``, ``[marked]``).
        run: a name of this text: another one forgets what was chosen in it.
        label: one sentence for readers who do not see the picture; ``own`` names the text's own bar.
        lengths: the shortest stretches that the slider offers, consecutive; ``least`` is the first choice.
        held_out: (len(lengths),) shares of held-out text, for comparison.
    """
    stretches = [
        {
            "words": stretch.words, "count": stretch.count, "text": found.text[stretch.start : stretch.end],
            "places": [_place(passage(place), where) for place in stretch.places],
        }
        for stretch in found.stretches
    ]  # fmt: skip
    header = {
        "name": key, "run": run, "label": label, "own": own, "words": dict(words), "segments": segments(found, start),
        "stretches": stretches, "range": [lengths[0], lengths[-1]], "least": least,
    }  # fmt: skip
    arrays = {"share": np.array([found.share(n) for n in lengths])}
    if held_out is not None:
        arrays["held"] = held_out
    renderer("stretches")(data=pack(header, **arrays), key=key)


def segments(found: Findings, start: int) -> list[dict[str, Any]]:
    """The text cut where a stretch starts or ends: each segment's text, whether it is prompt, and the stretches it is part of."""
    edges = {0, start, len(found.text), *(edge for s in found.stretches for edge in (s.start, s.end))}
    return [
        {
            "text": found.text[a:b],
            "prompt": b <= start,
            "in": [k for k, s in enumerate(found.stretches) if s.start <= a and b <= s.end],
        }
        for a, b in pairwise(sorted(edges))
    ]


def _place(passage: Passage, where: Callable[[Passage], str]) -> dict[str, str]:
    return {"where": where(passage), "before": passage.before, "found": passage.found, "after": passage.after}
