"""Where tokens lie: nearest rows of an embedding table, arithmetic on its rows, and pictures of it in 2-D and 3-D."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

TSNE_SEED = 0

_AT_ONCE = 256  # rows of distances held at once


@dataclass(frozen=True)
class Projection:
    """Points in few dimensions: ``coordinates`` (N, k), and the share of the whole spread that each axis holds (k,)."""

    coordinates: np.ndarray
    shares: np.ndarray


def best_by_chance(rows: int, columns: int) -> float:
    """The cosine that the nearest of so many random vectors reaches in half of all cases.

    The cosine t with a random direction has the density (1 - t^2)^((columns - 3) / 2); all of ``rows`` are below t with
    the probability (1 - share above t) ^ rows, which is a half at the median.
    """
    t = np.linspace(-1, 1, 20_001)
    density = (1 - t * t) ** ((max(3, columns) - 3) / 2)
    above = density[::-1].cumsum()[::-1] / density.sum()
    return float(t[np.argmax(above <= 1 - 0.5 ** (1 / max(1, rows)))])


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Each row (N, C) divided by its length; a row of zeros stays zero."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def similarity(rows: np.ndarray) -> np.ndarray:
    """(N, N) cosine of every pair of rows: 1 the same direction, 0 at a right angle, -1 opposite."""
    unit = unit_rows(rows)
    return np.clip(unit @ unit.T, -1, 1)


def cosines(table: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """(V,) cosine of every row of the table (V, C) with one vector (C,)."""
    lengths = np.maximum(np.linalg.norm(table, axis=1), 1e-12)
    return np.clip((table @ vector) / lengths / max(float(np.linalg.norm(vector)), 1e-12), -1, 1)


def nearest(
    table: np.ndarray, vector: np.ndarray, k: int, *, without: Collection[int] = (), among: Sequence[int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The rows whose direction is most like ``vector``: their ids and cosines, best first.

    Args:
        without: ids that are not considered (the token itself).
        among: the ids that are; None for the whole table.
    """
    ids = np.arange(len(table)) if among is None else np.asarray(among, dtype=np.int64)
    scores = cosines(table if among is None else table[ids], vector)
    left = np.flatnonzero(~np.isin(ids, list(without)))
    order = left[np.argsort(-scores[left], kind="stable")[:k]]
    return ids[order], scores[order]


def neighbours(rows: np.ndarray, k: int, block: int = 1024) -> np.ndarray:
    """(N, k) index of the k rows most like each row, best first, itself left out; -1 where there are fewer."""
    unit = unit_rows(np.asarray(rows, dtype=np.float32))
    found = np.full((len(rows), k), -1, dtype=np.int64)
    some = min(k, len(rows) - 1)
    if some < 1:
        return found
    for start in range(0, len(rows), block):
        scores = unit[start : start + block] @ unit.T  # (block, N)
        scores[np.arange(len(scores)), start + np.arange(len(scores))] = -np.inf
        top = np.argpartition(-scores, some - 1, axis=1)[:, :some]
        ranked = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        found[start : start + block, :some] = np.take_along_axis(top, ranked, axis=1)
    return found


def analogy_vector(table: np.ndarray, a: int, b: int, c: int) -> np.ndarray:
    """(C,) the direction a - b + c of unit rows (Mikolov, Yih and Zweig 2013)."""
    first, second, third = unit_rows(table[[a, b, c]])
    return first - second + third


