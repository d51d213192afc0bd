"""Every recorded number fits its neighbours, for every option; recording changes nothing; an edit changes what follows."""

import math
import random
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
import torch

from llm.config import ACTIVATIONS, NORM_POSITIONS, NORMS, POSITIONS, ModelConfig
from llm.model import Transformer, activate, alibi_slopes, identity
from llm.trace import POINTS, Trace, point_shapes, trace

V, N, T, L, H, C = 23, 12, 9, 2, 2, 16
IDS = np.random.default_rng(0).integers(0, V, T).tolist()


def make(**changes) -> Transformer:
    """A small model in which norms and biases have values of their own."""
    values = {"vocab_size": V, "context_length": N, "n_layers": L, "n_heads": H, "d_model": C, "d_mlp": 20, **changes}
    model, generator = Transformer(ModelConfig(**values)), torch.Generator().manual_seed(1)
    std = 0.15 if model.config.norm == "none" else 0.3  # without norms numbers grow from layer to layer
    for p in model.parameters():
        torch.nn.init.normal_(p.data, mean=std if p.ndim == 1 else 0.0, std=std, generator=generator)
    return model.requires_grad_(False)


@pytest.fixture(scope="module")
def traced() -> list[tuple[Transformer, Trace]]:
    """Position x norm x norm position x activation, each with two combinations of the yes-or-no options."""
    rng = random.Random(0)
    switches = ("tie_embeddings", "bias", "causal", "qk_norm", "embedding_norm", "smear", "residual")
    models = [
        make(position=p, norm=n, norm_position=where, activation=a, **{s: rng.random() < 0.5 for s in switches})
        for p, n, where, a, _ in product(POSITIONS, NORMS, NORM_POSITIONS, ACTIVATIONS, range(2))
    ]
    return [(model, trace(model, IDS)) for model in models]


def close(a, b, config: ModelConfig) -> None:
    np.testing.assert_allclose(a, b, atol=3e-5, rtol=1e-4, err_msg=str(config))


def test_recorded_names_and_shapes_are_the_table(traced):
    for model, t in traced:
        assert {name: array.shape for name, array in t.items()} == dict(point_shapes(model.config, T))
        assert all(array.dtype == np.float32 for array in t.values())
        named = {name.replace("blocks.0.", "blocks.{i}.").replace("blocks.1.", "blocks.{i}.") for name in t}
        left_out = {"embed.norm"} if not model.config.embedding_norm else set()
        left_out |= {"embed.smear"} if not model.config.smear else set()
        left_out |= {"blocks.{i}.mlp.gate"} if model.config.activation != "swiglu" else set()
        assert named == set(POINTS) - left_out
        assert t.nbytes == sum(a.nbytes for a in t.values()) and len(t) == len(list(t)) and t.ids == tuple(IDS)


def test_points_come_layer_by_layer_between_the_two_ends():
    names = list(trace(make(), IDS))
    layers = [name.split(".")[1] for name in names if name.startswith("blocks.")]
    assert layers == sorted(layers) and len(set(layers)) == 2
    assert (names[0], names[-1]) == ("embed.token", "logits")


def test_traced_logits_equal_untraced_to_the_last_bit(traced):
    for model, t in traced:
        untraced = model(torch.tensor([IDS]))[0].numpy()
        assert np.array_equal(t["logits"], untraced), model.config
        assert np.array_equal(trace(model, IDS, ["logits"])["logits"], untraced), model.config


def test_embeddings_add_up(traced):
    for model, t in traced:
        c = model.config
        assert np.array_equal(t["embed.token"], model.token_embedding.weight[IDS].numpy())
        smear = t["embed.smear"] if c.smear else 0
        assert np.array_equal(t["embed.sum"], t["embed.token"] + t["embed.position"] + smear)
        if c.smear:
            assert np.array_equal(smear[1:], model.smear.numpy() * t["embed.token"][:-1]) and not smear[0].any()
        if c.position in ("rope", "alibi", "none"):
            assert (t["embed.position"] == 0).all()
        elif c.position == "learned":
            assert np.array_equal(t["embed.position"], model.position_embedding.weight[:T].numpy())
        if c.embedding_norm:
            close(t["embed.norm"].mean(-1), 0, c)
            variance = t["embed.sum"].var(-1)
            close(t["embed.norm"].std(-1), np.sqrt(variance / (variance + 1e-5)), c)
        assert np.array_equal(t["blocks.0.resid_pre"], t["embed.norm" if c.embedding_norm else "embed.sum"])


