"""GPT-2's file format: ``model.safetensors`` and ``config.json`` as Hugging Face's ``GPT2LMHeadModel`` stores them.

Reads Hugging Face's, nanoGPT's and minGPT's names; writes Hugging Face's. Files are not trusted: safetensors only (a pickle
can run code), and every size is checked before anything is built.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from llm.config import ModelConfig
from llm.model import Transformer

# GPT-2's name of each activation function and ours; the first of several is the one that is written.
ACTIVATION_NAMES = {
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu": "gelu",
    "relu": "relu",
    "relu2": "relu2",
    "silu": "silu",
    "swish": "silu",
}
# GPT-2's name of each layer's parts and ours.
LAYER_NAMES = {
    "ln_1": "norm1",
    "attn.c_attn": "attn.qkv",
    "attn.c_proj": "attn.out",
    "ln_2": "norm2",
    "mlp.c_fc": "mlp.up",
    "mlp.c_proj": "mlp.down",
}
# Computations of GPT2LMHeadModel that Transformer does not have, with the value that leaves them out.
NEEDED_FLAGS = {
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "reorder_and_upcast_attn": False,
    "add_cross_attention": False,
}
LONGEST_CONTEXT = 8192  # the mask is a table of context x context numbers


def load_gpt2(folder: str | Path) -> Transformer:
    """The model in ``folder``, in float32.

    The orientation of the weights (Hugging Face's Conv1D is (in, out), nanoGPT's Linear (out, in)) is read off ``c_attn``,
    which is never square. Without ``activation_function`` the default is that of the code the configuration comes from:
    exact GELU for nanoGPT's (``block_size`` and ``bias``), the tanh approximation for GPT-2's and minGPT's.

    Raises:
        ValueError: when the files are missing, damaged, contradict each other, or need what ``Transformer`` does not have.
    """
    folder = Path(folder)
    values = _read_config(folder)
    tensors = _read_tensors(folder)
    config = _config(values, tensors)
    state = _state(config, tensors)
    with torch.device("meta"):  # no time spent on random weights
        model = Transformer(config)
    model.load_state_dict(state, assign=True)
    model._add_tables()
    return model


def save_gpt2(model: Transformer, folder: str | Path) -> None:
    """Write ``model.safetensors`` and ``config.json`` that ``GPT2LMHeadModel.from_pretrained(folder)`` opens.

    A model without biases is written with biases of zero, which is the same function.

    Raises:
        ValueError: for a model that GPT-2's format cannot express, naming the fields.
    """
    c = model.config
    _refuse_inexpressible(c)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: p.detach().cpu() for name, p in model.state_dict().items()}
    tensors = {"transformer.wte.weight": state["token_embedding.weight"]}
    tensors["transformer.wpe.weight"] = state["position_embedding.weight"]
    for theirs, ours in _pairs(c.n_layers):
        weight = state[f"{ours}.weight"]
        tensors[f"transformer.{theirs}.weight"] = weight.t() if weight.ndim == 2 else weight
        tensors[f"transformer.{theirs}.bias"] = state.get(f"{ours}.bias", weight.new_zeros(weight.shape[0]))
    if not c.tie_embeddings:
        tensors["lm_head.weight"] = state["unembed.weight"]
    tensors = {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}
    save_file(tensors, folder / "model.safetensors.part", metadata={"format": "pt"})
    (folder / "config.json.part").write_text(json.dumps(_gpt2_config(c), indent=2) + "\n", encoding="utf-8")
    for name in ("model.safetensors", "config.json"):  # whole files or none
        os.replace(folder / f"{name}.part", folder / name)


def _pairs(n_layers: int) -> list[tuple[str, str]]:
    """(GPT-2's prefix, ours) of everything with a weight and a bias."""
    layers = [(f"h.{i}.{a}", f"blocks.{i}.{b}") for i in range(n_layers) for a, b in LAYER_NAMES.items()]
    return [*layers, ("ln_f", "final_norm")]


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{folder} has no config.json; a GPT-2 folder needs one beside model.safetensors") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as JSON ({error}); download it again") from error
    if not isinstance(values, dict):
        raise ValueError(f"{path} holds a {type(values).__name__}; a configuration is a JSON object")
    return values


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    """GPT-2's names without any prefix -> float32 tensors of their own memory (the file may change later)."""
    path = folder / "model.safetensors"
    if not path.is_file():
        raise ValueError(f"{folder} has no model.safetensors; pickled files (.bin, .pt) are not opened, they can run code")
    try:
        with safe_open(path, framework="pt") as file:
            named = {re.sub(r"^(_orig_mod\.)?(transformer\.)?", "", name): name for name in file.keys()}  # noqa: SIM118
            wanted = {short: name for short, name in named.items() if not re.search(r"\.attn\.(bias|masked_bias)$", short)}
            return {short: file.get_tensor(name).to(torch.float32, copy=True) for short, name in wanted.items()}
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error}); download it again") from error


def _number(values: dict[str, Any], *names: str) -> int:
    for name in names:
        if name in values:
            value = values[name]
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 2**31:
                raise ValueError(f"{name} in config.json is {value!r}; it must be a whole number from 1 to 2,147,483,647")
            return value
    raise ValueError(f"config.json has no {names[0]}; it is not the configuration of a GPT-2 model")


