"""The starter's draft: what turning a knob changes and what it leaves alone, and what sets runs apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llm import presets
from llm.runs.limits import Limits
from llm.uploads import pasted
from ui.pretraining import differences
from ui.pretraining import draft as drafts
from ui.text import load

TALE = pasted("Once upon a time there was a small mouse. It lived in a house. " * 20, "tale.txt")
FIELDS, OPTIONS = load("pretraining")["field"], load("pretraining")["option"]


@pytest.mark.parametrize("source", presets.CORPORA)
@pytest.mark.parametrize("size", presets.SIZES)
def test_an_untouched_draft_is_the_preset(source: str, size: str) -> None:
    draft = drafts.fresh(source, size)
    assert drafts.spec_of(draft).digest() == presets.starter(source, size).digest()
    assert drafts.size_of(draft) == size


def test_a_draft_and_its_spec_say_the_same() -> None:
    draft = drafts.fresh() | {"n_layers": 3, "dropout": 0.2, "seed": 7, "tokenizer": "word", "vocab_size": 800, "prompt": "A"}
    assert drafts.from_spec(drafts.spec_of(draft)) == draft
    masked = drafts.with_objective(draft, "masked_tokens")
    assert drafts.from_spec(drafts.spec_of(masked)) == masked
    assert drafts.spec_of(masked).model_config(100).causal is False


def test_the_dial_moves_what_it_names_and_nothing_else() -> None:
    draft = drafts.fresh() | {"dropout": 0.3, "position": "rope"}
    large = drafts.resized(draft, "large")
    assert drafts.size_of(large) == "large" and large["dropout"] == 0.3 and large["position"] == "rope"
    assert drafts.size_of(large | {"n_layers": 5}) is None


def test_another_corpus_keeps_own_choices() -> None:
    draft = drafts.resized(drafts.fresh(), "tiny") | {"position": "learned"}
    sums = drafts.with_source(draft, "arithmetic")
    assert sums["tokenizer"] == "char" and sums["prompt"] == "27+58=" and sums["context_length"] == 40
    assert sums["position"] == "learned" and drafts.size_of(sums) == "tiny"
    assert drafts.with_source(sums, "stories") == draft


def test_own_text_brings_its_vocabulary_and_first_words() -> None:
    draft = drafts.with_source(drafts.fresh(), drafts.OWN)
    with pytest.raises(ValueError, match="no text yet"):
        drafts.spec_of(draft)
    spec = drafts.spec_of(drafts.with_source(draft, drafts.OWN, TALE), TALE)
    assert spec.data.name == "tale.txt" and spec.data.tokenizer == "char" and spec.prompt.startswith("Once upon")
    assert spec.digest() == presets.starter_for_text(TALE.text, TALE.name).digest()
    spec.check(Limits())


def test_masked_tokens_need_a_vocabulary_with_a_mask_and_a_blank_to_watch() -> None:
    draft = drafts.with_objective(drafts.fresh() | {"tokenizer": "stories"}, "masked_tokens")
    assert draft["tokenizer"] == "bpe" and "___" in draft["prompt"]
    assert drafts.with_objective(draft, "next_token")["prompt"] == "The little dog was sad because"
    own = drafts.with_objective(drafts.fresh() | {"prompt": "my sentence"}, "masked_tokens")
    assert own["prompt"] == "my sentence"


def test_hidden_tokens_are_learned_in_short_texts_too_unless_somebody_chose_otherwise() -> None:
    masked = drafts.with_objective(drafts.fresh(), "masked_tokens")
    assert masked["short_window_fraction"] == presets.MASKED_SHORT_WINDOWS > 0
    assert drafts.with_objective(masked, "next_token")["short_window_fraction"] == 0
    assert drafts.with_objective(masked | {"short_window_fraction": 0.3}, "next_token")["short_window_fraction"] == 0.3


def test_values_that_do_not_fit_are_one_sentence() -> None:
    with pytest.raises(ValueError, match="must divide"):
        drafts.spec_of(drafts.fresh() | {"n_heads": 3})


def test_only_what_differs_is_told() -> None:
    first = presets.starter()
    second = replace(first, train={**first.train, "learning_rate": 0.1})
    third = replace(first, model={**first.model, "tie_embeddings": True, "position": "none"})
    compared = differences.compare([first, second, third])
    assert set(compared.names) == {"learning_rate", "position", "tie_embeddings"}
    told = differences.chips(compared.each[2], FIELDS, OPTIONS)
    assert told == ["Positions none", "Tied embeddings", "Learning rate 0.024"]
    assert differences.chips(compared.each[0], FIELDS, OPTIONS)[1].startswith("no tied")
    assert compared.same["n_layers"] == 2
    assert differences.compare([first]).names == () and differences.compare([]).each == ()


def test_every_setting_and_option_has_a_word() -> None:
    named = differences.values_of(presets.starter())
    assert set(named) - set(differences.SILENT) <= set(FIELDS)
    from llm.config import ACTIVATIONS, NORM_POSITIONS, NORMS, OBJECTIVES, OPTIMIZERS, POSITIONS, PRECISIONS, SCHEDULES

    for options in (ACTIVATIONS, NORM_POSITIONS, NORMS, OBJECTIVES, OPTIMIZERS, POSITIONS, PRECISIONS, SCHEDULES):
        assert set(options) <= set(OPTIONS)


def test_copying_has_slopes_for_its_heads_at_each_size_and_gives_back_what_it_sets() -> None:
    for size in presets.SIZES:
        copying = drafts.with_source(drafts.fresh("stories", size), "copy")
        assert drafts.size_of(copying) == size and len(copying["alibi_slopes"]) == copying["n_heads"]
        assert drafts.with_source(copying, "stories") == drafts.fresh("stories", size)
        drafts.spec_of(drafts.resized(copying, "large"))
