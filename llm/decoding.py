"""Text, one token at a time: greedy and sampled generation with a key/value cache, beam search, trees of both, surprise.

Knows nothing about text: token ids in, token ids out. Legend as in ``llm.model``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from llm.config import SamplingConfig
from llm.model import KVCache, Transformer
from llm.sampling import (
    Choice,
    Draw,
    as_logits,
    choose,
    explain_choice,
    falling,
    is_greedy,
    log_softmax,
    random_number,
    seeded_after,
    softmax,
    top_k,
)
from llm.window import Ids, Window, checked_ids, window_start


class DecodeStep:
    """One generated token and why. The arrays are made when they are asked for; ``token_id`` costs nothing.

    Attributes:
        token_id: the chosen token.
        u: the random number of the draw; None for greedy.
        window_start: how many of the first tokens the model no longer saw.
        window_moved: whether the window slid at this step, so that a cache had to be rebuilt.
    """

    def __init__(
        self, last: Tensor, sampling: SamplingConfig, seen: Sequence[int], u: float | None, token_id: int, window: Window
    ) -> None:
        self._last = last
        self._seen, self._n_seen = seen, len(seen)  # the list only ever grows, so its first n stay what they are
        self.sampling = sampling
        self.u = u
        self.token_id = token_id
        self.window_start = window.start
        self.window_moved = window.moved

    @cached_property
    def choice(self) -> Choice:
        """Every stage of this choice (``llm.sampling``)."""
        return explain_choice(self._last, self.sampling, self._seen[: self._n_seen], self.u)

    @cached_property
    def logits(self) -> np.ndarray:
        """(V,) float32, the model's own, read-only."""
        logits = self._last.float().cpu().numpy()
        logits.flags.writeable = False
        return logits

    @property
    def seen_ids(self) -> tuple[int, ...]:
        """The ids before this token, prompt included."""
        return tuple(self._seen[: self._n_seen])

    @property
    def scaled(self) -> np.ndarray:
        """(V,) logits after repetition penalty and temperature."""
        return self.choice.scaled

    @property
    def kept(self) -> np.ndarray:
        """(V,) True where top-k, top-p and min-p left the token."""
        return self.choice.kept

    @property
    def probabilities(self) -> np.ndarray:
        """(V,) what the token was drawn from."""
        return self.choice.probabilities

    @property
    def draw(self) -> Draw:
        """The random number and the part of the bar that it fell into."""
        return self.choice.draw


def generate(
    model: Transformer,
    ids: Ids,
    sampling: SamplingConfig,
    max_new_tokens: int,
    *,
    generator: torch.Generator | None = None,
    stop_ids: Collection[int] = (),
    use_cache: bool = True,
) -> Iterator[DecodeStep]:
    """Continue ``ids``, one ``DecodeStep`` at a time; the last step is a stop id or number ``max_new_tokens``.

    Past the model's context the window slides (``window_start``), with and without a cache in the same way. A model that is
    not causal has no cache: there an earlier token's keys change with each later token.

    Args:
        ids: (T,) at least one token id.
        generator: source of the random numbers; None starts one from ``sampling.seed``.
        stop_ids: generation ends after one of these.

    Raises:
        ValueError: for no ids, or ids outside the vocabulary (at the call, not at the first step).
    """
    ids = checked_ids(model, ids)
    stop_ids = frozenset(stop_ids)
    if generator is None:
        generator = torch.Generator().manual_seed(sampling.seed)
    return _generate(model, ids, sampling, max_new_tokens, generator, stop_ids, use_cache and model.config.causal)


def _generate(
    model: Transformer,
    ids: list[int],
    sampling: SamplingConfig,
    max_new_tokens: int,
    generator: torch.Generator,
    stop_ids: frozenset[int],
    use_cache: bool,
) -> Iterator[DecodeStep]:
    window = Window(model, use_cache)
    greedy = is_greedy(sampling) and sampling.repetition_penalty == 1.0
    for _ in range(max_new_tokens):
        last = window.read([ids])[0]
        u = None if is_greedy(sampling) else random_number(generator)
        token_id = int(last.argmax()) if greedy else choose(last, sampling, ids, u)
        step = DecodeStep(last, sampling, ids, u, token_id, window)
        yield step
        if token_id in stop_ids:
            return
        ids.append(token_id)


def up_to(steps: Iterable[DecodeStep], least: int, is_end: Callable[[int], bool]) -> list[DecodeStep]:
    """The first ``least`` steps, and more until a token that is an end, say of a sentence, or until there are no more."""
    made: list[DecodeStep] = []
    for step in steps:
        made.append(step)
        if len(made) >= least and is_end(step.token_id):
            break
    return made


