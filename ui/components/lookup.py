"""The lookup: ids point at rows of the embedding matrix, which are copied out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ui.components.core import linked, pack, renderer
from ui.tokens import Chip

ROWS, CHANNELS = 1024, 256  # what one picture of the matrix can show; of larger ones every n-th row and channel


def lookup(
    table: np.ndarray,
    chips: Sequence[Chip],
    *,
    key: str,
    label: str,
    words: str,
    hint: str,
    titles: Sequence[str],
    picked: int | None = None,
    first: int = 0,
    sentence: str | None = None,
) -> None:
    """Draw the matrix (V, C) as a picture, with lines from each token to its row and on to the row by itself.

    Args:
        chips: the tokens; the picture is meant for about a dozen.
        label: one sentence for readers who do not see the picture.
        words: what is said of a token, with ``{token}`` and ``{id}``; ``titles`` stand over tokens, matrix and rows.
        picked: the token of these that is marked while none is pointed at.
        first: the first token's position in its ``sentence`` (``Reading.scope``), with which it lights up on the page.
    """
    rows = table[[chip.id for chip in chips]]
    limit = max(float(np.quantile(np.abs(table[:: max(1, len(table) // ROWS)]), 0.995)), 1e-12)
    thin = table[:: -(-len(table) // ROWS), :: -(-table.shape[1] // CHANNELS)]
    header = {
        "name": key,
        "label": label,
        "words": words,
        "hint": hint,
        "titles": list(titles),
        "tokens": [{"text": chip.label, "id": chip.id} for chip in chips],
        "rows": len(table),
        "picked": picked,
        "first": first,
        **linked(sentence),
    }
    renderer("lookup")(data=pack(header, table=_bytes(thin, limit), rows=_bytes(rows, limit), numbers=rows), key=key)


def _bytes(values: np.ndarray, limit: float) -> np.ndarray:
    """Numbers as the picture's colours: 128 is zero, the ends are ``limit``."""
    return np.clip(np.rint(values / limit * 127) + 128, 1, 255).astype(np.uint8)
