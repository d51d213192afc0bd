"""Every command's arguments and their help."""

from __future__ import annotations

import argparse
from typing import NoReturn

from llm.config import ACTIVATIONS, DEVICES, NORM_POSITIONS, NORMS, OBJECTIVES, OPTIMIZERS, POSITIONS, PRECISIONS, SCHEDULES
from llm.recipes import DEFAULT_RECIPE, RECIPES


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the page of options that ``--help`` has."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


TRAIN_EXAMPLES = """examples:
  a small model of any text file, until it is good enough:
    python -m llm train --text input.txt --tokenizer char --layers 4 --heads 4 --width 128 --context 64 \\
        --stop-at-val-loss 1.88 --max-seconds 600 --out var/shakespeare
  the same model as quickly as it can be had:
    python -m llm train --text input.txt --tokenizer char --context 64 --fast --stop-at-val-loss 1.88 --out var/shakespeare
  the project's own stories with a 1,024-token BPE, two minutes, a falling rate:
    python -m llm train --corpus stories --vocab 1024 --steps 1000 --schedule cosine --out var/stories
  the textbook model and optimiser (learned positions, tied embeddings, AdamW, float32):
    python -m llm train --corpus copy --recipe textbook --steps 500 --out var/copy
  a model that fills blanks, with a snapshot every 100 steps:
    python -m llm train --corpus stories --objective masked_tokens --steps 1000 --snapshot-every 100 --out var/masked
"""
RESUME_EXAMPLES = """examples:
  python -m llm resume var/stories            (a folder that train --out or the app wrote)
"""
RUNS_EXAMPLES = """examples:
  python -m llm runs                          (the runs of the app: GLASSFORMER_RUNS, else var/runs)
  python -m llm runs /data/runs --json
"""
GENERATE_EXAMPLES = """examples:
  python -m llm generate --model stories --prompt "The little dog was very" --tokens 80 --temperature 0.8
  python -m llm generate --model arithmetic --prompt "27+58=" --temperature 0
"""
EVAL_EXAMPLES = """examples:
  python -m llm eval --model var/shakespeare --text input.txt            (the last 10 % of the text)
  python -m llm eval --model stories --text mine.txt --part all --json
"""
TRACE_EXAMPLES = """examples:
  python -m llm trace --model stories --prompt "The little dog was very"           (all points and their shapes)
  python -m llm trace --model stories --prompt "The little dog" --point blocks.0.attn.pattern
  python -m llm trace --model stories --prompt "The little dog" --out trace.npz    (every array, for numpy.load)
"""


