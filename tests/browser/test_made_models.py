"""Models that nobody ships: norms after the parts, a gate, turned queries and keys. What pages print is the trace's."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from llm.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from llm.config import ModelConfig
from llm.model import Transformer
from llm.tokenizers import train_bpe
from llm.trace import trace
from tests.browser.conftest import Visitor, running_server, soon_or_later
from tests.browser.test_glass_everywhere import number, opened, table
from tests.browser.test_glass_numbers import random_cells

WORDS = "The little dog saw the cat and the cat saw the little dog. "
TEXT = "The little dog saw the cat"
MODELS = {
    "after-turned": {"norm": "rmsnorm", "activation": "swiglu", "position": "rope", "bias": False, "tie_embeddings": False},
    "after-learned": {"norm": "layernorm", "activation": "gelu", "position": "learned"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Checkpoint]]]:
    """A server that has these models, and the models as they were stored. Their weights are large: no number is nearly zero."""
    top, tokenizer = tmp_path_factory.mktemp("models"), train_bpe(WORDS * 30, 290)
    for name, options in MODELS.items():
        size = {"vocab_size": tokenizer.vocab_size, "context_length": 32, "n_layers": 2, "n_heads": 2, "d_model": 32}
        model = Transformer(ModelConfig(**size, norm_position="post", **options))
        generator = torch.Generator().manual_seed(7)
        with torch.no_grad():
            for weights in model.parameters():
                weights.add_(0.25 * torch.randn(weights.shape, generator=generator))
        save_checkpoint(top / name, model, tokenizer, {"title": name})
    stored = {name: load_checkpoint(top / name) for name in MODELS}
    with running_server(GLASSFORMER_MODELS=str(top)) as address:
        yield address, stored


def traced(made: Checkpoint) -> dict[str, np.ndarray]:
    torch.set_num_threads(1)  # as the server does
    return trace(made.model, made.tokenizer.encode(TEXT))


def printed(text: str, value: float) -> bool:
    """Whether this is the number, rounded to the digits that are printed."""
    text = text.replace("−", "-")
    unit = 10.0 ** (int(text.split("e")[1]) if "e" in text else 0) * 10.0 ** -len(text.split("e")[0].partition(".")[2])
    return abs(float(text) - float(value)) <= 0.5000001 * unit + 1e-6 * abs(float(value))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_norm_neurons_stream_and_lens_of_a_post_norm_model_are_the_trace_s(made, visit, name: str) -> None:
    address, seen = made[0], traced(made[1][name])
    bench = {"text": TEXT, "model": name, "layer": 2, "token": 4}
    norm = opened(address, visit, "layers", **bench, part="norm")
    heading, *rows = table(norm, ".st-key-layers-norm-vectors")
    before = seen["blocks.1.resid_pre"][3] + seen["blocks.1.attn.out"][3]
    assert [number(row[-1]) for row in rows] == list(seen["blocks.1.norm1"][3]) and heading[0] == "channel"
    assert np.allclose([number(row[1]) for row in rows], before, rtol=1e-6, atol=1e-7)
    neurons = opened(address, visit, "layers", **bench, part="neurons")
    rows = table(neurons, ".st-key-layers-neuron-bars")[1:]
    post = seen["blocks.1.mlp.post"][3]
    assert [number(value) for _, value in rows] == [post[int(label.split()[-1]) - 1] for label, _ in rows]
    assert number(rows[0][1]) == post[np.abs(post).argmax()]
    road = opened(address, visit, "layers", **bench, part="road")
    sizes = [number(row[3]) for row in table(road, ".st-key-layers-road")[1:]]
    points = ["blocks.0.resid_pre", *(f"blocks.{i}.{point}" for i in range(2) for point in ("resid_mid", "resid_post"))]
    assert np.allclose(sizes, [np.linalg.norm(seen[point][3].astype(float)) for point in points], rtol=1e-6)
    lens = opened(address, visit, "layers", **bench, part="lens")
    logits = seen["logits"].astype(np.float64)
    best = 1 / np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)
    rows = table(lens, ".st-key-layers-lens-table")[1:]
    assert np.allclose([number(row[-1]) for row in rows], best, rtol=1e-5)
    assert norm.errors == neurons.errors == road.errors == lens.errors == []


@pytest.mark.parametrize("name", soon_or_later(MODELS, ()))
def test_products_scale_softmax_and_weighted_values_of_a_post_norm_model_are_the_trace_s(made, visit, name: str) -> None:
    address, seen = made[0], traced(made[1][name])
    size, chosen, count = made[1][name].config.d_head, random.Random(name), len(seen["logits"])
    i = chosen.randrange(2, count)
    j, c = chosen.randrange(i), chosen.randrange(size)
    q, k, v = (seen[f"blocks.1.attn.{part}"][1] for part in "qkv")
    scores, pattern = seen["blocks.1.attn.scores"][1], seen["blocks.1.attn.pattern"][1]

    visitor, lines = number_of(address, visit, name, f"1.attn.scores-1-{i}-{j}", scores[i, j])
    random_cells(origin_table(visitor), np.column_stack([q[i], k[j], q[i] * k[j]]), model=name)
    assert printed(lines[0], float(q[i].astype(float) @ k[j])) and printed(lines[1], scores[i, j]) and visitor.errors == []

    visitor, lines = number_of(address, visit, name, f"1.attn.pattern-1-{i}-{j}", pattern[i, j])
    assert printed(lines[0], float(q[i].astype(float) @ k[j])) and printed(lines[-1], pattern[i, j]) and visitor.errors == []

    visitor, lines = number_of(address, visit, name, f"1.attn.z-1-{i}-{c}", seen["blocks.1.attn.z"][1, i, c])
    weights, values = pattern[i, : i + 1], v[: i + 1, c]
    random_cells(origin_table(visitor)[: i + 1], np.column_stack([weights, values, weights * values]), model=name)
    assert printed(lines[-1], seen["blocks.1.attn.z"][1, i, c]) and visitor.errors == []


def number_of(address: str, visit, model: str, way: str, value: np.float32) -> tuple[Visitor, list[str]]:
    """Open where a number comes from; the results of its steps. In all its digits it is the trace's."""
    visitor = opened(address, visit, "layers", text=TEXT, model=model, layer=2, part="numbers", way=way)
    card = visitor.page.locator(".st-key-card-layers-numbers-where")
    assert number(card.locator(".exact").inner_text().split()[-1]) == value, way
    return visitor, card.locator(".line dd").all_inner_texts()


