"""The lines of Python that the Experiments page offers to take away. Each gives the numbers on the screen."""

from __future__ import annotations

from llm.sweeps import Sweep
from ui.state import Reading

_TRAIN = """from llm.evaluation import evaluate
from llm.model import Transformer
from llm.sources import corpus_source
from llm.training import train


def final_loss(spec):
    data = spec.data
    source = corpus_source(
        data.corpus, data.size, data.seed, data.tokenizer, data.vocab_size, shuffle_words=data.shuffle_words
    )
    model = Transformer(spec.model_config(source.tokenizer.vocab_size))
    for record in train(model, source.data, spec.train_config()):
        pass
    return evaluate(model, source.data.val)

"""


def experiment_code(name: str) -> str:
    """Train the three runs of one experiment."""
    return f"""from llm.experiments import EXPERIMENTS
{_TRAIN}
for title, spec in zip(("unchanged", "changed", "another seed"), EXPERIMENTS[{name!r}].specs):
    print(title, final_loss(spec))
"""


def sweep_code(sweep: Sweep) -> str:
    """Train all runs of a sweep."""
    return f"""from llm.sweeps import Sweep
{_TRAIN}
sweep = Sweep({sweep.first!r}, {sweep.first_values!r}, {sweep.second!r}, {sweep.second_values!r})
for row in sweep.specs():
    print([final_loss(spec) for spec in row])
"""


def _open(reading: Reading, name: str) -> str:
    step = "" if reading.step is None else f", {reading.step}"
    return f"{name} = open_model({reading.model_id!r}{step})"


def _both(a: Reading, b: Reading) -> str:
    return f"""from llm.library import open_model

{_open(a, "a")}
{_open(b, "b")}
ids_a = a.tokenizer.encode({a.sentence!r})[:{len(a.ids)}]
ids_b = b.tokenizer.encode({b.sentence!r})[:{len(b.ids)}]
"""


def next_code(a: Reading, b: Reading) -> str:
    """The most probable next tokens of both."""
    return f"""{_both(a, b)}
import torch

for opened, ids in ((a, ids_a), (b, ids_b)):
    with torch.inference_mode():
        chances = opened.model(torch.tensor([ids]))[0, -1].double().softmax(-1)
    for token in chances.argsort(descending=True)[:10].tolist():
        print(repr(opened.tokenizer.token_text(token)), float(chances[token]))
"""


def surprise_code(a: Reading, b: Reading) -> str:
    """The surprise of each token after the first, in nats."""
    return f"""{_both(a, b)}
from llm.decoding import surprise

print(surprise(a.model, ids_a))
print(surprise(b.model, ids_b))
"""


def attention_code(a: Reading, b: Reading) -> str:
    """Both patterns on the screen."""
    return f"""{_both(a, b)}
from llm.trace import trace

print(trace(a.model, ids_a)["blocks.{a.layer}.attn.pattern"][{a.head}])
print(trace(b.model, ids_b)["blocks.{b.layer}.attn.pattern"][{b.head}])
"""


def continue_code(a: Reading, b: Reading, seed: int, temperature: float, tokens: int) -> str:
    """Both continuations."""
    return f"""{_both(a, b)}
from llm.config import SamplingConfig
from llm.decoding import generate

sampling = SamplingConfig(temperature={temperature}, seed={seed})
for opened, ids in ((a, ids_a), (b, ids_b)):
    end = opened.tokenizer.special.get("<|end|>")
    new = [step.token_id for step in generate(opened.model, ids, sampling, {tokens}, stop_ids=() if end is None else (end,))]
    print(repr(opened.tokenizer.decode(ids + new)))
"""
