"""Generation, beams and their trees: the cache changes nothing, the seed decides everything, Hugging Face agrees."""

import inspect
from collections import Counter
from itertools import islice, pairwise, product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers

from llm.config import POSITIONS, ModelConfig, SamplingConfig
from llm.decoding import Beam, beam_search, compare_cache, decode_tree, generate, surprise, up_to
from llm.hf import save_gpt2
from llm.model import KVCache, Transformer
from llm.sampling import random_numbers
from llm.window import window_start

GREEDY = SamplingConfig(temperature=0)
PROMPT = [3, 1, 4, 1, 5]


def small(**changes) -> Transformer:
    """A random model with spread-out logits, so that a choice is never a near tie."""
    values = {"vocab_size": 40, "context_length": 16, "n_layers": 2, "n_heads": 2, "d_model": 16, **changes}
    return Transformer(ModelConfig(weight_std=0.4, embedding_std=0.8, **values)).requires_grad_(False)


def ids_of(steps) -> list[int]:
    return [step.token_id for step in steps]


@pytest.fixture(scope="module")
def hf_pair(tmp_path_factory):
    model = small(context_length=64, activation="gelu_tanh", vocab_size=60)
    folder = tmp_path_factory.mktemp("gpt2")
    save_gpt2(model, folder)
    return model, transformers.GPT2LMHeadModel.from_pretrained(folder).eval()


def test_some_tokens_and_then_up_to_an_end():
    model = small()
    all_ids = ids_of(generate(model, PROMPT, GREEDY, 12))
    for least in (1, 4, 12):
        for end in {*all_ids, 99}:
            after = [i for i, token in enumerate(all_ids) if token == end and i + 1 >= least]
            taken = up_to(generate(model, PROMPT, GREEDY, 12), least, end.__eq__)
            assert ids_of(taken) == all_ids[: after[0] + 1 if after else 12]


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("context", [1, 7, 16])
def test_cached_equals_uncached_across_window_slides(position, context):
    model = small(position=position, context_length=context, smear=position == "alibi")
    for sampling in (GREEDY, SamplingConfig(top_k=10)):
        cached = list(generate(model, PROMPT, sampling, 50))
        uncached = list(generate(model, PROMPT, sampling, 50, use_cache=False))
        assert ids_of(cached) == ids_of(uncached)
        for a, b in zip(cached, uncached, strict=True):
            np.testing.assert_allclose(a.logits, b.logits, atol=1e-4)
            assert (a.window_start, a.window_moved) == (b.window_start, b.window_moved)
        assert any(step.window_moved for step in cached)


