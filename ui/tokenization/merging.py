"""Byte-pair encoding, one merge at a time, on the reader's own text."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from llm.tokenizers import Tokenizer
from llm.tokenizers.merging import MergeState
from ui import cached_tokenization as computed
from ui import page as page_parts
from ui import snippets_tokenization as snippets
from ui.components.merges import merges
from ui.page import Page
from ui.tokenization.text import text_box, with_numbers
from ui.tokens import visible

MOST_CHARACTERS, MOST_MERGES = 600, 60
LEARN = "learn"
_HEADER = ("merge", "left", "right", "new token", "id", "times", "tokens before", "tokens after")


@dataclass(frozen=True)
class _Shown:
    """The text, whose merges (``LEARN`` or a row of the page), all states, and id -> text of what occurs in them."""

    text: str
    rules: str
    states: list[MergeState]
    texts: dict[int, str]

    @property
    def learns(self) -> bool:
        return self.rules == LEARN

    @property
    def done(self) -> int:
        return len(self.states) - 1


def show(page: Page) -> None:
    """The view."""
    with page_parts.card("tokenization-merges", page["merges.title"], page["merges.text"]):
        text = text_box(page, "merges")
        if len(text) > MOST_CHARACTERS:
            st.info(page["merges.cut"].format(kept=MOST_CHARACTERS, n=f"{len(text):,}"), icon=":material/content_cut:")
            text = text[:MOST_CHARACTERS]
        shown = _make(text, _rules(page), page.reading.model_id)
        _picture(page, shown)
        _take_away(page, shown)
    left, right = st.columns(2, gap="medium")
    with left:
        _ask(page, shown)
        with page_parts.card("tokenization-break-merges", page["break_merges.title"], page["break_merges.text"]):
            pass
    with right, page_parts.card("tokenization-why", page["merges.why_title"], page["merges.why"]):
        pass


def _rules(page: Page) -> str:
    """Whose merges the reader wants to see."""

    def name(rules: str) -> str:
        return page["merges.learn"] if rules == LEARN else page["merges.apply"].format(name=page[f"cut.names.{rules}"])

    return st.segmented_control(
        page["merges.rules"],
        [LEARN, "own", *computed.PUBLISHED],
        default=LEARN,
        key="tokenization-rules",
        required=True,
        format_func=name,
    )


def _make(text: str, rules: str, model_id: str) -> _Shown:
    if rules == LEARN:
        tokenizer, states = computed.learned(text, MOST_MERGES)
    else:
        tokenizer, states = computed.tokenizer_of(rules, model_id), computed.applied(rules, model_id, text, MOST_MERGES)
    return _Shown(text, rules, states, _texts(tokenizer, states))


def _texts(tokenizer: Tokenizer, states: list[MergeState]) -> dict[int, str]:
    candidates = [merge for state in states for merge in state.candidates]
    ids = {*states[0].ids, *(token for merge in candidates for token in (merge.left, merge.right, merge.new))}
    texts = {token: visible(tokenizer.token_text(token)) for token in sorted(ids) if token < tokenizer.vocab_size}
    for merge in states[-1].candidates[:1]:  # learning stopped before this one, so it has no token yet
        texts.setdefault(merge.new, texts[merge.left] + texts[merge.right])
    return texts


def _picture(page: Page, shown: _Shown) -> None:
    if shown.learns and shown.done < MOST_MERGES:
        st.caption(page["merges.ended"].format(n=shown.done) if shown.done else page["merges.few"])
    vocabulary = "merges.words.vocabulary" if shown.learns else "merges.words.vocabulary_apply"
    merges(
        shown.states,
        shown.texts,
        key="tokenization-merging",
        label=page["merges.label"],
        run=f"{shown.rules} {page_parts.hash_key(shown.text)}",
        learns=shown.learns,
        words={**page["merges.words"], "vocabulary": page[vocabulary]},
    )


def _take_away(page: Page, shown: _Shown) -> None:
    if shown.learns:
        st.caption(page["merges.provenance_learn"].format(n=shown.done))
        code = snippets.merges_code(shown.text, MOST_MERGES)
    else:
        st.caption(page["merges.provenance_apply"].format(n=shown.done, name=page[f"cut.names.{shown.rules}"]))
        code = snippets.apply_code(shown.rules, page.reading.model_id, shown.text, MOST_MERGES)
    states, texts = shown.states, shown.texts
    merged = [state.candidates[0] for state in states[:-1]]
    rows = [
        [i + 1, texts[m.left], texts[m.right], texts[m.new], m.new, m.count, len(states[i].ids), len(states[i + 1].ids)]
        for i, m in enumerate(merged)
    ]
    page_parts.take_away(page, "merges", header=_HEADER, rows=rows, code=code)


def _ask(page: Page, shown: _Shown) -> None:
    """How much is left after all merges; the formula with this text's numbers after the choice."""
    start, left = len(shown.states[0].ids), len(shown.states[-1].ids)
    share = left / max(1, start)
    filled = with_numbers(page, "ask_merges", n=shown.done, bytes=start)
    answer = 0 if share > 0.5 else 1 if share >= 0.25 else 2
    if page_parts.predict(filled, "ask_merges", answer, page["ask_merges.reveal"], tokens=left, bytes=start):
        st.latex(page["merges.formula"].format(tokens=left, bytes=start, gone=start - left))
