"""What the command line says about a prompt, a file or a folder that is not what it should be."""

import json
import os
import sys

import numpy as np
import pytest

from llm.cli import main
from llm.cli.parser import build_parser
from llm.config import ModelConfig
from llm.hf import save_gpt2
from llm.model import Transformer


def said(capsys, *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


def test_a_prompt_of_unknown_characters_is_shown_as_it_was_typed(capsys):
    command = ["generate", "--model", "arithmetic", "--prompt", "hello", "--temperature", "0"]
    code, out, err = said(capsys, *command)
    whole = json.loads(said(capsys, *command, "--json")[1])
    assert (code, out) == (0, f"hello{whole['continuation']}\n")
    assert "'h' 'e' 'l' 'o'" in err
    assert whole["unknown"] == ["h", "e", "l", "o"]


def test_bytes_that_are_no_text_can_be_a_prompt(capsys):
    code, out, _ = said(capsys, "generate", "--model", "stories", "--prompt", "caf\udce9", "--tokens", 2)
    assert code == 0 and out.startswith("caf\ufffd")


def test_what_is_done_to_a_prompt_is_said(capsys):
    assert "No prompt was given" in said(capsys, "generate", "--model", "copy", "--tokens", 1)[2]
    _, _, err = said(capsys, "generate", "--model", "stories", "--prompt", "the dog " * 100, "--tokens", 1)
    assert "the model's context 128, so its first" in err
    assert said(capsys, "generate", "--model", "stories", "--prompt", "The dog", "--tokens", 1)[2] == ""
    assert "This model fills blanks" in said(capsys, "generate", "--model", "masked", "--prompt", "The dog", "--tokens", 1)[2]


def test_a_download_in_gpt2s_format_is_found_by_its_folder_and_by_its_name(capsys, monkeypatch, tmp_path):
    folder = tmp_path / "tiny-gpt2"
    save_gpt2(Transformer(ModelConfig(50257, 16, 1, 1, 8, activation="gelu_tanh")), folder)
    (folder / "tokenizer.json").write_text('{"version": "1.0", "model": {"type": "BPE"}}')  # Hugging Face's, of the same name
    command = ["generate", "--prompt", "Hello", "--tokens", 2, "--json", "--model"]
    by_folder = [said(capsys, *command, name) for name in (folder, f"{folder}/")]
    code, _, err = said(capsys, *command, "tiny-gpt2")
    assert code == 2 and "there is no model 'tiny-gpt2'" in err
    monkeypatch.setenv("GLASSFORMER_MODELS", str(folder))
    by_name = said(capsys, *command, "tiny-gpt2")
    texts = {json.loads(out)["text"] for code, out, _ in (*by_folder, by_name) if code == 0}
    assert len(texts) == 1 and [code for code, *_ in (*by_folder, by_name)] == [0, 0, 0]


def test_an_unknown_model_brings_up_what_was_left_out(capsys, monkeypatch, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{")
    monkeypatch.setenv("GLASSFORMER_MODELS", f"{tmp_path}{os.pathsep}{tmp_path / 'typed wrong'}")
    _, _, err = said(capsys, "generate", "--model", "mine")
    assert "or one of: stories," in err and "config.json in mine is not readable" in err and "typed wrong holds no model" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("eval --model stories --text {dir}", "is a folder; give a text file"),
        ("eval --model stories --text {dir}/none.txt", "there is no file"),
        ("trace --model stories --prompt a --out {dir}/none/t.npz", "t.npz cannot be read or written: no such file"),
        ("train --text {dir}/some.txt --steps 1 --out {dir}/some.txt/m", "cannot be read or written: not a directory"),
        ("train --text {dir}/spaces.txt --tokenizer word", "spaces.txt holds nothing but spaces and empty lines"),
        ("train --text {dir}/one.txt --tokenizer char", "one.txt has 1 character, which is too little"),
    ],
)
def test_files_that_cannot_be_used_are_one_sentence(capsys, tmp_path, arguments, sentence):
    (tmp_path / "some.txt").write_text("The sun went down and the wind was cold. " * 90)
    (tmp_path / "spaces.txt").write_text(" \n" * 500_000)
    (tmp_path / "one.txt").write_text("a")
    code, out, err = said(capsys, *arguments.format(dir=tmp_path).split())
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert sentence in err and "Errno" not in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", "python -m llm: the following arguments are required: train | resume | runs | generate | eval | trace"),
        ("train --corpus copy --steps many", "python -m llm train: argument --steps: invalid int value: 'many'"),
        ("generate --model stories --modell x", "python -m llm: unrecognized arguments: --modell x"),
        ("dance", "invalid choice: 'dance'"),
    ],
)
def test_options_that_are_wrong_are_one_sentence(capsys, arguments, sentence):
    with pytest.raises(SystemExit) as stopped:
        main(arguments.split())
    out, err = capsys.readouterr()
    assert (stopped.value.code, out, len(err.splitlines())) == (2, "", 1)
    assert sentence in err and err.rstrip().endswith("--help")


