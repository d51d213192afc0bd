"""The lines of Python that Home offers to take away."""

from __future__ import annotations

from ui import cached_home
from ui.state import Reading


def opening(now: Reading) -> str:
    """The first lines of every snippet: open the model on the bench and encode the sentence on it."""
    return f"""from llm.library import open_model

model, tokenizer = (opened := open_model({now.model_id!r}, {now.step!r})).model, opened.tokenizer
ids = tokenizer.encode({now.sentence!r})[:{len(now.ids)}]
"""


def continuation_code(now: Reading, seed: int) -> str:
    """Generate the same tokens as Home shows."""
    top_k = min(cached_home.TOP_K, now.config.vocab_size)
    return f"""{opening(now)}
from llm.config import SamplingConfig
from llm.decoding import generate

sampling = SamplingConfig(temperature={cached_home.TEMPERATURE}, top_k={top_k}, seed={seed})
stop = [tokenizer.special[name] for name in ("<|end|>",) if name in tokenizer.special]
steps = list(generate(model, ids, sampling, {cached_home.TOKENS}, stop_ids=stop))
print(tokenizer.decode([step.token_id for step in steps]))
"""
