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
    if not now.config.causal:
        return _blanks_code(now, seed)
    top_k = min(cached_home.TOP_K, now.config.vocab_size)
    return f"""{opening(now)}
from llm.config import SamplingConfig
from llm.decoding import generate, up_to

sampling = SamplingConfig(temperature={cached_home.TEMPERATURE}, top_k={top_k}, seed={seed})
stop = [tokenizer.special[name] for name in ("<|end|>",) if name in tokenizer.special]
steps = generate(model, ids, sampling, {cached_home.MOST_TOKENS}, stop_ids=stop)
steps = up_to(steps, {cached_home.TOKENS}, tokenizer.ends_sentence)
print(tokenizer.decode([step.token_id for step in steps]))
"""


def _blanks_code(now: Reading, seed: int) -> str:
    """The same for a model that fills blanks: one at the end, again and again."""
    top_k = min(cached_home.TOP_K, now.config.vocab_size)
    return f"""{opening(now)}
from llm.config import SamplingConfig
from llm.decoding import Window
from llm.sampling import explain_choice, random_numbers

sampling = SamplingConfig(temperature={cached_home.TEMPERATURE}, top_k={top_k}, seed={seed})
blank, text = [i for name, i in tokenizer.special.items() if name == "[MASK]"], list(ids)
for u in random_numbers(sampling.seed, {cached_home.TOKENS}):
    logits = Window(model, use_cache=False).read([[*text, *blank]])[0].numpy()
    text.append(explain_choice(logits, sampling, text, float(u)).token_id)
    if text[-1] == tokenizer.special.get("<|end|>"):
        break
print(tokenizer.decode(text[len(ids) :]))
"""
