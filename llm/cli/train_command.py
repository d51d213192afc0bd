"""``python -m llm train``: from a text to a model on disk."""

from __future__ import annotations

from llm.process import keep_freed_memory

keep_freed_memory()  # has to come before PyTorch is imported

import time  # noqa: E402
from argparse import Namespace  # noqa: E402
from pathlib import Path  # noqa: E402

from llm.cli.budget import with_budget  # noqa: E402
from llm.cli.options import output_options, run_spec  # noqa: E402
from llm.cli.progress import TrainingProgress, wanted  # noqa: E402
from llm.cli.setup import read_text, use_threads  # noqa: E402
from llm.cli.training import make_folder, train_folder  # noqa: E402
from llm.model import Transformer  # noqa: E402
from llm.recipes import QUICKEST  # noqa: E402
from llm.runs.finish import figures  # noqa: E402
from llm.runs.limits import check_tensorboard  # noqa: E402
from llm.runs.prepare import load_data  # noqa: E402
from llm.runs.spec import RunSpec  # noqa: E402
from llm.sources import Source  # noqa: E402
from llm.training import Trainer  # noqa: E402


def run(args: Namespace) -> dict[str, object]:
    """Train as asked and return what the JSON line says."""
    use_threads(args.threads)
    _check(args)
    spec = run_spec(args)
    check_tensorboard(spec)
    text = _text(args, spec)
    source = load_data(spec.data, spec.objective == "masked_tokens", text=text)
    if spec.recipe == QUICKEST:
        spec = with_budget(spec, args, source)
    model = spec.model_config(source.tokenizer.vocab_size)
    source.data.check(model.context_length)
    progress = TrainingProgress(wanted(args.progress))
    if args.out:
        folder = make_folder(Path(args.out), spec, output_options(args), text)
        found = train_folder(folder, progress, source)
    else:
        found = _train_in_memory(Trainer(Transformer(model), source.data, spec.train_config()), source, progress, args.dtype)
    return report(found, args)


def report(found: dict[str, object], args: Namespace) -> dict[str, object]:
    """What the JSON line says; printed for a reader without ``--json``."""
    result = {**found, "total_seconds": round(time.perf_counter() - args.started, 3), "threads": args.threads, "out": args.out}
    if not args.json:
        print("\n".join(summary_lines(result, args.out)))
    return result


def summary_lines(result: dict[str, object], out: str | None) -> list[str]:
    """The result for a reader."""
    bits = "" if result["bits_per_byte"] is None else f" ({result['bits_per_byte']:.3f} bits per byte)"
    lines = [
        f"validation loss {result['val_loss']:.4f} nats per token{bits} over {result['val_tokens']:,} tokens",
        f"{result['steps']:,} steps in {result['seconds']:.1f} s ({result['tokens_per_second']:,.0f} tokens/s,"
        f" {result['precision']}), {result['parameters']:,} parameters; stopped by {result['stop_reason']}",
    ]
    if "exact_answers" in result:
        lines.append(f"{100 * result['exact_answers']:.1f} % of the questions on validation text answered exactly")
    return lines + ([f"written to {out}"] if out else [])


def _check(args: Namespace) -> None:
    if args.log_every < 1:
        raise ValueError(f"log-every is {args.log_every}; it must be at least 1")
    if (args.snapshots or args.snapshot_every or args.tensorboard or args.prompt) and not args.out:
        raise ValueError("snapshots, samples and TensorBoard's files need a folder to be written to; set --out")


def _text(args: Namespace, spec: RunSpec) -> str | None:
    if args.text:
        return read_text(args.text)
    return read_text(str(Path(args.spec).with_name("text.txt"))) if spec.data.kind == "text" else None


def _train_in_memory(trainer: Trainer, source: Source, progress: TrainingProgress, dtype: str) -> dict[str, object]:
    evaluation: dict[str, object] = {}
    while trainer.stop_reason is None:
        record = trainer.advance()
        progress(record, trainer)
        if record.val_loss is not None:
            evaluation = {"step": record.step, "val_loss": record.val_loss, "val_whole": record.val_whole}
    progress.close()
    return figures(trainer, source, trainer.stop_reason, evaluation | {"train_loss": record.loss}, dtype)
