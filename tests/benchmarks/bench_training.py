"""How long training takes to reach a loss, on one thread. Prints a table; asserts nothing.

    python tests/benchmarks/bench_training.py input.txt        (Tiny Shakespeare, for figures that compare)

The reference is nanoGPT's CPU recipe for the same shape (4 layers, 4 heads, 128 wide, 64 characters of context): 2,000 steps
end at 1.898 nats per character on the whole validation part, in 133 s of training on one core of an AMD EPYC (Zen 4).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE_SECONDS = 133.0
SHAPE = "--tokenizer char --layers 4 --heads 4 --width 128 --context 64 --threads 1 --json"
RUNS = {
    "fast recipe, to 1.88": "--stop-at-val-loss 1.88 --max-seconds 600",
    "fast recipe in float32, to 1.88": "--stop-at-val-loss 1.88 --max-seconds 600 --precision float32",
    "textbook recipe, 60 s": "--recipe textbook --max-seconds 60",
}


def train(text: str, options: str) -> dict:
    """The JSON line of one run."""
    command = [sys.executable, "-m", "llm", "train", "--text", text, *SHAPE.split(), *options.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run each and print a row for it."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    text = str(Path(sys.argv[1]).resolve())
    print(f"{'run':34s}{'loss':>8s}{'steps':>7s}{'training s':>12s}{'process s':>11s}{'tokens/s':>10s}{'x reference':>13s}")
    for name, options in RUNS.items():
        r = train(text, options)
        ratio = f"{REFERENCE_SECONDS / r['seconds']:.1f}" if r["val_loss"] <= 1.9 else "-"
        figures = (
            f"{r['val_loss']:8.3f}{r['steps']:7d}{r['seconds']:12.1f}{r['total_seconds']:11.1f}{r['tokens_per_second']:10,.0f}"
        )
        print(f"{name:34s}{figures}{ratio:>13s}", flush=True)


if __name__ == "__main__":
    main()
