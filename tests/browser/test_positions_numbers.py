"""Positions: every number of its figures, read back from the page, is what ``llm`` computes, to all its digits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from llm.checkpoints import Checkpoint, save_checkpoint
from llm.config import ModelConfig
from llm.hf import save_gpt2
from llm.interpret import positions
from llm.interpret.comparison import probabilities, shown_position, top_changes
from llm.model import Transformer, identity
from llm.tokenizers import MASK, train_bpe
from llm.trace import trace
from tests.browser.conftest import Visitor, running_server, soon_or_later
from tests.browser.test_glass_everywhere import number, opened, table
from tests.browser.test_glass_numbers import random_cells
from tests.pages.helpers import forget_models
from ui import cached

TEXT = "The little dog was very happy. It saw a cat in the garden, and the cat saw it."
MODELS = ["stories", "positions-sinusoidal", "positions-rope", "positions-alibi", "imported", "made"]
SOON = ("imported",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model in GPT-2's format and a checkpoint, both with weights that nobody has trained."""
    top = tmp_path_factory.mktemp("models")
    shape = {"context_length": 64, "n_layers": 2, "n_heads": 2, "d_model": 32}
    save_gpt2(Transformer(ModelConfig(vocab_size=50257, activation="gelu_tanh", **shape)), top / "imported")
    bpe = train_bpe(TEXT * 20, 300)
    made = ModelConfig(vocab_size=bpe.vocab_size, position="sinusoidal", norm="rmsnorm", causal=False, **shape)
    save_checkpoint(top / "made", Transformer(made), bpe, {"title": "made"})
    return top


@pytest.fixture(scope="module")
def serving(folder: Path) -> Iterator[str]:
    with running_server(GLASSFORMER_MODELS=str(folder)) as address:
        yield address


@pytest.fixture(params=soon_or_later(MODELS, SOON))
def model(request, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("GLASSFORMER_MODELS", str(folder))
    forget_models()
    torch.set_num_threads(1)  # as the server does: other numbers of threads add up in another order
    yield request.param
    forget_models()


def page_of(serving: str, visit, model: str, order: str = "") -> Visitor:
    """The page Positions; its first view stands in no address."""
    return opened(serving, visit, "positions", text=TEXT, model=model, **({"order": order} if order else {}))


def ids_of(found: Checkpoint) -> list[int]:
    return found.tokenizer.encode(TEXT)[: found.config.context_length]


def columns(visitor: Visitor, place: str) -> np.ndarray:
    """The numbers of a figure's table behind its first column; places where a curve has none are NaN."""
    return np.array([[number(cell) if cell else np.float32(np.nan) for cell in row[1:]] for row in table(visitor, place)[1:]])


def test_the_scheme_s_own_picture_prints_the_model_s_vectors_angles_or_slopes(serving: str, visit, model: str) -> None:
    whole, visitor = cached.checkpoint(model).model, page_of(serving, visit, model)
    scheme = whole.config.position
    if scheme == "rope":
        shown = columns(visitor, ".st-key-positions-arrows")
        assert np.array_equal(shown[:, 0], positions.rotation_frequencies(whole).astype(np.float32))
    elif scheme == "alibi":
        shown = columns(visitor, ".st-key-positions-slopes")
        assert np.array_equal(shown.T, positions.distance_penalties(whole, len(shown)).astype(np.float32)) and len(shown) > 30
    else:
        random_cells(table(visitor, ".st-key-positions-table")[1:], positions.position_table(whole)[:128, :128], model=model)
    assert visitor.errors == []


def test_token_and_position_add_up_to_what_the_trace_has(serving: str, visit, model: str) -> None:
    found = cached.checkpoint(model)
    seen = trace(found.model, ids_of(found))
    visitor = page_of(serving, visit, model, "sum")
    shown = columns(visitor, ".st-key-positions-vectors")
    parts = [seen[f"embed.{name}"][-1] for name in ("token", "position", "sum")]
    assert np.array_equal(shown, np.stack(parts, axis=1))
    exact = visitor.page.locator(".st-key-card-positions-sum-where .exact").inner_text().split()[-1]
    assert number(exact) == parts[2][np.abs(parts[2]).argmax()] and visitor.errors == []


def test_likeness_and_attention_by_distance_are_those_of_the_model(serving: str, visit, model: str) -> None:
    found = cached.checkpoint(model)
    seen, layers = trace(found.model, ids_of(found)), range(found.config.n_layers)
    visitor = page_of(serving, visit, model, "distance")
    curve = positions.similarity_by_distance(found.model, 128)
    if curve is not None:
        assert np.array_equal(columns(visitor, ".st-key-positions-similarity")[:, 0], curve.astype(np.float32))
    reach = positions.attention_by_distance(np.stack([seen[f"blocks.{layer}.attn.pattern"] for layer in layers]))
    assert np.array_equal(columns(visitor, ".st-key-positions-attention"), reach.T.astype(np.float32))
    assert visitor.errors == []


def test_what_is_left_without_places_is_what_the_model_gives(serving: str, visit, model: str) -> None:
    found = cached.checkpoint(model)
    ids, (changed, edit) = ids_of(found), positions.placeless(found.model)
    place = shown_position(ids, found.config.causal, found.tokenizer.special.get(MASK))
    before, after = (
        probabilities(trace(one, ids, ["logits"], edit=tap)["logits"][place])
        for one, tap in ((found.model, identity), (changed, edit))
    )
    visitor = page_of(serving, visit, model)
    visitor.page.locator(".st-key-card-positions-break [data-testid=stButtonGroup] button").first.click()
    visitor.page.locator(".st-key-positions-gone .tool").first.wait_for()
    visitor.idle()
    best = top_changes(before, after)
    shown = columns(visitor, ".st-key-positions-gone")
    assert np.array_equal(shown, np.stack([before[best], after[best]], axis=1).astype(np.float32)) and visitor.errors == []