def test_the_window_always_fits_and_moves_by_a_quarter():
    for context in (1, 2, 3, 8, 16, 100):
        starts = [window_start(n, context) for n in range(1, 400)]
        for n, start in enumerate(starts, start=1):
            assert 0 < n - start <= context and (n <= context) == (start == 0)
        assert {b - a for a, b in pairwise(starts)} <= {0, max(1, context // 4)}


def test_logits_are_those_of_the_window_alone():
    model = small()
    for step in generate(model, PROMPT, GREEDY, 40):
        seen = step.seen_ids[step.window_start :]
        assert len(seen) <= 16
        np.testing.assert_allclose(step.logits, model(torch.tensor([seen]))[0, -1], atol=1e-4)


def test_a_model_that_is_not_causal_generates_without_a_cache():
    model = small(causal=False)
    step = list(generate(model, PROMPT, GREEDY, 4))[-1]
    np.testing.assert_allclose(step.logits, model(torch.tensor([step.seen_ids]))[0, -1], atol=1e-5)


@pytest.mark.parametrize("sampling", [GREEDY, SamplingConfig(), SamplingConfig(top_p=0.7, repetition_penalty=1.3)])
def test_arrays_made_later_explain_the_token_that_was_chosen(sampling):
    steps = list(generate(small(), PROMPT, sampling, 25))  # asked only after all is done
    numbers = iter(random_numbers(sampling.seed, 25))
    for n, step in enumerate(steps):
        assert step.choice.token_id == step.draw.token_id == step.token_id
        assert step.seen_ids == (*PROMPT, *ids_of(steps[:n]))
        assert step.draw.u == (None if sampling.temperature == 0 else next(numbers))
        assert step.probabilities.sum() == pytest.approx(1) and step.kept[step.token_id]
        assert step.scaled.shape == step.logits.shape == (40,)


def test_generation_stops_after_a_stop_id():
    free = ids_of(generate(small(), PROMPT, SamplingConfig(), 30))
    stop = free[7]
    stopped = ids_of(generate(small(), PROMPT, SamplingConfig(), 30, stop_ids=[stop]))
    assert stopped == free[: free.index(stop) + 1]
    assert ids_of(generate(small(), PROMPT, GREEDY, 0)) == []


def test_seed_and_generator_decide_the_text():
    model = small()
    one = ids_of(generate(model, PROMPT, SamplingConfig(seed=1), 30))
    torch.rand(5)  # the global generator has no say
    assert one == ids_of(generate(model, torch.tensor(PROMPT), SamplingConfig(seed=1), 30))
    assert one != ids_of(generate(model, PROMPT, SamplingConfig(seed=2), 30))
    assert one == ids_of(generate(model, PROMPT, SamplingConfig(seed=9), 30, generator=torch.Generator().manual_seed(1)))


def test_interleaved_generators_do_not_disturb_each_other():
    model = small()
    settings = [SamplingConfig(seed=1), SamplingConfig(seed=2, temperature=2.0), GREEDY]
    alone = [ids_of(generate(model, PROMPT, s, 30)) for s in settings]
    together = [
        ids_of(steps) for steps in zip(*zip(*(generate(model, PROMPT, s, 30) for s in settings), strict=True), strict=True)
    ]
    assert together == alone


def test_nothing_leaks_into_the_thread_between_steps():
    model, state = small(), torch.get_rng_state()
    for step in islice(generate(model, PROMPT, SamplingConfig(), 10), 3):
        assert step is not None
        assert not torch.is_inference_mode_enabled() and torch.is_grad_enabled()
    assert torch.equal(state, torch.get_rng_state())
    assert not vars(model).keys() ^ vars(small()).keys(), "nothing is attached to the model"


def test_sampled_tokens_follow_the_probabilities():
    model = small()
    sampling = SamplingConfig(temperature=1.5, top_k=6)
    p = next(generate(model, PROMPT, sampling, 1)).probabilities
    generator, n = torch.Generator().manual_seed(0), 2000
    counts = Counter(next(generate(model, PROMPT, sampling, 1, generator=generator)).token_id for _ in range(n))
    observed = np.array([counts[i] for i in range(40)]) / n
    assert (observed[p == 0] == 0).all()
    assert (np.abs(observed - p) < 4.5 * np.sqrt(p * (1 - p) / n) + 1e-9).all()


def test_mistakes_are_told_at_the_call():
    model = small()
    assert inspect.isgenerator(generate(model, PROMPT, GREEDY, 1))
    with pytest.raises(ValueError, match="nothing to continue"):
        generate(model, [], GREEDY, 1)
    with pytest.raises(ValueError, match="token id 40 is outside the model's vocabulary of 40"):
        generate(model, [1, 40], GREEDY, 1)
    with pytest.raises(ValueError, match="token id -1"):
        surprise(model, [1, -1])
    with pytest.raises(ValueError, match="width 0"):
        beam_search(model, PROMPT, 0, 3)
    with pytest.raises(ValueError, match="causal"):
        surprise(small(causal=False), PROMPT)
    with pytest.raises(ValueError, match="no cache"):
        compare_cache(small(causal=False), PROMPT, 3)


def test_greedy_and_beam_equal_hugging_face(hf_pair):
    model, reference = hf_pair
    for seed, width, penalty, stop in product(range(4), (1, 2, 4), (0.0, 1.0), ((), (7, 11))):
        prompt = torch.randint(0, 60, (1, 5), generator=torch.Generator().manual_seed(seed))
        expected = reference.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            num_beams=width,
            max_new_tokens=10,
            do_sample=False,
            length_penalty=penalty,
            early_stopping=width > 1,
            eos_token_id=list(stop) or None,
            pad_token_id=59,
        )[0, 5:].tolist()
        ends = [i for i, token in enumerate(expected) if token in stop]
        expected = expected[: ends[0] + 1] if ends else expected  # without padding
        assert beam_search(model, prompt[0], width, 10, penalty, stop).token_ids == expected
        if width == 1:
            assert ids_of(generate(model, prompt[0], GREEDY, 10, stop_ids=stop)) == expected


def test_the_repetition_penalty_counts_the_prompt_as_hugging_face_does(hf_pair):
    model, reference = hf_pair
    for first, penalty in product(range(5), (0.7, 1.5, 4.0)):
        prompt = torch.tensor([[first, 7, 7, 30, 31]])
        settings = {"max_new_tokens": 20, "do_sample": False, "repetition_penalty": penalty, "pad_token_id": 59}
        expected = reference.generate(prompt, attention_mask=torch.ones_like(prompt), **settings)[0, 5:].tolist()
        sampling = SamplingConfig(temperature=0, repetition_penalty=penalty)
        assert ids_of(generate(model, prompt[0], sampling, 20)) == expected


@pytest.mark.parametrize("stop_ids", [(), tuple(range(0, 40, 3))])
def test_beam_of_width_one_is_greedy(stop_ids):
    model = small()
    for first in range(20):
        greedy = ids_of(generate(model, [first, 2], GREEDY, 25, stop_ids=stop_ids))
        assert beam_search(model, [first, 2], 1, 25, 1.0, stop_ids).token_ids == greedy


@pytest.mark.parametrize("stop_ids", [(), (5, 9)])
def test_beam_tree_equals_rescoring_by_the_model(stop_ids):
    model, width, length = small(), 3, 9
    tree = beam_search(model, PROMPT, width, length, 1.0, stop_ids)
    for n, node in enumerate(tree.nodes[1:], start=1):
        path = [tree.nodes[k] for k in tree.path(n)]
        ids = torch.tensor([PROMPT + [p.token_id for p in path]])
        log_p = model(ids)[0].double().log_softmax(-1)[len(PROMPT) - 1 : -1]
        rescored = log_p.gather(1, ids[0, len(PROMPT) :, None])[:, 0]
        assert node.log_probability == pytest.approx(rescored[-1].item(), abs=1e-4)
        assert node.total == pytest.approx(rescored.sum().item(), abs=1e-3)
        parent = tree.nodes[node.parent]
        assert parent.survived and not parent.finished and node.depth == parent.depth + 1 == len(path)
    for depth in range(1, length + 1):
        level = [node for node in tree.nodes if node.depth == depth and node.token_id not in stop_ids]
        kept = [node.total for node in level if node.survived]
        cut = [node.total for node in level if not node.survived]
        assert len(kept) <= width and (not cut or not kept or min(kept) >= max(cut))
    assert list(tree.scores) == sorted(tree.scores, reverse=True)


def test_beam_slides_its_window_too():
    model = small(context_length=8)
    tree = beam_search(model, PROMPT, 2, 12)
    text, total = [*PROMPT, *tree.token_ids], 0.0
    for n in range(len(PROMPT), len(text)):
        total -= F.cross_entropy(model(torch.tensor([text[window_start(n, 8) : n]]))[0, -1], torch.tensor(text[n])).item()
    assert tree.nodes[tree.leaves[0]].total == pytest.approx(total, abs=1e-3)


def test_a_wide_beam_finds_at_least_what_greedy_finds():
    model = small()
    best = {w: beam_search(model, PROMPT, w, 3, 0.0) for w in (1, 64)}
    assert best[64].scores[0] >= best[1].scores[0] - 1e-9


def test_one_tree_of_several_strategies():
    model = small()
    strategies = {"greedy": GREEDY, "sampling": SamplingConfig(seed=3), "beam": Beam(width=3)}
    nodes = decode_tree(model, PROMPT, strategies, 6, alternatives=2)
    assert len({(n.parent, n.token_id) for n in nodes}) == len(nodes), "equal prefixes are merged"
    expected = {
        "greedy": ids_of(generate(model, PROMPT, GREEDY, 6)),
        "sampling": ids_of(generate(model, PROMPT, SamplingConfig(seed=3), 6)),
        "beam": beam_search(model, PROMPT, 3, 6).token_ids,
    }
    for name, ids in expected.items():
        at, found = 0, []
        while below := [k for k, n in enumerate(nodes) if n.parent == at and name in n.taken_by]:
            (at,) = below
            found.append(nodes[at].token_id)
        assert found == ids
    for k, node in enumerate(nodes[1:], start=1):
        assert node.parent < k and node.depth == nodes[node.parent].depth + 1 and set(node.taken_by) <= set(node.seen_by)
    for parent in range(len(nodes)):
        assert sum(n.probability for n in nodes if n.parent == parent) <= 1 + 1e-9
    first = torch.softmax(model(torch.tensor([PROMPT]))[0, -1], -1)
    for node in nodes:
        if node.parent == 0:
            assert node.probability == pytest.approx(first[node.token_id].item(), abs=1e-5)


def test_surprise_equals_cross_entropy_and_slides():
    model = small()
    ids = np.random.default_rng(0).integers(0, 40, 45).tolist()
    inside = surprise(model, ids[:16])
    expected = F.cross_entropy(model(torch.tensor([ids[:15]]))[0], torch.tensor(ids[1:16]), reduction="none")
    np.testing.assert_allclose(inside, expected, atol=1e-5)
    values = surprise(model, ids)
    assert values.shape == (44,) and values.dtype == np.float64
    for n in range(1, 45):
        logits = model(torch.tensor([ids[window_start(n, 16) : n]]))[0, -1]
        assert values[n - 1] == pytest.approx(F.cross_entropy(logits, torch.tensor(ids[n])).item(), abs=1e-4)
    assert surprise(model, [1]).shape == (0,)


def test_cache_bytes_are_the_formula_and_times_are_measured():
    model = small()
    compared = compare_cache(model, PROMPT, 20)
    one_token = 2 * 2 * 16 * 4  # keys and values, layers, channels, bytes
    assert compared.cached_bytes[:3].tolist() == [one_token * n for n in (5, 6, 7)]
    assert compared.recomputed_bytes[:3].tolist() == [0, one_token * 5, one_token * 6]
    assert compared.cached_bytes.max() == one_token * 16, "never more than the context"
    assert (compared.cached_seconds > 0).all() and (compared.uncached_seconds > 0).all()
    cache = KVCache(model)
    model(torch.tensor([PROMPT]), cache=cache)
    assert cache.nbytes == compared.cached_bytes[0]
