"""The lines of PyTorch that make one number of the trace again. A test runs them for every kind of number."""

from __future__ import annotations

from llm.config import ModelConfig
from llm.interpret.origin_parts import Origin, made_by, summands
from ui.state import Reading

_ACTIVATIONS = {
    "gelu": "F.gelu(pre)",
    "gelu_tanh": 'F.gelu(pre, approximate="tanh")',
    "relu": "F.relu(pre)",
    "relu2": "F.relu(pre) ** 2",
    "silu": "F.silu(pre)",
}

_CHANGED = ("causal", "n_layers")


def code(now: Reading, found: Origin, config: ModelConfig) -> str:
    """Open the model, trace the sentence, and make the number from what came before it. ``config`` is that of the trace."""
    changes = [f"{name}={getattr(config, name)}" for name in _CHANGED if getattr(config, name) != getattr(now.config, name)]
    rewired = f"model = model.rewired({', '.join(changes)})  # not trained so\n" if changes else ""
    return f"""import torch
import torch.nn.functional as F
from llm.library import open_model
from llm.trace import trace

opened = open_model({now.model_id!r}, {now.step!r})
model, tokenizer = opened.model, opened.tokenizer
{rewired}ids = tokenizer.encode({now.sentence!r})[:{len(now.ids)}]
{_hidden(now)}t = {{name: torch.tensor(array) for name, array in trace(model, ids).items()}}

{lines(config, found)}
print(float(y), "trace:", float(t[{found.point!r}][{", ".join(map(str, found.index))}]))
"""


def _hidden(now: Reading) -> str:
    """Tokens that were put in for those of the sentence: a blank."""
    typed = now.tokenizer.encode(now.sentence)
    other = [(t, found) for t, (found, own) in enumerate(zip(now.ids, typed, strict=False)) if found != own]
    return "".join(f"ids[{t}] = {found}  # {now.tokenizer.token_text(found)!r}\n" for t, found in other)


def lines(config: ModelConfig, found: Origin) -> str:
    """Lines that leave the number in ``y``; ``model``, ``ids`` and the tensors ``t`` of the trace are there. Counted from 0."""
    layer, name = made_by(config, found.point)
    return _WRITERS[name](config, layer, name, found.index)


def _at(layer: int, name: str) -> str:
    return f't["blocks.{layer}.{name}"]'


def _read(config: ModelConfig, layer: int, norm: str, stream: str, position: int) -> str:
    return f"x = {_at(layer, norm if config.norm_position == 'pre' else stream)}[{position}]"


def _embedding(config: ModelConfig, layer: int, name: str, index) -> str:
    return f"y = model.token_embedding.weight[ids[{index[0]}], {index[1]}]"


def _position(config: ModelConfig, layer: int, name: str, index) -> str:
    position, channel = index
    if config.position == "learned":
        return f"y = model.position_embedding.weight[{position}, {channel}]"
    if config.position != "sinusoidal":
        return "y = 0.0  # this model adds no position vector"
    angle = f"torch.tensor({position} / 10_000 ** ({channel - channel % 2} / {config.d_model}))"
    return f"y = torch.{'cos' if channel % 2 else 'sin'}({angle})"


def _smear(config: ModelConfig, layer: int, name: str, index) -> str:
    before = f't["embed.token"][{index[0] - 1}, {index[1]}]' if index[0] else "0.0  # nothing stands before the first token"
    return f"y = model.smear[{index[1]}] * {before}"


def _summed(config: ModelConfig, layer: int, name: str, index) -> str:
    points, place = summands(config, layer, name), f"[{index[0]}, {index[1]}]"
    if len(points) <= 3:
        return "y = " + " + ".join(f't["{point}"]{place}' for point in points)
    return f"""y = t["{points[0]}"]{place}
for layer in range({layer}):
    y = y + t[f"blocks.{{layer}}.attn.out"]{place} + t[f"blocks.{{layer}}.mlp.out"]{place}"""


def _norm(config: ModelConfig, layer: int, name: str, index) -> str:
    position, channel = index
    if name == "final_norm":
        x, norm = f't["blocks.{config.n_layers - 1}.resid_post"][{position}]', "model.final_norm"
    else:
        stream, part = ("resid_pre", "attn.out") if name == "norm1" else ("resid_mid", "mlp.out")
        x, norm = f"{_at(layer, stream)}[{position}]", f"model.blocks[{layer}].{name}"
        if config.norm_position == "post":
            x = f"{x} + {_at(layer, part)}[{position}]" if config.residual else f"{_at(layer, part)}[{position}]"
    if config.norm == "none":
        return f"x = {x}  # this model has no norms\ny = x[{channel}]"
    centred = "(x - x.mean())" if config.norm == "layernorm" else "x"
    shift = f" + norm.bias[{channel}]" if config.bias and config.norm == "layernorm" else ""
    return f"""x, norm = {x}, {norm}
d = {centred}
spread = (d.square().mean() + norm.eps).sqrt()
y = d[{channel}] / spread * norm.weight[{channel}]{shift}"""


