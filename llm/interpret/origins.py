"""What made this number? For any cell of any array of a trace: the vectors that met, their products, and every step to the cell.

Legend as in ``llm.model``. All arithmetic is float64 on the trace's and the model's own float32 numbers, so that the last step
equals the trace's cell to rounding; tests hold it to 1e-4 for every point and kind of model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from llm.interpret.norms import norm_at
from llm.interpret.origin_parts import Factor, Index, Origin, Place, Source, Step, made_by, number, numbers, summands
from llm.model import Transformer, activate, alibi_slopes
from llm.trace import Trace


def origin(model: Transformer, trace: Trace, point: str, index: Index) -> Origin:
    """Where ``trace[point][index]`` comes from.

    Raises:
        ValueError: for an index outside the array, ``KeyError`` for a point that the trace does not have.
    """
    array = trace[point]
    if len(index) != array.ndim or any(not 0 <= i < size for i, size in zip(index, array.shape, strict=True)):
        raise ValueError(f"{point} has shape {array.shape}; there is no cell {index}")
    layer, name = made_by(trace.config, point)
    made = _MAKERS[name](Place(model, trace, f"blocks.{layer}.{name}" if layer >= 0 else name, name, layer, index))
    return replace(made, point=point, index=index, value=float(array[index]))


def _dot(place: Place, left: Factor, right: Factor, axis: str = "channel", bias: float | None = None) -> Origin:
    """A sum of products, and the bias where there is one."""
    terms = left.values * right.values
    steps = [Step("sum", float(terms.sum()), {"n": len(terms)})]
    if bias is not None:
        steps.append(Step("bias", steps[0].value + bias, {"bias": bias}))
    return place.made([left, right], terms, axis, steps)


def _linear(place: Place, left: Factor, layer, row: int, axis: str = "channel") -> Origin:
    """One output of a linear layer: the input times one row of weights."""
    bias = None if layer.bias is None else number(layer.bias[row])
    return _dot(place, left, Factor("weights", numbers(layer.weight[row])), axis, bias)


# --- embeddings


def _token(place: Place) -> Origin:
    position, channel = place.index
    row = numbers(place.model.token_embedding.weight[place.trace.ids[position]])
    number = {"id": place.trace.ids[position], "channel": channel}
    return place.made([Factor("row", row)], steps=[Step("lookup", float(row[channel]), number)], marked=channel)


def _position(place: Place) -> Origin:
    (position, channel), config = place.index, place.trace.config
    if config.position == "learned":
        row = numbers(place.model.position_embedding.weight[position])
        steps = [Step("lookup_position", float(row[channel]), {"position": position, "channel": channel})]
        return place.made([Factor("position_row", row)], steps=steps, marked=channel)
    if config.position != "sinusoidal":
        return place.made(steps=[Step("no_position", 0.0)])
    pair = channel - channel % 2
    divisor = 10_000 ** (pair / config.d_model)
    angle = position / divisor
    wave = ("cosine", np.cos(angle)) if channel % 2 else ("sine", np.sin(angle))
    row = numbers(place.model.sinusoids[position])
    steps = [
        Step("divisor", divisor, {"pair": pair, "width": config.d_model}),
        Step("angle", angle, {"position": position, "divisor": divisor}),
        Step(wave[0], float(wave[1]), {"angle": angle}),
    ]
    return place.made([Factor("position_row", row)], steps=steps, marked=channel)


def _smear(place: Place) -> Origin:
    position, channel = place.index
    share = number(place.model.smear[channel])
    before = float(place.trace["embed.token"][position - 1, channel]) if position else 0.0
    row = (
        place.line("previous", "embed.token", position - 1, None)
        if position
        else Factor("previous", np.zeros(place.trace.config.d_model))
    )
    steps = [Step("smear", share * before, {"share": share, "before": before})]
    return place.made([row, Factor("weights", numbers(place.model.smear))], steps=steps, marked=channel)


# --- sums of the residual stream


def _summed(place: Place) -> Origin:
    """The embeddings' sum, or the stream: in pre-norm models all that was added to it since the embeddings."""
    return _added(place, summands(place.trace.config, place.layer, place.name))


def _added(place: Place, points: Sequence[str]) -> Origin:
    """A sum of cells that stand at the same place of other arrays."""
    terms = np.array([place.trace[point][place.index] for point in points], dtype=np.float64)
    parts = tuple(Source(point, place.index) for point in points)
    name = "added" if len(points) > 1 else "copied"
    return place.made(terms=terms, axis="part", steps=[Step(name, float(terms.sum()), {"n": len(terms)})], parts=parts)


