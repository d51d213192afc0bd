"""From logits to a choice, one step at a time, in plain numpy: penalise, scale, cut, draw.

The order and the meaning of the steps are those of Hugging Face's logits processors: repetition penalty, temperature,
top-k, top-p, min-p. All arithmetic is float64, which is also what a browser computes with. Legend: V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from llm.config import SamplingConfig

# What ``Choice.removed_by`` counts: 0 is "stays", the others name the step that removed the token.
REMOVED_BY = ("", "top_k", "top_p", "min_p", "greedy")
# Below this, dividing by the temperature leaves the range of numbers, and the best token has all the probability anyway.
GREEDY_BELOW = 1e-30


@dataclass(frozen=True)
class Draw:
    """The random choice: ``token_id`` owns the part ``low <= u < high`` of a bar of length 1. Greedy has no ``u``."""

    u: float | None
    low: float
    high: float
    token_id: int


@dataclass(frozen=True, eq=False)
class Choice:
    """Every stage between the logits and the chosen token; all arrays are (V,), float64 and read-only.

    ``order`` lists all ids by falling probability (ties by id), so the tokens that stay are ``order[:n_kept]``;
    ``cumulative[i]`` is the probability of ``order[:i + 1]`` after the cuts, the right edge of that token's part of the bar.
    """

    sampling: SamplingConfig
    logits: np.ndarray
    penalised: np.ndarray
    scaled: np.ndarray
    full_probabilities: np.ndarray  # softmax of ``scaled`` over the whole vocabulary, before anything is cut
    removed_by: np.ndarray  # int8, index into REMOVED_BY
    probabilities: np.ndarray  # after the cuts, sums to 1; 0 for what was removed
    order: np.ndarray  # int64
    cumulative: np.ndarray
    draw: Draw

    @property
    def kept(self) -> np.ndarray:
        """(V,) True where a token can still be drawn."""
        return self.removed_by == 0

    @property
    def n_kept(self) -> int:
        """How many tokens can still be drawn, at least 1."""
        return int(np.count_nonzero(self.kept))

    @property
    def token_id(self) -> int:
        """The chosen token."""
        return self.draw.token_id

    def removed_mass(self, step: str | None = None) -> float:
        """Share of ``full_probabilities`` that was cut: by one step of ``REMOVED_BY``, or by all of them."""
        gone = self.removed_by != 0 if step is None else self.removed_by == REMOVED_BY.index(step)
        return float(self.full_probabilities[gone].sum())


def explain_choice(
    logits: np.ndarray | torch.Tensor, sampling: SamplingConfig, seen_ids: Sequence[int] = (), u: float | None = None
) -> Choice:
    """Every stage of one choice.

    Args:
        logits: (V,) the model's scores of the next token.
        seen_ids: the ids so far, prompt included; the repetition penalty falls on them.
        u: the random number in [0, 1); None takes the first one that ``sampling.seed`` gives, as ``generate`` does.

    Raises:
        ValueError: for logits that are not numbers, or ``u`` outside [0, 1).
    """
    logits = as_logits(logits)
    penalised = penalise(logits, sampling.repetition_penalty, seen_ids)
    scaled = scale(penalised, sampling.temperature)
    removed_by = cut(scaled, sampling)
    order = falling(scaled)
    kept_order, edges = bar(scaled, removed_by == 0)
    probabilities, cumulative = np.zeros_like(scaled), np.ones_like(scaled)
    probabilities[kept_order] = softmax(scaled[kept_order])
    cumulative[: len(edges)] = edges
    if is_greedy(sampling):
        draw = Draw(None, 0.0, 1.0, int(order[0]))
    else:
        draw = draw_from(kept_order, edges, float(random_numbers(sampling.seed, 1)[0]) if u is None else u)
    stages = (logits, penalised, scaled, softmax(scaled), removed_by, probabilities, order, cumulative)
    for array in stages:
        array.flags.writeable = False
    return Choice(sampling, *stages, draw)


def choose(logits: np.ndarray | torch.Tensor, sampling: SamplingConfig, seen_ids: Sequence[int], u: float | None) -> int:
    """Only the token that ``explain_choice`` would choose; greedy needs no ``u``."""
    scaled = scale(penalise(as_logits(logits), sampling.repetition_penalty, seen_ids), sampling.temperature)
    if is_greedy(sampling):
        return int(scaled.argmax())
    return draw_from(*bar(scaled, cut(scaled, sampling) == 0), u).token_id


def random_numbers(seed: int, count: int) -> np.ndarray:
    """The first ``count`` random numbers in [0, 1) of a seed: number i is what step i of ``generate`` draws with."""
    generator = torch.Generator().manual_seed(seed)
    return np.array([random_number(generator) for _ in range(count)])


def seeded_after(seed: int, count: int) -> torch.Generator:
    """A generator that has given the first ``count`` random numbers of a seed: what goes on with a text later."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        random_number(generator)
    return generator


