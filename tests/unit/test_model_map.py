"""The model as a tree of parts: every weight is counted once, and every shape is the trace's."""

from __future__ import annotations

import pytest

from llm.architecture import architecture
from llm.cost import count_parameters, parameters
from tests.unit.test_interpret_origins import KINDS, made


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_is_counted_once(kind: str) -> None:
    model, _ = made(**KINDS[kind])
    tree = architecture(model.config, 6)
    total = sum(p.numel() for p in model.parameters())
    assert tree.weights == count_parameters(model.config) == total
    parts = {part.name: part for part in tree.walk()}
    cost, layers = parameters(model.config), model.config.n_layers
    assert layers * parts["attention"].weights == cost["attention"] and layers * parts["mlp"].weights == cost["mlp"]
    assert parts["embedding"].weights == cost["token embedding"] and parts["unembedding"].weights == cost["unembedding"]
    norms = sum(
        part.weights * (layers if part.layer == 0 else 1)
        for name, part in parts.items()
        if name in ("norm1", "norm2", "final_norm")
    )
    assert norms == cost["norms"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_has_the_weights_of_its_parameters(kind: str) -> None:
    model, _ = made(**KINDS[kind])
    named = dict(model.named_parameters())
    for part in architecture(model.config, 6).walk():
        if part.parameter and part.name not in ("q", "k", "v"):
            inside = sum(
                p.numel() for name, p in named.items() if name == part.parameter or name.startswith(f"{part.parameter}.")
            )
            assert part.weights == inside * part.times, part.name
    stacked = [part.weights for part in architecture(model.config, 6).walk() if part.name in ("q", "k", "v")]
    assert sum(stacked) == sum(p.numel() for name, p in named.items() if name.startswith("blocks.0.attn.qkv"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_shape_is_the_trace_s(kind: str) -> None:
    model, seen = made(**KINDS[kind])
    for part in architecture(model.config, 6).walk():
        if part.point and part.name not in ("spread", "mean"):
            assert part.shape == seen[part.point].shape, part.name


def test_the_tree_is_true_to_the_configuration() -> None:
    def names(**changes) -> list[str]:
        model, _ = made(**changes)
        return [part.name for part in architecture(model.config, 6).walk()]

    assert "rope" in names(position="rope") and "alibi" in names(position="alibi") and "no_mask" in names(causal=False)
    assert "gate" in names(activation="swiglu") and "smear" in names(smear=True) and "norm1" not in names(norm="none")
    assert "shift" not in names(norm="rmsnorm") and "final_norm" not in names(norm_position="post")
    pre, post = names(), names(norm_position="post")
    assert pre.index("norm1") < pre.index("attention") and post.index("norm1") > post.index("attention")
