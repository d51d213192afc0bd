"""What recording costs: a plain forward pass, a trace, a filtered trace, TransformerLens's cache.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_trace.py [--rounds 300]

One thread, interleaved rounds, medians. All run the same random weights and give the same attention patterns.
The row of TransformerLens needs requirements-bench.txt (an environment of its own) and is left out without it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[2]))

from llm.config import ModelConfig
from llm.model import Transformer
from llm.trace import point_shapes, trace

TOKENS = 64
PLAIN, EVERY, FILTERED, PATTERNS, LENS = (
    "plain forward pass",
    "trace, every point",
    "trace, every point but head_out",
    "trace, attention patterns only",
    "TransformerLens run_with_cache",
)


def contenders(model: Transformer, ids: Tensor) -> dict[str, Callable[[], Any]]:
    """Name -> what to time."""
    points = point_shapes(model.config, len(ids))
    no_heads = [name for name in points if not name.endswith(".head_out")]
    patterns = [name for name in points if name.endswith(".pattern")]

    def plain() -> Tensor:
        with torch.inference_mode():
            return model(ids[None])

    return {
        PLAIN: plain,
        EVERY: lambda: trace(model, ids),
        FILTERED: lambda: trace(model, ids, no_heads),
        PATTERNS: lambda: trace(model, ids, patterns),
    }


def transformer_lens(model: Transformer, ids: Tensor) -> Callable[[], Any]:
    """TransformerLens's model with our weights; its patterns must equal ours."""
    from transformer_lens import HookedTransformer, HookedTransformerConfig

    c = model.config
    theirs = HookedTransformer(
        HookedTransformerConfig(
            n_layers=c.n_layers,
            d_model=c.d_model,
            n_ctx=c.context_length,
            d_head=c.d_head,
            n_heads=c.n_heads,
            d_mlp=c.mlp_width,
            d_vocab=c.vocab_size,
            act_fn="gelu",
            normalization_type="LN",
            device="cpu",
        )
    )
    missing = theirs.load_state_dict(renamed(model), strict=False)
    assert not missing.unexpected_keys, missing.unexpected_keys
    theirs.eval()

    def cached() -> Any:
        with torch.inference_mode():
            return theirs.run_with_cache(ids[None])

    _, cache = cached()
    ours = trace(model, ids)["blocks.3.attn.pattern"]
    difference = abs(cache["blocks.3.attn.hook_pattern"][0].numpy() - ours).max()
    assert difference < 1e-5, f"the patterns differ by {difference}"
    return cached


def renamed(model: Transformer) -> dict[str, Tensor]:
    """Our weights under TransformerLens's names and in its shapes."""
    c = model.config
    H, D, C = c.n_heads, c.d_head, c.d_model
    state = {
        "embed.W_E": model.token_embedding.weight,
        "pos_embed.W_pos": model.position_embedding.weight,
        "ln_final.w": model.final_norm.weight,
        "ln_final.b": model.final_norm.bias,
        "unembed.W_U": model.unembedding.T,
        "unembed.b_U": torch.zeros(c.vocab_size),
    }
    for i, block in enumerate(model.blocks):
        part = f"blocks.{i}"
        for theirs, ours in (("ln1", block.norm1), ("ln2", block.norm2)):
            state |= {f"{part}.{theirs}.w": ours.weight, f"{part}.{theirs}.b": ours.bias}
        weights, biases = block.attn.qkv.weight.view(3, H, D, C), block.attn.qkv.bias.view(3, H, D)
        for which, weight, bias in zip("QKV", weights, biases, strict=True):
            state |= {f"{part}.attn.W_{which}": weight.transpose(1, 2), f"{part}.attn.b_{which}": bias}
        state[f"{part}.attn.W_O"] = block.attn.out.weight.T.reshape(H, D, C)
        state[f"{part}.attn.b_O"] = block.attn.out.bias
        state |= {f"{part}.mlp.W_in": block.mlp.up.weight.T, f"{part}.mlp.b_in": block.mlp.up.bias}
        state |= {f"{part}.mlp.W_out": block.mlp.down.weight.T, f"{part}.mlp.b_out": block.mlp.down.bias}
    return state


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = Transformer(ModelConfig(vocab_size=1024, context_length=TOKENS)).requires_grad_(False).eval()
    ids = torch.randint(model.config.vocab_size, (TOKENS,), generator=torch.Generator().manual_seed(0))
    runs = contenders(model, ids)
    try:
        runs[LENS] = transformer_lens(model, ids)
    except ImportError:
        print("TransformerLens is not installed (requirements-bench.txt): its row is left out")
    milliseconds: dict[str, list[float]] = {name: [] for name in runs}
    for round_ in range(args.rounds + 10):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if round_ >= 10:  # the first are the warm-up
                milliseconds[name].append(1000 * (time.perf_counter() - began))
    report({name: statistics.median(times) for name, times in milliseconds.items()})


def report(median: dict[str, float]) -> None:
    """Print the table."""
    print(f"4 layers x 4 heads x 128, vocabulary 1,024, {TOKENS} tokens, one thread; medians")
    for name, value in median.items():
        against = f"   {value / median[LENS]:5.2f} x TransformerLens" if LENS in median else ""
        print(f"{name:34} {value:7.2f} ms   {value / median[PLAIN]:5.2f} x plain{against}")


if __name__ == "__main__":
    main()
