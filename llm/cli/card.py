"""card.md: what a model was trained on, how, how good it is, and a few of its own words."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from llm.config import SamplingConfig
from llm.decoding import generate
from llm.model import Transformer
from llm.sources import Source
from llm.tokenizers import Tokenizer
from llm.training import Trainer

SAMPLE_TOKENS = 150


def write_card(folder: Path, trainer: Trainer, source: Source, meta: dict[str, object], args: Namespace) -> None:
    """Write ``card.md`` from the run itself; the prose of ``--about`` is the only part that a person wrote."""
    about = Path(args.about).read_text(encoding="utf-8").strip() if args.about else ""
    parts = [
        f"# {meta['title']}",
        str(meta["summary"]),
        about,
        "## Data\n\n" + _rows(source.description | {f"{part} tokens": meta[f"{part}_tokens"] for part in ("train", "val")}),
        "## Configuration\n\n" + _rows(_changed(trainer)),
        "## Training\n\n" + _rows(_training(meta)),
        f"Made by\n\n```\n{meta['command']}\n```",
        _samples(trainer.model, source.tokenizer, args),
    ]
    (folder / "card.md").write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")


def _rows(values: dict[str, object]) -> str:
    lines = [f"| {name.replace('_', ' ')} | {_plain(value)} |" for name, value in values.items()]
    return "\n".join(["| | |", "|-|-|", *lines])


def _plain(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _changed(trainer: Trainer) -> dict[str, object]:
    """The model's shape, and every other choice."""
    values = trainer.model.config.to_dict() | {"parameters": sum(p.numel() for p in trainer.model.parameters())}
    values["d_mlp"] = trainer.model.config.mlp_width
    return {name: value for name, value in values.items() if value is not None}


def _training(meta: dict[str, object]) -> dict[str, object]:
    exact = {"exact answers, never trained on": f"{100 * meta['exact_answers']:.1f} %"} if "exact_answers" in meta else {}
    return {
        "validation loss": f"{meta['val_loss']:.4f} nats per token, {meta['bits_per_byte']:.3f} bits per byte",
        **exact,
        "steps": meta["steps"],
        "tokens seen": meta["tokens"],
        "time": f"{meta['seconds']:.0f} s in training steps on {meta['threads']} CPU thread(s)",
        "optimizer": meta["optimizer"],
        "precision": meta["precision"],
        "created": meta["created"],
    }


def _samples(model: Transformer, tokenizer: Tokenizer, args: Namespace) -> str:
    if not args.sample:
        return ""
    sampling = SamplingConfig(temperature=args.sample_temperature)
    how = f"temperature {args.sample_temperature:g}, seed {sampling.seed}, not chosen among several; the prompt is bold"
    texts = [f"> **{prompt}**{continuation(model, tokenizer, prompt, sampling)}" for prompt in args.sample]
    return f"## Samples\n\nAt {how}.\n\n" + "\n\n".join(texts)


def continuation(model: Transformer, tokenizer: Tokenizer, prompt: str, sampling: SamplingConfig) -> str:
    """What the model adds to the prompt, up to its end mark."""
    ids = tokenizer.encode(prompt)
    end = tokenizer.special.get("<|end|>")
    stops = () if end is None else (end,)
    new = [step.token_id for step in generate(model, ids, sampling, SAMPLE_TOKENS, stop_ids=stops)]
    return tokenizer.decode(ids + [i for i in new if i != end])[len(tokenizer.decode(ids)) :]