def test_the_residual_stream_is_a_sum(traced):
    for model, t in traced:
        c = model.config
        for i in range(L):
            b = f"blocks.{i}"
            after_attention, after_mlp = t[f"{b}.attn.out"], t[f"{b}.mlp.out"]
            if c.residual:
                after_attention, after_mlp = t[f"{b}.resid_pre"] + after_attention, t[f"{b}.resid_mid"] + after_mlp
            block = model.blocks[i]
            if c.norm_position == "pre":
                assert np.array_equal(t[f"{b}.resid_mid"], after_attention), c
                assert np.array_equal(t[f"{b}.resid_post"], after_mlp), c
                close(t[f"{b}.norm1"], block.norm1(torch.tensor(t[f"{b}.resid_pre"])), c)
                close(t[f"{b}.norm2"], block.norm2(torch.tensor(t[f"{b}.resid_mid"])), c)
            else:
                close(t[f"{b}.norm1"], block.norm1(torch.tensor(after_attention)), c)
                close(t[f"{b}.norm2"], block.norm2(torch.tensor(after_mlp)), c)
                assert np.array_equal(t[f"{b}.resid_mid"], t[f"{b}.norm1"])
                assert np.array_equal(t[f"{b}.resid_post"], t[f"{b}.norm2"])
        assert np.array_equal(t["blocks.1.resid_pre"], t["blocks.0.resid_post"])
        if c.norm_position == "post":
            assert np.array_equal(t["final_norm"], t["blocks.1.resid_post"])
        else:
            close(t["final_norm"], model.final_norm(torch.tensor(t["blocks.1.resid_post"])), c)
        close(t["logits"], t["final_norm"] @ model.unembedding.numpy().T, c)


def test_attention_step_by_step(traced):
    distance = np.abs(np.arange(T)[:, None] - np.arange(T)[None])
    later = np.triu(np.ones((T, T), dtype=bool), k=1)
    for model, t in traced:
        c = model.config
        for i in range(L):
            a = f"blocks.{i}.attn"
            scores = t[f"{a}.q"] @ t[f"{a}.k"].transpose(0, 2, 1) / math.sqrt(c.d_head)
            if c.position == "alibi":
                scores = scores - alibi_slopes(c).numpy()[:, None, None] * distance
            if c.causal:
                assert (t[f"{a}.scores"][:, later] == -np.inf).all() and (t[f"{a}.pattern"][:, later] == 0).all()
            else:
                assert np.isfinite(t[f"{a}.scores"]).all() and (t[f"{a}.pattern"] > 0).any(axis=0)[later].all()
            seen = ~later if c.causal else np.ones_like(later)
            close(t[f"{a}.scores"][:, seen], scores[:, seen], c)
            pattern = t[f"{a}.pattern"]
            close(pattern.sum(-1), 1, c)
            assert (pattern >= 0).all()
            weights = np.exp(t[f"{a}.scores"] - t[f"{a}.scores"].max(-1, keepdims=True))
            close(pattern, weights / weights.sum(-1, keepdims=True), c)
            close(t[f"{a}.z"], pattern @ t[f"{a}.v"], c)
            bias = model.blocks[i].attn.out.bias
            close(t[f"{a}.head_out"].sum(0) + (0 if bias is None else bias.numpy()), t[f"{a}.out"], c)
            weight = model.blocks[i].attn.out.weight.numpy()
            for h in range(H):
                close(t[f"{a}.head_out"][h], t[f"{a}.z"][h] @ weight[:, h * c.d_head : (h + 1) * c.d_head].T, c)


def test_queries_keys_and_values_are_projections_of_the_input(traced):
    for model, t in traced:
        c = model.config
        for i in range(L):
            source = t[f"blocks.{i}.norm1" if c.norm_position == "pre" else f"blocks.{i}.resid_pre"]
            q, k, v = model.blocks[i].attn.qkv(torch.tensor(source)).unflatten(-1, (3, H, c.d_head)).permute(1, 2, 0, 3)
            close(t[f"blocks.{i}.attn.v"], v, c)
            for name, x in (("q", q), ("k", k)):
                kept = t[f"blocks.{i}.attn.{name}"]
                if c.qk_norm:
                    x = x / (x.square().mean(-1, keepdim=True) + c.norm_eps).sqrt()
                if c.position == "rope":  # turned, so the lengths and the first token stay
                    close(np.linalg.norm(kept, axis=-1), x.norm(dim=-1), c)
                    close(kept[:, 0], x[:, 0], c)
                else:
                    close(kept, x, c)


def test_the_mlp_step_by_step(traced):
    for model, t in traced:
        c = model.config
        for i in range(L):
            m, mlp = f"blocks.{i}.mlp", model.blocks[i].mlp
            source = torch.tensor(t[f"blocks.{i}.{'norm2' if c.norm_position == 'pre' else 'resid_mid'}"])
            close(t[f"{m}.pre"], mlp.up(source), c)
            pre = torch.tensor(t[f"{m}.pre"])
            if c.activation == "swiglu":
                close(t[f"{m}.gate"], mlp.gate(source), c)
                gate = torch.tensor(t[f"{m}.gate"])
                close(t[f"{m}.post"], gate * torch.sigmoid(gate) * pre, c)
            else:
                close(t[f"{m}.post"], activate(pre, c.activation), c)
            close(t[f"{m}.out"], mlp.down(torch.tensor(t[f"{m}.post"])), c)