def random_number(generator: torch.Generator) -> float:
    """One random number in [0, 1), uniform."""
    return torch.rand((), generator=generator, dtype=torch.float64).item()


def is_greedy(sampling: SamplingConfig) -> bool:
    """Whether the best token is taken without a draw: temperature 0."""
    return sampling.temperature < GREEDY_BELOW


def as_logits(logits: np.ndarray | torch.Tensor) -> np.ndarray:
    """A float64 copy (V,); -inf is allowed (a token that cannot come), NaN and +inf are a ``ValueError``."""
    if isinstance(logits, torch.Tensor):
        logits = logits.detach().double().cpu().numpy()
    logits = np.array(logits, dtype=np.float64)
    if logits.ndim != 1 or not np.isfinite(logits.max(initial=-np.inf)):  # NaN wins every max
        raise ValueError(f"logits of shape {logits.shape} without a finite best value; has this model diverged in training?")
    return logits


def penalise(logits: np.ndarray, penalty: float, seen_ids: Sequence[int]) -> np.ndarray:
    """Repetition penalty (CTRL, Keskar et al. 2019): seen tokens' logits divided by it, or multiplied where negative."""
    if penalty == 1.0 or len(seen_ids) == 0:
        return logits.copy()
    seen = np.asarray(seen_ids, dtype=np.int64)
    values = logits[seen]
    penalised = logits.copy()
    penalised[seen] = np.where(values < 0, values * penalty, values / penalty)
    return penalised


def scale(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Logits divided by the temperature; as they are for temperature 0, where only the best one counts."""
    return logits.copy() if temperature < GREEDY_BELOW else logits / temperature


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities, proportional to exp(logit)."""
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Natural logarithms of the probabilities, exact also where a probability is too small for a number."""
    below = logits - logits.max()
    return below - np.log(np.exp(below).sum())


def cut(scaled: np.ndarray, sampling: SamplingConfig) -> np.ndarray:
    """Which step removes each token: (V,) int8, index into ``REMOVED_BY``; at least one token stays."""
    removed_by = np.zeros(len(scaled), dtype=np.int8)
    if is_greedy(sampling):
        removed_by[:] = REMOVED_BY.index("greedy")
        removed_by[scaled.argmax()] = 0
        return removed_by
    kept = np.ones(len(scaled), dtype=bool)
    steps = (("top_k", sampling.top_k, top_k), ("top_p", sampling.top_p, top_p), ("min_p", sampling.min_p, min_p))
    for name, limit, step in steps:
        if limit is not None:
            still = step(scaled, kept, limit)
            removed_by[kept & ~still] = REMOVED_BY.index(name)
            kept = still
    return removed_by


def top_k(scaled: np.ndarray, kept: np.ndarray, k: int) -> np.ndarray:
    """Keep the k best tokens, and those that tie with the last of them (Fan et al. 2018)."""
    place = max(0, len(scaled) - k)
    threshold = np.partition(np.where(kept, scaled, -np.inf), place)[place]
    return kept & (scaled >= threshold)


def top_p(scaled: np.ndarray, kept: np.ndarray, p: float) -> np.ndarray:
    """Keep the smallest set of best tokens whose probability, among those still kept, reaches p (Holtzman et al. 2019)."""
    order, _ = bar(scaled, kept)
    from_here_on = softmax(scaled[order])[::-1].cumsum()[::-1]  # a token and all that are less probable
    still = np.zeros_like(kept)
    still[order[from_here_on > 1 - p]] = True
    still[order[0]] = True
    return still


def min_p(scaled: np.ndarray, kept: np.ndarray, share: float) -> np.ndarray:
    """Keep the tokens with at least this share of the best token's probability (Nguyen et al. 2024)."""
    return kept & (np.exp(scaled - scaled.max()) >= share)


def falling(scaled: np.ndarray) -> np.ndarray:
    """Ids by falling logit, ties by id."""
    return np.argsort(-scaled, kind="stable")


def bar(scaled: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The kept ids by falling probability, and the right edge of each one's part of a bar of length 1."""
    ids = np.flatnonzero(kept)
    order = ids[falling(scaled[ids])]
    edges = np.exp(scaled[order] - scaled[order[0]]).cumsum()
    return order, edges / edges[-1]


def draw_from(order: np.ndarray, edges: np.ndarray, u: float) -> Draw:
    """The token whose part of the bar contains u."""
    if not 0 <= u < 1:
        raise ValueError(f"u is {u}; a random number to draw with lies from 0 to below 1")
    place = int(np.searchsorted(edges, u, side="right"))
    return Draw(float(u), float(edges[place - 1]) if place else 0.0, float(edges[place]), int(order[place]))
