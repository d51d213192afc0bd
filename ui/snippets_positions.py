"""The lines of Python that the Positions page offers to take away."""

from __future__ import annotations

from collections.abc import Sequence

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
    """Likeness of two places by distance, and attention by distance."""
    return f"""{opening(now)}
import numpy as np
from llm.interpret.positions import attention_by_distance, similarity_by_distance
from llm.trace import trace

print(similarity_by_distance(model, 128))
names = [f"blocks.{{i}}.attn.pattern" for i in range(model.config.n_layers)]
t = trace(model, ids, names)
print(attention_by_distance(np.stack([t[name] for name in names])))
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


def without_code(model_ids: Sequence[str], sentence: str) -> str:
    """The loss of each model of the family, as its card holds it, and its most probable continuation."""
    return f"""from llm.config import SamplingConfig
from llm.decoding import generate
from llm.library import open_model

for name in {list(model_ids)!r}:
    opened = open_model(name)
    tokenizer = opened.tokenizer
    ids = tokenizer.encode({sentence!r})[: opened.config.context_length]
    steps = generate(opened.model, ids, SamplingConfig(temperature=0), 24, stop_ids=[tokenizer.special["<|end|>"]])
    text = tokenizer.decode([step.token_id for step in steps if step.token_id != tokenizer.special["<|end|>"]])
    print(name, round(float(opened.meta["val_loss"]), 3), text)
"""


def gone_code(now: Reading, position: int) -> str:
    """The next token's probabilities, and those with every token at the same place."""
    return f"""{opening(now)}
from llm.interpret.comparison import probabilities
from llm.interpret.positions import placeless
from llm.trace import trace

other, edit = placeless(model)
before = probabilities(trace(model, ids, ["logits"])["logits"][{position}])
after = probabilities(trace(other, ids, ["logits"], edit=edit)["logits"][{position}])
for i in before.argsort()[::-1][:8]:
    print(repr(tokenizer.token_text(int(i))), before[i], after[i])
"""
