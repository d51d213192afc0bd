"""The lines of Python that the Tokenization page offers to take away."""

from __future__ import annotations

from ui import cached_tokenization as computed


def _own(model_id: str) -> str:
    """An expression for the page's own BPE."""
    return (
        f"open_model({computed.own_bpe_id(model_id)!r}).tokenizer"
        if computed.own_bpe_id(model_id)
        else 'train_bpe(stories, 1024, name="own")'
    )


def cut_code(model_id: str, text: str) -> str:
    """Tokens of the text in every row whose vocabulary is a file, and in vocabularies made from the stories."""
    lines = {row: f"load_tokenizer({name!r})" for row, name in computed.PUBLISHED.items()}
    return f"""from llm.corpora import generate
from llm.library import open_model
from llm.tokenizers import CharTokenizer, WordTokenizer, load_tokenizer, train_bpe

text = {text!r}
stories = generate("stories", {computed.CORPUS_CHARACTERS}).text
tokenizers = {{
    "word": {_looked_up("word", model_id)},
    "char": {_looked_up("char", model_id)},
    "own": {_own(model_id)},
    "gpt2": {lines["gpt2"]},
    "gpt4": {lines["gpt4"]},
    "gpt4o": {lines["gpt4o"]},
}}
for name, tokenizer in tokenizers.items():
    ids = tokenizer.encode(text)
    print(name, len(ids), ids[:8])
"""


def _looked_up(kind: str, model_id: str) -> str:
    if computed.bench_kind(model_id) == kind:
        return f"open_model({model_id!r}).tokenizer"
    return "CharTokenizer.train(stories)" if kind == "char" else f"WordTokenizer.train(stories, {computed.WORD_VOCABULARY})"


def languages_code(sentence: str, english: str) -> str:
    """Tokens of a sentence relative to the English one."""
    return f"""from llm.tokenizers import load_tokenizer

sentence = {sentence!r}
english = {english!r}
for name in {tuple(computed.PUBLISHED.values())!r}:
    tokenizer = load_tokenizer(name)
    n, base = len(tokenizer.encode(sentence)), len(tokenizer.encode(english))
    print(name, n, n / base)
"""


def merges_code(text: str, n_merges: int) -> str:
    """Every merge learned from the text."""
    return f"""from llm.tokenizers.merging import learning

tokenizer, states = learning({text!r}, {n_merges})
for merge, state in zip(tokenizer.merges, states[1:]):
    print(tokenizer.token_bytes(merge.new), merge.count, len(state.ids))
"""


def apply_code(row: str, model_id: str, text: str, n_merges: int) -> str:
    """The merges of a finished tokenizer, applied to the text."""
    tokenizer = f"load_tokenizer({computed.PUBLISHED[row]!r})" if row in computed.PUBLISHED else _own(model_id)
    needs = "from llm.tokenizers import load_tokenizer" if row in computed.PUBLISHED else "from llm.library import open_model"
    return f"""{needs}
from llm.tokenizers.merging import applying

tokenizer = {tokenizer}
states = applying(tokenizer, {text!r}, {n_merges})
for state, after in zip(states, states[1:]):
    print(tokenizer.token_bytes(state.candidates[0].new), len(after.ids))
"""


def train_code(own_text: str | None, vocab_size: int, sample: str) -> str:
    """Train the same tokenizer and cut the same text."""
    if own_text is None:
        source = f'from llm.corpora import generate\n\ncorpus = generate("stories", {computed.CORPUS_CHARACTERS}).text'
    else:
        source = f"corpus = {own_text!r}"
    return f"""from llm.tokenizers import train_bpe
{source}
tokenizer = train_bpe(corpus, {vocab_size})
text = {sample!r}
print(tokenizer.vocab_size, len(text) / len(tokenizer.encode(text)))
"""
