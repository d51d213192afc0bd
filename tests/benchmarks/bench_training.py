"""How long training takes to reach what a reference ends with, on one thread. Prints a table; asserts nothing.

    python tests/benchmarks/bench_training.py [input.txt] [--quick] [--seeds N]

Without a text it takes Tiny Shakespeare from ../shared/data, and where that is not there it says so and measures nothing.

The reference (nanogpt_reference.py: nanoGPT's recipe for a CPU, 2,000 steps) trains first, in a process of its own, on the same
text; all others then train until their loss on the whole validation part, in nats per character, is the reference's. "seconds"
are those in training steps and "cpu" their processor time, which other work on the machine disturbs less; "process" is all of
the process, import, data, evaluation and files included. Each row is the median of the seeds. With --quick the reference takes
only 100 steps: its time is scaled up to 2,000, and its last loss is taken to be 1.90, as it is on Tiny Shakespeare.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from llm.sources import text_source  # noqa: E402

SHAKESPEARE = ROOT.parent / "shared" / "data" / "tinyshakespeare.txt"
ALL_STEPS, QUICK_STEPS, USUAL_END = 2000, 100, 1.90
FIGURES = ("bits_per_byte", "steps", "parameters", "seconds", "cpu_seconds", "total_seconds", "tokens_per_second")
SAME = "--tokenizer char --layers 4 --heads 4 --width 128 --context 64"
SMALL = "--tokenizer char --layers 1 --heads 4 --width 128 --context 64"
BYTE_PAIRS = "--tokenizer bpe --vocab 1024 --layers 1 --heads 4 --width 128 --context 64"
RUNS = {
    "same size, --fast": f"{SAME} --fast",
    "same size, a steady rate": SAME,
    "same size, --fast, float32": f"{SAME} --fast --precision float32",
    "1 layer, --fast": f"{SMALL} --fast",
    "1 layer, 1,024 byte pairs, --fast": f"{BYTE_PAIRS} --fast",
}
REFERENCE = """
import dataclasses, json, sys
sys.path.insert(0, "tests/benchmarks")
import torch
torch.set_num_threads(1)
from nanogpt_reference import train_reference
with open(sys.argv[1], encoding="utf-8") as file:
    print(json.dumps(dataclasses.asdict(train_reference(file.read(), steps=int(sys.argv[2])))))
"""


def reference(text: str, quick: bool) -> dict:
    """What the reference ends with, and its time."""
    r = run([sys.executable, "-c", REFERENCE, text, str(QUICK_STEPS if quick else ALL_STEPS)])
    if quick:
        more = ALL_STEPS / QUICK_STEPS
        r |= {"seconds": r["seconds"] * more, "cpu_seconds": r["cpu_seconds"] * more, "val_loss": USUAL_END}
    return r


def train(text: str, options: str, loss: float, seed: int) -> dict:
    """The JSON line of one run that stops at a loss in nats per character."""
    per_token = characters_per_token(text) if "--tokenizer bpe" in options else 1.0
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*options.split(), "--seed", str(seed), "--threads", "1", "--json", "--out", f"{folder}/run"]
        limits = ["--stop-at-val-loss", f"{loss * per_token:.4f}", "--max-seconds", "600"]
        return run([sys.executable, "-m", "llm", "train", "--text", text, *arguments, *limits])


@cache
def characters_per_token(text: str) -> float:
    """Of the validation part, cut into the byte pairs that the run will learn, for each token that is predicted."""
    data = text_source(Path(text).read_text(encoding="utf-8"), "text", "bpe", 1024).data
    return data.val_bytes / (len(data.val) - 1)


def run(command: list[str]) -> dict:
    """What the last line of a program's output says."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """The reference, then a row for each kind of run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", nargs="?", type=Path, default=SHAKESPEARE)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="rows whose name holds this")
    args = parser.parse_args()
    if not args.text.is_file():
        print(f"skipped: there is no {args.text.name} to train on; name a text (Tiny Shakespeare, for figures that compare)")
        return
    text = str(args.text.resolve())
    base = reference(text, args.quick)
    note = f", scaled up from {QUICK_STEPS} steps" if args.quick else ""
    print(
        f"reference: {base['val_loss']:.4f} nats per character, {base['seconds']:.1f} s in steps,"
        f" {base['cpu_seconds']:.1f} s cpu, {base['tokens_per_second']:,.0f} tokens/s, {base['parameters']:,} parameters{note}"
    )
    names = ("loss", "steps", "parameters", "seconds", "cpu", "process", "tokens/s", "x", "x cpu")
    print(f"{'median of ' + str(args.seeds):36s}" + "".join(f"{name:>11s}" for name in names))
    for name, options in RUNS.items():
        if args.only in name:
            print(
                f"{name:36s}" + row([train(text, options, base["val_loss"], seed) for seed in range(args.seeds)], base),
                flush=True,
            )


def row(runs: list[dict], base: dict) -> str:
    """Medians, and how many times quicker than the reference: by the clock, and in processor time."""
    middle = {name: median(r[name] for r in runs) for name in FIGURES}
    cells = (
        f"{middle['bits_per_byte'] * math.log(2):.4f}",
        f"{middle['steps']:.0f}",
        f"{middle['parameters']:,.0f}",
        f"{middle['seconds']:.1f}",
        f"{middle['cpu_seconds']:.1f}",
        f"{middle['total_seconds']:.1f}",
        f"{middle['tokens_per_second']:,.0f}",
        f"{base['seconds'] / middle['seconds']:.1f}",
        f"{base['cpu_seconds'] / middle['cpu_seconds']:.1f}",
    )
    return "".join(f"{cell:>11s}" for cell in cells)


if __name__ == "__main__":
    main()
