"""Two views of the Tokenization page: the merges one at a time, and a tokenizer trained by the reader."""

from __future__ import annotations

import streamlit as st

from llm.corpora.own_text import MIN_CHARACTERS
from llm.tokenizers import Tokenizer
from ui import cached_tokenization as computed
from ui import page as page_parts
from ui import snippets_tokenization as snippets
from ui.components.chart import line_chart
from ui.components.cuts import Cut, cuts
from ui.components.merges import merges
from ui.components.tokens import token_strip
from ui.page import Page
from ui.tokenization_rows import cut_text
from ui.tokenization_text import text_box
from ui.tokens import Chip, visible

MOST_CHARACTERS, MOST_MERGES = 600, 60
SIZES = (270, 300, 350, 400, 512, 640, 800, 1024, 1300, 1600, 2048, 2600, 3200, 4096)
N_BYTES = 256
TRIED = "tokenization-sizes"


def show_merges(page: Page) -> None:
    """Byte-pair encoding, one merge at a time."""
    now = page.reading
    with page_parts.card("tokenization-merges", page["merges.title"], page["merges.text"]):
        text = text_box(page, "merges")
        if len(text) > MOST_CHARACTERS:
            st.info(page["merges.cut"].format(kept=MOST_CHARACTERS, n=f"{len(text):,}"), icon=":material/content_cut:")
            text = text[:MOST_CHARACTERS]
        rules = st.segmented_control(
            page["merges.rules"],
            ["learn", "own", *computed.PUBLISHED],
            default="learn",
            key="tokenization-rules",
            required=True,
            format_func=lambda rule: (
                page["merges.learn"] if rule == "learn" else page["merges.apply"].format(name=page[f"cut.names.{rule}"])
            ),
        )
        rules = rules or "learn"
        learns = rules == "learn"
        if learns:
            tokenizer, states = computed.learned(text, MOST_MERGES)
        else:
            tokenizer, states = (
                computed.tokenizer_of(rules, now.model_id),
                computed.applied(rules, now.model_id, text, MOST_MERGES),
            )
        done = len(states) - 1
        if learns and done < MOST_MERGES:
            st.caption(page["merges.ended"].format(n=done) if done else page["merges.few"])
        words = {
            **page["merges.words"],
            "vocabulary": page["merges.words.vocabulary" if learns else "merges.words.vocabulary_apply"],
        }
        ids = set(states[0].ids) | {token for state in states for c in state.candidates for token in (c.left, c.right, c.new)}
        if learns:  # candidates that were never merged have no token yet
            ids = {token for token in ids if token < tokenizer.vocab_size}
        texts = _texts_of(tokenizer, ids)
        if learns and states[-1].candidates:
            last = states[-1].candidates[0]
            texts[last.new] = texts[last.left] + texts[last.right]
        merges(
            states,
            texts,
            key="tokenization-merging",
            label=page["merges.label"],
            run=f"{rules} {page_parts.hash_key(text)}",
            learns=learns,
            words=words,
        )
        provenance = "merges.provenance_learn" if learns else "merges.provenance_apply"
        st.caption(page[provenance].format(n=done, name=page[f"cut.names.{rules}"] if not learns else ""))
        table = [
            [i + 1, texts[c.left], texts[c.right], texts[c.new], c.new, c.count, len(states[i].ids), len(states[i + 1].ids)]
            for i, c in enumerate(state.candidates[0] for state in states[:-1])
        ]
        page_parts.take_away(
            page,
            "merges",
            header=["merge", "left", "right", "new token", "id", "times", "tokens before", "tokens after"],
            rows=table,
            code=snippets.merges_code(text, MOST_MERGES)
            if learns
            else snippets.apply_code(rules, now.model_id, text, MOST_MERGES),
        )
    start, left_over = len(states[0].ids), len(states[-1].ids)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        share = left_over / max(1, start)
        answer = 0 if share > 0.5 else 1 if share >= 0.25 else 2
        words = {"n": done, "bytes": start}
        if page_parts.predict(
            _filled(page, "ask_merges", **words), "ask_merges", answer, page["ask_merges.reveal"], tokens=left_over, bytes=start
        ):
            st.latex(page["merges.formula"].format(tokens=left_over, bytes=start, gone=start - left_over))
        with page_parts.card("tokenization-break-merges", page["break_merges.title"]):
            page_parts.prose(page["break_merges.text"])
    with right, page_parts.card("tokenization-why", page["merges.why_title"]):
        page_parts.prose(page["merges.why"])


def _filled(page: Page, key: str, **values: int) -> Page:
    """The page with numbers put into a question."""
    asked = {**page[key], "question": page[f"{key}.question"].format(**values)}
    return Page(page.slug, {**page.words, key: asked}, page.reading)


