"""Heads side by side above the output matrix, and what each and all of them add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ui.components.core import pack, renderer

_LARGEST = 192  # pixels a side of the matrix's picture


def heads_joined(
    z: np.ndarray,
    matrix: np.ndarray,
    by_head: np.ndarray,
    bias: np.ndarray,
    *,
    key: str,
    label: str,
    heads: Sequence[str],
    words: Sequence[str],
    names: Mapping[str, str],
) -> None:
    """Draw the output projection of one token.

    Args:
        z: (H, D) each head's numbers; matrix: (C, H * D) the projection; by_head: (H, C) what each head adds; bias: (C,).
        heads: a name for each head; words: one sentence for all heads together, then one for each.
        names: texts ``all``, ``z``, ``matrix``, ``mine``, ``out`` and ``bias``.
    """
    if matrix.shape != (by_head.shape[1], z.size) or len(heads) != len(z) or len(words) != len(z) + 1:
        raise ValueError(f"a matrix of {matrix.shape} does not fit {z.shape} numbers and {by_head.shape} results")
    out = by_head.sum(axis=0) + bias
    header = {
        "name": key,
        "label": label,
        "heads": list(heads),
        "words": list(words),
        "all": names["all"],
        "zName": names["z"],
        "matrixName": names["matrix"],
        "mineName": names["mine"],
        "outName": names["out"],
        "biasName": names["bias"],
        "zLimit": float(np.abs(z).max(initial=1e-9)),
        "outLimit": float(max(np.abs(out).max(), np.abs(by_head).max(), 1e-9)),
    }
    message = pack(header, z=z.reshape(-1), matrix=picture(matrix, len(heads)), heads=by_head, bias=bias, out=out)
    renderer("joined")(data=message, key=key)


def picture(matrix: np.ndarray, heads: int) -> np.ndarray:
    """The matrix as bytes (0 most negative, 128 zero, 255 most positive), shrunk to the strongest number of each block.

    Columns are shrunk head by head, so that the heads' parts stay equally wide.
    """
    rows, columns = matrix.shape
    shrunk = _shrink(matrix, -(-rows // _LARGEST), axis=0)
    parts = [_shrink(part, -(-columns // _LARGEST), axis=1) for part in np.split(shrunk, heads, axis=1)]
    shrunk = np.concatenate(parts, axis=1)
    limit = max(float(np.quantile(np.abs(shrunk), 0.995)), 1e-9)
    return np.clip(np.rint(128 + 127 * shrunk / limit), 0, 255).astype(np.uint8)


def _shrink(values: np.ndarray, block: int, axis: int) -> np.ndarray:
    """Of every ``block`` numbers along an axis, the one with the largest size."""
    values = np.moveaxis(values, axis, 0)
    padded = np.zeros((-(-len(values) // block) * block, *values.shape[1:]), dtype=values.dtype)
    padded[: len(values)] = values
    blocks = padded.reshape(-1, block, *values.shape[1:])
    strongest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.moveaxis(strongest, 0, axis)
