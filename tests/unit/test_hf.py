"""GPT-2's file format, against Hugging Face's own implementation, and against files that are not what they say."""

import json
import re

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from llm.config import ModelConfig
from llm.hf import load_gpt2, save_gpt2
from llm.model import Transformer

SHAPES = [
    {"n_layer": 1, "n_head": 1, "n_embd": 8, "vocab_size": 5, "n_positions": 4},
    {"n_layer": 3, "n_head": 4, "n_embd": 24, "vocab_size": 77, "n_positions": 33},
    {"n_layer": 2, "n_head": 2, "n_embd": 16, "vocab_size": 50, "n_positions": 16, "n_inner": 16},  # square mlp weights
    {"n_layer": 2, "n_head": 2, "n_embd": 16, "vocab_size": 50, "n_positions": 16, "n_inner": 40, "layer_norm_epsilon": 1e-3},
    {"n_layer": 2, "n_head": 2, "n_embd": 16, "vocab_size": 50, "n_positions": 16, "activation_function": "relu"},
    {"n_layer": 2, "n_head": 2, "n_embd": 16, "vocab_size": 50, "n_positions": 16, "activation_function": "gelu"},
    {"n_layer": 2, "n_head": 2, "n_embd": 16, "vocab_size": 50, "n_positions": 16, "tie_word_embeddings": False},
]


def gpt2(seed: int = 0, **shape) -> transformers.GPT2LMHeadModel:
    """A reference model in which every weight, norms and biases too, is random."""
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(bos_token_id=None, eos_token_id=None, **shape)).eval()
    generator = torch.Generator().manual_seed(seed)
    for p in model.parameters():
        torch.nn.init.normal_(p, mean=0.1, std=0.3, generator=generator)
    return model.requires_grad_(False)


