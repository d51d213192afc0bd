"""The residual stream of one token: how long its vector is at each station, and how much each attention and MLP adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from llm.trace import Trace


@dataclass(frozen=True)
class Station:
    """The stream after something joined.

    Attributes:
        point: name of the stream's point here.
        part: start | attention | mlp; ``layer`` counts from 0 and is None at the start.
        size: Euclidean length of the stream's vector.
        added: length of the vector that joined; None at the start.
        share: what joined, projected on the sum, over the sum's length: 1 minus the share of what was there before.
            Below zero where it points against the sum. In post-norm models the sum is that before the norm.
            Without residual connections what joins is all there is: 1.
        cosine: of the angle between the stream before and what joined.
    """

    point: str
    part: str
    layer: int | None
    size: float
    added: float | None = None
    share: float | None = None
    cosine: float | None = None


def stations(trace: Trace, position: int) -> tuple[Station, ...]:
    """The start, then each attention and each MLP in order."""

    def at(point: str) -> np.ndarray:
        return trace[point][position].astype(np.float64)

    made = [Station("blocks.0.resid_pre", "start", None, float(np.linalg.norm(at("blocks.0.resid_pre"))))]
    for i in range(trace.config.n_layers):
        for part, before, added, after in (
            ("attention", "resid_pre", "attn.out", "resid_mid"),
            ("mlp", "resid_mid", "mlp.out", "resid_post"),
        ):
            was, joins = at(f"blocks.{i}.{before}"), at(f"blocks.{i}.{added}")
            total = was + joins if trace.config.residual else joins
            point = f"blocks.{i}.{after}"
            lengths = np.linalg.norm([was, joins, total], axis=1)
            made.append(
                Station(
                    point, part, i,
                    size=float(np.linalg.norm(at(point))),
                    added=float(lengths[1]),
                    share=float(joins @ total / max(lengths[2] ** 2, 1e-30)),
                    cosine=float(was @ joins / max(lengths[0] * lengths[1], 1e-30)),
                )
            )  # fmt: skip
    return tuple(made)