def surprise(model: Transformer, ids: Ids) -> np.ndarray:
    """-log p of each token after the first, given those before it: (T - 1,) nats, float64.

    Past the context it is what a sliding window would have given, as in ``generate``.

    Raises:
        ValueError: for a model that is not causal, which has seen the token that it would have to predict.
    """
    if not model.config.causal:
        raise ValueError("surprise needs a causal model; a bidirectional one has already seen the token it should predict")
    ids = checked_ids(model, ids)
    N = model.config.context_length
    parts, seen = [np.zeros(0)], 1  # seen: tokens before the next one to be predicted
    while seen < len(ids):
        start = window_start(seen, N)
        end = min(start + N, len(ids) - 1)  # tokens start..end predict all tokens up to ids[end]
        with torch.inference_mode():
            logits = model(torch.tensor([ids[start:end]], device=model.token_embedding.weight.device))[0, seen - start - 1 :]
            targets = torch.tensor(ids[seen : end + 1], device=logits.device)
            for some, right in zip(logits.split(128), targets.split(128), strict=True):  # float64 of all could be too much
                parts.append(F.cross_entropy(some.double(), right, reduction="none").cpu().numpy())
        seen = end + 1
    return np.concatenate(parts)


@dataclass(frozen=True)
class BeamNode:
    """One candidate token of a beam search. Node 0 is the prompt: it has no parent (-1) and no token (-1)."""

    parent: int
    depth: int  # new tokens up to here
    token_id: int
    log_probability: float  # of this token after its branch
    total: float  # of the whole branch
    survived: bool  # False: cut at this step, others were better
    finished: bool  # a stop id: the branch ends here


@dataclass(frozen=True)
class BeamTree:
    """All candidates that a beam search looked at, and its results, best first."""

    nodes: tuple[BeamNode, ...]
    leaves: tuple[int, ...]  # last node of each finished text, best score first
    scores: tuple[float, ...]  # total / length ** length_penalty of each leaf

    def path(self, node: int) -> list[int]:
        """The nodes from the first new token to this one."""
        nodes = []
        while node > 0:
            nodes.append(node)
            node = self.nodes[node].parent
        return nodes[::-1]

    @property
    def token_ids(self) -> list[int]:
        """The new tokens of the best text."""
        return [self.nodes[n].token_id for n in self.path(self.leaves[0])]


def beam_search(
    model: Transformer,
    ids: Ids,
    width: int,
    max_new_tokens: int,
    length_penalty: float = 1.0,
    stop_ids: Collection[int] = (),
) -> BeamTree:
    """Keep the ``width`` most probable continuations at each step; the end is a stop id in ``width`` of them, or the length.

    Of each branch the ``width`` best next tokens (and as many more as there are stop ids) are looked at and kept in the tree.

    Args:
        length_penalty: a text's score is its log-probability divided by its number of new tokens to this power, so that
            a value above 0 favours longer texts (Wu et al. 2016, in Hugging Face's form).

    Raises:
        ValueError: as ``generate``, and for a width below 1.
    """
    prompt = checked_ids(model, ids)
    if width < 1:
        raise ValueError(f"a beam of width {width} keeps nothing; the width must be at least 1")
    nodes = [BeamNode(-1, 0, -1, 0.0, 0.0, True, False)]
    live, rows, done = [0], [prompt], []
    window = Window(model, model.config.causal)
    for _ in range(max_new_tokens):
        candidates = _candidates(window.read(rows), live, nodes, width + len(stop_ids))
        first = len(nodes)
        nodes += _select(candidates, width, frozenset(stop_ids))
        new = range(first, len(nodes))
        done += [n for n in new if nodes[n].finished]
        kept = [n for n in new if nodes[n].survived and not nodes[n].finished]
        parents = [live.index(nodes[n].parent) for n in kept]
        rows = [[*rows[p], nodes[n].token_id] for p, n in zip(parents, kept, strict=True)]
        live = kept
        if len(done) >= width or not live:
            break
        window.select(parents)
    leaves = done if len(done) >= width else done + live
    score = {n: nodes[n].total / max(1, nodes[n].depth) ** length_penalty for n in leaves}
    leaves = sorted(leaves, key=lambda n: -score[n])
    return BeamTree(tuple(nodes), tuple(leaves), tuple(score[n] for n in leaves))


def _candidates(logits: Tensor, live: list[int], nodes: list[BeamNode], count: int) -> list[BeamNode]:
    """The ``count`` best next tokens of each live branch, best whole branch first."""
    found = []
    for parent, scores in zip(live, logits, strict=True):
        log_p = log_softmax(as_logits(scores))
        best = np.flatnonzero(top_k(log_p, np.ones(len(log_p), dtype=bool), count))
        for token in best[falling(log_p[best])][:count]:
            total = nodes[parent].total + float(log_p[token])
            found.append(BeamNode(parent, nodes[parent].depth + 1, int(token), float(log_p[token]), total, False, False))
    return sorted(found, key=lambda node: -node.total)


