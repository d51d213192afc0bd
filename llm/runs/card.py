"""card.md: what a model was trained on, how, how good it is, and a few of its own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from llm.config import SamplingConfig
from llm.decoding import generate
from llm.model import Transformer
from llm.runs.output import Output
from llm.sources import Source
from llm.tokenizers import MASK, Tokenizer
from llm.training import Trainer

SAMPLE_TOKENS = 150
BLANK, GUESSES = "___", 4  # in the samples of a model that fills blanks


def write_card(folder: Path, trainer: Trainer, source: Source, meta: dict[str, Any], output: Output) -> None:
    """Write ``card.md`` from the run itself; ``output.about`` is the only part that a person wrote."""
    parts = [
        f"# {meta['title']}",
        str(meta["summary"]),
        output.about,
        "## Data\n\n" + _rows(source.description | {f"{part} tokens": meta[f"{part}_tokens"] for part in ("train", "val")}),
        "## Configuration\n\n" + _rows(_changed(trainer)),
        "## Training\n\n" + _rows(_training(meta)),
        f"Made by\n\n```\n{meta['command']}\n```" if meta["command"] else "",
        _samples(trainer.model, source.tokenizer, output),
    ]
    (folder / "card.md").write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")


def _rows(values: dict[str, object]) -> str:
    lines = [f"| {name.replace('_', ' ')} | {_plain(value)} |" for name, value in values.items()]
    return "\n".join(["| | |", "|-|-|", *lines])


def _plain(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def _changed(trainer: Trainer) -> dict[str, object]:
    """The model's shape, and every other choice."""
    values = trainer.model.config.to_dict() | {"parameters": sum(p.numel() for p in trainer.model.parameters())}
    values["d_mlp"] = trainer.model.config.mlp_width
    return {name: value for name, value in values.items() if value is not None}


def _training(meta: dict[str, Any]) -> dict[str, object]:
    exact = {"exact answers, never trained on": f"{100 * meta['exact_answers']:.1f} %"} if "exact_answers" in meta else {}
    bits = "" if meta["bits_per_byte"] is None else f", {meta['bits_per_byte']:.3f} bits per byte"
    return {
        "objective": meta["objective"].replace("_", " "),
        "validation loss": f"{meta['val_loss']:.4f} nats per token{bits}",
        **exact,
        "steps": meta["steps"],
        "tokens seen": meta["tokens"],
        "time": f"{meta['seconds']:.0f} s in training steps on {meta['threads']} CPU thread(s)",
        "optimizer": meta["optimizer"],
        "precision": meta["precision"],
        "created": meta["created"],
    }


def _samples(model: Transformer, tokenizer: Tokenizer, output: Output) -> str:
    if not output.samples:
        return ""
    if not model.config.causal:
        blanks = [f"> {_bold_blank(prompt)} {guesses(model, tokenizer, prompt)}" for prompt in output.samples]
        return "## Samples\n\nThe most probable tokens for the blank, with their probabilities.\n\n" + "\n\n".join(blanks)
    sampling = SamplingConfig(temperature=output.temperature)
    how = f"temperature {output.temperature:g}, seed {sampling.seed}, not chosen among several; the prompt is bold"
    texts = [f"> **{prompt}**{continuation(model, tokenizer, prompt, sampling)}" for prompt in output.samples]
    return f"## Samples\n\nAt {how}.\n\n" + "\n\n".join(texts)


def _bold_blank(prompt: str) -> str:
    return prompt.replace(BLANK, f"**{BLANK}**")


def guesses(model: Transformer, tokenizer: Tokenizer, prompt: str) -> str:
    """The most probable tokens for the blank in a text such as ``The ___ barked.``, for a model that fills blanks.

    Raises:
        ValueError: when there is not exactly one blank.
    """
    before, *after = prompt.split(BLANK)
    if len(after) != 1:
        raise ValueError(f"{prompt!r} should have one blank, {BLANK}, for a model that fills blanks")
    left = tokenizer.encode(before.removesuffix(" "))  # the space belongs to the hidden token
    ids = [*left, tokenizer.special[MASK], *tokenizer.encode(after[0])]
    with torch.inference_mode():
        top = model(torch.tensor([ids], device=model.token_embedding.weight.device))[0, len(left)].softmax(-1).topk(GUESSES)
    found = zip(top.indices.tolist(), top.values.tolist(), strict=True)
    return ", ".join(f"`{tokenizer.token_text(i).strip() or ' '}` {p:.2f}" for i, p in found)


def continuation(model: Transformer, tokenizer: Tokenizer, prompt: str, sampling: SamplingConfig) -> str:
    """What the model adds to the prompt, up to its end mark."""
    ids = tokenizer.encode(prompt)
    end = tokenizer.special.get("<|end|>")
    stops = () if end is None else (end,)
    new = [step.token_id for step in generate(model, ids, sampling, SAMPLE_TOKENS, stop_ids=stops)]
    return tokenizer.decode(ids + [i for i in new if i != end])[len(tokenizer.decode(ids)) :]