def origin_table(visitor: Visitor) -> list[list[str]]:
    """Factors and products, without the running sum."""
    return [row[:4] for row in table(visitor, ".st-key-card-layers-numbers-where")[1:]]


@pytest.mark.parametrize("name", soon_or_later(MODELS, ("after-learned",)))
def test_the_scores_and_shares_of_the_next_token_of_a_post_norm_model_are_the_trace_s(made, visit, name: str) -> None:
    address, seen = made[0], traced(made[1][name])
    visitor = opened(address, visit, "decoding", text=TEXT, model=name, decode="t1")
    logits = seen["logits"][-1]
    shares = np.exp(logits.astype(float) - logits.max()) / np.exp(logits.astype(float) - logits.max()).sum()
    _, *rows = table(visitor, ".st-key-card-decoding-panel")
    ids = [int(row[0]) for row in rows]
    assert ids == list(np.argsort(-logits, kind="stable")[: len(ids)]) and len(ids) >= 20
    assert [number(row[2]) for row in rows] == list(logits[ids])
    for column in (-2, -1):  # the model's own, and after settings that change nothing
        assert np.allclose([number(row[column]) for row in rows], shares[ids], rtol=1e-6)
    shown = visitor.page.locator(".st-key-card-decoding-panel .row:not(.head)").first.locator(".num").all_inner_texts()
    assert printed(shown[0], logits[ids[0]]) and printed(shown[3], shares[ids[0]]) and visitor.errors == []
