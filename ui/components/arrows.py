"""RoPE's rotations as turning arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ui.components.core import renderer


def arrows(frequencies: Sequence[float], longest: int, words: Mapping[str, str], *, key: str) -> None:
    """Draw some of the pairs of channels at two positions (two sliders), and what that does to their dot product.

    ``frequencies`` are radians per position, one for each pair; ``longest`` is the last position.
    """
    renderer("arrows")(data={"frequencies": [float(f) for f in frequencies], "longest": longest, "words": dict(words)}, key=key)
