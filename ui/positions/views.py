"""The views of the Positions page, one function each."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest

import numpy as np
import streamlit as st

from ui import cached, locked
from ui import cached_positions as computed
from ui import page as page_parts
from ui import snippets_positions as snippets
from ui.components.arrows import arrows
from ui.components.chart import line_chart
from ui.components.matrix import matrix
from ui.components.signed import Bar, signed_bars
from ui.components.tokens import token_strip
from ui.components.vectors import VectorRow, vectors
from ui.numbers import digits
from ui.origin import view as origin
from ui.page import Page
from ui.state import Reading
from ui.text import load, plain
from ui.tokens import chips

BENCH = "bench"  # the model on the bench, beside the family of small models


def _where(now: Reading) -> tuple[str, int | None]:
    return now.model_id, now.step


def _choose(page: Page) -> Reading:
    """The model on the bench, or one of the small models, which differ in their positions only."""
    now, family = page.reading, computed.family()
    others = [scheme for scheme, model_id in family.items() if model_id != now.model_id]
    if not others:
        return now
    names = {BENCH: f"{plain(now.info.title)} ({page['names'][now.config.position]})", **{s: page["names"][s] for s in others}}
    if st.session_state.get("positions-of") not in names:
        st.session_state["positions-of"] = BENCH
    chosen = st.segmented_control(page["of"], list(names), key="positions-of", format_func=names.get, required=True)
    return now if chosen == BENCH else _in_model(now, family[chosen])


def _in_model(now: Reading, model_id: str) -> Reading:
    """The same sentence in another model, fully trained."""
    opened = cached.checkpoint(model_id, None)
    ids = tuple(opened.tokenizer.encode(now.sentence))[: cached.longest_trace(model_id)]
    return replace(
        now, model_id=model_id, step=None, info=cached.model_info(model_id), config=opened.config, tokenizer=opened.tokenizer,
        ids=ids, chips=chips(opened.tokenizer, ids),
    )  # fmt: skip


def show_scheme(page: Page) -> None:
    """The picture of the scheme itself: vectors, turning arrows or slopes."""
    cell = None
    with page_parts.card("positions-scheme"):
        now = _choose(page)
        words = page[f"scheme.{now.config.position}"]
        st.subheader(words["title"], anchor=False)
        page_parts.prose(words["text"])
        st.latex(words["formula"])
        rows: list = []
        if (table := computed.table(*_where(now))) is not None:
            cell = matrix(
                table,
                [str(i) for i in range(len(table))],
                [str(c) for c in range(table.shape[1])],
                key="positions-table",
                label=page["scheme.label"],
                words=page["scheme.words"],
                hint=page["scheme.hint"],
                rows_are=page["scheme.rows"],
                columns_are=page["scheme.columns"],
                scale="diverging",
                square=False,
                name_columns=False,
                limit=float(np.percentile(np.abs(table), 98)) or None,
                pick=True,
            )
            if now.config.context_length > len(table) or now.config.d_model > table.shape[1]:
                st.caption(page["scheme.part"].format(n=len(table), c=table.shape[1]))
            rows = [(i, *row) for i, row in enumerate(table.tolist())]
        elif now.config.position == "rope":
            frequencies = computed.frequencies(*_where(now))
            arrows(frequencies, min(64, now.config.context_length - 1), page["arrows"], key="positions-arrows")
            rows = list(enumerate(frequencies))
        elif now.config.position == "alibi":
            penalties = computed.penalties(*_where(now))
            named = {page["alibi.head"].format(n=h + 1): line for h, line in enumerate(penalties)}
            line_chart(
                range(penalties.shape[1]),
                named,
                key="positions-slopes",
                label=page["alibi.label"],
                x_title=page["distance.x"],
                x_word=page["distance.word"],
                hint=page["alibi.hint"],
            )
            rows = [(h + 1, *line.tolist()) for h, line in enumerate(penalties)]
        page_parts.provenance(now)
        header = ["row", *(f"c{i}" for i in range(len(rows[0]) - 1))] if rows else ["row"]
        page_parts.take_away(page, "scheme", header=header, rows=rows, code=snippets.table_code(now))
        if cell is not None and cell[0] >= len(now.ids):
            st.caption(page["scheme.beyond"].format(place=cell[0]))
    if cell is not None and cell[0] < len(now.ids):
        with page_parts.card("positions-scheme-where"):
            origin.show(now, "embed.position", cell, key="positions-scheme-where")


def show_sum(page: Page) -> None:
    """Token vector plus position vector."""
    left, right = st.columns([1.55, 1], gap="medium")
    with left, page_parts.card("positions-sum", page["sum.title"], page["sum.text"]):
        now = _choose(page)
        key = f"positions-token-{now.scope}-{locked.current_round()}"
        locked.hear(now.scope, key, "picked")
        lock = locked.of(now.scope)
        row = lock.token if lock else len(now.chips) - 1
        label = load("frame")["strip"]["label"]
        token_strip(now.chips, key=key, pick=True, picked=row, sentence=now.scope, label=label)
        trace = now.trace()
        token, position, total = (trace[f"embed.{name}"][row] for name in ("token", "position", "sum"))
        smear = [VectorRow(page["sum.smear"], trace["embed.smear"][row], hue="value")] if now.config.smear else []
        vectors(
            [
                VectorRow(page["sum.token"], token, token=now.chips[row].label),
                VectorRow(page["sum.position"].format(n=row), position, hue="key"),
                *smear,
                VectorRow(page["sum.total"], total, hue="accent", rule=True),
            ],
            key="positions-vectors",
            label=page["sum.label"],
            words=page["sum.words_smear" if smear else "sum.words"],
            hint=page["sum.hint"],
            shared_scale=True,
            sentence=now.scope,
            space="stream",
        )
        scheme = now.config.position
        if not np.any(position):
            none = page["sum.none"] if scheme == "none" else page["sum.inside"].format(scheme=page["names"][scheme])
            st.info(none, icon=":material/info:")
        sizes = zip(
            (page["sum.token"], page["sum.position"].format(n=row), page["sum.total"]), (token, position, total), strict=True
        )
        page_parts.prose(page["sum.lengths"])
        # in braces, so that on a phone a line ends between them
        lengths = (rf"{{\lVert \text{{{name}}} \rVert = {np.linalg.norm(v):.2f}}}" for name, v in sizes)
        st.latex(r" \qquad\allowbreak ".join(lengths))
        page_parts.provenance(now)
        rows = list(zip(range(len(token)), token.tolist(), position.tolist(), total.tolist(), strict=True))
        header = ["channel", "token", "position", "sum"]
        page_parts.take_away(page, "sum", header=header, rows=rows, code=snippets.sum_code(now, row))
    with right, page_parts.card("positions-sum-where"):
        origin.show(now, "embed.sum", (row, int(np.abs(total).argmax())), key="positions-sum-where")


def show_distance(page: Page) -> None:
    """How alike two places are by their distance, and how far back attention reaches."""
    with page_parts.card("positions-distance", page["distance.title"], page["distance.text"]):
        now = _choose(page)
        curve = computed.similarity(*_where(now))
        if curve is None:
            st.info(page["distance.nothing"].format(scheme=page["names"][now.config.position]), icon=":material/info:")
        else:
            line_chart(
                range(len(curve)),
                {page["distance.series"]: curve},
                key="positions-similarity",
                label=page["distance.label"],
                x_title=page["distance.x"],
                x_word=page["distance.word"],
                hint=page["distance.hint"],
            )
        st.markdown(f"**{page['distance.measured']}**")
        page_parts.prose(page["distance.mean"])
        measured = computed.measured_attention(*_where(now), now.ids)
        layers = [page["distance.layer"].format(n=i + 1) for i in range(len(measured))]
        line_chart(
            range(measured.shape[1]),
            dict(zip(layers, measured, strict=True)),
            key="positions-attention",
            label=page["distance.attention_label"],
            x_title=page["distance.x"],
            x_word=page["distance.word"],
            hint=page["distance.hint"],
            dots=True,
        )
        page_parts.provenance(now)
        columns = zip_longest([] if curve is None else curve.tolist(), *measured.tolist(), fillvalue="")
        rows = [(i, *line) for i, line in enumerate(columns)]
        header = ["distance", page["distance.series"], *layers]
        page_parts.take_away(page, "distance", header=header, rows=rows, code=snippets.similarity_code(now))


def show_shuffle(page: Page) -> None:
    """The same tokens in another order, and how far the probabilities move."""
    now = page.reading
    seed = st.session_state.setdefault("positions_seed", 1)
    with page_parts.card("positions-shuffle", page["shuffle.title"], page["shuffle.text"]):
        if not now.config.causal:
            page_parts.prose(page["shuffle.blanks"])
        st.caption(page["shuffle.before"])
        token_strip(now.chips, key="positions-before", sentence=now.scope)
        st.caption(page["shuffle.after"])
        token_strip(chips(now.tokenizer, computed.positions.shuffled(now.ids, seed)), key="positions-after")
        if len(now.ids) < 3:
            st.info(page["shuffle.short"], icon=":material/info:")
            return
        if st.button(page["shuffle.again"], icon=":material/shuffle:"):
            st.session_state["positions_seed"] = seed + 1
            st.rerun()
        rows = computed.shuffle_rows(now, seed)
        _, least, _, scheme = min(rows[1:] or rows, key=lambda row: row[1])  # the question is about the small models only
        answer = list(page["names"]).index(scheme) if scheme else None
        if page_parts.predict(page, "predict", answer, page["predict.reveal"], least=f"{least:.3f}"):
            named = [row[0] for row in rows]
            matrix(
                np.array([[row[1], row[2]] for row in rows]),
                named,
                [page["shuffle.causal"], page["shuffle.open"]],
                key="positions-moved",
                label=page["shuffle.label"],
                words=page["shuffle.words"],
                hint=page["shuffle.hint"],
                limit=1.0,
                numbers=True,
                square=False,
            )
            st.dataframe(
                [
                    {page["shuffle.model"]: r[0], page["shuffle.causal"]: f"{r[1]:.6f}", page["shuffle.open"]: f"{r[2]:.6f}"}
                    for r in rows
                ],
                hide_index=True,
            )
            page_parts.prose(page["shuffle.why"])
        page_parts.provenance(now, page["shuffle.family"])
        page_parts.take_away(
            page, "shuffle", header=["model", "causal", "open", "scheme"], rows=rows, code=snippets.shuffle_code(now, seed)
        )


def show_without(page: Page) -> None:
    """The family of small models, one trained with each scheme."""
    now = page.reading
    family = computed.family()
    with page_parts.card("positions-without", page["without.title"], page["without.text"]):
        losses = {scheme: float(cached.model_info(model_id).meta["val_loss"]) for scheme, model_id in family.items()}
        ranked = sorted(losses, key=losses.get)
        signed_bars(
            [
                Bar(page["names"][scheme], losses[scheme], page["without.says"].format(
                    scheme=page["names"][scheme], loss=digits(losses[scheme], 1), p=digits(np.exp(-losses[scheme])))
                )
                for scheme in ranked
            ],
            key="positions-losses", label=page["without.label"], hint=page["without.hint"], plus=False,
        )  # fmt: skip
        texts = {scheme: computed.greedy_continuation(family[scheme], now.sentence) for scheme in ranked}
        columns = [page["without.model"], page["without.loss"], page["without.writes"]]
        rows = [(page["names"][scheme], f"{losses[scheme]:.3f}", texts[scheme]) for scheme in ranked]
        st.dataframe(
            [dict(zip(columns, row, strict=True)) for row in rows],
            hide_index=True,
            column_config={columns[2]: st.column_config.TextColumn(width="large")},
        )
        page_parts.prose(page["without.note"])
        first = cached.model_info(family[ranked[0]])
        size = {"layers": first.config.n_layers, "heads": first.config.n_heads, "steps": f"{first.meta['steps']:,}"}
        st.caption(page["without.provenance"].format(n=len(family), **size))
        page_parts.take_away(
            page, "without", header=columns, rows=rows, code=snippets.without_code(list(family.values()), now.sentence)
        )
