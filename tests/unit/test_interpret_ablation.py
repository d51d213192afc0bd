"""Ablations remove exactly what they name, and nothing of them stays with the model."""

import numpy as np
import pytest
import torch

from llm.config import ModelConfig
from llm.interpret import ablation
from llm.model import Transformer
from llm.trace import trace

IDS = [3, 1, 4, 1, 5, 9, 2, 6]
V, L, H = 11, 2, 4


def make(**changes):
    values = {"vocab_size": V, "context_length": 8, "n_layers": L, "n_heads": H, "d_model": 16, **changes}
    model, generator = Transformer(ModelConfig(**values)), torch.Generator().manual_seed(1)
    for p in model.parameters():
        torch.nn.init.normal_(p.data, std=0.3, generator=generator)
    return model.requires_grad_(False)


def logits(model, tap=None):
    ids = torch.tensor([IDS])
    return model(ids, tap) if tap else model(ids)


def test_nothing_removed_changes_nothing():
    model = make()
    assert torch.equal(logits(model, ablation()), logits(model))


@pytest.mark.parametrize("mode", ["zero", "mean"])
def test_removing_a_head_is_setting_its_columns_of_the_projection(mode):
    model = make()
    t = trace(model, IDS, edit=ablation(heads=[(1, 2), (1, 0), (0, 3)], mode=mode))
    plain = trace(model, IDS)
    for layer, gone in ((0, {3}), (1, {0, 2})):
        for head in range(H):
            z = t[f"blocks.{layer}.attn.z"][head]
            if head not in gone:
                assert layer == 1 or np.array_equal(z, plain["blocks.0.attn.z"][head])
                assert np.abs(z - z.mean(axis=0)).max() > 1e-3
            elif mode == "zero":
                assert not z.any()
            else:
                np.testing.assert_allclose(z, np.broadcast_to(z.mean(axis=0), z.shape), atol=1e-6)
    if mode == "mean":
        was = plain["blocks.0.attn.z"][3].mean(axis=0)
        np.testing.assert_allclose(t["blocks.0.attn.z"][3][0], was, atol=1e-6)


def test_all_heads_leave_only_the_biases():
    model = make(n_layers=1)
    t = trace(model, IDS, edit=ablation(heads=[(0, head) for head in range(H)]))
    bias = model.blocks[0].attn.out.bias.numpy()
    np.testing.assert_allclose(t["blocks.0.attn.out"], np.broadcast_to(bias, (len(IDS), 16)), atol=1e-6)
    assert not t["blocks.0.attn.head_out"].any()


def test_everything_removed_is_the_embedding_read_off():
    model = make(bias=False)
    gone = ablation(heads=[(i, h) for i in range(L) for h in range(H)], mlps=range(L), positions=True)
    direct = model.final_norm(model.token_embedding(torch.tensor([IDS]))) @ model.unembedding.T
    torch.testing.assert_close(logits(model, gone), direct)


@pytest.mark.parametrize("mode", ["zero", "mean"])
def test_an_mlp_and_the_positions(mode):
    t = trace(make(), IDS, edit=ablation(mlps=[1], positions=True, mode=mode))
    for name in ("blocks.1.mlp.out", "embed.position"):
        assert np.ptp(t[name], axis=0).max() < 1e-6
        assert t[name].any() == (mode == "mean")
    assert np.ptp(t["blocks.0.mlp.out"], axis=0).max() > 1e-3


def test_without_positions_order_is_told_by_the_mask_alone():
    model, gone = make(causal=False), ablation(positions=True)
    forward, backward = (model(torch.tensor([ids]), gone)[0] for ids in (IDS, IDS[::-1]))
    torch.testing.assert_close(forward, backward.flip(0))


def test_the_model_is_left_as_it_was():
    model = make()
    before, weights = logits(model), {name: p.clone() for name, p in model.state_dict().items()}
    logits(model, ablation(heads=[(0, 0)], mlps=[0], positions=True, mode="mean"))
    assert torch.equal(logits(model), before)
    assert all(torch.equal(p, weights[name]) for name, p in model.state_dict().items())


def test_numbers_that_are_not_finite_are_removed_too():
    model = make()
    model.blocks[1].mlp.down.bias[0] = float("nan")
    assert torch.isfinite(logits(model, ablation(mlps=[1]))).all()


def test_mistakes_are_one_sentence():
    with pytest.raises(ValueError, match="choose one of zero, mean"):
        ablation(mode="median")
    for wrong in ({"heads": [(0, -1)]}, {"heads": [(-1, 0)]}, {"mlps": [-1]}):
        with pytest.raises(ValueError, match="count from 0"):
            ablation(**wrong)