# --- norms


def _norm(place: Place) -> Origin:
    config, position, channel = place.trace.config, *place.index
    factors = _norm_inputs(place, position)
    free = place.name == "embed.norm"  # a norm without weights, always centred
    if config.norm == "none" and not free:
        return _added(place, [factor.source.point for factor in factors])
    x = sum(factor.values for factor in factors)
    if len(factors) > 1:
        factors.append(Factor("summed", x))
    norm = None if free else norm_at(place.model, place.point)
    centred = free or norm.kind == "layernorm"
    eps = 1e-5 if free else norm.eps
    mean = float(x.mean()) if centred else 0.0
    squares = (x - mean) ** 2
    variance = float(squares.mean())
    spread = float(np.sqrt(variance + eps))
    normalised = (float(x[channel]) - mean) / spread
    steps = [Step("mean", mean, {"n": len(x)})] if centred else []
    steps += [
        Step("squares" if centred else "squares_rms", float(squares.sum()), {"n": len(x)}),
        Step("variance" if centred else "mean_square", variance, {"n": len(x)}),
        Step("spread", spread, {"eps": eps}),
        Step("normalised" if centred else "normalised_rms", normalised, {"x": float(x[channel]), "mean": mean, "spread": spread}),
    ]
    if not free:
        scale = number(norm.weight[channel])
        steps.append(Step("scale", normalised * scale, {"scale": scale}))
        if norm.bias is not None:
            shift = number(norm.bias[channel])
            steps.append(Step("shift", normalised * scale + shift, {"shift": shift}))
    return place.made(factors, squares, "channel", steps, marked=channel)


def _norm_inputs(place: Place, position: int) -> list[Factor]:
    """The vector that goes into a norm, or in post-norm models the two whose sum does (without residual connections one)."""
    if place.name == "embed.norm":
        return [place.line("input", "embed.sum", position, None)]
    if place.name == "final_norm":
        return [place.line("stream", f"blocks.{place.trace.config.n_layers - 1}.resid_post", position, None)]
    stream, part = ("resid_pre", "attn.out") if place.name == "norm1" else ("resid_mid", "mlp.out")
    first = place.line("stream", place.at(stream), position, None)
    if place.trace.config.norm_position == "pre":
        return [first]
    second = place.line("joins", place.at(part), position, None)
    return [first, second] if place.trace.config.residual else [second]


def _read(place: Place, norm: str, stream: str, position: int) -> Factor:
    """What attention or MLP reads: the norm's output, in post-norm models the stream itself."""
    point = norm if place.trace.config.norm_position == "pre" else stream
    return place.line("input", place.at(point), position, None)


# --- attention


def _qkv(place: Place) -> Origin:
    """A number of a query, key or value: a sum of products, for q and k then (where used) a norm and a turn."""
    (head, position, channel), config = place.index, place.trace.config
    part = "qkv".index(place.name[-1])
    first = part * config.d_model + head * config.d_head
    read = _read(place, "norm1", "resid_pre", position)
    made = _linear(place, read, place.block.attn.qkv, first + channel)
    if part == 2 or not (config.qk_norm or config.position == "rope"):
        return made
    rows = slice(first, first + config.d_head)
    layer = place.block.attn.qkv
    whole = numbers(layer.weight[rows]) @ read.values + (0.0 if layer.bias is None else numbers(layer.bias[rows]))  # (D,)
    steps = list(made.steps)
    if config.qk_norm:
        size = float(np.sqrt(np.mean(whole**2) + config.norm_eps))
        whole = whole / size
        steps.append(Step("qk_norm", float(whole[channel]), {"size": size}))
    if config.position == "rope":
        steps.append(_turn(place, whole, position, channel))
    return replace(made, steps=tuple(steps))


