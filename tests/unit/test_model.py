"""The forward pass against a plain, separate implementation; its gradients; and what must hold for every option."""

import copy
import math
import random
from itertools import product

import pytest
import torch
import torch.nn.functional as F

from llm.config import ACTIVATIONS, NORM_POSITIONS, NORMS, POSITIONS, ModelConfig, SamplingConfig, TrainConfig
from llm.model import KVCache, Transformer, alibi_slopes, attention_bias, dropout, rotate, rotations, sinusoids

V, N = 23, 12


def config_of(**changes) -> ModelConfig:
    values = {"vocab_size": V, "context_length": N, "n_layers": 2, "n_heads": 2, "d_model": 16, "weight_std": 0.3, **changes}
    return ModelConfig(**values)


def some_ids(batch: int = 2, length: int = N, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, V, (batch, length), generator=torch.Generator().manual_seed(seed))


def all_configs() -> list[ModelConfig]:
    """Position x norm x norm position x activation, each with one of the combinations of the yes-or-no options."""
    rng = random.Random(0)
    switches = ("tie_embeddings", "bias", "causal", "qk_norm", "embedding_norm", "smear", "residual")
    return [
        config_of(position=p, norm=n, norm_position=where, activation=a, **{s: rng.random() < 0.5 for s in switches})
        for p, n, where, a in product(POSITIONS, NORMS, NORM_POSITIONS, ACTIVATIONS)
    ]


def with_random_weights(config: ModelConfig) -> Transformer:
    """Norms and biases too get values of their own, so that none can be forgotten unnoticed."""
    model, generator = Transformer(config), torch.Generator().manual_seed(1)
    std = 0.15 if config.norm == "none" else 0.3  # without norms numbers grow from layer to layer, and rounding with them
    for p in model.parameters():
        torch.nn.init.normal_(p.data, mean=std if p.ndim == 1 else 0.0, std=std, generator=generator)
    return model


