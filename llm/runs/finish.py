"""The end of a run: how good the model is, and its files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import torch

from llm.checkpoints import save_checkpoint
from llm.evaluation import bits_per_byte, counted, evaluate, mean_loss
from llm.exam import exact_share
from llm.runs.card import write_card
from llm.runs.metrics import Row
from llm.runs.output import Output
from llm.runs.store import Run
from llm.sources import Source
from llm.training import Trainer


def figures(trainer: Trainer, source: Source, reason: str, evaluation: Row, dtype: str = "float32") -> dict[str, Any]:
    """What the model came to. ``evaluation`` is the last one; it serves when it was of these weights and all of the text.

    A run that was stopped on the way is measured on the sample of its evaluations (``val_whole`` false), which is quick.
    """
    data, objective = trainer.data, trainer.objective
    finished = trainer.stop_reason is not None
    loss, tokens, whole = _loss(trainer, evaluation, dtype, finished)
    bits = bits_per_byte(loss, objective.places(data.val), data.val_bytes)
    exam = exact_share(trainer.model, source.tokenizer, source.questions) if source.questions and finished else None
    return {
        "val_loss": round(loss, 6),
        **({} if exam is None else {"exact_answers": round(exam, 4)}),
        "train_loss": round(evaluation.get("train_loss", float("nan")), 6),
        "bits_per_byte": None if bits is None else round(bits, 6),
        "seconds": round(trainer.seconds, 3),
        "cpu_seconds": round(trainer.cpu_seconds, 3),
        "steps": trainer.step,
        "stop_reason": reason,
        "tokens": trainer.tokens,
        "tokens_per_second": round(trainer.tokens / max(trainer.seconds, 1e-9), 1),
        "parameters": sum(p.numel() for p in trainer.model.parameters()),
        "train_tokens": len(data.train),
        "val_tokens": tokens,
        "val_whole": whole,
        "vocab_size": source.tokenizer.vocab_size,
        "device": trainer.device,
        "precision": trainer.precision,
        "optimizer": trainer.config.optimizer,
        "objective": trainer.config.objective,
        "threads": torch.get_num_threads(),
    }


def store_model(folder: Path, trainer: Trainer, source: Source, found: dict[str, Any], output: Output) -> dict[str, Any]:
    """Write the model folder with its description and card; returns the description."""
    run = Run(folder)
    meta = {
        "name": folder.name,
        "title": output.title or run.title,
        "summary": output.summary or f"{found['parameters']:,} parameters, trained on {source.name}",
        "corpus": source.name,
        "command": output.command,
        "default_text": output.default_text or run.spec.prompt,
        "created": date.today().isoformat(),
        "step": trainer.step,
        **found,
    }
    train, data = trainer.config, source.recorded
    save_checkpoint(folder, trainer.model, source.tokenizer, meta, train=train, data=data, dtype=output.dtype)
    write_card(folder, trainer, source, meta, output)
    return meta


def _loss(trainer: Trainer, evaluation: Row, dtype: str, finished: bool) -> tuple[float, int, bool]:
    """Loss in nats, tokens it was measured on, whether these were all, for the weights as they are stored."""
    places = trainer.objective.places(trainer.data.val)
    if dtype == "float16":  # which rounds them
        for p in trainer.model.parameters():
            p.data = p.data.half().float()
    elif evaluation.get("step") == trainer.step and evaluation.get("val_whole"):
        return evaluation["val_loss"], places, True
    if finished:
        return evaluate(trainer.model, trainer.data.val, objective=trainer.objective), places, True
    sample = trainer.watch.sample
    return mean_loss(trainer.model, sample), counted(sample), sample is trainer.watch.windows