def _turn(place: Place, whole: np.ndarray, position: int, channel: int) -> Step:
    """The turn of a pair of channels by the position's angle."""
    cos, sin = (float(x) for x in place.model.rotations[:, position, channel // 2])
    even, odd = (float(x) for x in whole[channel - channel % 2 : channel - channel % 2 + 2])
    if channel % 2:
        return Step("turn_odd", even * sin + odd * cos, {"even": even, "odd": odd, "cos": cos, "sin": sin})
    return Step("turn_even", even * cos - odd * sin, {"even": even, "odd": odd, "cos": cos, "sin": sin})


def _scores(place: Place) -> Origin:
    (head, row, column), config = place.index, place.trace.config
    query = place.line("query", place.at("attn.q"), head, row, None)
    made = _dot(place, query, place.line("key", place.at("attn.k"), head, column, None))
    score = made.computed / config.d_head**0.5
    steps = [*made.steps, Step("root", score, {"d": config.d_head, "root": config.d_head**0.5})]
    if config.position == "alibi":
        slope, distance = float(alibi_slopes(config)[head]), abs(row - column)
        score -= slope * distance
        steps.append(Step("distance", score, {"slope": slope, "distance": distance}))
    hidden = not np.isfinite(place.trace[place.at("attn.scores")][head, row, column])
    name = "hidden" if hidden else "unmasked" if not config.causal else "itself" if row == column else "kept"
    steps.append(Step(name, -np.inf if hidden else score))
    return replace(made, steps=tuple(steps))


def _pattern(place: Place) -> Origin:
    head, row, _ = place.index
    made = _scores(place)
    scores = place.trace[place.at("attn.scores")][head, row].astype(np.float64)
    seen = scores[np.isfinite(scores)]
    power, total = float(np.exp(made.computed)), float(np.exp(seen).sum())
    numbers = {"score": made.computed, "total": total, "n": len(seen)}
    return replace(
        made, steps=(*made.steps, Step("power", power, numbers), Step("share", power / total, {**numbers, "power": power}))
    )


def _z(place: Place) -> Origin:
    head, row, channel = place.index
    weights = place.line("pattern", place.at("attn.pattern"), head, row, None)
    return _dot(place, weights, place.line("values", place.at("attn.v"), head, None, channel), "token")


def _head_out(place: Place) -> Origin:
    (head, position, channel), width = place.index, place.trace.config.d_head
    weights = numbers(place.block.attn.out.weight[channel, head * width : (head + 1) * width])
    return _dot(place, place.line("z", place.at("attn.z"), head, position, None), Factor("weights", weights))


def _attention_out(place: Place) -> Origin:
    position, channel = place.index
    z = place.trace[place.at("attn.z")][:, position].reshape(-1).astype(np.float64)  # the heads side by side
    made = _linear(place, Factor("heads", z), place.block.attn.out, channel)
    return replace(made, head_width=place.trace.config.d_head)


# --- MLP and logits


def _pre(place: Place) -> Origin:
    position, neuron = place.index
    layer = place.block.mlp.gate if place.name == "mlp.gate" else place.block.mlp.up
    return _linear(place, _read(place, "norm2", "resid_mid", position), layer, neuron)


def _post(place: Place) -> Origin:
    """A neuron's activation, from its weights on."""
    made, kind = _pre(place), place.trace.config.activation
    before = made.computed
    if kind == "swiglu":
        gate = _pre(replace(place, name="mlp.gate"))
        opened = _curve(gate.computed, "silu")
        steps = [Step("gate", gate.computed), Step("silu", opened, {"x": gate.computed})]
        steps.append(Step("gated", opened * before, {"opened": opened, "x": before}))
        factors = (*made.factors, Factor("gate_weights", gate.factors[1].values))
        return replace(made, factors=factors, steps=(*made.steps, *steps))
    return replace(made, steps=(*made.steps, Step(kind, _curve(before, kind), {"x": before})))


def _curve(x: float, kind: str) -> float:
    return float(activate(torch.tensor(x, dtype=torch.float64), kind))


def _mlp_out(place: Place) -> Origin:
    position, channel = place.index
    return _linear(place, place.line("neurons", place.at("mlp.post"), position, None), place.block.mlp.down, channel, "neuron")


def _logits(place: Place) -> Origin:
    position, token = place.index
    weights = Factor("unembedding", numbers(place.model.unembedding[token]))
    return _dot(place, place.line("input", "final_norm", position, None), weights)


_MAKERS: Mapping[str, Callable[[Place], Origin]] = {
    "embed.token": _token,
    "embed.position": _position,
    "embed.smear": _smear,
    "embed.sum": _summed,
    "embed.norm": _norm,
    "resid_pre": _summed,
    "norm1": _norm,
    "attn.q": _qkv,
    "attn.k": _qkv,
    "attn.v": _qkv,
    "attn.scores": _scores,
    "attn.pattern": _pattern,
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
