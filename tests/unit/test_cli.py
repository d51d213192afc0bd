"""The command line as a reader uses it: real processes on small files."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from llm.checkpoints import load_checkpoint
from llm.cli.options import model_options, snapshot_steps, training_options
from llm.cli.parser import build_parser
from llm.cli.progress import Progress, clock
from llm.data import split_text
from llm.evaluation import evaluate

ROOT = Path(__file__).resolve().parents[2]
LINES = ("The sun went down and the wind was cold. ", "A bird sang, and nobody heard it. ", "Then the rain came to the sea. ")
TEXT = "".join(LINES[i * i % 7 % 3] for i in range(260))


def llm(*arguments: object) -> subprocess.CompletedProcess:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "llm", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1200)


def result(done: subprocess.CompletedProcess) -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def options(*arguments: str):
    return build_parser().parse_args(["train", "--text", "x", *arguments])


@pytest.fixture(scope="module")
def text_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("text") / "weather.log"  # any name will do
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(text_file) -> tuple[Path, dict]:
    """The command of the project's first issue, on a small file with a nearer target."""
    out = text_file.parent / "model"
    shape = "--tokenizer char --layers 4 --heads 4 --width 128 --context 64"
    limits = "--stop-at-val-loss 1.2 --max-seconds 600 --threads 1"
    return out, result(llm("train", "--text", text_file, *shape.split(), *limits.split(), "--out", out, "--json"))


def test_train_stops_at_the_loss_and_reports(trained):
    _, line = trained
    assert line["val_loss"] <= 1.2
    assert line["stop_reason"] == "stop_at_val_loss"
    assert 0 < line["seconds"] < line["total_seconds"]
    assert line["tokens_per_second"] == pytest.approx(line["tokens"] / line["seconds"], rel=0.01)
    assert line["vocab_size"] == len(set(split_text(TEXT)[0])) + 2  # and <unk> and <|end|>
    assert line["val_tokens"] == len(split_text(TEXT)[1]) - 1


def test_the_written_model_opens_and_has_the_loss_that_was_reported(trained):
    out, line = trained
    checkpoint = load_checkpoint(out)
    assert sum(p.numel() for p in checkpoint.model.parameters()) == line["parameters"]
    ids = torch.tensor(checkpoint.tokenizer.encode(split_text(TEXT)[1]))
    assert evaluate(checkpoint.model, ids) == pytest.approx(line["val_loss"], abs=1e-4)
    assert checkpoint.meta["step"] == line["steps"]
    assert checkpoint.meta["command"].startswith("python -m llm train --text")


def test_metrics_and_card(trained):
    out, line = trained
    rows = [json.loads(row) for row in (out / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, line["steps"] + 1))
    assert all({"loss", "learning_rate", "seconds"} <= row.keys() for row in rows)
    assert rows[-1]["val_loss"] == pytest.approx(line["val_loss"], abs=1e-4)
    assert rows[10]["learning_rate"] == rows[-1]["learning_rate"]  # constant after warm-up
    card = (out / "card.md").read_text()
    assert f"{line['val_loss']:.4f} nats per token" in card
    assert "python -m llm train" in card


def test_generate_eval_trace(trained, text_file):
    out, line = trained
    said = result(llm("generate", "--model", out, "--prompt", "The sun", "--tokens", 20, "--temperature", 0, "--json"))
    assert said["text"].startswith("The sun ")
    assert said["tokens"] <= 20
    plain = llm("generate", "--model", out, "--prompt", "The sun", "--tokens", 20, "--temperature", 0)
    assert plain.stdout.strip() == said["text"].strip()
    measured = result(llm("eval", "--model", out, "--text", text_file, "--json"))
    assert measured["val_loss"] == pytest.approx(line["val_loss"], abs=1e-4)
    assert measured["perplexity"] == pytest.approx(math.exp(line["val_loss"]), rel=1e-3)
    traced = llm("trace", "--model", out, "--prompt", "The", "--point", "blocks.0.attn.pattern", "--json")
    assert result(traced)["shapes"] == {"blocks.0.attn.pattern": [4, 3, 3]}


def test_trace_saves_arrays(trained, tmp_path):
    import numpy as np

    out, _ = trained
    llm("trace", "--model", out, "--prompt", "The", "--out", tmp_path / "t.npz")
    arrays = np.load(tmp_path / "t.npz")
    assert arrays["blocks.3.mlp.post"].shape == (3, 512)
    assert arrays["ids"].shape == (3,)


