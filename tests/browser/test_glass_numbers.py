"""Every number on the pages about the inside is the model's own: random cells of each component's table against the trace."""

from __future__ import annotations

import random

import numpy as np
import pytest

from llm.interpret.attribution import logit_attribution
from llm.interpret.lens import logit_lens, logit_lens_top
from llm.interpret.stream import stations
from tests.browser.conftest import soon_or_later
from tests.browser.test_glass_everywhere import number, opened, seen, table
from ui import cached
from ui.tokens import token_label

MODELS = ["stories", "copy", "positions-rope", "masked"]
CELLS = 25


def random_cells(shown: list[list[str]], values: np.ndarray, first: int = 1, model: str = "") -> None:
    """Random cells of a table (numbers from column ``first`` on) are these float32 numbers to all their digits."""
    chosen = random.Random(model)
    assert (len(shown), len(shown[0]) - first) == values.shape
    for _ in range(CELLS):
        i, j = chosen.randrange(values.shape[0]), chosen.randrange(values.shape[1])
        text = shown[i][first + j].replace("∞", "inf")
        assert (number(text) if text else np.float32(np.nan)) == pytest.approx(
            np.float32(values[i, j]), rel=0, abs=0, nan_ok=True
        )


def bench(model: str, **more: object) -> dict[str, object]:
    return {"text": cached.model_info(model).default_text, "model": model, **more}


@pytest.mark.parametrize("model", soon_or_later(MODELS, MODELS[:1]))
def test_every_step_of_a_head_prints_the_trace(server: str, visit, model: str) -> None:
    _, trace = seen(model)
    config, block = cached.checkpoint(model).config, "blocks.1.attn"
    head = config.n_heads - 1
    visible = np.isfinite(trace[f"{block}.scores"][head])
    values = {
        "q": trace[f"{block}.q"][head], "k": trace[f"{block}.k"][head], "v": trace[f"{block}.v"][head],
        "mask": trace[f"{block}.scores"][head], "softmax": np.where(visible, trace[f"{block}.pattern"][head], np.nan),
    }  # fmt: skip
    for step, expected in values.items():
        visitor = opened(server, visit, "attention", **bench(model, layer=2, head=head + 1, show=step))
        where = "[class*='st-key-attention-vectors-']" if step in "qkv" else "[class*='st-key-attention-matrix-']"
        random_cells(table(visitor, where)[1:], expected, model=model)
        assert visitor.errors == []


@pytest.mark.parametrize("model", soon_or_later(MODELS, MODELS[:1]))
def test_lens_road_score_and_heads_joined_print_the_model(server: str, visit, model: str) -> None:
    _, trace = seen(model)
    opened_model = cached.checkpoint(model)
    last, layers = len(trace.ids) - 1, opened_model.config.n_layers
    visitor = opened(server, visit, "layers", **bench(model, part="lens"))
    logits = logit_lens(opened_model.model, trace).astype(np.float64)  # (S, T, V)
    chances = np.exp(logits - logits.max(axis=2, keepdims=True))
    chances /= chances.sum(axis=2, keepdims=True)
    top = logit_lens_top(opened_model.model, trace, 5)
    for t, (_, *cells) in enumerate(table(visitor, ".st-key-layers-lens-table")[1:]):
        assert len(cells) == 2 * (layers + 1)
        for stage in range(layers + 1):
            best = int(logits[stage, t].argmax())
            assert cells[2 * stage] == token_label(opened_model.tokenizer, best)
            assert number(cells[2 * stage + 1]) == top.probabilities[stage, t, 0]
            assert top.probabilities[stage, t, 0] == pytest.approx(chances[stage, t, best], rel=1e-5)
    road = opened(server, visit, "layers", **bench(model, part="road"))
    shown = table(road, ".st-key-layers-road")[1:]
    for stop, (_, added, share, size, *_) in zip(stations(trace, last), shown, strict=True):
        assert number(size) == np.float32(stop.size)
        if stop.added is not None:
            assert (number(added), number(share)) == (np.float32(stop.added), np.float32(stop.share))
    score = opened(server, visit, "layers", **bench(model, part="score", layer=1))
    made = logit_attribution(opened_model.model, trace, int(trace["logits"][last].argmax()), last)
    parts = {f"head {p.head + 1}": p.value for p in made.parts if p.layer == 0 and p.kind == "head"}
    rows = {row[0]: number(row[1]) for row in table(score, ".st-key-layers-score-heads")[1:]}
    assert {name: rows[name] for name in parts} == {name: np.float32(value) for name, value in parts.items()}
    joined = opened(server, visit, "layers", **bench(model, part="heads", layer=1))
    z, each = trace["blocks.0.attn.z"][:, last].reshape(-1), trace["blocks.0.attn.head_out"][:, last]
    shown = [[row[0], row[1], *row[2 : 2 + len(each)]] for row in table(joined, ".st-key-layers-joined-picture")[1:]]
    random_cells(shown, np.column_stack([z, *each]), model=model)
    assert visitor.errors == road.errors == score.errors == joined.errors == []


@pytest.mark.parametrize("model", soon_or_later(MODELS, ()))
def test_any_number_of_the_trace_is_printed_with_its_origin(server: str, visit, model: str) -> None:
    """One random cell of each kind of number, by its link: in all digits, in words and as lines of PyTorch."""
    _, trace = seen(model)
    chosen, visitor = random.Random(f"{model} cells"), None
    for point in ("embed.token", "embed.position", "blocks.0.norm1", "blocks.1.attn.v", "blocks.0.attn.scores",
                  "blocks.1.attn.pattern", "blocks.0.attn.z", "blocks.1.attn.out", "blocks.0.mlp.post", "blocks.1.resid_mid",
                  "final_norm", "logits"):  # fmt: skip
        index = tuple(chosen.randrange(size) for size in trace[point].shape)
        if point == "logits":
            index = (index[0], int(np.argsort(-trace["logits"][-1])[index[1] % 20]))  # one of those that the picture has
        way = "-".join([point.removeprefix("blocks."), *map(str, index)])
        layer = int(point.split(".")[1]) + 1 if point.startswith("blocks.") else 1
        visitor = opened(server, visit, "layers", **bench(model, part="numbers", layer=layer, way=way))
        card = visitor.page.locator(".st-key-card-layers-numbers-where")
        text = card.locator(".exact").inner_text().split()[-1].replace("−", "-").replace("∞", "inf")
        assert np.float32(text) == trace[point][index], (point, index)
        assert len(card.locator(".words").first.inner_text()) > 15 and card.locator("details").count() == 1
        assert visitor.errors == []
        visitor.page.context.close()