def build_parser() -> Parser:
    """The parser of ``python -m llm``."""
    parser = Parser(prog="python -m llm", description="Train, run and open up small language models.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="train | resume | runs | generate | eval | trace")
    _train(_command(commands, "train", "train a model on a text or a generated corpus", TRAIN_EXAMPLES))
    _resume(_command(commands, "resume", "go on with a training run that was stopped, killed or has failed", RESUME_EXAMPLES))
    _runs(_command(commands, "runs", "list training runs", RUNS_EXAMPLES))
    _generate(_command(commands, "generate", "continue a prompt", GENERATE_EXAMPLES))
    _evaluate(_command(commands, "eval", "measure the loss of a model on a text", EVAL_EXAMPLES))
    _trace(_command(commands, "trace", "print or save what a model computes on the way", TRACE_EXAMPLES))
    return parser


def _command(commands: argparse._SubParsersAction, name: str, summary: str, examples: str) -> Parser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line, and no other result")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="CPU threads (default 1)")
    return parser


def _train(parser: Parser) -> None:
    data = parser.add_argument_group("data")
    source = data.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", metavar="FILE", help="a text file; its last 10 %% is for validation")
    source.add_argument("--corpus", choices=("stories", "copy", "arithmetic"), help="a corpus generated here")
    source.add_argument(
        "--spec", metavar="FILE", help="spec.json of a run: trains the same; of the rest only output options count"
    )
    data.add_argument("--size", type=int, metavar="CHARACTERS", help="size of the corpus")
    data.add_argument("--corpus-seed", type=int, default=0, metavar="N", help="seed of the corpus (default 0)")
    data.add_argument(
        "--tokenizer",
        metavar="KIND",
        help="char, word, bpe (trained on the training part), gpt2, cl100k_base, o200k_base, or a folder"
        " (default: bpe; word for copy; char for arithmetic)",
    )
    data.add_argument("--vocab", type=int, metavar="N", help="vocabulary of a bpe or word tokenizer (default 1024 for bpe)")

    model = parser.add_argument_group("model")
    model.add_argument(
        "--recipe",
        choices=RECIPES,
        help="; ".join(f"{name}: {r.summary}" for name, r in RECIPES.items()) + f" (default {DEFAULT_RECIPE})",
    )
    model.add_argument(
        "--fast",
        action="store_true",
        help="the quickest recipe, with a number of steps of its own, from the shape, the tokenizer and --stop-at-val-loss"
        " (else --max-seconds); prints it",
    )
    model.add_argument("--layers", type=int, default=4, metavar="N", help="blocks (default 4)")
    model.add_argument("--heads", type=int, default=4, metavar="N", help="attention heads in each (default 4)")
    model.add_argument("--width", type=int, default=128, metavar="N", help="numbers per token, d_model (default 128)")
    model.add_argument("--mlp-width", type=int, metavar="N", help="width of the MLP's hidden layer (default 4 x width)")
    model.add_argument("--context", type=int, default=128, metavar="N", help="tokens that it sees at once (default 128)")
    model.add_argument("--position", choices=POSITIONS, help="position scheme")
    model.add_argument("--norm", choices=NORMS, help="layernorm also subtracts the mean, rmsnorm does not")
    model.add_argument("--norm-position", choices=NORM_POSITIONS, help="before each sublayer, or after it")
    model.add_argument("--activation", choices=ACTIVATIONS, help="of the MLP's hidden layer")
    model.add_argument("--tie", action=argparse.BooleanOptionalAction, help="one matrix for embedding and unembedding")
    model.add_argument("--bias", action=argparse.BooleanOptionalAction, help="biases in linear maps and norms")
    model.add_argument("--zero-init", action=argparse.BooleanOptionalAction, help="output projections start at zero")
    model.add_argument("--embedding-norm", action=argparse.BooleanOptionalAction, help="a norm right after the embeddings")
    model.add_argument("--embedding-std", type=float, metavar="S", help="spread of the embeddings at the start")
    model.add_argument("--qk-norm", action=argparse.BooleanOptionalAction, help="normalise queries and keys")
    model.add_argument("--dropout", type=float, metavar="P", help="part of the numbers set to zero in training")
    model.add_argument("--seed", type=int, default=0, metavar="N", help="seed of weights and batches (default 0)")

    run = parser.add_argument_group(
        "training", "Without --steps the rate stays constant after warm-up; without any limit training takes 60 seconds."
    )
    run.add_argument("--steps", type=int, metavar="N", help="stop after N steps; a schedule falls over them")
    run.add_argument("--max-seconds", type=float, metavar="S", help="stop after S seconds in training steps")
    run.add_argument("--stop-at-val-loss", type=float, metavar="L", help="stop at a loss (nats per token) on all validation text")
    run.add_argument("--plateau", type=int, metavar="N", help="stop after N evaluations without a lower validation loss")
    run.add_argument("--explosion", type=int, metavar="N", help="stop after N steps in a row far above the loss of guessing")
    run.add_argument("--objective", choices=OBJECTIVES, default="next_token", help="what is predicted (default next_token)")
    run.add_argument(
        "--mask-fraction", type=float, metavar="F", help="part of the tokens that masked_tokens hides (default 0.15)"
    )
    run.add_argument("--device", choices=DEVICES, help="default cpu")
    run.add_argument("--batch", type=int, metavar="N", help="windows in each step")
    run.add_argument("--optimizer", choices=OPTIMIZERS, help="; ".join(f"{name}: {text}" for name, text in OPTIMIZERS.items()))
    run.add_argument("--lr", type=float, metavar="R", help="learning rate of AdamW")
    run.add_argument("--muon-lr", type=float, metavar="R", help="learning rate of Muon, for the blocks' matrices")
    run.add_argument("--schedule", choices=SCHEDULES, help="default: linear with --steps, else constant")
    run.add_argument("--warmup", type=int, metavar="N", help="steps of rising rate")
    run.add_argument("--weight-decay", type=float, metavar="W", help="pull of AdamW's weights towards zero")
    run.add_argument("--grad-clip", type=float, metavar="G", help="longest gradient; 0 for no limit")
    run.add_argument("--precision", choices=PRECISIONS, help="; ".join(f"{name}: {text}" for name, text in PRECISIONS.items()))
    run.add_argument("--average", type=float, metavar="F", help="average the weights over the last part F of the run; 0: no")
    run.add_argument("--document-starts", type=float, metavar="F", help="part of each batch that starts at a document's start")
    run.add_argument("--short-windows", type=float, metavar="F", help="part of the steps with shorter windows, of any length")
    run.add_argument("--eval-every", type=int, metavar="N", help="steps between two evaluations")
    run.add_argument("--eval-tokens", type=int, metavar="N", help="validation tokens for evaluations on the way")

    run.add_argument("--progress", action=argparse.BooleanOptionalAction, help="progress bar on stderr (default: on a terminal)")

    out = parser.add_argument_group("output")
    files = "model, metrics.jsonl and card.md go here; a model that is there is written over"
    out.add_argument("--out", metavar="DIR", help=files)
    out.add_argument("--dtype", choices=("float32", "float16"), default="float32", help="of the stored weights")
    out.add_argument("--snapshots", metavar="N|LIST", help="N log-spaced snapshots (needs --steps), or steps as 0,10,100")
    out.add_argument("--snapshot-every", type=int, metavar="N", help="a snapshot each N steps")
    out.add_argument("--prompt", metavar="TEXT", help="a sentence whose continuation and attention are kept while it trains")
    out.add_argument("--tensorboard", action="store_true", help="also write event files for TensorBoard, into DIR/tensorboard")
    out.add_argument("--log-every", type=int, default=1, metavar="N", help="steps between two lines of metrics.jsonl")
    out.add_argument("--title", help="name of the model for a reader")
    out.add_argument("--summary", help="one line about the model, for a menu")
    out.add_argument("--default-text", help="a text to open the model with")
    out.add_argument("--sample", action="append", default=[], metavar="PROMPT", help="continue this in the card (repeatable)")
    out.add_argument("--sample-temperature", type=float, default=0.8, metavar="T", help="of the card's samples (default 0.8)")
    out.add_argument("--about", metavar="FILE", help="Markdown for the card: what the model can and cannot do")


def _resume(parser: Parser) -> None:
    parser.add_argument("folder", metavar="DIR", help="the run's folder")
    parser.add_argument(
        "--progress", action=argparse.BooleanOptionalAction, help="progress bar on stderr (default: on a terminal)"
    )


def _runs(parser: Parser) -> None:
    parser.add_argument("folder", nargs="?", metavar="DIR", help="a folder of runs (default: GLASSFORMER_RUNS, else var/runs)")


def _model_argument(parser: Parser) -> None:
    parser.add_argument("--model", required=True, metavar="ID|DIR", help="a model in the box (stories, copy, ...) or a folder")
    parser.add_argument("--step", type=int, metavar="N", help="the snapshot of this training step (default: the newest)")


def _generate(parser: Parser) -> None:
    _model_argument(parser)
    parser.add_argument("--prompt", default="", help="the text to continue")
    parser.add_argument("--tokens", type=int, default=80, metavar="N", help="how many tokens to add at most (default 80)")
    parser.add_argument("--temperature", type=float, default=0.8, metavar="T", help="0 is greedy (default 0.8)")
    parser.add_argument("--top-k", type=int, metavar="K", help="draw from the K most probable tokens only")
    parser.add_argument("--top-p", type=float, metavar="P", help="... from the fewest that together have probability P")
    parser.add_argument("--min-p", type=float, metavar="P", help="... from those with at least P times the best probability")
    parser.add_argument(
        "--repetition-penalty",
        type=float,
        default=1.0,
        metavar="R",
        help="above 1 makes tokens that occurred less likely (default 1)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the draws (default 0)")


def _evaluate(parser: Parser) -> None:
    _model_argument(parser)
    parser.add_argument("--text", required=True, metavar="FILE", help="a text file")
    parser.add_argument("--part", choices=("val", "train", "all"), default="val", help="default: the last 10 %%, as in training")


def _trace(parser: Parser) -> None:
    _model_argument(parser)
    parser.add_argument("--prompt", required=True, help="the text to run")
    parser.add_argument("--point", action="append", metavar="NAME", help="only this point (repeatable); prints its numbers")
    parser.add_argument("--out", metavar="FILE.npz", help="save the arrays for numpy.load")
