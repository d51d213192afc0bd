"""The lines of Python that the Decoding page offers to take away. Each ends by printing the number on the screen."""

from __future__ import annotations

from ui.decoding.text import GrowingText


def _opening(text: GrowingText) -> str:
    now = text.reading
    added = [c.id for c in text.chosen]
    return f"""from llm.library import open_model

opened = open_model({now.model_id!r}, {now.step!r})
model, tokenizer = opened.model, opened.tokenizer
ids = tokenizer.encode({now.sentence!r})[:{len(now.ids)}]{f" + {added}" if added else ""}
"""


def choice_code(text: GrowingText) -> str:
    """The next token by the settings on screen, with the stages on the way."""
    s = text.settings
    blank = text.reading.tokenizer.special.get("[MASK]")
    asked = f"[*ids, {blank}]" if not text.reading.config.causal and blank is not None else "ids"
    return f"""{_opening(text)}
from llm.config import SamplingConfig
from llm.sampling import explain_choice, random_numbers
from llm.window import Window

logits = Window(model, use_cache=False).read([{asked}])[0]  # of the whole vocabulary
sampling = SamplingConfig(temperature={s.temperature}, top_k={s.top_k}, top_p={s.top_p}, min_p={s.min_p},
                          repetition_penalty={s.penalty}, seed={s.seed})
u = random_numbers({s.seed}, {text.number + 1})[-1]
choice = explain_choice(logits, sampling, ids, u)
print(choice.order[:12], choice.scaled[choice.order[:12]], choice.n_kept)
print(repr(tokenizer.token_text(choice.token_id)), choice.probabilities[choice.token_id])
"""


def tree_code(text: GrowingText, width: int, depth: int) -> str:
    """The best text of a beam search and its total log-probability."""
    return f"""{_opening(text)}
from llm.decoding import beam_search

stop = [i for name, i in tokenizer.special.items() if name in ("<|end|>", "<|endoftext|>")]
found = beam_search(model, ids, width={width}, max_new_tokens={depth}, stop_ids=stop)
print(repr(tokenizer.decode(found.token_ids)), found.nodes[found.leaves[0]].total)
"""


def surprise_code(text: GrowingText) -> str:
    """Surprise of every token, its mean and the perplexity."""
    return f"""{_opening(text)}
import math
from llm.decoding import surprise

nats = surprise(model, ids)  # of each token after the first
print(nats, nats.mean(), math.exp(nats.mean()))
"""


def cache_code(text: GrowingText, count: int) -> str:
    """The bytes of the cache, and the same tokens timed both ways."""
    return f"""{_opening(text)}
from llm.decoding import compare_cache
from llm.model import KVCache

measured = compare_cache(model, ids, {count})
print(measured.cached_seconds, measured.uncached_seconds)
print(KVCache(model).bytes_per_token * len(ids))
"""
