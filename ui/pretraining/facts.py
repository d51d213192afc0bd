"""What the page says about one run: its vocabulary, what guessing costs, where its pages are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import streamlit as st

from llm.files import read_json
from llm.runs.models import model_id
from llm.runs.store import Run


@dataclass(frozen=True)
class Facts:
    """A run's numbers. ``exact`` says that its tokenizer has been made; before, ``vocab_size`` is what it is likely to be."""

    vocab_size: int
    exact: bool
    unigram_loss: float | None

    @property
    def guess(self) -> float:
        """The loss of giving every token the same probability, ln V, in nats."""
        return math.log(self.vocab_size)


def facts(run: Run) -> Facts:
    """From the folder's ``config.json``, once it is there."""
    try:
        described = read_json(run.folder / "config.json")
        vocabulary = int(described["model"]["vocab_size"])
        counted = (described.get("data") or {}).get("unigram_loss")  # of an uploaded model nothing is known
    except (ValueError, KeyError, TypeError, AttributeError):
        return Facts(run.spec.data.likely_vocabulary(), False, None)
    return Facts(vocabulary, True, float(counted) if isinstance(counted, (int, float)) else None)


def trained_here(run: Run) -> bool:
    """Whether its training is known: not for a model that was uploaded."""
    return run.spec.data.kind != "upload"


def links(pages, run: Run) -> None:
    """A link to each page, with this run's model on its bench."""
    for page in pages:
        st.page_link(page.path, label=page.title, query_params={"model": model_id(run)})
