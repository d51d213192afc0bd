"""The lines of Python that the Layers page offers to take away. Each prints the numbers on the screen."""

from __future__ import annotations

from ui.cached_layers import Change
from ui.state import Reading


def opening(now: Reading) -> str:
    """Open the model on the bench, encode its sentence, run it once."""
    return f"""from llm.library import open_model
from llm.trace import trace

opened = open_model({now.model_id!r}, {now.step!r})
model, tokenizer = opened.model, opened.tokenizer
ids = tokenizer.encode({now.sentence!r})[:{len(now.ids)}]
t = trace(model, ids)
"""


def road_code(now: Reading, position: int) -> str:
    """Sizes along the stream, and the guess at each station."""
    return f"""{opening(now)}
from llm.interpret.lens import logit_lens_top, stream_points
from llm.interpret.stream import stations

position = {position}  # counted from 0
top = logit_lens_top(model, t, 3, points=stream_points(model.config, halves=True), positions=[position])
for station, best, chances in zip(stations(t, position), top.ids[:, 0], top.probabilities[:, 0]):
    guesses = [(tokenizer.token_text(int(i)), p) for i, p in zip(best, chances)]
    print(station.point, station.size, station.added, station.share, guesses)
"""


def score_code(now: Reading, position: int, token_id: int, against: int | None) -> str:
    """The score as a sum, and the model's own."""
    other = "" if against is None else f", against={against}"
    return f"""{opening(now)}
from llm.interpret.attribution import logit_attribution

made = logit_attribution(model, t, {token_id}, {position}{other})  # token id, position counted from 0
for part in made.parts:
    print(part.name, part.value)
print("sum", made.total, "model", made.logit)
"""


def lens_code(now: Reading) -> str:
    """The most probable token of each position after each layer."""
    return f"""{opening(now)}
from llm.interpret.lens import logit_lens_top

top = logit_lens_top(model, t, 1)
for point, best, chances in zip(top.points, top.ids[..., 0], top.probabilities[..., 0]):
    print(point, [(tokenizer.token_text(int(i)), p) for i, p in zip(best, chances)])
"""


def norm_code(now: Reading, position: int, point: str) -> str:
    """A norm by hand, and what the trace recorded."""
    return f"""{opening(now)}
from llm.interpret.norms import norm_steps

n = norm_steps(model, t, {point!r}, {position})  # position counted from 0
print("mean", n.mean, "variance", n.variance, "spread", n.spread)
by_hand = n.centred / n.spread * n.scale + n.shift
print("largest difference to the trace", abs(by_hand - t[{point!r}][{position}]).max())
"""


def heads_code(now: Reading, position: int) -> str:
    """Heads side by side, through the output matrix."""
    return f"""{opening(now)}
import numpy as np

layer, position = {now.layer}, {position}  # counted from 0
z = t[f"blocks.{{layer}}.attn.z"][:, position].reshape(-1)  # the heads side by side
out = model.blocks[layer].attn.out
added = out.weight.detach().numpy() @ z + (0 if out.bias is None else out.bias.detach().numpy())
print("size", np.linalg.norm(added))
print("largest difference to the trace", abs(added - t[f"blocks.{{layer}}.attn.out"][position]).max())
"""


def neurons_code(now: Reading, position: int, neuron: int) -> str:
    """The strongest neurons, and what one of them raises and lowers."""
    return f"""{opening(now)}
from llm.interpret.attribution import neuron_attribution
from llm.interpret.neurons import neuron_logit_effect

layer, position, neuron = {now.layer}, {position}, {neuron}  # counted from 0; the screen counts neurons from 1
post = t[f"blocks.{{layer}}.mlp.post"][position]
adds, bias = neuron_attribution(model, t, layer, int(t["logits"][position].argmax()), position)
for i in abs(post).argsort()[::-1][:12]:
    print(i, post[i], adds[i])
effect = neuron_logit_effect(model, layer, neuron)
print("raises", [(tokenizer.token_text(int(i)), v) for i, v in zip(effect.raised, effect.raised_by)])
print("lowers", [(tokenizer.token_text(int(i)), v) for i, v in zip(effect.lowered, effect.lowered_by)])
"""


def activation_code(now: Reading, position: int) -> str:
    """The numbers before and after the activation."""
    point = "gate" if now.config.activation == "swiglu" else "pre"
    return f"""{opening(now)}
from llm.interpret.activations import activation_curve

before = t["blocks.{now.layer}.mlp.{point}"][{position}]
after = activation_curve({now.config.activation!r}, before)
print((before < 0).sum(), "below zero;", before.max(), "becomes", after[before.argmax()])
"""


def numbers_code(now: Reading, point: str, head: int | None) -> str:
    """One array of the trace."""
    inside = "" if head is None else f"[{head}]  # head counted from 0"
    return f"""{opening(now)}
numbers = t[{point!r}]{inside}
print(numbers.shape)
print(numbers)
"""


def break_code(now: Reading, position: int, change: Change) -> str:
    """Next token and loss with one change."""
    if change.kind == "attention":
        heads = [(layer, head) for layer in change.layers for head in range(now.config.n_heads)]
        edit = f"from llm.interpret import ablation\n\nedit = ablation(heads={heads!r})"
    elif change.kind == "mlp":
        edit = f"from llm.interpret import ablation\n\nedit = ablation(mlps={list(change.layers)!r})"
    else:
        edit = (
            "from llm.interpret.activations import replaced_activation\n\n"
            f"edit = replaced_activation({change.kind!r}, {list(change.layers)!r})"
        )
    return f"""{opening(now)}
from llm.interpret.comparison import probabilities, text_loss
{edit}  # layers count from 0
after = probabilities(trace(model, ids, ["logits"], edit=edit)["logits"][{position}])
for i in after.argsort()[::-1][:8]:
    print(repr(tokenizer.token_text(int(i))), after[i])
print("loss", text_loss(model, ids, edit=edit, mask_id=tokenizer.special.get("[MASK]")))
"""