def _config(values: dict[str, Any], tensors: dict[str, Tensor]) -> ModelConfig:
    """The configuration, from ``config.json``; what the weights alone decide is read off them."""
    for flag, needed in NEEDED_FLAGS.items():
        if values.get(flag, needed) != needed:
            raise ValueError(f"config.json asks for {flag}={values[flag]}, which this transformer does not have")
    nanogpt = "block_size" in values and "bias" in values
    activation = values.get("activation_function", "gelu" if nanogpt else "gelu_new")
    if not isinstance(activation, str) or activation not in ACTIVATION_NAMES:
        raise ValueError(f"config.json asks for the activation {activation!r}; known are {', '.join(ACTIVATION_NAMES)}")
    context = _number(values, "n_positions", "n_ctx", "block_size")
    if context > LONGEST_CONTEXT:
        raise ValueError(f"the context of {context} tokens is over the {LONGEST_CONTEXT} that this program opens")
    head = tensors.get("lm_head.weight")
    tied = head is None or torch.equal(head, tensors.get("wte.weight", head.new_zeros(0)))
    d_model = _number(values, "n_embd")
    d_mlp = None if values.get("n_inner") is None else _number(values, "n_inner")
    return ModelConfig(
        vocab_size=_number(values, "vocab_size"),
        context_length=context,
        n_layers=_checked_layers(_number(values, "n_layer"), tensors),
        n_heads=_number(values, "n_head"),
        d_model=d_model,
        d_mlp=None if d_mlp == 4 * d_model else d_mlp,
        activation=ACTIVATION_NAMES[activation],
        tie_embeddings=tied,
        bias="ln_f.bias" in tensors,
        norm_eps=values.get("layer_norm_epsilon", 1e-5),
    )


def _checked_layers(n_layers: int, tensors: dict[str, Tensor]) -> int:
    """``n_layers``, when the file holds exactly that many: so a made-up number builds nothing."""
    found = {match[1] for name in tensors if (match := re.match(r"h\.(\d+)\.", name))}
    if len(found) != n_layers:
        raise ValueError(f"config.json says {n_layers} layers, model.safetensors holds {len(found)}; they are not of one model")
    return n_layers


def _state(config: ModelConfig, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our names -> tensors of our shapes; a missing, unknown or misshapen one is a ``ValueError``."""
    tensors = dict(tensors)
    qkv = tensors.get("h.0.attn.c_attn.weight")
    conv1d = qkv is not None and qkv.shape == (config.d_model, 3 * config.d_model)
    head = tensors.pop("lm_head.weight", None)
    renamed = {"token_embedding.weight": "wte.weight", "position_embedding.weight": "wpe.weight"}
    for theirs, ours in _pairs(config.n_layers):
        renamed[f"{ours}.weight"] = f"{theirs}.weight"
        if config.bias:
            renamed[f"{ours}.bias"] = f"{theirs}.bias"
    with torch.device("meta"):
        shapes = {name: tuple(p.shape) for name, p in Transformer(config).named_parameters()}
    state = {}
    for ours, theirs in renamed.items():
        tensor = tensors.pop(theirs, None)
        if tensor is None:
            raise ValueError(f"model.safetensors has no {theirs}; the file is not of the model in config.json")
        turned = conv1d and ".weight" in ours and ours.startswith("blocks.") and tensor.ndim == 2
        state[ours] = tensor.t().contiguous() if turned else tensor
        _check_shape(theirs, state[ours], shapes[ours])
    if tensors:
        raise ValueError(f"model.safetensors has {', '.join(sorted(tensors)[:3])}, which GPT-2 does not have")
    if not config.tie_embeddings:
        state["unembed.weight"] = head
        _check_shape("lm_head.weight", head, shapes["unembed.weight"])
    return state


def _check_shape(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(tensor.shape) != shape:
        raise ValueError(f"{name} is {tuple(tensor.shape)}, config.json makes it {shape}; they are not of one model")


def _refuse_inexpressible(c: ModelConfig) -> None:
    needed = {
        "position": "learned",
        "norm": "layernorm",
        "norm_position": "pre",
        "causal": True,
        "qk_norm": False,
        "embedding_norm": False,
        "smear": False,
        "residual": True,
    }
    wrong = [f"{name}={getattr(c, name)!r}" for name, value in needed.items() if getattr(c, name) != value]
    if c.activation not in ACTIVATION_NAMES.values():
        wrong.append(f"activation={c.activation!r}")
    if wrong:
        raise ValueError(f"GPT-2's format cannot express {', '.join(wrong)}; save this model as a checkpoint instead")


def _gpt2_config(c: ModelConfig) -> dict[str, Any]:
    """``config.json`` of GPT2LMHeadModel. Dropout of the attention pattern is something this transformer does not have."""
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": c.vocab_size,
        "n_positions": c.context_length,
        "n_embd": c.d_model,
        "n_layer": c.n_layers,
        "n_head": c.n_heads,
        "n_inner": c.d_mlp,
        "activation_function": next(name for name, ours in ACTIVATION_NAMES.items() if ours == c.activation),
        "resid_pdrop": c.dropout,
        "embd_pdrop": c.dropout,
        "attn_pdrop": 0.0,
        "layer_norm_epsilon": c.norm_eps,
        "tie_word_embeddings": c.tie_embeddings,
        "bos_token_id": None,
        "eos_token_id": None,
    }
