"""Questions with one right answer: how many a model answers exactly, always taking its likeliest token."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch

from llm.model import Transformer
from llm.tokenizers import Tokenizer

Question = tuple[str, str]  # a prompt and what has to follow
BATCH = 256


def exact_share(model: Transformer, tokenizer: Tokenizer, questions: Sequence[Question]) -> float:
    """The part of the questions, 0 to 1, whose answer the model gives to the last token (greedy decoding)."""
    return sum(right_answers(model, tokenizer, questions)) / len(questions)


def right_answers(model: Transformer, tokenizer: Tokenizer, questions: Sequence[Question]) -> list[bool]:
    """For each question, whether the answer is exact. Questions of equal length are asked together."""
    encoded = [(tokenizer.encode(prompt), tokenizer.encode(answer)) for prompt, answer in questions]
    groups = defaultdict(list)
    for place, (prompt, answer) in enumerate(encoded):
        groups[len(prompt), len(answer)].append(place)
    right = [False] * len(questions)
    for places in groups.values():
        for start in range(0, len(places), BATCH):
            some = places[start : start + BATCH]
            prompts, answers = (torch.tensor([encoded[place][side] for place in some]) for side in (0, 1))  # (B, T), (B, A)
            for place, found in zip(some, _greedy(model, prompts, answers.shape[1]).eq(answers).all(1).tolist(), strict=True):
                right[place] = found
    return right


def _greedy(model: Transformer, ids: torch.Tensor, count: int) -> torch.Tensor:
    """The ``count`` likeliest next tokens of each row, one after the other: (B, T) -> (B, count)."""
    length = ids.shape[1]
    with torch.inference_mode():
        for _ in range(count):
            ids = torch.cat((ids, model(ids)[:, -1].argmax(-1, keepdim=True)), dim=1)
    return ids[:, length:]
