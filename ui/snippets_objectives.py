"""The lines of Python that the cards on masked and causal models offer to take away. Each prints the numbers on the screen."""

from __future__ import annotations

from ui.cached_objectives import CAUSAL, MASKED, TEMPERATURE, TOKENS
from ui.pretraining.pair import Pair


def _opening(pair: Pair) -> str:
    return f"""from llm.library import open_model

causal, masked = open_model({CAUSAL!r}), open_model({MASKED!r})
ids = masked.tokenizer.encode({pair.page.reading.sentence!r})[:{len(pair.ids)}]
mask, end = masked.tokenizer.special["[MASK]"], causal.tokenizer.end_id
"""


def blank_code(pair: Pair) -> str:
    """The hidden token's probability at every place."""
    return f"""{_opening(pair)}
from llm.interpret.blanks import from_both_sides, from_the_left

both, left = from_both_sides(masked.model, ids, mask), from_the_left(causal.model, ids, end)
for place, token in enumerate(ids):
    print(masked.tokenizer.token_text(token), both.own[place], left.own[place])
"""


def ending_code(pair: Pair) -> str:
    """The surprise at every place with the text after it, without it, and from the left."""
    return f"""{_opening(pair)}
from llm.interpret.blanks import from_both_sides, from_the_end, from_the_left

print(from_both_sides(masked.model, ids, mask).surprise)
print(from_the_end(masked.model, ids, mask).surprise)
print(from_the_left(causal.model, ids, end).surprise)
"""


def shapes_code(pair: Pair, place: int, causal: tuple[int, int], masked: tuple[int, int]) -> str:
    """Both patterns on the screen."""
    return f"""{_opening(pair)}
from llm.trace import trace

hidden = ids[:{place}] + [mask] + ids[{place + 1}:]
print(trace(causal.model, ids)["blocks.{causal[0]}.attn.pattern"][{causal[1]}])
print(trace(masked.model, hidden)["blocks.{masked[0]}.attn.pattern"][{masked[1]}])
"""


def losses_code(pair: Pair) -> str:
    """Surprises of the sentence, and both models' losses on held-out text."""
    return f"""{_opening(pair)}
from llm.interpret.blanks import from_both_sides, from_the_left
from llm.interpret.gap import equal_samples, objective_for, sample_loss
from llm.interpret.training_text import training_parts
from llm.library import list_models

print(from_the_left(causal.model, ids, end).surprise, from_both_sides(masked.model, ids, mask).surprise)
for info in list_models():
    if info.id in ({CAUSAL!r}, {MASKED!r}):
        opened, parts = open_model(info.id), training_parts(info.folder)
        _, held_out = equal_samples(opened.tokenizer, parts.train, parts.val, bounded=True)
        print(info.id, sample_loss(opened.model, held_out, objective_for(opened.model, opened.tokenizer)))
"""


def continue_code(pair: Pair, seed: int) -> str:
    """The masked model's continuation, one blank after another, and the causal model's surprise at it."""
    return f"""{_opening(pair)}
import torch

from llm.decoding import surprise
from llm.sampling import explain_choice, random_numbers
from llm.config import SamplingConfig

sampling, text = SamplingConfig(temperature={TEMPERATURE}, seed={seed}), list(ids)
for u in random_numbers(sampling.seed, {TOKENS}):
    with torch.inference_mode():
        logits = masked.model(torch.tensor([[*text, mask]]))[0, -1].numpy()
    token = explain_choice(logits, sampling, text, float(u)).token_id
    if token in masked.tokenizer.special.values():
        break
    text.append(token)
print(masked.tokenizer.decode(text), surprise(causal.model, text)[len(ids) - 1 :])
"""
