"""The model as a tree of parts, true to its configuration: what each does, the shape it gives, and how many weights it has.

The sum of all weights is the model's own count, and each part's is that of its parameters; tests hold both. Legend as in
``llm.model``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from llm.config import ModelConfig


@dataclass(frozen=True)
class Part:
    """One part of a model.

    Attributes:
        name: what it is: "attention", "q", "norm", ...
        shape: of what comes out of it, for the tokens that were asked for; empty where it only holds others.
        matrices: shapes of its own weights; a bias is a shape of one number.
        uses: numbers that its description needs, such as {"heads": 4}.
        layer: which block it belongs to, counted from 0; None outside.
        parameter: name of the module or the parameter behind it, empty where it has no weights.
        point: the point of the trace that it gives (``llm.trace.POINTS``), if any.
        enters, reads, adds, replaces, leaves: how it meets the residual stream: joins at its start, reads it, adds to it, takes
            its place (a norm behind an addition, or a sublayer without residual connections), reads its end.
        times: how often it stands one after another; only the first is in the tree of ``architecture``.
        parts: what is inside, in the order of the calculation; each row is done at once.
    """

    name: str
    shape: tuple[int, ...] = ()
    matrices: tuple[tuple[int, ...], ...] = ()
    uses: tuple[tuple[str, int | str], ...] = ()
    layer: int | None = None
    parameter: str = ""
    point: str = ""
    enters: bool = False
    reads: bool = False
    adds: bool = False
    replaces: bool = False
    leaves: bool = False
    times: int = 1
    parts: tuple[tuple[Part, ...], ...] = ()

    @property
    def own(self) -> int:
        """Weights of this part alone."""
        return sum(_product(shape) for shape in self.matrices)

    @property
    def weights(self) -> int:
        """Weights of this part and of all that is inside, as often as it stands there."""
        return self.times * (self.own + sum(part.weights for row in self.parts for part in row))

    def walk(self) -> Iterator[Part]:
        """This part and all that are inside."""
        yield self
        for row in self.parts:
            for part in row:
                yield from part.walk()


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def architecture(config: ModelConfig, n_tokens: int) -> Part:
    """The whole model for a sentence of ``n_tokens`` tokens; the block stands in it once, ``n_layers`` times."""
    c, stream = config, (n_tokens, config.d_model)
    start = [
        Part("tokens", (n_tokens,)),
        Part("embedding", stream, ((c.vocab_size, c.d_model),), parameter="token_embedding", point="embed.token", enters=True),
        _positions(c, stream),
    ]
    if c.smear:
        start.append(Part("smear", stream, ((c.d_model,),), parameter="smear", point="embed.smear", enters=True))
    if c.embedding_norm:
        start.append(Part("embedding_norm", stream, point="embed.norm", replaces=True))
    end = [replace(_norm(c, n_tokens, "final_norm", "final_norm"), leaves=True)] if _has_final_norm(c) else []
    head = Part("unembedding", (n_tokens, c.vocab_size), point="logits", leaves=not end)
    if not c.tie_embeddings:
        head = replace(head, matrices=((c.vocab_size, c.d_model),), parameter="unembed")
    body = replace(block(c, n_tokens, 0), times=c.n_layers)
    return Part("model", parts=tuple((part,) for part in (*start, body, *end, head, Part("softmax", (c.vocab_size,)))))


def _has_final_norm(c: ModelConfig) -> bool:
    return c.norm != "none" and c.norm_position == "pre"


def _positions(c: ModelConfig, stream: tuple[int, int]) -> Part:
    uses = (("position", c.position),)
    if c.position == "learned":
        weights = ((c.context_length, c.d_model),)
        return Part("positions", stream, weights, uses, parameter="position_embedding", point="embed.position", enters=True)
    if c.position == "sinusoidal":
        return Part("positions", stream, uses=uses, point="embed.position", enters=True)
    return Part("positions", uses=uses)


def block(c: ModelConfig, n_tokens: int, layer: int) -> Part:
    """One layer: attention and MLP, each with its norm before it or behind it."""
    post, name = c.norm_position == "post", f"blocks.{layer}"
    made: list[Part] = []
    for part, number in ((attention(c, n_tokens, layer), 1), (mlp(c, n_tokens, layer), 2)):
        norm = _norm(c, n_tokens, f"norm{number}", f"{name}.norm{number}", layer)
        reads_stream = post or c.norm == "none"
        part = replace(part, reads=reads_stream, adds=c.residual, replaces=not c.residual)
        if c.norm == "none":
            made.append(part)
        else:
            made += [part, replace(norm, replaces=True)] if post else [replace(norm, reads=True), part]
    return Part(
        "block", (n_tokens, c.d_model), layer=layer, parameter=name, point=f"{name}.resid_post", parts=tuple((p,) for p in made)
    )


def _norm(c: ModelConfig, n_tokens: int, name: str, parameter: str, layer: int | None = None) -> Part:
    shape, width = (n_tokens, c.d_model), (c.d_model,)
    scale = Part("scale", shape, (width,), layer=layer, parameter=f"{parameter}.weight", point=parameter)
    inside = [Part("spread", (n_tokens,), layer=layer), scale]
    if c.norm == "layernorm":
        inside.insert(0, Part("mean", (n_tokens,), layer=layer))
        if c.bias:
            inside.append(Part("shift", shape, (width,), layer=layer, parameter=f"{parameter}.bias", point=parameter))
    uses = (("norm", c.norm),)
    return Part(name, shape, uses=uses, layer=layer, parameter=parameter, point=parameter, parts=(tuple(inside),))


def attention(c: ModelConfig, n_tokens: int, layer: int) -> Part:
    """Queries, keys, values; scores to weights; what is gathered, and the matrix that joins the heads."""
    name, T, H, D = f"blocks.{layer}.attn", n_tokens, c.n_heads, c.d_head
    bias = ((c.d_model,),) if c.bias else ()

    def part(which: str, shape: tuple[int, ...], point: str = "", **more) -> Part:
        return Part(which, shape, layer=layer, point=f"{name}.{point}" if point else "", **more)

    square = ((c.d_model, c.d_model), *bias)
    qkv = tuple(part(letter, (H, T, D), letter, matrices=square, parameter=f"{name}.qkv") for letter in "qkv")
    turned = [part("qk_norm", (H, T, D))] if c.qk_norm else []
    turned += [part("rope", (H, T, D))] if c.position == "rope" else []
    cells = [part("scores", (H, T, T), uses=(("root", D),))]
    cells += [part("alibi", (H, T, T))] if c.position == "alibi" else []
    cells += [part("mask" if c.causal else "no_mask", (H, T, T), "scores"), part("weights", (H, T, T), "pattern")]
    last = (part("z", (H, T, D), "z"), part("out", (T, c.d_model), "out", matrices=square, parameter=f"{name}.out"))
    rows = (qkv, *([tuple(turned)] if turned else []), tuple(cells), last)
    uses = (("heads", H), ("size", D), ("sees", "causal" if c.causal else "bidirectional"))
    return Part("attention", (T, c.d_model), uses=uses, layer=layer, parameter=name, point=f"{name}.out", parts=rows)


def mlp(c: ModelConfig, n_tokens: int, layer: int) -> Part:
    """Up into the hidden layer, the bend, and down again."""
    name, hidden = f"blocks.{layer}.mlp", (n_tokens, c.mlp_width)
    inward = ((c.mlp_width, c.d_model), *(((c.mlp_width,),) if c.bias else ()))
    outward = ((c.d_model, c.mlp_width), *(((c.d_model,),) if c.bias else ()))
    up = Part("up", hidden, inward, layer=layer, parameter=f"{name}.up", point=f"{name}.pre")
    bend = Part("activation", hidden, uses=(("activation", c.activation),), layer=layer, point=f"{name}.post")
    down = Part("down", (n_tokens, c.d_model), outward, layer=layer, parameter=f"{name}.down", point=f"{name}.out")
    rows: tuple[tuple[Part, ...], ...] = ((up, bend, down),)
    if c.activation == "swiglu":
        gate = Part("gate", hidden, inward, layer=layer, parameter=f"{name}.gate", point=f"{name}.gate")
        rows = ((gate, up), (bend, down))
    uses = (("activation", c.activation), ("width", c.d_model), ("hidden", c.mlp_width))
    return Part("mlp", (n_tokens, c.d_model), uses=uses, layer=layer, parameter=name, point=f"{name}.out", parts=rows)
