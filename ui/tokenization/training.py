"""A tokenizer trained by the reader, and what a larger vocabulary buys."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llm.corpora.own_text import MIN_CHARACTERS
from llm.tokenizers import BPETokenizer
from ui import cached_tokenization as computed
from ui import page as page_parts
from ui import snippets_tokenization as snippets
from ui.components.chart import line_chart
from ui.components.cuts import Cut, cuts
from ui.components.tokens import token_strip
from ui.page import Page
from ui.tokenization.rows import cut_text
from ui.tokenization.text import text_box
from ui.tokens import Chip, token_label

SIZES = (270, 300, 350, 400, 512, 640, 800, 1024, 1300, 1600, 2048, 2600, 3200, 4096)
DRAWN_FIRST = (270, 350, 512)  # enough to see the curve bend before anything was tried
N_BYTES = 256
_TRIED, _MOST_SOURCES = "tokenization-sizes", 20


def show(page: Page) -> None:
    """The view."""
    left, right = st.columns([1.55, 1], gap="medium")
    with left, page_parts.card("tokenization-train", page["train.title"], page["train.text"]):
        text = text_box(page, "train")
        own, size = _settings(page, text)
        made = computed.trained(own, size)
        if made.tokenizer.note:
            st.info(made.tokenizer.note, icon=":material/info:")
        tokens = _sample(page, made.tokenizer, text)
        _longest(page, made.tokenizer)
        _take_away(page, made, own, size, text)
    with right:
        _ask(page)
        with page_parts.card("tokenization-chart", page["train.chart_title"], page["train.chart_text"]):
            _chart(page, own, size, text)
            _price(page, len(text), tokens, made.tokenizer.vocab_size)
        with page_parts.card("tokenization-break-train", page["break_train.title"], page["break_train.text"]):
            pass


def _settings(page: Page, text: str) -> tuple[str | None, int]:
    """What to learn from (None: the stories) and how many entries."""
    first, second = st.columns([1, 1.3], vertical_alignment="bottom", gap="medium")
    with first:
        source = st.segmented_control(
            page["train.source"],
            ["stories", "own"],
            default="stories",
            key="tokenization-source",
            required=True,
            format_func=lambda name: page[f"train.{name}"],
        )
    with second:
        size = st.select_slider(
            page["train.size"],
            SIZES,
            value=1024,
            key="tokenization-size",
            format_func=lambda n: f"{n:,}",
            help=page["train.size_help"],
        )
    if source == "own" and len(text) < MIN_CHARACTERS:
        st.info(page["train.short"].format(n=len(text), least=MIN_CHARACTERS), icon=":material/info:")
        return None, size
    return (text if source == "own" else None), size


def _sample(page: Page, tokenizer: BPETokenizer, text: str) -> int:
    """The text in the box as chips; returns its number of tokens."""
    cut = cut_text(tokenizer, text)
    row = Cut(
        name=page["train.sample_name"],
        about=page["cut.entries"].format(n=f"{cut.vocab_size:,}"),
        tokens=cut.chips,
        count=cut.count,
        fact=page["cut.characters"].format(x=f"{len(text) / max(1, cut.count):.2f}"),
    )
    words = {**page["cut.words"], "hint": page["train.sample_hint"]}
    cuts([row], key="tokenization-sample", label=page["train.sample_label"], words=words)
    return cut.count


def _longest(page: Page, tokenizer: BPETokenizer, most: int = 18) -> None:
    """The longest tokens as chips, of equals the first learned."""
    ids = range(N_BYTES, N_BYTES + len(tokenizer.merges))
    longest = sorted(ids, key=lambda token: (-len(tokenizer.token_bytes(token)), token))[:most]
    if not longest:
        return
    st.markdown(f"**{page['train.longest']}**")
    chips = [Chip(token_label(tokenizer, token), token, i, i, 1) for i, token in enumerate(longest)]
    words = [
        page["train.longest_words"].format(id=token, rank=token - N_BYTES + 1, n=len(tokenizer.token_bytes(token)))
        for token in longest
    ]
    token_strip(chips, key="tokenization-longest", words=words)


def _take_away(page: Page, made: computed.Trained, own: str | None, size: int, text: str) -> None:
    source = page["train.source_own" if own is not None else "train.source_stories"]
    st.caption(page["train.provenance"].format(seconds=f"{made.seconds:.2f}", n=f"{made.characters:,}", source=source))
    rows: list[list[Any]] = [
        [merge.new, *(token_label(made.tokenizer, token) for token in (merge.new, merge.left, merge.right)), merge.count]
        for merge in made.tokenizer.merges
    ]
    header = ["id", "token", "left", "right", "times"]
    page_parts.take_away(page, "train", header=header, rows=rows, code=snippets.train_code(own, size, text))


def _ask(page: Page) -> None:
    small, large = (computed.compression(None, size, None) for size in computed.COMPARED)
    times = large / small
    answer = 0 if times > 5 else 1 if times > 2 else 2
    shown = {"x": f"{times:.2f}", "small": f"{small:.2f}", "large": f"{large:.2f}"}
    page_parts.predict(page, "ask_train", answer, page["ask_train.reveal"], **shown)


def _chart(page: Page, own: str | None, size: int, text: str) -> None:
    """Characters per token over the sizes that this reader has tried with this source."""
    tried: dict[str, list[int]] = st.session_state.setdefault(_TRIED, {})
    source = "stories" if own is None else page_parts.hash_key(own)
    if source not in tried and len(tried) >= _MOST_SOURCES:
        tried.pop(next(iter(tried)))
    tried[source] = sorted({*DRAWN_FIRST, *tried.get(source, []), size})
    # A text that runs out of pairs gives the same tokenizer for every larger size: one point is enough.
    points = {computed.trained(own, n).tokenizer.vocab_size: n for n in reversed(tried[source])}
    shown = sorted(points)
    line_chart(
        shown,
        {
            page["train.series_unseen"]: [computed.compression(own, points[n], None) for n in shown],
            page["train.series_text"]: [computed.compression(own, points[n], text) for n in shown],
        },
        key="tokenization-compression",
        label=page["train.chart_label"],
        x_title=page["train.chart_x"],
        x_word=page["train.chart_word"],
        hint=page["train.chart_hint"],
        height=250,
        dots=True,
    )


def _price(page: Page, characters: int, tokens: int, vocab: int) -> None:
    """The two sides of the bargain, with the numbers of this text and of the model on the bench."""
    width = page.reading.config.d_model
    st.latex(page["train.gain"].format(characters=characters, tokens=tokens, x=f"{characters / max(1, tokens):.2f}"))
    page_parts.prose(page["train.price"], width=width)
    thousands = {name: f"{n:,}".replace(",", "{,}") for name, n in (("vocab", vocab), ("weights", vocab * width))}
    st.latex(page["train.cost"].format(width=width, **thousands))
