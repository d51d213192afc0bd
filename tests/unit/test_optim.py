"""AdamW against PyTorch's own, Muon's orthogonalisation against the SVD, the schedules, the flat buffers."""

import pytest
import torch

from llm.config import ModelConfig, TrainConfig
from llm.model import Transformer
from llm.optim import AdamW, Muon, Optimizer, orthogonalise, split_parameters
from llm.schedule import Cycle, cycle_at, rate_fraction


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("fused", [True, False])
def test_adamw_equals_torch(fused):
    ours, theirs = random(500), torch.nn.Parameter(random(500))
    mine = AdamW(ours, beta1=0.9, beta2=0.95, weight_decay=0.1)
    assert mine.fused
    mine.fused = fused
    reference = torch.optim.AdamW([theirs], lr=0.01, betas=(0.9, 0.95), weight_decay=0.1)
    for step in range(50):
        gradient = random(500, seed=step + 1)
        reference.param_groups[0]["lr"] = rate = 0.01 * (1 + step % 3)
        theirs.grad = gradient.clone()
        reference.step()
        mine.step(gradient, rate)
    assert torch.allclose(ours, theirs.detach(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("shape", [(3, 32, 32), (2, 64, 16), (2, 16, 64)])
def test_orthogonalise_comes_near_the_svd(shape):
    matrices = random(*shape)
    u, _, vt = torch.linalg.svd(matrices, full_matrices=False)
    nearest = u @ vt
    close = orthogonalise(matrices, steps=5)
    quick = orthogonalise(matrices, steps=3)
    assert close.shape == matrices.shape
    values = torch.linalg.svdvals(close)
    large = torch.linalg.svdvals(matrices) > 0.02 * torch.linalg.matrix_norm(matrices, 2)[:, None]
    assert (values[large] - 1).abs().max() < 0.15
    for found, least in ((close, 0.98), (quick, 0.8)):
        cosine = torch.nn.functional.cosine_similarity(found.flatten(1), nearest.flatten(1))
        assert cosine.min() > least


@pytest.mark.parametrize("shape", [(3, 8, 32), (2, 64, 16), (1, 16, 32)])
def test_long_matrices_take_the_short_way_to_the_same_result(shape):
    long = random(*shape)
    double = orthogonalise(long.double()).float()  # by the iteration as it is written
    assert torch.allclose(orthogonalise(long), double, atol=1e-5, rtol=0)


def test_muon_moves_every_direction_alike():
    weights = torch.zeros(2 * 8 * 16)
    muon = Muon(weights, [(2, 8, 16)])
    gradient = random(2 * 8 * 16)
    gradient[: 8 * 16] *= 1000  # the size of a gradient does not matter
    muon.step(gradient, 0.1)
    lengths = weights.view(2, -1).norm(dim=1)
    assert torch.allclose(lengths[0], lengths[1], rtol=0.15)
    assert (weights @ gradient) < 0  # downhill


def test_muon_decay_shrinks_before_the_update():
    weights = torch.ones(16)
    Muon(weights, [(1, 4, 4)], weight_decay=0.5).step(torch.zeros(16), 0.1)
    assert torch.allclose(weights, torch.full((16,), 0.95))


def test_schedules():
    def fractions(**options):
        return [rate_fraction(TrainConfig(steps=100, warmup_steps=4, **options), step) for step in (0, 3, 4, 50, 99)]

    assert fractions(schedule="constant") == [0.2, 0.8, 1.0, 1.0, 1.0]
    assert fractions(schedule="linear", final_lr_fraction=0.0) == pytest.approx([0.2, 0.8, 0.96, 0.5, 0.01])
    cosine = fractions(schedule="cosine", final_lr_fraction=0.1)
    assert cosine[3] == pytest.approx(0.55)
    assert cosine[4] == pytest.approx(0.1, abs=1e-3)
    endless = TrainConfig(steps=None, max_seconds=1, schedule="constant", warmup_steps=0)
    assert rate_fraction(endless, 10**6) == 1.0


def test_muon_gets_the_matrices_of_the_blocks_and_only_tables_decay():
    model = Transformer(ModelConfig(vocab_size=20, n_layers=2, d_model=16, n_heads=2))
    muon, tables, vectors = split_parameters(model.named_parameters(), "muon")
    assert len(muon.names) == 2 * 4
    assert sum(n * r * c for n, r, c in muon.shapes) == muon.size
    assert set(muon.shapes) == {(8, 16, 16), (2, 64, 16), (2, 16, 64)}
    assert sorted(tables.names) == ["position_embedding.weight", "token_embedding.weight"]
    assert tables.decays
    assert not vectors.decays
    assert all(p.ndim == 1 for p in vectors.parameters)


def test_one_step_equals_plain_torch():
    """The flat buffers, the clipping and the update together do what an ordinary loop does."""
    config = ModelConfig(vocab_size=20, n_layers=1, d_model=16, n_heads=2, context_length=8)
    ours, theirs = Transformer(config), Transformer(config)
    train = TrainConfig(learning_rate=0.01, grad_clip=0.5, weight_decay=0.1)
    optimizer = Optimizer(ours, train, torch.float32)
    groups = [
        {"params": [p for p in theirs.parameters() if (p.ndim > 1) is matrix], "weight_decay": 0.1 * matrix}
        for matrix in (True, False)
    ]
    reference = torch.optim.AdamW(groups, lr=0.01, betas=(train.beta1, train.beta2))
    ids = torch.arange(16).view(2, 8)
    for _ in range(3):
        for model in (ours, theirs):
            model(ids).square().mean().mul(100).backward()
        norm = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
        assert optimizer.step(1.0) == pytest.approx(float(norm), rel=1e-4)
        reference.step()
        reference.zero_grad()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_frozen_parameters_stay():
    model = Transformer(ModelConfig(vocab_size=20, n_layers=1, d_model=16, n_heads=2))
    for name, p in model.named_parameters():
        p.requires_grad_(name == "token_embedding.weight")
    assert Optimizer(model, TrainConfig(), torch.float32).names == ["token_embedding.weight"]
    model.requires_grad_(False)
    with pytest.raises(ValueError, match="trainable"):
        Optimizer(model, TrainConfig(), torch.float32)


def test_a_schedule_with_cycles_starts_again_from_half_the_rate():
    config = TrainConfig(steps=None, max_seconds=9, schedule="linear", final_lr_fraction=0.0, warmup_steps=0, cycle_steps=100)
    wanted = {0: (0, 100, 1.0), 99: (0, 100, 1.0), 100: (100, 50, 0.5), 150: (150, 100, 0.5), 250: (250, 200, 0.5)}
    for step, (start, length, top) in wanted.items():
        assert cycle_at(config, step) == Cycle(start, length, top)
    rates = [rate_fraction(config, step) for step in (0, 50, 99, 100, 125, 149, 150)]
    assert rates == pytest.approx([1.0, 0.5, 0.01, 0.5, 0.25, 0.01, 0.5])
    assert cycle_at(TrainConfig(steps=10, schedule="constant"), 3) is None
    assert cycle_at(TrainConfig(steps=10, schedule="cosine"), 12) == Cycle(0, 10)  # without cycles it just stays low