def _embedding_norm(config: ModelConfig, layer: int, name: str, index) -> str:
    return f'x = t["embed.sum"][{index[0]}]\nd = x - x.mean()\ny = d[{index[1]}] / (d.square().mean() + 1e-5).sqrt()'


def _qkv(config: ModelConfig, layer: int, name: str, index) -> str:
    head, position, channel = index
    part, letter = "qkv".index(name[-1]), name[-1]
    first = part * config.d_model + head * config.d_head
    rows = f"{first}:{first + config.d_head}"
    bias = f" + qkv.bias[{rows}]" if config.bias else ""
    made = [_read(config, layer, "norm1", "resid_pre", position), f"qkv = model.blocks[{layer}].attn.qkv",
            f"{letter} = qkv.weight[{rows}] @ x{bias}"]  # fmt: skip
    if part < 2 and config.qk_norm:
        made.append(f"{letter} = {letter} / ({letter}.square().mean() + {config.norm_eps}).sqrt()")
    if part < 2 and config.position == "rope":
        made.append(f"cos, sin = model.rotations[:, {position}, {channel // 2}]")
        even, odd = f"{letter}[{channel - channel % 2}]", f"{letter}[{channel - channel % 2 + 1}]"
        made.append(f"y = {even} * sin + {odd} * cos" if channel % 2 else f"y = {even} * cos - {odd} * sin")
    else:
        made.append(f"y = {letter}[{channel}]")
    return "\n".join(made)


def _scores(config: ModelConfig, layer: int, name: str, index) -> str:
    head, row, column = index
    last = f"y = scores.softmax(-1)[{column}]" if name == "attn.pattern" else f"y = scores[{column}]"
    return f"""q, k = {_at(layer, "attn.q")}[{head}, {row}], {_at(layer, "attn.k")}[{head}]
scores = k @ q / len(q) ** 0.5
scores = scores + model.attention_bias[{head if config.position == "alibi" else 0}, {row}, : len(k)]  # mask, and ALiBi
{last}"""


def _z(config: ModelConfig, layer: int, name: str, index) -> str:
    head, row, channel = index
    return f"y = {_at(layer, 'attn.pattern')}[{head}, {row}] @ {_at(layer, 'attn.v')}[{head}, :, {channel}]"


def _head_out(config: ModelConfig, layer: int, name: str, index) -> str:
    head, position, channel = index
    columns = f"{head * config.d_head}:{(head + 1) * config.d_head}"
    return f"y = {_at(layer, 'attn.z')}[{head}, {position}] @ model.blocks[{layer}].attn.out.weight[{channel}, {columns}]"


def _attention_out(config: ModelConfig, layer: int, name: str, index) -> str:
    bias = f" + out.bias[{index[1]}]" if config.bias else ""
    return f"""z = {_at(layer, "attn.z")}[:, {index[0]}].reshape(-1)  # the heads side by side
out = model.blocks[{layer}].attn.out
y = out.weight[{index[1]}] @ z{bias}"""


def _pre(config: ModelConfig, layer: int, name: str, index) -> str:
    part = "gate" if name == "mlp.gate" else "up"
    bias = f" + mlp.{part}.bias[{index[1]}]" if config.bias else ""
    read = _read(config, layer, "norm2", "resid_mid", index[0])
    return f"{read}\nmlp = model.blocks[{layer}].mlp\ny = mlp.{part}.weight[{index[1]}] @ x{bias}"


def _post(config: ModelConfig, layer: int, name: str, index) -> str:
    made = _pre(config, layer, "mlp.pre", index).replace("y = ", "pre = ")
    if config.activation != "swiglu":
        return f"{made}\ny = {_ACTIVATIONS[config.activation]}"
    bias = f" + mlp.gate.bias[{index[1]}]" if config.bias else ""
    return f"{made}\ngate = mlp.gate.weight[{index[1]}] @ x{bias}\ny = F.silu(gate) * pre"


def _mlp_out(config: ModelConfig, layer: int, name: str, index) -> str:
    bias = f" + down.bias[{index[1]}]" if config.bias else ""
    return f"down = model.blocks[{layer}].mlp.down\ny = down.weight[{index[1]}] @ {_at(layer, 'mlp.post')}[{index[0]}]{bias}"


def _logits(config: ModelConfig, layer: int, name: str, index) -> str:
    return f'y = model.unembedding[{index[1]}] @ t["final_norm"][{index[0]}]'


_WRITERS = {
    "embed.token": _embedding,
    "embed.position": _position,
    "embed.smear": _smear,
    "embed.sum": _summed,
    "embed.norm": _embedding_norm,
    "resid_pre": _summed,
    "norm1": _norm,
    "attn.q": _qkv,
    "attn.k": _qkv,
    "attn.v": _qkv,
    "attn.scores": _scores,
    "attn.pattern": _scores,
    "attn.z": _z,
    "attn.head_out": _head_out,
    "attn.out": _attention_out,
    "resid_mid": _summed,
    "norm2": _norm,
    "mlp.pre": _pre,
    "mlp.gate": _pre,
    "mlp.post": _post,
    "mlp.out": _mlp_out,
    "resid_post": _summed,
    "final_norm": _norm,
    "logits": _logits,
}
