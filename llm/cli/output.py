"""What a training run writes: the checkpoint, metrics.jsonl, snapshots and card.md."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from datetime import date
from pathlib import Path

from llm.checkpoints import save_checkpoint, save_snapshot
from llm.cli.card import write_card
from llm.sources import Source
from llm.training import StepRecord, Trainer

METRIC_FIELDS = ("step", "loss", "learning_rate", "grad_norm", "seconds", "tokens", "val_loss", "val_tokens")


class RunFolder:
    """The folder of one run: opened at the start, so that a wrong path fails before training and not after it."""

    def __init__(self, args: Namespace, source: Source) -> None:
        self.args, self.source = args, source
        self.path = Path(args.out)
        self.snapshots = snapshot_steps(args.snapshots, args.steps)
        self._prepare()

    def _prepare(self) -> None:
        """Make the folder; one that holds a model is written over, one that holds other things is left alone."""
        if self.path.exists() and (not self.path.is_dir() or (any(self.path.iterdir()) and not self._is_ours())):
            raise ValueError(f"{self.path} exists and holds no model; choose another --out")
        self.path.mkdir(parents=True, exist_ok=True)
        for old in self.path.glob("snapshots/step-*.safetensors"):
            old.unlink()
        (self.path / "metrics.jsonl").write_text("")

    def _is_ours(self) -> bool:
        return any((self.path / name).is_file() for name in ("config.json", "metrics.jsonl"))

    def begin(self, trainer: Trainer) -> None:
        """Before the first step."""
        if 0 in self.snapshots:
            save_snapshot(self.path, trainer.model, 0, self.args.dtype)

    def log(self, record: StepRecord, trainer: Trainer) -> None:
        """After each step: a line of metrics, and a snapshot where one is due."""
        if record.step % self.args.log_every == 0 or record.val_loss is not None or record.step == 1:
            line = {name: value for name, value in asdict(record).items() if name in METRIC_FIELDS and value is not None}
            with (self.path / "metrics.jsonl").open("a") as file:
                file.write(json.dumps({name: _short(value) for name, value in line.items()}) + "\n")
        if record.step in self.snapshots:
            save_snapshot(self.path, trainer.model, record.step, self.args.dtype)

    def finish(self, trainer: Trainer, result: dict[str, object]) -> None:
        """The final model, its description and its card."""
        args = self.args
        what = self.source.name
        meta = {
            "name": self.path.name,
            "title": args.title or self.path.name,
            "summary": args.summary or f"{result['parameters']:,} parameters, trained on {what}",
            "corpus": what,
            "command": args.command_line,
            "default_text": args.default_text or "",
            "created": date.today().isoformat(),
            "step": result["steps"],
            **{name: value for name, value in result.items() if name not in ("out", "total_seconds")},
        }
        save_checkpoint(
            self.path,
            trainer.model,
            self.source.tokenizer,
            meta,
            train=trainer.config,
            data=self.source.description,
            dtype=args.dtype,
        )
        write_card(self.path, trainer, self.source, meta, args)


def snapshot_steps(wanted: str | None, steps: int | None) -> set[int]:
    """The steps to keep: a list as ``0,10,100``, or a number of steps spaced evenly on a logarithmic scale, 0 included; the
    last step needs none, because its weights are the finished model."""
    if not wanted:
        return set()
    try:
        numbers = [int(part) for part in wanted.split(",")]
    except ValueError as error:
        raise ValueError(f"snapshots is {wanted!r}; give a number, or steps as 0,10,100") from error
    if min(numbers) < 0:
        raise ValueError(f"snapshots is {wanted!r}; steps cannot be negative")
    if len(numbers) > 1:
        return set(numbers)
    count = numbers[0]
    if steps is None:
        raise ValueError("a number of snapshots needs --steps to spread over; set --steps, or give the snapshots as 0,10,100")
    if count < 2:
        raise ValueError(f"snapshots is {count}; it must be at least 2, for the start and one step on the way")
    return {0} | {round(steps ** (i / (count - 1))) for i in range(count - 1)}


def summary_lines(result: dict[str, object], out: str | None) -> list[str]:
    """The result for a reader."""
    lines = [
        f"validation loss {result['val_loss']:.4f} nats per token ({result['bits_per_byte']:.3f} bits per byte)"
        f" over {result['val_tokens']:,} tokens",
        f"{result['steps']:,} steps in {result['seconds']:.1f} s ({result['tokens_per_second']:,.0f} tokens/s,"
        f" {result['precision']}), {result['parameters']:,} parameters; stopped by {result['stop_reason']}",
    ]
    if "exact_answers" in result:
        lines.append(f"{100 * result['exact_answers']:.1f} % of the questions on validation text answered exactly")
    return lines + ([f"written to {out}"] if out else [])


def _short(value: float) -> float:
    return float(f"{value:.6g}") if isinstance(value, float) else value
