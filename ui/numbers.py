"""Numbers as the components write them (``digits`` in assets/web/base.js): as many digits as matter."""

from __future__ import annotations

import math
import re


def digits(value: float, more: int = 0) -> str:
    """0.41, 12.3, 0.0021, 1.2e-7, 3.4e+9, −∞; ``more`` adds decimals."""
    size = abs(value)
    if not math.isfinite(value):
        text = "–" if math.isnan(value) else "∞" if value > 0 else "-∞"
    elif size == 0:
        text = "0"
    elif size >= 1e6:
        text = f"{value:.{1 + more}e}"
    elif size >= 100:
        text = f"{value:,.{more}f}"
    elif size >= 10:
        text = f"{value:.{1 + more}f}"
    elif size >= 0.01:
        text = f"{value:.{2 + more}f}"
    elif size >= 0.0001:
        text = f"{value:.{4 + more}f}"
    else:
        text = f"{value:.{1 + more}e}"
    text = re.sub(r"e([+-])0+", r"e\1", text)
    return text.replace("-", "−", 1)


def latex(value: float, more: int = 0) -> str:
    """The same number for a formula."""
    text = digits(value, more).replace("−", "-").replace("∞", r"\infty ").replace(",", r"{,}")
    if "e" in text:
        mantissa, _, exponent = text.partition("e")
        return rf"{mantissa}\cdot 10^{{{int(exponent)}}}"
    return text
