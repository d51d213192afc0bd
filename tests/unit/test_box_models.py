"""The models in the box: they open, their cards' figures can be measured again, and together they stay small."""

import json
import math

import numpy as np
import pytest
import torch

from llm.checkpoints import load_checkpoint, snapshot_steps
from llm.config import TrainConfig
from llm.evaluation import evaluate
from llm.exam import exact_share
from llm.interpret.ablation import ablation
from llm.interpret.blanks import from_both_sides
from llm.interpret.detectors import head_scores
from llm.library import BOX
from llm.objectives import token_loss, usual_objective
from llm.sources import as_question, corpus_parts, document_data

POSITIONS = ("none", "sinusoidal", "learned", "rope", "alibi")
NAMES = ("stories", "masked", "copy", "arithmetic", *(f"positions-{scheme}" for scheme in POSITIONS))

LONG = ("stories", "masked")  # on ten million characters


def described(name: str) -> dict:
    return json.loads((BOX / name / "config.json").read_text(encoding="utf-8"))


def validation(name: str, checkpoint) -> torch.Tensor:
    """The ids of the validation part, made again from what the checkpoint says about its data."""
    data = described(name)["data"]
    _, val = corpus_parts(data["corpus"], data["size"], data["seed"])
    return document_data(checkpoint.tokenizer, ["."], val).val