def _select(candidates: list[BeamNode], width: int, stop_ids: frozenset[int]) -> list[BeamNode]:
    """Mark what survives: the ``width`` best that go on, and each stop id that is among the ``width`` best of all."""
    marked, going_on = [], 0
    for rank, node in enumerate(candidates):
        stops = node.token_id in stop_ids
        survived = rank < width if stops else going_on < width
        going_on += survived and not stops
        marked.append(replace(node, survived=survived, finished=stops and survived))
    return marked


@dataclass(frozen=True)
class Beam:
    """Beam search as a strategy of ``decode_tree``."""

    width: int = 3
    length_penalty: float = 1.0


@dataclass(frozen=True)
class TreeNode:
    """One token after a prefix. Node 0 is the prompt: no parent (-1), no token (-1), probability 1."""

    parent: int
    depth: int
    token_id: int
    probability: float  # the model's own, temperature 1 and nothing cut
    taken_by: tuple[str, ...]  # the strategies whose text goes through here
    seen_by: tuple[str, ...]  # those that had it among their candidates
    kept_by: tuple[str, ...] = ()  # those that went on from here, or ended here: a beam keeps more than its final text


def decode_tree(
    model: Transformer,
    ids: Ids,
    strategies: Mapping[str, SamplingConfig | Beam],
    max_new_tokens: int,
    *,
    stop_ids: Collection[int] = (),
    alternatives: int = 0,
    numbers_used: int = 0,
) -> tuple[TreeNode, ...]:
    """The texts of several strategies from one prefix, merged where they agree.

    ``strategies`` maps a name to sampling (greedy is temperature 0) or beam search; at each step of sampling the
    ``alternatives`` most probable tokens are in the tree too, as is all that a beam search looked at.
    ``numbers_used`` says how many random numbers of each seed a prefix that was drawn itself has taken already.
    """
    tree = _Tree()
    for name, strategy in strategies.items():
        if isinstance(strategy, Beam):
            found = beam_search(model, ids, strategy.width, max_new_tokens, strategy.length_penalty, stop_ids)
            best, where = set(found.path(found.leaves[0])), {0: 0}
            for n, node in enumerate(found.nodes[1:], start=1):
                p = float(np.exp(node.log_probability))
                where[n] = tree.add(where[node.parent], node.token_id, p, name, taken=n in best, kept=node.survived)
            continue
        at = 0
        generator = seeded_after(strategy.seed, numbers_used)
        for step in generate(model, ids, strategy, max_new_tokens, generator=generator, stop_ids=stop_ids):
            p = softmax(as_logits(step.logits))
            for token in falling(p)[:alternatives]:
                tree.add(at, int(token), float(p[token]), name, taken=False, kept=False)
            at = tree.add(at, step.token_id, float(p[step.token_id]), name, taken=True, kept=True)
    return tuple(tree.nodes)


class _Tree:
    """Nodes that are found again by their parent and token."""

    def __init__(self) -> None:
        self.nodes = [TreeNode(-1, 0, -1, 1.0, (), ())]
        self.index: dict[tuple[int, int], int] = {}

    def add(self, parent: int, token_id: int, probability: float, name: str, *, taken: bool, kept: bool) -> int:
        """The node's number; a node that is there already gets the name added."""
        at = self.index.setdefault((parent, token_id), len(self.nodes))
        if at == len(self.nodes):
            self.nodes.append(TreeNode(parent, self.nodes[parent].depth + 1, token_id, probability, (), ()))
        node = self.nodes[at]

        def with_name(names: tuple[str, ...], true: bool) -> tuple[str, ...]:
            return (*names, name) if true and name not in names else names

        self.nodes[at] = replace(
            node,
            taken_by=with_name(node.taken_by, taken),
            seen_by=with_name(node.seen_by, True),
            kept_by=with_name(node.kept_by, kept),
        )
        return at


@dataclass(frozen=True, eq=False)
class CacheComparison:
    """The same greedy tokens made with and without a cache; all arrays are (n,), one value a step, measured here and now."""

    cached_seconds: np.ndarray
    uncached_seconds: np.ndarray
    cached_bytes: np.ndarray  # keys and values that the cache holds after the step
    recomputed_bytes: np.ndarray  # keys and values that the step without a cache computes once more


def compare_cache(model: Transformer, ids: Ids, n: int) -> CacheComparison:
    """Generate ``n`` tokens both ways, taking turns step by step, and measure each step."""
    if not model.config.causal:
        raise ValueError("a bidirectional model has no cache; choose a causal one")
    length = len(checked_ids(model, ids))
    one_token = KVCache(model).bytes_per_token
    ways = [generate(model, ids, SamplingConfig(temperature=0), n, use_cache=use) for use in (True, False)]
    seconds = np.zeros((2, n))
    held, again = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for i in range(n):
        for way, steps in enumerate(ways):
            began = time.perf_counter()
            step = next(steps)
            seconds[way, i] = time.perf_counter() - began
        held[i] = (length + i - step.window_start) * one_token
        again[i] = held[i] - one_token if i else 0
    return CacheComparison(*seconds, held, again)
