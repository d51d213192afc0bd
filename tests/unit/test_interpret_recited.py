"""Reciting: as many tokens come back as greedy decoding, one token at a time, gets right in a row."""

from __future__ import annotations

import pytest
import torch

from llm.config import ModelConfig, SamplingConfig, TrainConfig
from llm.data import TokenData
from llm.decoding import generate
from llm.interpret.recited import ASKED, TEXTS, beginnings, recite
from llm.model import Transformer
from llm.tokenizers import CharTokenizer
from llm.training import train

SHAPE = {"vocab_size": 20, "context_length": 16, "n_layers": 1, "n_heads": 2, "d_model": 32}


@pytest.fixture(scope="module")
def learned() -> tuple[Transformer, list[list[int]]]:
    """A model that knows four rows by heart."""
    rows = torch.randint(20, (4, 17), generator=torch.Generator().manual_seed(3))
    model = Transformer(ModelConfig(**SHAPE))
    data = TokenData(rows.flatten(), rows[0], torch.arange(0, 68, 17), 17)
    list(train(model, data, TrainConfig(steps=150, batch_size=4, learning_rate=0.01, document_start_fraction=1.0)))
    return model.requires_grad_(False).eval(), rows.tolist()


def written(model: Transformer, ids: list[int], given: int) -> int:
    """The oracle: write on greedily and count what agrees."""
    new = [one.token_id for one in generate(model, ids[:given], SamplingConfig(temperature=0), len(ids) - given)]
    return next((i for i, (made, own) in enumerate(zip(new, ids[given:], strict=True)) if made != own), len(new))


def test_it_counts_what_greedy_decoding_gets_right_in_a_row(learned) -> None:
    model, rows = learned
    others = torch.randint(20, (4, 14), generator=torch.Generator().manual_seed(4)).tolist()
    for ids in [*(row[:15] for row in rows), *others]:
        for given in (1, 4):
            (found,) = recite(model, [ids], given)
            assert found.right == written(model, ids, given)
            assert found.asked == len(ids) - given and found.whole == (found.right == found.asked)


def test_what_was_learned_by_heart_comes_back_and_new_text_does_not(learned) -> None:
    model, rows = learned
    assert all(found.whole for found in recite(model, rows, 6))
    new = torch.randint(20, (4, 17), generator=torch.Generator().manual_seed(4)).tolist()
    assert not any(found.whole for found in recite(model, new, 6))


def test_a_document_longer_than_the_context_is_asked_as_far_as_it_goes(learned) -> None:
    model, rows = learned
    (found,) = recite(model, [rows[0] + rows[1]], 6)
    assert list(found.ids) == rows[0] and found.asked == 11


def test_what_cannot_be_asked_is_a_sentence(learned) -> None:
    model, rows = learned
    for given in (0, 17):
        with pytest.raises(ValueError, match="given is"):
            recite(model, rows[:1], given)
    with pytest.raises(ValueError, match="fills blanks"):
        recite(Transformer(ModelConfig(**SHAPE, causal=False)), rows, 2)


def test_beginnings_are_those_of_documents_or_of_pieces_and_all_of_one_length() -> None:
    documents = [f"{i} " + "abc " * (3 if i % 2 else 30) for i in range(200)]
    tokenizer = CharTokenizer.train(" ".join(documents))
    found = beginnings(tokenizer, documents, 5, bounded=True)
    assert len(found) == TEXTS and {len(ids) for ids in found} == {5 + ASKED}
    assert all(any(text.startswith(tokenizer.decode(ids)) for text in documents) for ids in found)
    pieces = beginnings(tokenizer, [" ".join(documents)], 5, bounded=False)
    assert 10 < len(pieces) <= TEXTS and {len(ids) for ids in pieces} == {5 + ASKED}
    assert beginnings(tokenizer, ["abc"], 5, bounded=True) == []
