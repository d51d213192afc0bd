"""``python -m llm train``: from a text to a model on disk."""

from __future__ import annotations

from llm.process import keep_freed_memory

keep_freed_memory()  # has to come before PyTorch is imported

import math  # noqa: E402
import time  # noqa: E402
from argparse import Namespace  # noqa: E402
from pathlib import Path  # noqa: E402

from llm.cli.output import RunFolder, summary_lines  # noqa: E402
from llm.cli.progress import Progress, wanted  # noqa: E402
from llm.cli.setup import read_text, use_threads  # noqa: E402
from llm.config import ModelConfig, TrainConfig  # noqa: E402
from llm.evaluation import evaluate  # noqa: E402
from llm.exam import exact_share  # noqa: E402
from llm.model import Transformer  # noqa: E402
from llm.recipes import RECIPES, steep_slopes  # noqa: E402
from llm.sources import Source, corpus_source, text_source  # noqa: E402
from llm.training import StepRecord, Trainer  # noqa: E402

DEFAULT_SECONDS = 60.0


def run(args: Namespace) -> dict[str, object]:
    """Train as asked and return what the JSON line says."""
    use_threads(args.threads)
    if args.log_every < 1:
        raise ValueError(f"log-every is {args.log_every}; it must be at least 1")
    if args.snapshots and not args.out:
        raise ValueError("snapshots need a folder to be written to; set --out")
    train_config = training_options(args)
    source = load_source(args)
    model_config = model_options(args, source.tokenizer.vocab_size)
    source.data.check(model_config.context_length)
    folder = RunFolder(args, source) if args.out else None
    model = Transformer(model_config)
    trainer = Trainer(model, source.data, train_config)
    record = _loop(trainer, folder, args)
    val_loss = _stored_loss(trainer, record, args)
    result = _result(trainer, source, record, val_loss, args)
    if folder:
        folder.finish(trainer, result)
    if not args.json:
        print("\n".join(summary_lines(result, args.out)))
    return result


def load_source(args: Namespace) -> Source:
    """Data and tokenizer as the command line asks for them."""
    if args.text:
        return text_source(read_text(args.text), Path(args.text).name, args.tokenizer, args.vocab)
    return corpus_source(args.corpus, args.size, args.corpus_seed, args.tokenizer, args.vocab)


def _loop(trainer: Trainer, folder: RunFolder | None, args: Namespace) -> StepRecord:
    progress = Progress(wanted(args.progress))
    val = ""
    if folder:
        folder.begin(trainer)
    while trainer.stop_reason is None:
        record = trainer.advance()
        if record.val_loss is not None:
            val = f"validation {record.val_loss:.3f}"
        if folder:
            folder.log(record, trainer)
        speed = f"{record.tokens / record.seconds:,.0f} tokens/s"
        progress.update(_done(record, trainer.config), f"step {record.step:,}  loss {record.loss:.3f}  {val}  {speed}")
    progress.close()
    return record


def _done(record: StepRecord, config: TrainConfig) -> float | None:
    """How far training has come, as a part of 1."""
    parts = []
    if config.steps:
        parts.append(record.step / config.steps)
    if config.max_seconds:
        parts.append(record.seconds / config.max_seconds)
    return max(parts, default=None)


def _stored_loss(trainer: Trainer, record: StepRecord, args: Namespace) -> float:
    """The loss of the weights as they are stored; float16 rounds them first."""
    if args.dtype == "float16":
        for p in trainer.model.parameters():
            p.data = p.data.half().float()
        return evaluate(trainer.model, trainer.data.val, objective=trainer.objective)
    return record.val_loss


def _result(trainer: Trainer, source: Source, record: StepRecord, val_loss: float, args: Namespace) -> dict[str, object]:
    val_tokens = len(source.data.val) - 1
    exam = exact_share(trainer.model, source.tokenizer, source.questions) if source.questions else None
    return {
        "val_loss": round(val_loss, 6),
        **({} if exam is None else {"exact_answers": round(exam, 4)}),
        "train_loss": round(record.loss, 6),
        "bits_per_byte": round(val_loss * val_tokens / source.data.val_bytes / math.log(2), 6),
        "seconds": round(record.seconds, 3),
        "total_seconds": round(time.perf_counter() - args.started, 3),
        "steps": record.step,
        "stop_reason": trainer.stop_reason,
        "tokens": record.tokens,
        "tokens_per_second": round(record.tokens / record.seconds, 1),
        "parameters": sum(p.numel() for p in trainer.model.parameters()),
        "train_tokens": len(source.data.train),
        "val_tokens": val_tokens,
        "vocab_size": source.tokenizer.vocab_size,
        "precision": trainer.precision,
        "optimizer": trainer.config.optimizer,
        "threads": args.threads,
        "out": args.out,
    }


def model_options(args: Namespace, vocab_size: int) -> ModelConfig:
    """The recipe's model with what the command line says instead."""
    values = dict(RECIPES[args.recipe].model)
    flags = ("position", "norm", "norm_position", "activation", "bias", "zero_init", "embedding_norm", "qk_norm", "dropout")
    values |= {name: getattr(args, name) for name in flags if getattr(args, name) is not None}
    if args.tie is not None:
        values["tie_embeddings"] = args.tie
    if args.recipe == "fast" and values["position"] == "alibi":
        values["alibi_slopes"] = steep_slopes(max(1, args.heads))
    if args.recipe == "fast" and values["position"] == "rope" and args.qk_norm is None:
        values["qk_norm"] = True
    if args.recipe == "fast" and not values["embedding_norm"]:
        values["embedding_std"] = ModelConfig.embedding_std  # a wide spread is for embeddings that a norm follows
    return ModelConfig(
        vocab_size=vocab_size,
        context_length=args.context,
        n_layers=args.layers,
        n_heads=args.heads,
        d_model=args.width,
        d_mlp=args.mlp_width,
        seed=args.seed,
        **values,
    )


def training_options(args: Namespace) -> TrainConfig:
    """The recipe's training with what the command line says instead."""
    values = dict(RECIPES[args.recipe].train)
    given = {
        "batch_size": args.batch,
        "optimizer": args.optimizer,
        "learning_rate": args.lr,
        "muon_learning_rate": args.muon_lr,
        "schedule": args.schedule,
        "warmup_steps": args.warmup,
        "weight_decay": args.weight_decay,
        "precision": args.precision,
        "document_start_fraction": args.document_starts,
        "eval_every": args.eval_every,
        "eval_tokens": args.eval_tokens,
    }
    values |= {name: value for name, value in given.items() if value is not None}
    values.setdefault("schedule", "linear" if args.steps else "constant")
    if args.schedule is None and not args.steps:
        values["schedule"] = "constant"
    if args.grad_clip is not None:
        values["grad_clip"] = args.grad_clip or None
    if args.average is not None:
        values["average_fraction"] = args.average or None
    unlimited = args.steps is None and args.max_seconds is None and args.stop_at_val_loss is None
    return TrainConfig(
        steps=args.steps,
        max_seconds=DEFAULT_SECONDS if unlimited else args.max_seconds,
        stop_at_val_loss=args.stop_at_val_loss,
        seed=args.seed,
        **values,
    )
