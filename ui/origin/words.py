"""An origin in words and lines: pure functions from ``llm.interpret.origins`` to what the component draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llm.interpret.origin_parts import Factor, Origin, Step, split
from ui.components.ledger import Line, Span, spans
from ui.numbers import digits
from ui.state import Reading
from ui.tokens import token_label

Words = Mapping[str, Any]
MORE = 2  # decimals beyond the usual, so that a reader who calculates along arrives at the same numbers
COUNTS = ("n", "id", "channel", "position", "pair", "width", "d", "distance")  # whole numbers among a step's
SUBTRACTED = ("mean", "odd", "even", "cos", "sin", "before")  # stand behind a sign: negative ones in brackets
BY_HEAD = ("attn.q", "attn.k", "attn.v", "attn.z", "attn.head_out", "attn.scores", "attn.pattern")
TWO_TOKENS = ("attn.scores", "attn.pattern")
HUES = {"query": "query", "key": "key", "values": "value", "weights": "soft", "gate_weights": "soft", "pattern": "query"}


def place(words: Words, found: Origin) -> str:
    """Which layer and head: ``Layer 2, head 3``."""
    layer, name = split(found.point)
    if layer < 0:
        return words["place"]["none"]
    head = found.index[0] + 1 if name in BY_HEAD else 0
    return words["place"]["head" if head else "layer"].format(layer=layer + 1, head=head)


def position(found: Origin) -> int:
    """The token that the number belongs to."""
    return found.index[1] if split(found.point)[1] in BY_HEAD else found.index[0]


def tokens(found: Origin, now: Reading) -> dict[str, Span]:
    """The tokens that a sentence or a line may name, each in its hue."""
    name, labels = split(found.point)[1], now.labels
    named = {"token": (labels[position(found)], "strong")}
    if name in TWO_TOKENS:
        named |= {"query": (labels[found.index[1]], "query"), "key": (labels[found.index[2]], "key")}
    if name == "logits":
        named["candidate"] = (token_label(now.tokenizer, found.index[1]), "accent")
    return named


def sentence(words: Words, found: Origin, now: Reading) -> tuple[Span, ...]:
    """What the number is."""
    name = split(found.point)[1]
    if name == "attn.pattern" and any(step.name == "hidden" for step in found.steps):
        name = "hidden"
    shown = str(found.index[-1] + (1 if name.startswith("mlp.") and name != "mlp.out" else 0))
    values = {"value": (digits(found.value), "strong"), "channel": shown, "place": str(position(found)), **tokens(found, now)}
    return spans(words["says"][name], **values)


def lines(words: Words, found: Origin, now: Reading) -> list[Line]:
    """The steps, one a line; the last one is the number itself, with the trace's own digits."""
    named = tokens(found, now)
    made = [_line(words, step, named) for step in found.steps]
    if found.steps[-1].name == "hidden":
        return made
    return [*made[:-1], Line(made[-1].spans, digits(found.value, MORE), result=True)]


def _line(words: Words, step: Step, named: Mapping[str, Span]) -> Line:
    numbers = {name: number(name, value) for name, value in step.numbers.items()}
    return Line(spans(words["steps"][step.name], **numbers, **named), digits(step.value, MORE))


def number(name: str, value: float) -> str:
    """A number of a step: counts whole, tiny constants plain, all others with their digits."""
    if name in COUNTS:
        return f"{round(value):,}"
    if name == "eps":
        return f"{value:.12f}".rstrip("0")
    return f"({digits(value, MORE)})" if name in SUBTRACTED and value < 0 else digits(value, MORE)


def factor_label(words: Words, factor: Factor, found: Origin, now: Reading) -> tuple[str, str]:
    """What a vector is called, and the token that it belongs to (none for weights)."""
    at = factor_position(factor, found)
    token = (
        now.labels[at] if at is not None else token_label(now.tokenizer, found.index[1]) if factor.name == "unembedding" else ""
    )
    return words["factors"][factor.name], token


def factor_position(factor: Factor, found: Origin) -> int | None:
    """The position of the token that a vector belongs to."""
    if factor.name in ("input", "stream", "query", "pattern", "z", "neurons"):
        return position(found)
    return found.index[2] if factor.name == "key" else None


def part_lines(words: Words, found: Origin) -> list[tuple[str, float]]:
    """The parts of a sum: where each stands, and how much it adds."""
    pairs = zip(found.parts, found.terms, strict=True) if found.parts else ()
    return [(point_name(words, source.point), float(value)) for source, value in pairs]


def point_name(words: Words, point: str) -> str:
    """``layer 2 · what attention adds``."""
    layer, name = split(point)
    shown = words["names"][name]
    return f"{words['place']['layer'].format(layer=layer + 1)} · {shown}" if layer >= 0 else shown
