"""The lines of Python that the Attention page offers to take away. Each prints the numbers on the screen."""

from __future__ import annotations

from collections.abc import Collection

from ui.state import Reading


def opening(now: Reading) -> str:
    """Open the model on the bench and encode its sentence."""
    return f"""from llm.library import open_model

opened = open_model({now.model_id!r}, {now.step!r})
model, tokenizer = opened.model, opened.tokenizer
ids = tokenizer.encode({now.sentence!r})[:{len(now.ids)}]
"""


def cell_code(now: Reading, cell: tuple[int, int], causal: bool) -> str:
    """One weight from the two vectors that made it."""
    rewired = "" if causal == now.config.causal else f"model = model.rewired(causal={causal})  # not trained so\n"
    row, column = cell
    return f"""{opening(now)}{rewired}
import numpy as np
from llm.trace import trace

t = trace(model, ids)
layer, head, row, column = {now.layer}, {now.head}, {row}, {column}  # counted from 0
q = t[f"blocks.{{layer}}.attn.q"][head, row]
k = t[f"blocks.{{layer}}.attn.k"][head, column]
scores = t[f"blocks.{{layer}}.attn.scores"][head, row]  # q·k / √D, position bias, mask
weights = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
print("q · k =", q @ k, " / sqrt(D) =", q @ k / len(q) ** 0.5)
print("weight =", weights[column], "trace:", t[f"blocks.{{layer}}.attn.pattern"][head, row, column])
"""


def without_code(now: Reading, heads: Collection[tuple[int, int]], position: int) -> str:
    """Next-token probabilities and the sentence's loss with and without heads."""
    return f"""{opening(now)}
from llm.interpret import ablation
from llm.interpret.comparison import probabilities, text_loss
from llm.trace import trace

off = ablation(heads={sorted(heads)!r})  # (layer, head), counted from 0
before = probabilities(trace(model, ids, ["logits"])["logits"][{position}])
after = probabilities(trace(model, ids, ["logits"], edit=off)["logits"][{position}])
for i in before.argsort()[::-1][:8]:
    print(repr(tokenizer.token_text(int(i))), before[i], after[i])
mask_id = tokenizer.special.get("[MASK]")
print("loss", text_loss(model, ids, mask_id=mask_id), text_loss(model, ids, edit=off, mask_id=mask_id))
"""


def heads_code(now: Reading) -> str:
    """The measured scores of every head."""
    return f"""{opening(now)}
from llm.interpret.detectors import head_scores, label
from llm.interpret.held_out import detector_text, held_out, mark_ids, ordinary_ids
from llm.library import find_model

info = find_model({now.model_id!r})
windows = held_out(info, tokenizer)
text, ordinary = detector_text(windows, tokenizer, model.config), ordinary_ids(windows, tokenizer)
scores = head_scores(model, text, ordinary, mark_ids=mark_ids(tokenizer, text))
for layer in range(model.config.n_layers):
    print(layer, [label(scores, layer, head) for head in range(model.config.n_heads)])
"""
