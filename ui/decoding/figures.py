"""What the Decoding page's components draw, from plain numbers: the tree's branches, bytes in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

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


def with_ways(
    drawn: list[Branch],
    ways: Sequence[Sequence[int]],
    probabilities: Sequence[Sequence[float]],
    text_of: Callable[[int], str],
    name: str,
) -> list[Branch]:
    """The tree with ways that the reader has gone before: new branches, or marks on those that are there.

    ``probabilities`` are the model's own of each token of each way; ``name`` stands in ``taken`` and ``kept`` of all of them.
    """
    made = list(drawn)
    for ids, chances in zip(ways, probabilities, strict=True):
        place = 0
        for token_id, p in zip(ids, chances, strict=True):
            known = next((i for i, branch in enumerate(made) if branch.parent == place and branch.id == token_id), None)
            if known is None:
                total = made[place].total + math.log(max(p, 1e-300))
                made.append(Branch(place, made[place].depth + 1, token_id, text_of(token_id), p, total, (name,), (name,)))
                known = len(made) - 1
            elif name not in made[known].taken:
                branch = made[known]
                made[known] = replace(branch, taken=(*branch.taken, name), kept=(*branch.kept, name))
            place = known
    return made


def size(count: float) -> str:
    """Bytes with the unit that fits: 512 B, 16.4 kB, 2.10 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5 or unit == "GB":
            break
        count /= 1000
    places = 0 if unit == "B" or count >= 99.95 else 1 if count >= 9.995 else 2
    return f"{count:.{places}f} {unit}"