def analogy(
    table: np.ndarray, a: int, b: int, c: int, k: int = 5, *, among: Sequence[int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Ids and cosines of the k rows nearest to a - b + c, the three inputs left out."""
    return nearest(table, analogy_vector(table, a, b, c), k, without={a, b, c}, among=among)


def analogy_map(table: np.ndarray, a: int, b: int, c: int, others: Sequence[int]) -> Projection:
    """(4 + N, 2) places of the unit rows of a, b, c, of the result a - b + c, and of other tokens, in the plane that holds most.

    The arrows b -> a and c -> result are the same step, so they stay parallel and of one length in every picture.
    """
    rows = unit_rows(table[[a, b, c, *others]])
    return pca(np.concatenate([rows[:3], analogy_vector(table, a, b, c)[None], rows[3:]]), 2)


def analogy_scores(table: np.ndarray, quadruples: Sequence[Sequence[int]], among: Sequence[int] | None = None) -> tuple[int, int]:
    """How many of the analogies (a, b, c, expected) come out first: with a - b + c, and with nothing but the nearest to c.

    The second number is the fair comparison: many successes of the arithmetic need no arithmetic (Linzen 2016).
    """
    hits = plain = 0
    for a, b, c, expected in quadruples:
        found, _ = analogy(table, a, b, c, 1, among=among)
        alone, _ = nearest(table, table[c], 1, without={a, b, c}, among=among)
        hits += expected in found
        plain += expected in alone
    return hits, plain


def pca(rows: np.ndarray, k: int = 2, fit: np.ndarray | None = None) -> Projection:
    """The k directions in which the rows (N, C) are most spread out (principal components, Pearson 1901).

    Only the rows at the indices ``fit`` decide on the directions and the centre (None: all do), and ``shares`` are of their
    spread; every row is placed. Signs are fixed so that the longest part of each direction is positive. With fewer than k
    directions the rest is zero.
    """
    deciding = np.asarray(rows if fit is None else rows[fit], dtype=np.float64)
    middle = deciding.mean(axis=0)
    spreads, directions = np.linalg.eigh((deciding - middle).T @ (deciding - middle))
    order = np.argsort(-spreads)[:k]
    axes = directions[:, order]  # (C, k)
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    total = max(float(spreads.sum()), 1e-300)
    missing = k - axes.shape[1]
    coordinates = np.pad((rows - middle) @ axes, ((0, 0), (0, missing)))
    return Projection(coordinates, np.pad(np.clip(spreads[order], 0, None) / total, (0, missing)))


def align(moving: np.ndarray, fixed: np.ndarray, fit: np.ndarray | None = None) -> np.ndarray:
    """``moving`` (N, k) turned or mirrored as a whole to lie as close as possible to ``fixed`` (N, k).

    Orthogonal Procrustes (Schönemann 1966): no distance between points changes, and the sizes are not matched. ``fit`` are
    the indices of the points that decide; None: all do.
    """
    deciding = slice(None) if fit is None else fit
    left, _, right = np.linalg.svd(moving[deciding].T @ fixed[deciding])
    return moving @ (left @ right)


def frames(tables: Sequence[np.ndarray], k: int = 2, fit: np.ndarray | None = None) -> list[Projection]:
    """A PCA of each table, ``in_line``."""
    return in_line([pca(table, k, fit) for table in tables], fit)


def in_line(planes: Sequence[Projection], fit: np.ndarray | None = None, *, growing: bool = False) -> list[Projection]:
    """Projections of one table at several times, each turned towards its neighbour, so that axes do not jump while time runs.

    The last one stays as it is and each is turned towards the one after it. ``growing``: the first one stays, so that one
    more at the end moves none of the others. ``shares`` are of the axes before turning; only their sum belongs to the picture.
    """
    made: list[Projection] = []
    for plane in planes if growing else reversed(planes):
        turned = align(plane.coordinates, made[-1].coordinates, fit) if made else plane.coordinates
        made.append(Projection(turned, plane.shares))
    return made if growing else made[::-1]


def mean_similarity(rows: np.ndarray) -> float | None:
    """Mean cosine over all pairs of different rows (N, C); None for fewer than two."""
    count = len(rows)
    if count < 2:
        return None
    total = unit_rows(rows).sum(axis=0)  # the squared length of the sum holds every pair twice, and each row with itself
    return float((total @ total - count) / (count * (count - 1)))


def tsne(rows: np.ndarray, k: int = 2, perplexity: float = 20.0) -> np.ndarray:
    """(N, k) map in which near neighbours (by cosine) stay near; far distances mean nothing (van der Maaten and Hinton 2008).

    Takes seconds for 1,000 rows in 2-D and longer in 3-D. The same rows give the same map.

    Raises:
        ValueError: for fewer than four rows.
    """
    if len(rows) < 4:
        raise ValueError(f"t-SNE needs at least 4 tokens to arrange, not {len(rows)}")
    from sklearn.manifold import TSNE  # seconds to import, and only this needs it

    perplexity = min(perplexity, (len(rows) - 1) / 3)
    method = TSNE(k, perplexity=perplexity, metric="cosine", init=_start(rows, k), random_state=TSNE_SEED, max_iter=500)
    return method.fit_transform(np.asarray(rows, dtype=np.float32))


def _start(rows: np.ndarray, k: int) -> np.ndarray:
    """PCA, scaled to the small size from which t-SNE should begin."""
    coordinates = pca(rows, k).coordinates
    return (coordinates / max(float(coordinates[:, 0].std()), 1e-12) * 1e-4).astype(np.float32)


def length_and_frequency(table: np.ndarray, counts: np.ndarray, least: int = 5) -> float | None:
    """Correlation (-1 to 1) of a row's length with the logarithm of how often its token occurs in a text.

    Only tokens that occur ``least`` times count; None for fewer than ten of them or rows all of one length.
    """
    used = counts >= least
    if used.sum() < 10:
        return None
    lengths, logs = np.linalg.norm(table[used], axis=1), np.log(counts[used])
    if lengths.std() < 1e-9 or logs.std() < 1e-9:
        return None
    return float(np.corrcoef(lengths, logs)[0, 1])


def spread_evenly(steps: Sequence[int], most: int) -> Iterator[int]:
    """At most ``most`` of the steps, the first and the last among them."""
    if len(steps) <= most:
        yield from steps
        return
    chosen = np.unique(np.linspace(0, len(steps) - 1, most).round().astype(int))
    yield from (steps[i] for i in chosen)


def kept_nearest(coordinates: np.ndarray, friends: np.ndarray) -> float:
    """Share of the points (N, 2) whose nearest point in the picture is also nearest over the whole row (``neighbours``)."""
    kept = 0
    for start in range(0, len(coordinates), _AT_ONCE):
        some = coordinates[start : start + _AT_ONCE].astype(np.float64)
        distances = ((some[:, None] - coordinates[None]) ** 2).sum(axis=2)  # (n, N)
        distances[np.arange(len(some)), start + np.arange(len(some))] = np.inf
        kept += int((distances.argmin(axis=1) == friends[start : start + len(some), 0]).sum())
    return kept / max(1, len(coordinates))