def test_snapshots_and_float16(text_file, tmp_path):
    out = tmp_path / "run"
    done = llm(
        *f"train --text {text_file} --tokenizer word --layers 1 --heads 2 --width 16 --context 8 --steps 20".split(),
        *f"--recipe textbook --snapshots 0,5 --dtype float16 --out {out} --json --sample The".split(),
    )
    line = result(done)
    assert line["optimizer"] == "adamw"
    assert line["precision"] == "float32"
    assert line["stop_reason"] == "steps"
    assert load_checkpoint(out, step=5).meta["step"] == 5
    checkpoint = load_checkpoint(out)
    ids = torch.tensor(checkpoint.tokenizer.encode(split_text(TEXT)[1]))
    assert evaluate(checkpoint.model, ids) == pytest.approx(line["val_loss"], abs=1e-5)
    assert "## Samples" in (out / "card.md").read_text()


def test_a_generated_corpus(tmp_path):
    command = "train --corpus stories --size 20000 --vocab 300 --layers 1 --heads 2 --width 16 --context 32 --steps 5 --progress"
    done = llm(*command.split(), "--out", tmp_path / "m")
    assert done.returncode == 0, done.stderr
    assert "validation loss" in done.stdout
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    assert config["data"]["corpus"] == "stories"
    assert config["data"]["size"] == 20000
    assert config["train"]["steps"] == 5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--text {dir}/none.txt", "there is no file"),
        ("--text {dir}/short.txt --tokenizer char", "2 characters, which is too little"),
        ("--text {dir}/empty.txt --tokenizer char", "0 characters, which is too little"),
        ("--text {file} --tokenizer char --context 20000", "needs at least 20001; give more text"),
        ("--text {file} --heads 3", "n_heads (3) must divide d_model (128)"),
        ("--text {file} --steps 0", "steps is 0"),
        ("--text {file} --schedule cosine --max-seconds 5", "set steps or use the constant schedule"),
        ("--text {file} --tokenizer char --snapshots 12 --out {dir}/m", "needs --steps"),
        ("--text {file} --snapshots 0,5", "set --out"),
        ("--text {file} --tokenizer char --out {dir}", "choose another --out"),
        ("--text {file} --threads 0", "threads is 0"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_code_2(arguments, sentence, text_file, tmp_path):
    (tmp_path / "short.txt").write_text("ab")
    (tmp_path / "empty.txt").write_text("")
    done = llm("train", *arguments.format(dir=tmp_path, file=text_file).split())
    assert done.returncode == 2
    assert done.stdout == ""
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unknown_model_is_one_sentence():
    done = llm("generate", "--model", "nobody", "--prompt", "x")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
    assert "there is no model 'nobody'" in done.stderr


@pytest.mark.parametrize("command", ["", "train", "resume", "runs", "generate", "eval", "trace"])
def test_help_has_examples(command):
    done = llm(*command.split(), "--help")
    assert done.returncode == 0
    assert not command or "examples:\n  " in done.stdout


def test_help_does_not_wait_for_torch():
    code = "import sys, llm.cli; llm.cli.build_parser(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_recipes_and_flags():
    fast = options()
    assert training_options(fast).schedule == "constant"
    assert training_options(fast).max_seconds == 60
    assert training_options(fast).optimizer == "muon"
    assert len(model_options(fast, 50).alibi_slopes) == 4
    assert training_options(options("--steps", "10")).schedule == "linear"
    book = options("--recipe", "textbook")
    model = model_options(book, 50)
    assert (model.position, model.tie_embeddings, model.zero_init) == ("learned", True, False)
    assert training_options(book).optimizer == "adamw"
    assert model_options(options("--position", "rope", "--no-tie"), 50).qk_norm
    wide = {("--no-tie",): 1.0, ("--tie",): 0.02, ("--embedding-std", "0.3"): 0.3, ("--tie", "--embedding-std", "0.1"): 0.1}
    for words, std in wide.items():  # the recipe's wide spread is not for a matrix that makes the logits too
        assert model_options(options(*words), 50).embedding_std == std, words
    changed = training_options(options("--lr", "0.5", "--grad-clip", "0", "--average", "0", "--batch", "7"))
    assert training_options(options("--short-windows", "0.4")).short_window_fraction == 0.4
    assert (changed.learning_rate, changed.grad_clip, changed.average_fraction, changed.batch_size) == (0.5, None, None, 7)


def test_snapshot_steps():
    assert snapshot_steps(None, None) == set()
    assert snapshot_steps("0,10,400", None) == {0, 10, 400}
    twelve = sorted(snapshot_steps("12", 4096))
    assert (len(twelve), twelve[:3], twelve[-1]) == (12, [0, 1, 2], 1923)
    with pytest.raises(ValueError, match="give a number, or steps"):
        snapshot_steps("many", 10)


def test_progress_draws_on_stderr_only_when_asked(capsys):
    for enabled in (True, False):
        bar = Progress(enabled)
        bar.drawn -= 1
        bar.update(0.5, "half")
        bar.close()
        out, err = capsys.readouterr()
        assert out == ""
        assert ("half" in err) is enabled
    assert clock(125.4) == "2:05"