def _texts_of(tokenizer: Tokenizer, ids: set[int]) -> dict[int, str]:
    return {token: visible(tokenizer.token_text(token)) for token in sorted(ids)}


def show_train(page: Page) -> None:
    """A BPE trained by the reader."""
    left, right = st.columns([1.55, 1], gap="medium")
    with left, page_parts.card("tokenization-train", page["train.title"], page["train.text"]):
        text = text_box(page, "train")
        own, size = _settings(page, text)
        made = computed.trained(own, size)
        tokenizer = made.tokenizer
        if tokenizer.note:
            st.info(tokenizer.note, icon=":material/info:")
        cut = cut_text(tokenizer, text)
        row = Cut(
            page["train.sample_name"],
            page["cut.entries"].format(n=f"{tokenizer.vocab_size:,}"),
            cut.chips,
            cut.count,
            None,
            (page["cut.characters"].format(x=f"{len(text) / max(1, cut.count):.2f}"),),
        )
        cuts([row], key="tokenization-sample", label=page["train.sample_label"], words=page["cut.words"])
        _longest(page, tokenizer)
        source = page["train.own" if own is not None else "train.stories"].lower()
        st.caption(
            page["train.provenance"].format(seconds=f"{made.seconds:.2f}", n=f"{made.characters:,}", source=source.split(" (")[0])
        )
        table = [[i + N_BYTES, *_merge_row(tokenizer, i)] for i in range(len(tokenizer.merges))]
        page_parts.take_away(
            page, "train", header=["id", "token", "left", "right", "times"], rows=table, code=snippets.train_code(own, size, text)
        )
    with right:
        small, large = computed.compression(None, 512, None), computed.compression(None, 4096, None)
        answer = 0 if large / small > 5 else 1 if large / small > 2 else 2
        page_parts.predict(
            page,
            "ask_train",
            answer,
            page["ask_train.reveal"],
            x=f"{large / small:.2f}",
            small=f"{small:.2f}",
            large=f"{large:.2f}",
        )
        with page_parts.card("tokenization-chart", page["train.chart_title"], page["train.chart_text"]):
            _chart(page, own, size, text)
            width = page.reading.config.d_model
            st.latex(
                page["train.formula"].format(
                    characters=len(text),
                    tokens=cut.count,
                    per=f"{len(text) / max(1, cut.count):.2f}",
                    vocab=f"{tokenizer.vocab_size:,}".replace(",", r"{,}"),
                    width=width,
                    weights=f"{tokenizer.vocab_size * width:,}".replace(",", r"{,}"),
                )
            )
            page_parts.prose(page["train.price"], width=width)
        with page_parts.card("tokenization-break-train", page["break_train.title"]):
            page_parts.prose(page["break_train.text"])


def _settings(page: Page, text: str) -> tuple[str | None, int]:
    """What to learn from (None: the stories) and how many entries."""
    first, second = st.columns([1, 1.2], vertical_alignment="bottom", gap="medium")
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


def _longest(page: Page, tokenizer: Tokenizer, most: int = 24) -> None:
    """The longest tokens as chips; the first learned of equals."""
    ids = range(N_BYTES, N_BYTES + len(tokenizer.merges))
    longest = sorted(ids, key=lambda token: (-len(tokenizer.token_bytes(token)), token))[:most]
    if not longest:
        return
    st.markdown(f"**{page['train.longest']}**")
    texts = _texts_of(tokenizer, set(longest))
    chips = [Chip(texts[token], token, i, i, 1) for i, token in enumerate(longest)]
    said = [
        page["train.longest_words"].format(
            id=token, rank=token - N_BYTES + 1, n=len(tokenizer.token_bytes(token).decode("utf-8", "replace"))
        )
        for token in longest
    ]
    token_strip(chips, key="tokenization-longest", words=said)


def _merge_row(tokenizer: Tokenizer, i: int) -> list:
    merge = tokenizer.merges[i]
    return [*(visible(tokenizer.token_text(token)) for token in (merge.new, merge.left, merge.right)), merge.count]


def _chart(page: Page, own: str | None, size: int, text: str) -> None:
    """Characters per token over the sizes that this reader has tried with this source."""
    tried: dict[str, list[int]] = st.session_state.setdefault(TRIED, {})
    source = "stories" if own is None else page_parts.hash_key(own)
    if source not in tried and len(tried) > 20:
        tried.pop(next(iter(tried)))
    sizes = sorted({SIZES[0], *tried.get(source, []), size})
    tried[source] = sizes
    # A text that runs out of pairs gives the same tokenizer for every larger size: one point is enough.
    points = {computed.trained(own, n).tokenizer.vocab_size: n for n in reversed(sizes)}
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
    )
