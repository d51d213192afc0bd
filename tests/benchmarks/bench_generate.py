"""Greedy tokens per second: ours with and without the cache, and Hugging Face's ``generate`` with the same weights.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_generate.py [--tokens 200] [--rounds 7]

One thread, interleaved rounds, medians of its CPU time (on an idle machine the same as wall time, and other programs disturb it
less); all greedy tokens must be the same. Needs ``transformers``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from llm.config import ModelConfig, SamplingConfig
from llm.decoding import generate
from llm.hf import save_gpt2
from llm.model import Transformer

PROMPT = [1, 2, 3, 4, 5, 6, 7, 8]


def contenders(model: Transformer, n: int) -> dict[str, Callable[[], list[int]]]:
    """Name -> a function that greedily generates ``n`` tokens after the prompt."""
    import transformers

    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        save_gpt2(model, folder)
        reference = transformers.GPT2LMHeadModel.from_pretrained(folder).eval()
    greedy = SamplingConfig(temperature=0)
    sampled = SamplingConfig(temperature=0.9, top_k=40)
    prompt = torch.tensor([PROMPT])

    def hugging_face() -> list[int]:
        out = reference.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=n, do_sample=False, use_cache=True, pad_token_id=0
        )
        return out[0, len(PROMPT) :].tolist()

    return {
        "Hugging Face generate, cache": hugging_face,
        "ours, cache": lambda: [s.token_id for s in generate(model, PROMPT, greedy, n)],
        "ours, no cache": lambda: [s.token_id for s in generate(model, PROMPT, greedy, n, use_cache=False)],
        "ours, cache, sampled (top-k 40)": lambda: [s.token_id for s in generate(model, PROMPT, sampled, n)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = ModelConfig(vocab_size=1024, context_length=256, n_layers=4, n_heads=4, d_model=128, activation="gelu_tanh")
    runs = contenders(Transformer(config), args.tokens)
    outputs = {name: run() for name, run in runs.items()}  # also the warm-up
    greedy = [ids for name, ids in outputs.items() if "sampled" not in name]
    assert all(ids == greedy[0] for ids in greedy), "the contenders generate different tokens"
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(args.rounds):
        for name, run in runs.items():
            began = time.process_time()
            run()
            seconds[name].append(time.process_time() - began)
    rate = {name: args.tokens / statistics.median(times) for name, times in seconds.items()}
    reference = rate["Hugging Face generate, cache"]
    print(f"4 layers x 4 heads x 128, vocabulary 1,024, context 256; {args.tokens} tokens, one thread")
    for name, value in rate.items():
        print(f"{name:34} {value:8,.0f} tokens/s   {value / reference:5.2f} x Hugging Face")


if __name__ == "__main__":
    main()
