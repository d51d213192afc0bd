"""From the command line's arguments to a run."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from llm.config import ModelConfig, TrainConfig
from llm.files import read_json
from llm.recipes import DEFAULT_RECIPE, QUICKEST, RECIPES, Recipe, steep_slopes
from llm.runs.output import Output
from llm.runs.spec import DataSpec, RunSpec

DEFAULT_SECONDS = 60.0
DEFAULT_TOKENIZERS = {"copy": "word", "arithmetic": "char"}
MODEL_FLAGS = ("position", "norm", "norm_position", "activation", "bias", "zero_init", "embedding_norm", "qk_norm", "dropout")


def run_spec(args: Namespace) -> RunSpec:
    """The run that the arguments describe.

    Raises:
        ValueError: when two of them do not go together, or a value is out of range.
    """
    if args.spec:
        return RunSpec.from_dict(read_json(Path(args.spec)))
    train = training_options(args).to_dict()
    model = model_options(args, 1).to_dict()
    del model["vocab_size"]
    return RunSpec(
        data=data_options(args),
        model=model,
        train=train,
        prompt=args.prompt or "",
        tensorboard=args.tensorboard,
        recipe=recipe_name(args),
        snapshots=tuple(sorted(snapshot_steps(args.snapshots, args.steps))),
        snapshot_every=args.snapshot_every,
    )


def recipe_name(args: Namespace) -> str:
    """The recipe asked for; ``--fast`` is short for the quickest one.

    Raises:
        ValueError: when both are given and differ.
    """
    if args.fast and args.recipe not in (None, QUICKEST):
        raise ValueError(f"--fast is the recipe {QUICKEST}, not {args.recipe}; leave one of the two out")
    return QUICKEST if args.fast else args.recipe or DEFAULT_RECIPE


def recipe_of(args: Namespace) -> Recipe:
    """What the recipe holds."""
    return RECIPES[recipe_name(args)]


def data_options(args: Namespace) -> DataSpec:
    """The data; the text itself is read elsewhere."""
    if args.text:
        tokenizer = args.tokenizer or "bpe"
        return DataSpec("text", name=Path(args.text).name, tokenizer=tokenizer, vocab_size=args.vocab, seed=args.corpus_seed)
    tokenizer = args.tokenizer or DEFAULT_TOKENIZERS.get(args.corpus, "bpe")
    return DataSpec("corpus", args.corpus, args.size, args.corpus_seed, tokenizer=tokenizer, vocab_size=args.vocab)


def output_options(args: Namespace) -> Output:
    """How the finished model is described and stored."""
    about = Path(args.about).read_text(encoding="utf-8").strip() if args.about else ""
    return Output(
        title=args.title or Path(args.out).name,
        summary=args.summary or "",
        default_text=args.default_text or "",
        command=args.command_line,
        about=about,
        samples=tuple(args.sample),
        temperature=args.sample_temperature,
        dtype=args.dtype,
        snapshot_dtype=args.dtype,
        log_every=args.log_every,
    )


def model_options(args: Namespace, vocab_size: int) -> ModelConfig:
    """The recipe's model with what the command line says instead."""
    values = dict(recipe_of(args).model)
    values |= {name: getattr(args, name) for name in MODEL_FLAGS if getattr(args, name) is not None}
    if args.tie is not None:
        values["tie_embeddings"] = args.tie
    quick = recipe_name(args) in ("fast", QUICKEST)
    if quick and values["position"] == "alibi":
        values["alibi_slopes"] = steep_slopes(max(1, args.heads))
    if quick and values["position"] == "rope" and args.qk_norm is None:
        values["qk_norm"] = True
    if quick and (not values["embedding_norm"] or values.get("tie_embeddings")):
        # a wide spread is for embeddings that a norm follows, and that are not the last matrix too
        values["embedding_std"] = ModelConfig.embedding_std
    if args.embedding_std is not None:
        values["embedding_std"] = args.embedding_std
    return ModelConfig(
        vocab_size=vocab_size,
        context_length=args.context,
        n_layers=args.layers,
        n_heads=args.heads,
        d_model=args.width,
        d_mlp=args.mlp_width,
        causal=args.objective != "masked_tokens",
        seed=args.seed,
        **values,
    )


def training_options(args: Namespace) -> TrainConfig:
    """The recipe's training with what the command line says instead."""
    values = dict(recipe_of(args).train)
    given = {
        "objective": args.objective,
        "mask_fraction": args.mask_fraction,
        "device": args.device,
        "plateau_evaluations": args.plateau,
        "explosion_steps": args.explosion,
        "batch_size": args.batch,
        "optimizer": args.optimizer,
        "learning_rate": args.lr,
        "muon_learning_rate": args.muon_lr,
        "schedule": args.schedule,
        "warmup_steps": args.warmup,
        "weight_decay": args.weight_decay,
        "precision": args.precision,
        "document_start_fraction": args.document_starts,
        "short_window_fraction": args.short_windows,
        "eval_every": args.eval_every,
        "eval_tokens": args.eval_tokens,
    }
    values |= {name: value for name, value in given.items() if value is not None}
    if args.schedule is None:
        values["schedule"] = "linear" if args.steps else "constant"
    if args.grad_clip is not None:
        values["grad_clip"] = args.grad_clip or None
    if args.average is not None:
        values["average_fraction"] = args.average or None
    limits = (args.steps, args.max_seconds, args.stop_at_val_loss, args.plateau)
    return TrainConfig(
        steps=args.steps,
        max_seconds=DEFAULT_SECONDS if limits == (None,) * len(limits) else args.max_seconds,
        stop_at_val_loss=args.stop_at_val_loss,
        seed=args.seed,
        **values,
    )


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
