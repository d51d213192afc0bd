"""The lines of Python that the Positions page offers to take away."""

from __future__ import annotations

from ui.snippets_home import opening
from ui.state import Reading


def sum_code(now: Reading, token: int) -> str:
    """Token vector, position vector and their sum."""
    return f"""{opening(now)}
from llm.trace import trace

t = trace(model, ids, ["embed.token", "embed.position", "embed.sum"])
row = {token}
print(t["embed.token"][row], t["embed.position"][row], t["embed.sum"][row], sep="\\n")
"""


def similarity_code(now: Reading) -> str:
    """Likeness of two places by distance."""
    return f"""{opening(now)}
from llm.interpret.positions import similarity_by_distance

print(similarity_by_distance(model, 128))
"""


def table_code(now: Reading) -> str:
    """The vectors that are added, or what acts in their place."""
    call = {
        "rope": "rotation_frequencies(model)",
        "alibi": "distance_penalties(model, 64)",
    }.get(now.config.position, "position_table(model)")
    return f"""{opening(now)}
from llm.interpret.positions import {call.split("(")[0]}

print({call})
"""


def shuffle_code(now: Reading, seed: int) -> str:
    """How far a shuffle moves the next-token probabilities, with the mask and without."""
    return f"""{opening(now)}
from llm.interpret.positions import order_matters

print(order_matters(model, ids, seed={seed}))
print(order_matters(model.rewired(causal=False), ids, seed={seed}))
"""
