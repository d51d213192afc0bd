"""Text, one token at a time: greedy and sampled generation with a key/value cache, beam search, surprise.

Knows nothing about text: token ids in, token ids out. Legend as in ``llm.model``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from llm.config import SamplingConfig
from llm.model import KVCache, Transformer
from llm.sampling import Choice, Draw, choose, explain_choice, is_greedy, random_number

Ids = Sequence[int] | Tensor


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
        """(V,) float32, the model's own."""
        return self._last.float().cpu().numpy()

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
    ids = _checked(model, ids)
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


class Window:
    """What the model sees of growing sequences: at most ``context_length`` tokens, a quarter of them dropped at a time.

    Dropping a quarter and not one token makes rebuilding the cache rare; where the window starts depends on the length
    alone, so that it is the same with and without a cache.
    """

    def __init__(self, model: Transformer, use_cache: bool) -> None:
        self.model = model
        self.cache = KVCache(model) if use_cache else None
        self.start = 0
        self.moved = False

    def read(self, rows: list[list[int]]) -> Tensor:
        """Logits (B, V) after each of B sequences of equal length; with a cache only their new tokens are computed."""
        start = window_start(len(rows[0]), self.model.config.context_length)
        self.moved = start != self.start
        self.start = start
        # inside the step, never around a yield: the mode belongs to the thread, and the thread goes on between steps
        with torch.inference_mode():
            if self.moved and self.cache is not None:
                self.cache = KVCache(self.model, len(rows))
            known = self.cache.length if self.cache is not None else 0
            new = torch.tensor([row[start + known :] for row in rows], device=self.model.token_embedding.weight.device)
            return self.model(new, cache=self.cache)[:, -1]

    def select(self, parents: list[int]) -> None:
        """Go on with copies of these rows of the last ``read``."""
        if self.cache is not None and parents != list(range(self.cache.k.shape[1])):
            with torch.inference_mode():
                self.cache = self.cache.select(parents)


def window_start(length: int, context_length: int) -> int:
    """Index of the first of ``length`` tokens that the model still sees."""
    slide = max(1, context_length // 4)
    return max(0, -(-(length - context_length) // slide)) * slide


def _checked(model: Transformer, ids: Ids) -> list[int]:
    ids = [int(i) for i in ids]
    V = model.config.vocab_size
    if not ids:
        raise ValueError("there is nothing to continue; give at least one token")
    if min(ids) < 0 or max(ids) >= V:
        wrong = min(ids) if min(ids) < 0 else max(ids)
        raise ValueError(f"token id {wrong} is outside the model's vocabulary of {V}; use the model's own tokenizer")
    return ids


def surprise(model: Transformer, ids: Ids) -> np.ndarray:
    """-log p of each token after the first, given those before it: (T - 1,) nats, float64.

    Past the context it is what a sliding window would have given, as in ``generate``.

    Raises:
        ValueError: for a model that is not causal, which has seen the token that it would have to predict.
    """
    if not model.config.causal:
        raise ValueError("surprise needs a causal model; a bidirectional one has already seen the token it should predict")
    ids = _checked(model, ids)
    N = model.config.context_length
    parts, seen = [np.zeros(0)], 1  # seen: tokens before the next one to be predicted
    while seen < len(ids):
        start = window_start(seen, N)
        end = min(start + N, len(ids) - 1)  # tokens start..end predict all tokens up to ids[end]
        with torch.inference_mode():
            logits = model(torch.tensor([ids[start:end]], device=model.token_embedding.weight.device))[0, seen - start - 1 :]
            log_p = logits.double().log_softmax(dim=-1).cpu()  # (end - seen + 1, V)
            parts.append(-log_p[torch.arange(len(log_p)), torch.tensor(ids[seen : end + 1])].numpy())
        seen = end + 1
    return np.concatenate(parts)
