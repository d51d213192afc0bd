"""Gradients against a second transformer, written with PyTorch's own layers (tests/unit/plain_gpt.py)."""

import pytest
import torch
import torch.nn.functional as F

from llm.config import ModelConfig, TrainConfig
from llm.model import Transformer
from llm.objectives import IGNORED, masked_tokens, token_loss
from llm.training import Trainer
from tests.unit.plain_gpt import copy_of, named, ordered, pairs
from tests.unit.training_data import token_data

SHAPE = {"vocab_size": 18, "context_length": 8, "n_layers": 2, "n_heads": 2, "d_model": 32}
KINDS = {
    "textbook": {},
    "post-norm": {"norm_position": "post"},
    "rotary, RMSNorm, SwiGLU": {"position": "rope", "norm": "rmsnorm", "activation": "swiglu"},
    "ALiBi, ReLU, untied": {"position": "alibi", "activation": "relu", "tie_embeddings": False},
    "without residual connections": {"residual": False},
    "without norms": {"norm": "none"},
    "both ways": {"causal": False},
    "both ways, ALiBi": {"causal": False, "position": "alibi"},
    "wide start": {"embedding_std": 1.0, "weight_std": 0.2, "position": "none"},
}


def model_of(kind: str) -> Transformer:
    model = Transformer(ModelConfig(**SHAPE, **KINDS[kind]))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():  # biases and gains that are not 0 and 1, so that a mistake in one shows
        for p in model.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=generator))
    return model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_equal_plain_pytorch(kind, masked):
    ours = model_of(kind).double()
    theirs = copy_of(ours)
    ids = torch.randint(0, 16, (3, 8), generator=torch.Generator().manual_seed(0))
    inputs, targets = ids, ids.roll(-1, 1)
    if masked:
        inputs, targets = masked_tokens(18, {"[MASK]": 17}).hide(ids, torch.Generator().manual_seed(0))
    loss = token_loss(ours(inputs), targets)
    loss.backward()
    counts = targets != IGNORED
    expected = -F.log_softmax(theirs(inputs), -1)[counts].gather(1, targets[counts][:, None]).mean()
    expected.backward()
    close = 1e-7 if "rotary" in kind else 1e-12  # the table of sines is kept in float32
    assert loss.item() == pytest.approx(expected.item(), abs=close)
    for (name, ours_gradient), (other, gradient) in zip(pairs(ours, True), named(theirs, True), strict=True):
        assert torch.allclose(ours_gradient, gradient, rtol=1e3 * close, atol=close), (name, other)
    assert all(p.grad.abs().sum() > 0 for _, p in ordered(ours) if p.ndim > 1)


@pytest.mark.parametrize("objective", ["next_token", "masked_tokens"])
def test_a_step_of_the_trainer_equals_an_ordinary_loop(objective, monkeypatch):
    """Three whole steps: batch, gradient, clipping, AdamW and schedule, in float32 against float64."""
    model = model_of("textbook" if objective == "next_token" else "both ways")
    theirs = copy_of(model).double()
    config = TrainConfig(
        steps=3, batch_size=4, objective=objective, learning_rate=0.01, warmup_steps=1, grad_clip=0.3, weight_decay=0.1
    )
    trainer = Trainer(model, token_data(), config)
    batches, gradients = [], []
    draw, update = trainer._batch, trainer.optimizer.step
    monkeypatch.setattr(trainer, "_batch", lambda: batches.append(draw()) or batches[-1])
    seen = lambda *given: gradients.append([g.clone() for _, g in pairs(model, True)]) or update(*given)  # noqa: E731
    monkeypatch.setattr(trainer.optimizer, "step", seen)
    records = [trainer.advance() for _ in range(3)]
    groups = [
        {"params": [p for p in theirs.parameters() if (p.ndim > 1) is matrix], "weight_decay": 0.1 * matrix}
        for matrix in (True, False)
    ]
    adamw = torch.optim.AdamW(groups, betas=(0.9, 0.99))
    for step, (inputs, targets) in enumerate(batches):
        for group in adamw.param_groups:  # warm-up over one step, then cosine to a tenth
            group["lr"] = 0.01 * [0.5, 0.1 + 0.9 * 0.75, 0.1 + 0.9 * 0.25][step]
        adamw.zero_grad()
        loss = F.cross_entropy(theirs(inputs).flatten(0, 1), targets.flatten())
        loss.backward()
        for (name, expected), found in zip(named(theirs, True), gradients[step], strict=True):
            assert torch.allclose(found.double(), expected, rtol=2e-4, atol=1e-6), (step, name)
        norm = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.3)
        adamw.step()
        assert records[step].loss == pytest.approx(loss.item(), abs=1e-5)
        assert records[step].grad_norm == pytest.approx(float(norm), rel=1e-4)
        assert records[step].learning_rate == pytest.approx(adamw.param_groups[0]["lr"])
    for (name, ours), (_, expected) in zip(pairs(model), named(theirs), strict=True):
        if not name.endswith("qkv.bias.1"):  # a key's bias has no gradient but rounding, whose sign AdamW makes a whole step of
            assert torch.allclose(ours.double(), expected, atol=2e-4), name


def test_sixteen_bit_gradients_point_the_same_way():
    model = model_of("textbook")
    ids = torch.randint(0, 16, (8, 8), generator=torch.Generator().manual_seed(0))
    short = model.rewired().bfloat16().requires_grad_(True)
    for m in (model, short):
        token_loss(m(ids), ids.roll(-1, 1)).backward()
    long, brief = (torch.cat([p.grad.float().flatten() for p in m.parameters()]) for m in (model, short))
    assert torch.nn.functional.cosine_similarity(long, brief, dim=0) > 0.999
