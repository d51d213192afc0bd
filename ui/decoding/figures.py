"""What the Decoding page's components draw, from plain numbers: the tree's branches, bytes in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from llm.decoding import TreeNode
from ui.components.tree import Branch


def branches(nodes: Sequence[TreeNode], text_of: Callable[[int], str], most_left: int) -> tuple[list[Branch], int]:
    """The tree to draw, and how many candidates it leaves out.

    All that a strategy went on from is kept, and of the others the ``most_left`` most probable after each token. Children
    stand by falling probability.
    """
    children: list[list[int]] = [[] for _ in nodes]
    for i, node in enumerate(nodes[1:], start=1):
        children[node.parent].append(i)
    drawn = [Branch(-1, 0, -1, "", 1.0, 0.0, (), ())]

    def add(i: int, place: int) -> None:
        left = 0
        for child in sorted(children[i], key=lambda c: -nodes[c].probability):
            node = nodes[child]
            left += not node.kept_by
            if not node.kept_by and left > most_left:
                continue
            total = drawn[place].total + math.log(max(node.probability, 1e-300))
            drawn.append(
                Branch(
                    parent=place,
                    depth=node.depth,
                    id=node.token_id,
                    text=text_of(node.token_id),
                    p=node.probability,
                    total=total,
                    taken=node.taken_by,
                    kept=node.kept_by,
                )
            )
            add(child, len(drawn) - 1)

    add(0, 0)
    return drawn, len(nodes) - len(drawn)


def size(count: float) -> str:
    """Bytes with the unit that fits: 512 B, 16.4 kB, 2.10 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5 or unit == "GB":
            break
        count /= 1000
    places = 0 if unit == "B" or count >= 99.95 else 1 if count >= 9.995 else 2
    return f"{count:.{places}f} {unit}"