def test_a_later_token_changes_nothing_before_it():
    model = make()
    changed = [*IDS[:5], (IDS[5] + 1) % V, *IDS[6:]]
    a, b = trace(model, IDS), trace(model, changed)
    for name, shape in point_shapes(model.config, T).items():
        axis = 0 if len(shape) == 2 else 1
        assert np.array_equal(a[name].take(range(5), axis), b[name].take(range(5), axis)), name


def test_a_trace_is_frozen_and_belongs_to_nobody_else():
    model = make()
    t = trace(model, torch.tensor(IDS))
    before = {name: array.copy() for name, array in t.items()}
    for array in t.values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(TypeError):
        t["logits"] = np.zeros(1)
    for p in model.parameters():
        p.add_(1)
    trace(model, IDS)
    assert all(np.array_equal(before[name], t[name]) for name in t)


def test_only_the_asked_names_are_recorded():
    model = make()
    everything = trace(model, IDS)
    for names in (["logits"], ["blocks.1.attn.head_out"], ["blocks.0.attn.pattern", "embed.sum"], []):
        some = trace(model, IDS, names)
        assert set(some) == set(names)
        assert all(np.array_equal(some[name], everything[name]) for name in names)


def test_mistakes_are_one_sentence():
    model = make()
    with pytest.raises(ValueError, match=r"no point blocks\.9\.attn\.q"):
        trace(model, IDS, ["blocks.9.attn.q", "logits"])
    with pytest.raises(ValueError, match="at least one token"):
        trace(model, [])
    with pytest.raises(ValueError, match="at least one token"):
        trace(model, torch.zeros(2, 3, dtype=torch.long))
    for wrong in (-1, model.config.vocab_size):
        with pytest.raises(ValueError, match=f"token id {wrong} is outside the model's vocabulary"):
            trace(model, [0, wrong])
    with pytest.raises(ValueError, match=f"13 tokens are more than the model's context of {N}"):
        trace(model, [0] * 13)
    with pytest.raises(KeyError, match="was not recorded"):
        trace(model, IDS, ["logits"])["embed.sum"]


def test_an_edit_that_changes_nothing_changes_nothing():
    model = make()
    plain = trace(model, IDS)
    watched = trace(model, IDS, edit=lambda name, x: identity(name, x))
    assert all(np.array_equal(plain[name], watched[name]) for name in plain)


@pytest.mark.parametrize("name", point_shapes(make(activation="swiglu", embedding_norm=True, smear=True).config, T))
@pytest.mark.parametrize("norm_position", NORM_POSITIONS)
def test_an_edit_is_recorded_and_changes_what_follows(name, norm_position):
    model = make(activation="swiglu", embedding_norm=True, smear=True, norm_position=norm_position)
    plain = trace(model, IDS)
    edited = trace(model, IDS, edit=lambda n, x: x * torch.linspace(0.5, 1.5, x.shape[-1]) if n == name else x)
    order = []
    model(torch.tensor([IDS]), lambda n, x: order.append(n) or x)
    assert not np.array_equal(plain[name], edited[name])
    for earlier in order[: order.index(name)]:
        assert np.array_equal(plain[earlier], edited[earlier]), earlier
    assert not np.allclose(plain["logits"], edited["logits"], atol=1e-6), "every point is on the way to the logits"


def test_removing_a_head_by_its_output_or_by_its_values_is_the_same():
    model = make(bias=False)

    def zero(point: str, x: torch.Tensor) -> torch.Tensor:
        return torch.cat((torch.zeros_like(x[:, :1]), x[:, 1:]), dim=1)

    by_out = trace(model, IDS, edit=lambda n, x: zero(n, x) if n == "blocks.0.attn.head_out" else x)
    by_z = trace(model, IDS, edit=lambda n, x: zero(n, x) if n == "blocks.0.attn.z" else x)
    np.testing.assert_allclose(by_out["logits"], by_z["logits"], atol=1e-5)
    assert not np.allclose(by_out["logits"], trace(model, IDS)["logits"], atol=1e-3)


def test_one_model_serves_many_threads():
    model = make()
    texts = [np.random.default_rng(seed).integers(0, V, 1 + seed % N).tolist() for seed in range(40)]
    alone = [trace(model, ids) for ids in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda ids: trace(model, ids), texts))
    for a, b in zip(alone, together, strict=True):
        assert all(np.array_equal(a[name], b[name]) for name in a)
    assert vars(model).keys() == vars(make()).keys(), "nothing is attached to the model"


def test_a_bfloat16_model_is_recorded_as_float32():
    t = trace(make().to(torch.bfloat16), IDS)
    assert all(array.dtype == np.float32 for array in t.values())
    np.testing.assert_allclose(t["blocks.0.attn.pattern"].sum(-1), 1, atol=0.02)