def test_trace_writes_the_file_that_was_named(capsys, tmp_path):
    assert said(capsys, "trace", "--model", "stories", "--prompt", "a", "--out", tmp_path / "named")[0] == 0
    assert "logits" in np.load(tmp_path / "named")


@pytest.mark.parametrize("terminal", [True, False])
def test_eval_draws_its_progress_on_a_terminal(capsys, tmp_path, monkeypatch, terminal):
    monkeypatch.setattr("llm.cli.progress.INTERVAL", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    (tmp_path / "some.txt").write_text("The sun went down and the wind was cold. " * 300)
    command = ["eval", "--model", "positions-none", "--text", tmp_path / "some.txt", "--part", "all", "--json"]
    code, out, err = said(capsys, *command)
    assert code == 0 and json.loads(out)["part"] == "all"
    assert ("100 %" in err) is terminal


def test_eval_says_how_much_of_the_text_the_vocabulary_lacks(capsys, tmp_path):
    (tmp_path / "sum.txt").write_text("12+30=42 is so")  # letters and the space stand in no sum
    command = ["eval", "--model", "arithmetic", "--text", tmp_path / "sum.txt", "--part", "all"]
    unknown = sum(not letter.isdigit() and letter not in "+=" for letter in "12+30=42 is so")
    assert json.loads(said(capsys, *command, "--json")[1])["unknown_tokens"] == unknown
    assert f"{unknown} of 14 tokens ({unknown / 14:.1%}) are not in the vocabulary" in said(capsys, *command)[1]
    (tmp_path / "sum.txt").write_text("12+30=42")
    assert "vocabulary" not in said(capsys, *command)[1]


def test_every_option_has_help():
    commands = next(action for action in build_parser()._actions if action.choices and "train" in action.choices)
    silent = [(name, a.dest) for name, parser in commands.choices.items() for a in parser._actions if not a.help]
    assert silent == []


SHAPE = {"size": 20_000, "layers": 1, "heads": 2, "width": 16, "context": 32}
TINY = ["train", "--corpus", "copy", *(f"--{name}={value}" for name, value in (SHAPE | {"steps": 20, "eval-every": 10}).items())]


def test_event_files_are_written_only_when_asked_for_and_tensorboard_reads_them(capsys, tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    plain, asked = tmp_path / "plain", tmp_path / "asked"
    assert said(capsys, *TINY, "--out", plain)[0] == said(capsys, *TINY, "--tensorboard", "--out", asked)[0] == 0
    assert not (plain / "tensorboard").exists()
    events = reader.EventAccumulator(str(asked / "tensorboard")).Reload()
    rows = [json.loads(line) for line in (asked / "metrics.jsonl").read_text().splitlines()]
    for name in ("loss", "learning_rate", "grad_norm", "val_loss", "val_bits_per_byte"):
        wanted = {row["step"]: pytest.approx(row[name], rel=1e-5) for row in rows if name in row}
        assert wanted and {event.step: event.value for event in events.Scalars(name)} == wanted


def test_without_the_package_tensorboard_is_one_sentence(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("llm.runs.limits.find_spec", lambda name: None)
    code, out, err = said(capsys, *TINY, "--tensorboard", "--out", tmp_path / "model")
    assert code == 2 and out == "" and "pip install tensorboard" in err and "Traceback" not in err
    assert not (tmp_path / "model").exists()