def some_ids(shape: dict, seed: int = 0) -> torch.Tensor:
    size = (2, shape["n_positions"])
    return torch.randint(0, shape["vocab_size"], size, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def folder(tmp_path):
    gpt2(**SHAPES[1]).save_pretrained(tmp_path)
    return tmp_path


def rewrite(folder, change_tensors=None, **changes) -> None:
    """Change the weights and the configuration of a saved folder; None removes a field."""
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
    if change_tensors:
        tensors = load_file(folder / "model.safetensors")
        save_file({k: v.contiguous() for k, v in change_tensors(tensors).items()}, folder / "model.safetensors")


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
def test_logits_equal_hugging_face(shape, tmp_path):
    reference = gpt2(**shape)
    reference.save_pretrained(tmp_path)
    model = load_gpt2(tmp_path)
    ids = some_ids(shape)
    with torch.no_grad():
        assert (model(ids) - reference(ids).logits).abs().max() < 1e-4
    assert all(p.dtype == torch.float32 and p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
def test_what_is_saved_opens_in_hugging_face_and_here(shape, tmp_path):
    reference = gpt2(**shape)
    reference.save_pretrained(tmp_path / "a")
    model = load_gpt2(tmp_path / "a")
    save_gpt2(model, tmp_path / "b")
    again, info = transformers.GPT2LMHeadModel.from_pretrained(tmp_path / "b", output_loading_info=True)
    assert not any(info[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    ids = some_ids(shape)
    with torch.no_grad():
        assert torch.equal(again.eval()(ids).logits, reference(ids).logits)
    back = load_gpt2(tmp_path / "b")
    assert back.config == model.config
    assert all(torch.equal(a, b) for a, b in zip(back.parameters(), model.parameters(), strict=True))
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("activation", ["gelu", "gelu_tanh", "relu", "relu2", "silu"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("tied", [True, False])
def test_own_models_give_the_same_logits_in_hugging_face(activation, bias, tied, tmp_path):
    config = ModelConfig(
        vocab_size=30, context_length=8, n_layers=2, n_heads=2, d_model=16, activation=activation, bias=bias, weight_std=0.3,
        tie_embeddings=tied, dropout=0.1, norm_eps=1e-4,
    )  # fmt: skip
    model = Transformer(config).requires_grad_(False)
    save_gpt2(model, tmp_path)
    reference = transformers.GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    ids = torch.arange(8)[None]
    assert (model(ids) - reference(ids).logits).abs().max() < 1e-5
    assert (load_gpt2(tmp_path)(ids) - model(ids)).abs().max() < 1e-6


@pytest.mark.parametrize("prefix", ["", "transformer.", "_orig_mod.transformer."])
def test_prefixes_buffers_and_a_copied_head_make_no_difference(folder, prefix):
    expected = load_gpt2(folder)

    def change(tensors):
        bare = {k.removeprefix("transformer."): v for k, v in tensors.items()}
        renamed = {prefix + k: v for k, v in bare.items()}
        for i in range(3):
            renamed[f"{prefix}h.{i}.attn.bias"] = torch.ones(1, 1, 33, 33).tril()
            renamed[f"{prefix}h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
        renamed[prefix.removesuffix("transformer.") + "lm_head.weight"] = bare["wte.weight"].clone()
        return renamed

    rewrite(folder, change)
    model = load_gpt2(folder)
    assert model.config == expected.config and model.config.tie_embeddings
    assert torch.equal(model(torch.arange(9)[None]), expected(torch.arange(9)[None]))


@pytest.mark.parametrize("n_inner", [None, 24])
@pytest.mark.parametrize("bias", [True, False])
def test_nanogpt_names_and_orientation(folder, n_inner, bias):
    """nanoGPT keeps nn.Linear's (out, in), has no bias when told so, and calls the context ``block_size``."""
    shape = {**SHAPES[1], "n_inner": n_inner, "activation_function": "gelu"}
    reference = gpt2(**shape)
    if not bias:
        for name, p in reference.named_parameters():
            if name.endswith("bias"):
                p.zero_()
    state = reference.transformer.state_dict()
    linear = {k: v.t() if re.search(r"c_(attn|proj|fc)\.weight$", k) else v for k, v in state.items()}
    named = {f"_orig_mod.transformer.{k}": v for k, v in linear.items() if bias or not k.endswith("bias")}
    config = {"n_layer": 3, "n_head": 4, "n_embd": 24, "block_size": 33, "bias": bias, "vocab_size": 77, "dropout": 0.2}
    save_file({k: v.contiguous() for k, v in named.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config | ({"n_inner": n_inner} if n_inner else {})))
    model = load_gpt2(folder)
    ids = some_ids(shape)
    with torch.no_grad():
        assert (model(ids) - reference(ids).logits).abs().max() < 1e-4
    assert model.config.bias is bias and model.config.activation == "gelu"


def test_the_activation_without_a_name_is_that_of_the_code(folder):
    rewrite(folder, activation_function=None)
    assert load_gpt2(folder).config.activation == "gelu_tanh"
    rewrite(folder, n_positions=None, n_ctx=None, block_size=33)
    assert load_gpt2(folder).config.activation == "gelu_tanh", "minGPT's NewGELU"


def test_half_precision_is_read_as_float32(folder):
    rewrite(folder, lambda tensors: {k: v.half() for k, v in tensors.items()})
    model = load_gpt2(folder)
    assert model(torch.arange(3)[None]).dtype == torch.float32


def test_the_model_outlives_its_file(folder):
    model = load_gpt2(folder)
    before = model(torch.arange(9)[None])
    path = folder / "model.safetensors"
    path.write_bytes(b"\0" * path.stat().st_size)
    assert torch.equal(model(torch.arange(9)[None]), before)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx=True"),
        ({"reorder_and_upcast_attn": True}, "reorder_and_upcast_attn=True"),
        ({"add_cross_attention": True}, "add_cross_attention=True"),
        ({"scale_attn_weights": False}, "scale_attn_weights=False"),
        ({"activation_function": "mish"}, "activation 'mish'"),
        ({"activation_function": ["gelu"]}, "activation"),
        ({"n_layer": 2}, "says 2 layers, model.safetensors holds 3"),
        ({"n_layer": 10**9}, "says 1000000000 layers"),
        ({"n_layer": "3"}, "n_layer in config.json is '3'"),
        ({"n_layer": -1}, "from 1 to"),
        ({"n_head": 5}, "must divide"),
        ({"n_head": None}, "no n_head"),
        ({"n_embd": 48}, "wte.weight is"),
        ({"n_embd": 10**30}, "n_embd in config.json"),
        ({"n_inner": 7}, "c_fc"),
        ({"vocab_size": 78}, r"wte.weight is \(77, 24\), config.json makes it \(78, 24\)"),
        ({"n_positions": 10**7, "n_ctx": None}, "context of 10000000 tokens is over"),
        ({"n_positions": 32}, "wpe.weight is"),
        ({"layer_norm_epsilon": "small"}, "norm_eps"),
    ],
)
def test_a_configuration_that_does_not_fit_is_one_sentence(folder, changes, sentence):
    rewrite(folder, **changes)
    with pytest.raises(ValueError, match=sentence) as error:
        load_gpt2(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: {k: v for k, v in t.items() if "h.1.ln_2.bias" not in k}, "no h.1.ln_2.bias"),
        (lambda t: {**t, "transformer.h.0.attn.extra": torch.ones(1)}, "h.0.attn.extra, which GPT-2 does not have"),
        (lambda t: {**t, "lm_head.weight": torch.ones(5, 24)}, "lm_head.weight is"),
        (lambda t: {k: v for k, v in t.items() if "wte" not in k}, "no wte.weight"),
        (lambda t: {**t, "transformer.h.2.mlp.c_fc.weight": torch.ones(96, 24)}, "h.2.mlp.c_fc.weight is"),
        (lambda t: {k: v for k, v in t.items() if "h.0.attn.c_attn.weight" not in k}, "no h.0.attn.c_attn.weight"),
    ],
)
def test_weights_that_do_not_fit_are_one_sentence(folder, change, sentence):
    rewrite(folder, change)
    with pytest.raises(ValueError, match=sentence):
        load_gpt2(folder)


def test_missing_and_damaged_files_are_one_sentence(folder):
    whole = (folder / "model.safetensors").read_bytes()
    for damaged in (b"", whole[:100], whole[:-1], b"\x80\x04" + b"pickle" * 50):
        (folder / "model.safetensors").write_bytes(damaged)
        with pytest.raises(ValueError, match="not a whole safetensors file"):
            load_gpt2(folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match="pickled files"):
        load_gpt2(folder)
    for text, sentence in (("{", "cannot be read as JSON"), ("[]", "a configuration is a JSON object"), ("[" * 10**5, "JSON")):
        (folder / "config.json").write_text(text)
        with pytest.raises(ValueError, match=sentence):
            load_gpt2(folder)
    (folder / "config.json").unlink()
    with pytest.raises(ValueError, match=re.escape("has no config.json")):
        load_gpt2(folder)


@pytest.mark.parametrize(
    "field",
    [
        {"position": "rope"},
        {"position": "alibi"},
        {"position": "sinusoidal"},
        {"position": "none"},
        {"norm": "rmsnorm"},
        {"norm": "none"},
        {"residual": False},
        {"norm_position": "post"},
        {"activation": "swiglu"},
        {"causal": False},
        {"qk_norm": True},
        {"embedding_norm": True},
    ],
)
def test_a_model_that_gpt2_cannot_express_is_refused_by_name(field, tmp_path):
    model = Transformer(ModelConfig(vocab_size=9, context_length=4, n_layers=1, n_heads=2, d_model=8, **field))
    (name, value), *_ = field.items()
    with pytest.raises(ValueError, match=f"cannot express {name}={value!r};"):
        save_gpt2(model, tmp_path / "new")
    assert not (tmp_path / "new").exists()
