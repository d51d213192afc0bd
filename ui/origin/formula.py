"""An origin as formulas (LaTeX) with the reader's own numbers in them."""

from __future__ import annotations

from collections.abc import Mapping

from llm.interpret.origin_parts import Origin, Step
from ui.numbers import latex

MORE = 2
SHOWN = 3  # terms of a sum that are written out
_CURVES = {
    "gelu": r"\operatorname{GELU}",
    "gelu_tanh": r"\operatorname{GELU_{tanh}}",
    "relu": r"\operatorname{ReLU}",
    "silu": r"\operatorname{SiLU}",
}


def formula(found: Origin) -> str:
    """All steps under each other; empty where there is nothing to calculate."""
    return r"\small \begin{gathered} " + r" \\[7pt] ".join(made) + r" \end{gathered}" if (made := formulas(found)) else ""


def formulas(found: Origin) -> list[str]:
    """One formula for the sum, and one for what is done with it."""
    steps = {step.name: step for step in found.steps}
    if "normalised" in steps or "normalised_rms" in steps:
        return _norm(steps, found)
    if not steps.keys() & {"sum", "added"}:
        return _looked_up(found)
    start = [_sum(found), rf"= {_of(found.steps[0])}"]
    rest = [_after(step, before, steps) for before, step in zip(found.steps, found.steps[1:], strict=False)]
    return [*start, *(each for each in rest if each)]


def bracketed(value: float, more: int = MORE) -> str:
    """A number behind a sign: negative ones in brackets."""
    text = latex(value, more)
    return f"({text})" if value < 0 else text


def _of(step: Step) -> str:
    return latex(step.value, MORE)


def _sum(found: Origin) -> str:
    """The first terms and the last, as products where there are factors."""
    count = len(found.terms)
    kept = range(count) if count <= SHOWN else [*range(SHOWN - 1), count - 1]
    if found.axis == "part":
        terms = [bracketed(float(found.terms[i])) for i in kept]
    else:
        left, right = (factor.values for factor in found.factors[:2])
        terms = [rf"{bracketed(float(left[i]), 0)}\cdot {bracketed(float(right[i]), 0)}" for i in kept]
    return " + ".join(terms if count <= SHOWN else [*terms[:-1], r"\cdots", terms[-1]])


def _after(step: Step, before: Step, steps: Mapping[str, Step]) -> str:
    """What one step does with the number before it."""
    x, y, n = latex(before.value, MORE), _of(step), step.numbers
    if step.name == "bias":
        return rf"{x} + {bracketed(n['bias'])} = {y}"
    if step.name == "root":
        return rf"\frac{{q\cdot k}}{{\sqrt{{D}}}} = \frac{{{x}}}{{\sqrt{{{round(n['d'])}}}}} = {y}"
    if step.name == "distance":
        return rf"{x} - {latex(n['slope'], MORE)}\cdot {round(n['distance'])} = {y}"
    if step.name == "qk_norm":
        return rf"\frac{{{x}}}{{{latex(n['size'], MORE)}}} = {y}"
    if step.name in ("turn_even", "turn_odd"):
        first, second, sign = ("cos", "sin", "-") if step.name == "turn_even" else ("sin", "cos", "+")
        pair = rf"{bracketed(n['even'])}\cdot {bracketed(n[first])} {sign} {bracketed(n['odd'])}\cdot {bracketed(n[second])}"
        return rf"{pair} = {y}"
    if step.name == "hidden":
        return r"e^{-\infty} = 0"
    if step.name == "share":
        if steps["power"].value == 0:
            return ""
        top = latex(n["power"], MORE)
        return (
            rf"\frac{{e^{{{latex(n['score'], MORE)}}}}}{{\sum_j e^{{s_j}}}} = \frac{{{top}}}{{{latex(n['total'], MORE)}}} = {y}"
        )
    if step.name in _CURVES:
        return rf"{_CURVES[step.name]}({latex(n['x'], MORE)}) = {y}"
    if step.name == "relu2":
        return rf"\max(0,\, {latex(n['x'], MORE)})^2 = {y}"
    return rf"{bracketed(n['opened'])}\cdot {bracketed(n['x'])} = {y}" if step.name == "gated" else ""


def _norm(steps: Mapping[str, Step], found: Origin) -> list[str]:
    """The norm's formula, and under it the same with this channel's numbers."""
    centred = "normalised" in steps
    step = steps["normalised" if centred else "normalised_rms"]
    x, mean, spread = (step.numbers[name] for name in ("x", "mean", "spread"))
    general = r"\frac{x-\mu}{\sqrt{\sigma^2+\varepsilon}}" if centred else r"\frac{x}{\sqrt{\overline{x^2}+\varepsilon}}"
    top = rf"{latex(x, MORE)}-{bracketed(mean)}" if centred else latex(x, MORE)
    own = rf"\frac{{{top}}}{{{latex(spread, MORE)}}}"
    for name, sign, letter in (("scale", r"\cdot", r"\,\gamma"), ("shift", "+", r"+\beta")):
        if name in steps:
            general += letter
            own += rf" {sign} {bracketed(steps[name].numbers[name])}"
    last = latex(found.value, MORE)
    return [rf"\begin{{aligned}} y &= {general} \\[8pt] &= {own} \\[8pt] &= {last} \end{{aligned}}"]


def _looked_up(found: Origin) -> list[str]:
    step, y = found.steps[-1], latex(found.value, MORE)
    n = step.numbers
    if step.name == "lookup":
        return [rf"E[{round(n['id'])},\, {round(n['channel'])}] = {y}"]
    if step.name == "lookup_position":
        return [rf"P[{round(n['position'])},\, {round(n['channel'])}] = {y}"]
    if step.name == "smear":
        return [rf"{bracketed(n['share'])}\cdot {bracketed(n['before'])} = {y}"]
    if step.name in ("sine", "cosine"):
        wave, first = r"\sin" if step.name == "sine" else r"\cos", found.steps[0].numbers
        angle = rf"\frac{{{found.index[0]}}}{{10000^{{{round(first['pair'])}/{round(first['width'])}}}}}"
        return [rf"{wave}\left({angle}\right) = {wave}({latex(n['angle'], MORE)}) = {y}"]
    return []
