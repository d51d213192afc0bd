"""Continuations of one prefix as a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ui.components.core import linked, pack, renderer


@dataclass(frozen=True)
class Branch:
    """One token of the tree. Node 0 is the prefix; every other one comes after its parent.

    ``p`` is the model's own probability, ``total`` the log-probability of the branch up to here, ``taken`` names the strategies
    whose text it is part of, ``kept`` those that went on from it; without any it was looked at and left. ``draw`` is the random
    number that chose it, and the edges of its piece on the bar of all that could be drawn there, from 0 to 1.
    """

    parent: int
    depth: int
    id: int
    text: str
    p: float
    total: float
    taken: tuple[str, ...]
    kept: tuple[str, ...]
    draw: tuple[float, float, float] | None = None


def decode_tree_view(
    nodes: Sequence[Branch], *, key: str, label: str, words: Mapping[str, Any], sentence: str | None = None
) -> None:
    """Draw the tree. The branch that the reader takes up is left in ``st.session_state[key]["act"]``.

    Args:
        words: "hint", "words" (what a node says, with {text}, {product}, {p}, {total}, {by}), "draw" ({u}, {low}, {high}),
            "root", "by" (strategy -> name), "kept", "cut", and "header", the columns of the table.
        sentence: tokens light up wherever else this sentence (``Reading.scope``) is shown.
    """
    header = {**words, "nodes": [asdict(node) for node in nodes], "label": label, "name": "decoding-tree", **linked(sentence)}
    renderer("tree")(data=pack(header), key=key, default={"act": None}, on_act_change=lambda: None)