@pytest.fixture(scope="module")
def checkpoints() -> dict:
    return {name: load_checkpoint(BOX / name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_opens_and_computes(name, checkpoints):
    checkpoint = checkpoints[name]
    ids = checkpoint.tokenizer.encode(checkpoint.meta["default_text"])
    assert 0 < len(ids) <= checkpoint.config.context_length
    with torch.inference_mode():
        assert checkpoint.model(torch.tensor([ids])).isfinite().all()
    assert not checkpoint.tokenizer.unknown_pieces(checkpoint.meta["default_text"])
    for field in ("name", "title", "summary", "corpus", "step", "steps", "val_loss", "seconds", "parameters", "created"):
        assert checkpoint.meta[field], field
    assert checkpoint.meta["command"].startswith("python -m llm train --")


@pytest.mark.parametrize("name", NAMES)
def test_its_card_says_what_its_meta_says(name, checkpoints):
    meta = checkpoints[name].meta
    card = (BOX / name / "card.md").read_text(encoding="utf-8")
    for text in (f"{meta['val_loss']:.4f} nats", meta["command"], "## What it can and cannot do", "## Samples"):
        assert text in card, text


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LONG])
def test_the_loss_can_be_measured_again(name, checkpoints):
    checkpoint = checkpoints[name]
    assert evaluate(checkpoint.model, validation(name, checkpoint)) == pytest.approx(checkpoint.meta["val_loss"], abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_the_loss_on_ten_million_characters_can_be_measured_again(name, checkpoints):
    checkpoint = checkpoints[name]
    objective = usual_objective(checkpoint.config, checkpoint.tokenizer.special)
    measured = evaluate(checkpoint.model, validation(name, checkpoint), objective=objective)
    assert measured == pytest.approx(checkpoint.meta["val_loss"], abs=1e-3)


def test_stories_has_a_dozen_snapshots_that_get_better(checkpoints):
    steps = snapshot_steps(BOX / "stories")
    assert len(steps) == 12
    assert steps[0] == 0
    tokenizer = checkpoints["stories"].tokenizer
    _, others = corpus_parts("stories", 30_000, 12345)
    ids = torch.tensor([tokenizer.encode(text)[:120] for text in others if len(tokenizer.encode(text)) >= 120])

    def loss(model) -> float:
        with torch.inference_mode():
            return token_loss(model(ids[:, :-1]), ids[:, 1:]).item()

    losses = [loss(load_checkpoint(BOX / "stories", step=step).model) for step in (steps[0], steps[6], steps[-1])]
    assert losses[0] == pytest.approx(math.log(tokenizer.vocab_size), abs=0.3)
    assert losses[0] > losses[1] > losses[2]


def test_stories_knows_who_is_he_and_who_is_she_and_its_card_says_how_well(checkpoints):
    """Of the probability of both forms where one of them stands in new stories: the part of the wrong one."""
    checkpoint = checkpoints["stories"]
    encode = checkpoint.tokenizer.encode
    pairs = [(encode(a), encode(b)) for a, b in ((" he", " she"), (" him", " her"), (" his", " her"), (" He", " She"))]
    others = {}
    for (first,), (second,) in pairs:  # each is one token; "her" has two counterparts
        others.setdefault(first, []).append(second)
        others.setdefault(second, []).append(first)
    _, texts = corpus_parts("stories", 2_000_000, 12345)
    wrong = []
    for text in texts:
        ids = encode(text)[: checkpoint.config.context_length]
        with torch.inference_mode():
            p = checkpoint.model(torch.tensor([ids]))[0, :-1].softmax(-1)  # (T - 1, V)
        asked = [(row, token) for row, token in zip(p, ids[1:], strict=True) if token in others]
        wrong += [(other := row[others[token]].sum().item()) / (other + row[token].item()) for row, token in asked]
    assert len(wrong) > 500 and np.mean(wrong) < 0.1
    card = " ".join((BOX / "stories" / "card.md").read_text(encoding="utf-8").split())
    assert f"{100 * np.mean(wrong):.0f} % of it falls on the wrong one ({len(wrong):,} places" in card


def test_copy_has_an_induction_circuit(checkpoints):
    checkpoint = checkpoints["copy"]
    words = [i for i in range(checkpoint.tokenizer.vocab_size) if checkpoint.tokenizer.token_text(i)[:1] == " "]
    words = [i for i in words if len(checkpoint.tokenizer.token_text(i)) > 1]
    scores = head_scores(checkpoint.model, ordinary_ids=words)
    assert scores["previous_token"][0].max() > 0.5
    assert scores["induction"][1].max() > 0.8


def test_copy_hardly_needs_its_mlps(checkpoints):
    """Without both MLPs it still copies nearly every word."""
    checkpoint = checkpoints["copy"]
    _, val = corpus_parts("copy", 20_000, 12345)
    questions = []
    for text in val[:40]:
        words = text.split()
        length = next(n for n in range(8, len(words)) if words[n] == words[0])
        questions.append((" ".join(words[: length + 2]), " " + " ".join(words[length + 2 : 2 * length])))
    whole = exact_words(checkpoint, questions)
    without = exact_words(checkpoint, questions, ablation(mlps=[0, 1]))
    assert whole > 0.9
    assert without > whole - 0.15


def exact_words(checkpoint, questions, edit=None) -> float:
    """The part of the words that follow in the second round that the model finds likeliest, given the true words before."""
    right = total = 0
    for prompt, answer in questions:
        ids, n = checkpoint.tokenizer.encode(prompt + answer), len(checkpoint.tokenizer.encode(prompt))
        with torch.inference_mode():
            batch = torch.tensor([ids])
            logits = checkpoint.model(batch) if edit is None else checkpoint.model(batch, edit)
        right += (logits[0, n - 1 : -1].argmax(-1) == torch.tensor(ids[n:])).sum().item()
        total += len(ids) - n
    return right / total


def test_arithmetic_adds_pairs_it_has_never_seen(checkpoints):
    checkpoint = checkpoints["arithmetic"]
    _, unseen = corpus_parts("arithmetic", 1000, 0)
    share = exact_share(checkpoint.model, checkpoint.tokenizer, [as_question(line) for line in unseen])
    assert share > 0.95
    assert share == pytest.approx(checkpoint.meta["exact_answers"], abs=0.01)


def test_the_positions_family_differs_in_nothing_else():
    family = [described(name) for name in NAMES if name.startswith("positions-")]
    shapes = [config["model"] | {"position": ""} for config in family]
    assert all(shape == shapes[0] for shape in shapes)
    assert all((config["train"], config["data"]) == (family[0]["train"], family[0]["data"]) for config in family)


def test_positions_help(checkpoints):
    loss = {name: checkpoints[name].meta["val_loss"] for name in NAMES if name.startswith("positions-")}
    assert max(loss, key=loss.get) == "positions-none"


def test_the_box_is_small():
    size = sum(path.stat().st_size for path in BOX.rglob("*") if path.is_file())
    assert size < 35_000_000


def test_masked_and_stories_differ_in_what_they_were_asked_for(checkpoints):
    """The pair that is compared: the same corpus, tokens and shape. Its card names what else differs."""
    stories, masked = described("stories"), described("masked")
    assert masked["data"] == stories["data"]

    def differing(part: str) -> set[str]:
        return {n for n, value in masked[part].items() if stories[part].get(n, getattr(TrainConfig, n, value)) != value}

    assert differing("model") == {"causal", "vocab_size", "position", "qk_norm"}
    assert differing("train") == {"objective", "steps", "short_window_fraction"}
    first, second = (checkpoints[name].tokenizer for name in ("stories", "masked"))
    _, texts = corpus_parts("stories", 30_000, 12345)
    assert all(first.encode(text) == second.encode(text) for text in [*texts, "Zażółć 😀 12345 <|end|> [MASK]"])


def test_masked_fills_blanks_in_new_stories_far_better_than_frequencies_and_its_card_says_how_well(checkpoints):
    """Tokens hidden one at a time: how often the most probable one is right, and the mean surprise."""
    checkpoint = checkpoints["masked"]
    train, texts = corpus_parts("stories", 300_000, 12345)
    counts = torch.bincount(torch.tensor(checkpoint.tokenizer.encode("\n".join(train))), minlength=checkpoint.config.vocab_size)
    frequency = ((counts + 1).double() / (counts + 1).sum()).numpy()
    encode, hide = checkpoint.tokenizer.encode, checkpoint.tokenizer.special["[MASK]"]
    windows = [encode(text)[:128] for text in texts[:6]]
    sentences = [encode(text.split(". ")[0] + ".") for text in texts]
    window, alone = ([from_both_sides(checkpoint.model, ids, hide) for ids in parts] for parts in (windows, sentences))
    right, right_alone = (np.concatenate([own.rank == 1 for own in blanks]) for blanks in (window, alone))
    surprise, surprise_alone = (np.concatenate([own.surprise for own in blanks]) for blanks in (window, alone))
    frequent = [token == counts.argmax() for ids in windows for token in ids]
    unigram = np.concatenate([-np.log(frequency[ids]) for ids in windows])
    assert np.mean(right) > 3 * np.mean(frequent) and np.mean(surprise) < 0.25 * np.mean(unigram)
    card = " ".join((BOX / "masked" / "card.md").read_text(encoding="utf-8").split())
    said = f"the mean surprise is {np.mean(surprise):.2f} nats ({len(right)} tokens, in windows of 128)"
    assert f"for {100 * np.mean(right):.0f} % of them, and {said}" in card
    assert f"for {100 * np.mean(right_alone):.0f} %, with {np.mean(surprise_alone):.2f} nats ({len(right_alone)} tokens)" in card
    assert f"for {100 * np.mean(frequent):.0f} %, and frequencies alone have {np.mean(unigram):.1f} nats" in card
