"""Which device and which precision are chosen, and that nothing in a training step is tied to the CPU."""

import pytest
import torch

from llm.config import ModelConfig, TrainConfig
from llm.devices import bfloat16_gain, denormals_flushed, resolve_device, resolve_precision
from llm.model import Transformer
from llm.objectives import token_loss
from llm.optim import Optimizer
from llm.training import Trainer
from tests.unit.training_data import token_data


def machine(monkeypatch, cuda: bool, mps: bool) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_the_quickest_that_is_there(monkeypatch, cuda, mps, chosen):
    machine(monkeypatch, cuda, mps)
    assert resolve_device("auto") == chosen
    assert resolve_device("cpu") == "cpu"


def test_a_missing_device_is_a_sentence(monkeypatch):
    machine(monkeypatch, cuda=False, mps=True)
    with pytest.raises(ValueError, match=r"no device cuda .* choose auto or one of: mps, cpu"):
        resolve_device("cuda")
    with pytest.raises(ValueError, match="device is 'tpu'; choose one of"):
        TrainConfig(device="tpu")


def test_precision_follows_the_device(monkeypatch):
    assert resolve_precision("float32") == "float32"
    for able in (True, False):
        monkeypatch.setattr("torch.cpu.get_capabilities", lambda able=able: {"avx512_bf16": able})
        monkeypatch.setattr("llm.devices.bfloat16_gain", lambda: 2.0)
        monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda able=able, **_: able)
        assert resolve_precision("auto", "cpu") == ("bfloat16" if able else "float32")
        assert resolve_precision("auto", "cuda") == ("bfloat16" if able else "float32")
        assert resolve_precision("auto", "mps") == "float32"


def test_instructions_that_are_slow_are_not_used(monkeypatch):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.setattr("llm.devices.bfloat16_gain", lambda: 0.5)
    assert resolve_precision("auto", "cpu") == "float32"
    assert resolve_precision("bfloat16", "cpu") == "bfloat16"  # asked for is asked for


def test_the_gain_is_measured_once():
    assert bfloat16_gain() > 0
    assert bfloat16_gain() is bfloat16_gain()


def test_tiny_numbers_are_flushed_while_training_only():
    tiny = torch.tensor([1e-30])
    with denormals_flushed(False):
        assert (tiny * 1e-10).item() > 0
    with denormals_flushed(True):
        assert (tiny * 1e-10).item() == 0 or not torch.set_flush_denormal(False)
    assert (tiny * 1e-10).item() > 0


def test_a_trainer_says_where_it_computes(monkeypatch):
    machine(monkeypatch, cuda=False, mps=False)
    model = Transformer(ModelConfig(vocab_size=18, context_length=8, n_layers=1, n_heads=2, d_model=16))
    trainer = Trainer(model, token_data(), TrainConfig(steps=1, device="auto"))
    assert (trainer.device, trainer.precision) == ("cpu", "float32")


@pytest.mark.parametrize("position", ["learned", "sinusoidal", "rope", "alibi"])
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_step_makes_no_tensor_on_another_device(position, optimizer):
    """On the device "meta" there are shapes without numbers; an operation that meets a tensor of the CPU fails."""
    config = ModelConfig(vocab_size=18, context_length=8, n_layers=1, n_heads=2, d_model=16, position=position)
    model = Transformer(config).to("meta")
    assert {x.device.type for x in [*model.parameters(), *model.buffers()]} == {"meta"}
    updates = Optimizer(model, TrainConfig(optimizer=optimizer), torch.float32)
    ids = torch.zeros(2, 8, dtype=torch.long, device="meta")
    token_loss(model(ids), ids).backward()
    assert updates.gradient.device.type == "meta"
    for span, update in updates.updates:
        update.step(updates.gradient[span], 0.1)
    model.attention_bias = torch.zeros(1, 8, 8)
    with pytest.raises(RuntimeError, match="not on the expected device"):
        model(ids)


def test_another_device_draws_its_own_dropout():
    """A state from a machine with another device goes on: everything is there but the numbers of dropout."""

    def trainer():
        config = ModelConfig(vocab_size=18, context_length=8, n_layers=1, n_heads=2, d_model=16, dropout=0.5)
        return Trainer(Transformer(config), token_data(), TrainConfig(steps=4))

    first, same, other = trainer(), trainer(), trainer()
    first.advance()
    tensors, facts = first.state()
    same.restore(tensors, facts)
    other.restore(tensors | {"dropout": torch.zeros(16, dtype=torch.uint8)}, facts | {"device": "cuda"})
    assert torch.equal(same.optimizer.masters, other.optimizer.masters)
    assert same.advance().loss != other.advance().loss
