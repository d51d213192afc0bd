"""The lines of Python that the Embeddings page offers to take away. Each prints the numbers on the screen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ui import cached_embeddings as computed
from ui.snippets_home import opening
from ui.state import Reading


def _table(now: Reading, finished: bool = False) -> str:
    start = opening(now) if not finished else opening(now).replace(f", {now.step!r})", ", None)", 1)
    return f"{start}E = model.token_embedding.weight.numpy()[: tokenizer.vocab_size]\n"


def row_code(now: Reading, position: int) -> str:
    """One token's row."""
    return f"{_table(now)}\nprint(E[ids[{position}]])\n"


def rows_code(now: Reading) -> str:
    """The rows of the whole sentence: the first thing that the model computes."""
    return f"""{_table(now)}
from llm.trace import trace

rows = trace(model, ids, ["embed.token"])["embed.token"]
assert (rows == E[ids]).all()
print(rows)
"""


def near_code(now: Reading, token: int, k: int) -> str:
    """The nearest tokens by cosine."""
    return f"""{_table(now)}
from llm.interpret.projections import nearest

for i, cosine in zip(*nearest(E, E[{token}], {k}, without={{{token}}})):
    print(tokenizer.token_text(i), cosine)
"""


def similarity_code(now: Reading, tokens: int) -> str:
    """Cosine of every pair of tokens of the sentence."""
    return f"{_table(now)}\nfrom llm.interpret.projections import similarity\n\nprint(similarity(E[ids[:{tokens}]]))\n"


_WORDS = f"""import numpy as np

from llm.interpret import projections, vocabulary

sample = vocabulary.sample_ids(tokenizer, opened.meta)
counts = None if sample is None else np.bincount(sample, minlength=len(E))
ordered = vocabulary.most_used(len(E), len(E), counts)
words = vocabulary.whole_words(tokenizer, ordered.tolist(), sample)[:{computed.WORDS}]
"""


def analogy_code(now: Reading, chosen: tuple[int, int, int]) -> str:
    """a - b + c over the whole words of the vocabulary, and how near it lies to its inputs."""
    a, b, c = chosen
    return f"""{_table(now)}
{_WORDS}
for i, cosine in zip(*projections.analogy(E, {a}, {b}, {c}, among=words)):
    print(tokenizer.token_text(i), cosine)
print(projections.cosines(E[[{a}, {b}, {c}]], projections.analogy_vector(E, {a}, {b}, {c})))
"""


def score_code(now: Reading, known: Sequence[Sequence[int]]) -> str:
    """How many known analogies come out first, with the arithmetic and without."""
    return f"""{_table(now)}
{_WORDS}
known = {[list(group) for group in known]}  # ids of a, b, c and the expected word
print(projections.analogy_scores(E, known, words))
"""


def pca_code(now: Reading, ids: np.ndarray) -> str:
    """The finished model's tokens in the plane."""
    return f"""{_table(now, finished=True)}
from llm.interpret.projections import pca

shown = {_ids(ids)}
made = pca(E[shown], 2, {_fit(now, ids)})  # the frames before are turned towards this one: llm.interpret.projections.frames
print(made.coordinates, made.shares.sum())
"""


def space_code(now: Reading, ids: np.ndarray) -> str:
    """The tokens in space."""
    return f"""{_table(now)}
from llm.interpret.projections import pca

shown = {_ids(ids)}
print(pca(E[shown], 3, {_fit(now, ids)}).coordinates)
"""


def tsne_code(now: Reading, ids: np.ndarray, dimensions: int) -> str:
    """The same map: seconds."""
    return f"""{_table(now, finished=True)}
from llm.interpret.projections import tsne

shown = {_ids(ids)}
print(tsne(E[shown], {dimensions}))
"""


def _fit(now: Reading, ids: np.ndarray) -> str:
    """The positions that decide on the axes, as Python writes them."""
    fit = computed.occurring(now.model_id, ids)
    return "None" if fit is None else _ids(fit)


def _ids(ids: np.ndarray) -> str:
    """Ids as Python writes them, short where they are a range."""
    listed = ids.tolist()
    return f"list(range({len(listed)}))" if listed == list(range(len(listed))) else str(listed)