def reference(w: dict[str, torch.Tensor], c: ModelConfig, ids: torch.Tensor) -> torch.Tensor:
    """The same function written another way: torch's own attention, complex rotations, loops where they are plainer."""
    T, H, D = ids.shape[1], c.n_heads, c.d_model // c.n_heads

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        if c.norm == "none":
            return x
        if c.norm == "rmsnorm":
            return F.rms_norm(x, (c.d_model,), w[f"{name}.weight"], c.norm_eps)
        return F.layer_norm(x, (c.d_model,), w[f"{name}.weight"], w.get(f"{name}.bias"), c.norm_eps)

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        y = torch.einsum("bti,oi->bto", x, w[f"{name}.weight"])
        return y + w[f"{name}.bias"] if c.bias else y

    def turn(x: torch.Tensor) -> torch.Tensor:
        pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], D // 2, 2).contiguous())
        angles = [[t / c.rope_base ** (2 * i / D) for i in range(D // 2)] for t in range(T)]
        return torch.view_as_real(pairs * torch.polar(torch.ones(T, D // 2), torch.tensor(angles))).flatten(-2)

    def attention(x: torch.Tensor, name: str) -> torch.Tensor:
        q, k, v = (part.unflatten(-1, (H, D)).transpose(1, 2) for part in linear(x, f"{name}.qkv").chunk(3, dim=-1))
        if c.qk_norm:
            q, k = F.rms_norm(q, (D,), eps=c.norm_eps), F.rms_norm(k, (D,), eps=c.norm_eps)
        if c.position == "rope":
            q, k = turn(q), turn(k)
        mask = torch.zeros(H, T, T)
        for h, i, j in product(range(H), range(T), range(T)):
            if c.position == "alibi":
                mask[h, i, j] = -abs(i - j) / 2 ** (8 * (h + 1) / H)
            if c.causal and j > i:
                mask[h, i, j] = -math.inf
        z = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return linear(z.transpose(1, 2).flatten(2), f"{name}.out")

    def mlp(x: torch.Tensor, name: str) -> torch.Tensor:
        up = linear(x, f"{name}.up")
        if c.activation == "swiglu":
            gate = linear(x, f"{name}.gate")
            return linear(gate * torch.sigmoid(gate) * up, f"{name}.down")
        act = {
            "gelu": lambda u: u * 0.5 * (1 + torch.erf(u / math.sqrt(2))),
            "gelu_tanh": lambda u: 0.5 * u * (1 + torch.tanh(math.sqrt(2 / math.pi) * (u + 0.044715 * u**3))),
            "relu": lambda u: u.clamp(min=0),
            "relu2": lambda u: u.clamp(min=0) ** 2,
            "silu": lambda u: u * torch.sigmoid(u),
        }[c.activation]
        return linear(act(up), f"{name}.down")

    x = w["token_embedding.weight"][ids]
    token = x
    if c.position == "learned":
        x = x + w["position_embedding.weight"][:T]
    if c.position == "sinusoidal":
        wave = [
            [(math.cos if i % 2 else math.sin)(t / 10_000 ** ((i - i % 2) / c.d_model)) for i in range(c.d_model)]
            for t in range(T)
        ]
        x = x + torch.tensor(wave)
    if c.smear:
        x = x + w["smear"] * torch.cat((torch.zeros_like(token[:, :1]), token[:, :-1]), dim=1)
    if c.embedding_norm:
        x = (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt()
    for i in range(c.n_layers):
        b = f"blocks.{i}"
        keep = 1.0 if c.residual else 0.0
        if c.norm_position == "pre":
            x = keep * x + attention(norm(x, f"{b}.norm1"), f"{b}.attn")
            x = keep * x + mlp(norm(x, f"{b}.norm2"), f"{b}.mlp")
        else:
            x = norm(keep * x + attention(x, f"{b}.attn"), f"{b}.norm1")
            x = norm(keep * x + mlp(x, f"{b}.mlp"), f"{b}.norm2")
    if c.norm_position == "pre":
        x = norm(x, "final_norm")
    return x @ w["token_embedding.weight" if c.tie_embeddings else "unembed.weight"].t()


def loss_of(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


def test_logits_and_gradients_equal_the_separate_implementation():
    ids = some_ids()
    for config in all_configs():
        model = with_random_weights(config)
        weights = {name: p.detach().clone().requires_grad_() for name, p in model.named_parameters()}
        expected = reference(weights, config, ids)
        logits = model(ids)
        torch.testing.assert_close(logits, expected, atol=2e-4, rtol=1e-4, msg=lambda m, c=config: f"{c}\n{m}")
        loss_of(logits, ids).backward()
        loss_of(expected, ids).backward()
        for name, p in model.named_parameters():
            torch.testing.assert_close(
                p.grad, weights[name].grad, atol=2e-5, rtol=1e-3, msg=lambda m, c=config, n=name: f"{n} in {c}\n{m}"
            )


def test_a_later_token_never_changes_an_earlier_logit():
    ids = some_ids(1)
    for config in all_configs():
        if config.causal:
            model = with_random_weights(config).requires_grad_(False)
            changed = ids.clone()
            changed[0, 7] = (changed[0, 7] + 1) % V
            before, after = model(ids), model(changed)
            assert torch.equal(before[:, :7], after[:, :7]) and not torch.equal(before[:, 7:], after[:, 7:]), config
            torch.testing.assert_close(model(ids[:, :7]), before[:, :7], atol=1e-5, rtol=1e-5)


def test_a_bidirectional_model_sees_later_tokens():
    model, ids = with_random_weights(config_of(causal=False)), some_ids(1)
    changed = ids.clone()
    changed[0, -1] = (changed[0, -1] + 1) % V
    assert not torch.allclose(model(ids)[:, 0], model(changed)[:, 0])


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("pieces", [[1] * N, [N], [5, 1, 1, 3, 2], [1, 11]])
def test_cached_pieces_equal_the_whole(position, pieces):
    for norm_position in NORM_POSITIONS:
        config = config_of(position=position, norm_position=norm_position, smear=norm_position == "pre")
        model = with_random_weights(config).requires_grad_(False)
        ids, cache = some_ids(3), KVCache(model, 3)
        parts = [model(part, cache=cache) for part in ids.split(pieces, dim=1)]
        torch.testing.assert_close(torch.cat(parts, dim=1), model(ids), atol=1e-5, rtol=1e-5)
        assert cache.length == N


@pytest.mark.parametrize("smear", [False, True])
def test_selected_cache_rows_are_copies(smear):
    model = with_random_weights(config_of(smear=smear)).requires_grad_(False)
    ids, cache = some_ids(3), KVCache(model, 3)
    model(ids[:, :4], cache=cache)
    chosen = cache.select([2, 0, 0, 1])
    model(ids[:, 4:8], cache=cache)  # goes on by itself
    logits = model(ids[[2, 0, 0, 1], 4:8], cache=chosen)
    torch.testing.assert_close(logits, model(ids[[2, 0, 0, 1], :8])[:, 4:], atol=1e-5, rtol=1e-5)
    assert chosen.length == 8 and chosen.nbytes == 4 * 8 * 2 * 2 * 16 * 4


@pytest.mark.parametrize("shape", [(1, 1), (1, N), (4, 3)])
def test_logits_always_have_the_same_shape(shape):
    assert Transformer(config_of())(some_ids(*shape)).shape == (*shape, V)


def test_too_many_tokens_are_told_with_both_numbers():
    model = Transformer(config_of())
    with pytest.raises(ValueError, match=f"{N + 1} tokens are more than the model's context of {N}; shorten"):
        model(some_ids(1, N + 1))
    cache = KVCache(model)
    model(some_ids(1, 8), cache=cache)
    with pytest.raises(ValueError, match=f"{N + 1} tokens"):
        model(some_ids(1, 5), cache=cache)


def test_the_seed_alone_decides_the_first_weights():
    state = torch.get_rng_state()
    one = Transformer(config_of(seed=5)).state_dict()
    assert torch.equal(state, torch.get_rng_state()), "the global generator is not touched"
    torch.rand(3)
    same, other = Transformer(config_of(seed=5)).state_dict(), Transformer(config_of(seed=6)).state_dict()
    assert all(torch.equal(one[k], same[k]) for k in one)
    assert not torch.equal(one["token_embedding.weight"], other["token_embedding.weight"])


def test_first_weights_are_those_of_gpt2():
    model = Transformer(ModelConfig(vocab_size=500, d_model=128, n_layers=8, tie_embeddings=False))
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            assert (p == 0).all()
        elif p.ndim == 1:
            assert (p == 1).all()
        else:
            expected = 0.02 / 4 if name.endswith(("out.weight", "down.weight")) else 0.02
            assert p.std().item() == pytest.approx(expected, rel=0.05) and abs(p.mean().item()) < 0.05 * expected * 4
    ids = torch.arange(100)[None]
    assert loss_of(model(ids), ids).item() == pytest.approx(math.log(500), abs=0.1), "a new model knows nothing"


def test_zero_init_starts_as_the_identity():
    model = Transformer(config_of(zero_init=True))
    seen = {}
    model(some_ids(), lambda name, x: seen.setdefault(name, x))
    assert torch.equal(seen["blocks.1.resid_post"], seen["embed.sum"])


def test_a_deep_copy_has_a_life_of_its_own():
    model, ids = Transformer(config_of()), some_ids()
    before = model(ids)
    twin = copy.deepcopy(model)
    assert torch.equal(twin(ids), before)
    with torch.no_grad():
        for p in twin.parameters():
            p.add_(0.5)
    assert torch.equal(model(ids), before) and not torch.equal(twin(ids), before)


def test_rewired_shares_weights_and_leaves_the_original_alone():
    model, ids = Transformer(config_of()), some_ids()
    before = model(ids)
    both_ways = model.rewired(causal=False)
    assert both_ways.config.causal is False and model.config.causal is True
    assert not torch.allclose(both_ways(ids)[:, 0], before[:, 0])
    mine, theirs = dict(model.named_parameters()), dict(both_ways.named_parameters())
    assert all(mine[k].data_ptr() == theirs[k].data_ptr() for k in mine) and mine.keys() == theirs.keys()
    assert torch.equal(model(ids), before)
    assert all(p.requires_grad for p in model.parameters()) and not any(p.requires_grad for p in theirs.values())
    torch.testing.assert_close(both_ways.rewired(causal=True)(ids), before)
    with torch.no_grad():
        model.token_embedding.weight.add_(0.1)
    assert not torch.equal(model(ids), before) and torch.equal(model(ids), both_ways.rewired(causal=True)(ids))


@pytest.mark.parametrize(("start", "change"), [("rope", "alibi"), ("alibi", "none"), ("none", "sinusoidal")])
def test_rewired_can_change_positions_that_have_no_weights(start, change):
    model = with_random_weights(config_of(position=start))
    weights = dict(model.named_parameters())
    expected = reference(weights, config_of(position=change), some_ids())
    torch.testing.assert_close(model.rewired(position=change)(some_ids()), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("norm_position", ["pre", "post"])
def test_rewired_to_fewer_layers_ends_after_them(norm_position):
    model, ids = with_random_weights(config_of(norm_position=norm_position)), some_ids()
    assert torch.equal(model.rewired(n_layers=1)(ids), model(ids, depth=1))
    assert not torch.allclose(model(ids, depth=1), model(ids))


@pytest.mark.parametrize("change", [{"d_model": 32}, {"n_layers": 3}, {"position": "none"}, {"tie_embeddings": False}])
def test_rewired_refuses_what_changes_the_weights(change):
    with pytest.raises(ValueError, match="do not fit"):
        Transformer(config_of()).rewired(**change)


def test_tied_embeddings_are_one_matrix():
    tied, free = Transformer(config_of()), Transformer(config_of(tie_embeddings=False))
    assert tied.unembedding is tied.token_embedding.weight and free.unembedding is free.unembed.weight
    count = [sum(p.numel() for p in m.parameters()) for m in (tied, free)]
    assert count[1] - count[0] == V * 16


def test_rope_keeps_lengths_and_depends_on_the_distance_alone():
    turns, generator = rotations(N, 8, 10_000.0), torch.Generator().manual_seed(0)
    q, k = torch.randn(2, 8, generator=generator).unbind(0)
    turned_q, turned_k = (rotate(x.expand(1, 1, N, 8), turns)[0, 0] for x in (q, k))
    torch.testing.assert_close(turned_q.norm(dim=-1), q.norm().expand(N))
    products = turned_q @ turned_k.t()
    for distance in range(-N + 1, N):
        diagonal = products.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(turned_q[0], q)
    assert len({round(p.item(), 4) for p in products[0]}) > 6, "but it does depend on it"


def test_alibi_slopes_are_those_of_the_paper():
    assert alibi_slopes(config_of(n_heads=8, position="alibi")).tolist() == [2.0**-n for n in range(1, 9)]
    sixteen = alibi_slopes(config_of(n_heads=16, position="alibi"))
    torch.testing.assert_close(sixteen, torch.tensor([2 ** (-0.5 * n) for n in range(1, 17)]))
    bias = attention_bias(config_of(n_heads=8, position="alibi"))
    assert bias[0, 5].tolist()[:6] == [-2.5, -2.0, -1.5, -1.0, -0.5, 0.0] and (bias[:, 5, 6:] == -math.inf).all()
    own = config_of(position="alibi", alibi_slopes=(0.0, 3.0))
    assert attention_bias(own)[:, 2, 1].tolist() == [0.0, -3.0]


def test_sinusoids_are_those_of_the_paper():
    table = sinusoids(50, 7)
    for t, i in product(range(50), range(7)):
        angle = t / 10_000 ** ((i - i % 2) / 7)
        assert table[t, i].item() == pytest.approx(math.cos(angle) if i % 2 else math.sin(angle), abs=1e-5)


def test_dropout_drops_its_share_keeps_the_mean_and_repeats():
    ones = torch.ones(200_000)
    dropped = dropout(ones, 0.3, torch.Generator().manual_seed(0))
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.005)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.01)
    assert dropped.max().item() == pytest.approx(1 / 0.7)
    assert torch.equal(dropped, dropout(ones, 0.3, torch.Generator().manual_seed(0)))
    assert not torch.equal(dropped, dropout(ones, 0.3, torch.Generator().manual_seed(1)))
    assert dropout(ones, 0.0, torch.Generator()) is ones and dropout(ones, 0.3, None) is ones


def test_the_model_drops_only_with_a_generator_and_repeatably():
    model, ids, state = Transformer(config_of(dropout=0.5)), some_ids(), torch.get_rng_state()
    still = Transformer(config_of())
    assert torch.equal(model(ids), still(ids))
    one, same, other = (model(ids, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other) and not torch.equal(one, model(ids))
    assert torch.equal(still(ids, generator=torch.Generator().manual_seed(1)), still(ids))
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("position", POSITIONS)
def test_bfloat16_runs_and_stays_close(position):
    for activation, norm in (("gelu", "layernorm"), ("swiglu", "rmsnorm")):
        model = Transformer(config_of(position=position, activation=activation, norm=norm))
        small = copy.deepcopy(model).to(torch.bfloat16)
        expected, logits = model(some_ids()), small(some_ids())
        assert logits.dtype == torch.bfloat16
        assert (logits.float() - expected).abs().max() < 0.05 * expected.abs().max() + 0.02
        cache = KVCache(small, 2)
        parts = [small(part, cache=cache) for part in some_ids().split([5, 7], dim=1)]
        assert (torch.cat(parts, dim=1).float() - expected).abs().max() < 0.05 * expected.abs().max() + 0.02
        assert small.rewired(causal=False)(some_ids()).dtype == torch.bfloat16
        loss_of(small(some_ids()).float(), some_ids()).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in small.parameters())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n_heads": 3, "d_model": 64}, r"n_heads \(3\) must divide d_model \(64\)"),
        ({"vocab_size": 0}, "vocab_size is 0; it must be a whole number of at least 1"),
        ({"n_layers": 2.0}, "n_layers is 2.0"),
        ({"n_layers": True}, "n_layers is True"),
        ({"d_mlp": 0}, "d_mlp is 0"),
        ({"position": "absolute"}, "position is 'absolute'; choose one of learned, sinusoidal, rope, alibi, none"),
        ({"norm": "batchnorm"}, "norm is 'batchnorm'; choose one of layernorm, rmsnorm"),
        ({"norm_position": "middle"}, "choose one of pre, post"),
        ({"activation": "tanh"}, "choose one of gelu, gelu_tanh, relu, relu2, silu, swiglu"),
        ({"dropout": 1.0}, "dropout is 1.0; it must be a number from 0 to 0.95"),
        ({"dropout": float("nan")}, "dropout is nan"),
        ({"seed": -1}, "seed is -1"),
        ({"position": "rope", "d_model": 6, "n_heads": 2}, r"head size d_model / n_heads \(3\) must be even"),
        ({"alibi_slopes": (1.0,)}, "alibi_slopes has 1 values; it needs one for each of the 2 heads"),
    ],
)
def test_a_wrong_model_configuration_is_one_sentence(changes, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        config_of(**changes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: SamplingConfig(temperature=-1), "temperature is -1"),
        (lambda: SamplingConfig(top_k=0), "top_k is 0; it must be a whole number of at least 1"),
        (lambda: SamplingConfig(top_p=0.0), "top_p is 0"),
        (lambda: SamplingConfig(top_p=1.1), "top_p is 1.1; it must be a number from 0 to 1"),
        (lambda: SamplingConfig(min_p=-0.1), "min_p is -0.1"),
        (lambda: SamplingConfig(repetition_penalty=0), "repetition_penalty is 0"),
        (lambda: TrainConfig(steps=None), "needs an end"),
        (lambda: TrainConfig(steps=None, max_seconds=3), "a cosine schedule needs a number of steps"),
        (lambda: ModelConfig.from_dict({"vocab_size": 3, "rooms": 2}), "ModelConfig has no field rooms"),
    ],
)
def test_other_wrong_settings_are_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_configuration_survives_its_dictionary():
    for config in [*all_configs()[:5], config_of(position="alibi", alibi_slopes=(0.5, 0.25))]:
        assert ModelConfig.from_dict(config.to_dict()) == config
    assert config_of().mlp_width == 64 and config_of(d_mlp=7).mlp_width == 7 and config_of().d_head == 8
