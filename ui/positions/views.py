"""The views of the Positions page, one function each."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import cached
from ui import cached_positions as computed
from ui import page as page_parts
from ui import snippets_positions as snippets
from ui.components.arrows import arrows
from ui.components.chart import line_chart
from ui.components.matrix import matrix
from ui.components.tokens import token_strip
from ui.components.vectors import VectorRow, vectors
from ui.page import Page
from ui.state import Reading
from ui.tokens import chips


def _where(now: Reading) -> tuple[str, int | None]:
    return now.model_id, now.step


def show_scheme(page: Page) -> None:
    """The picture of the scheme itself: vectors, turning arrows or slopes."""
    now = page.reading
    with page_parts.card(
        "positions-scheme", page[f"scheme.{now.config.position}.title"], page[f"scheme.{now.config.position}.text"]
    ):
        st.latex(page[f"scheme.{now.config.position}.formula"])
        rows: list = []
        if (table := computed.table(*_where(now))) is not None:
            matrix(
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
            named = {f"head {h + 1}": line for h, line in enumerate(penalties)}
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


def show_sum(page: Page) -> None:
    """Token vector plus position vector."""
    now = page.reading
    with page_parts.card("positions-sum", page["sum.title"], page["sum.text"]):
        picked = token_strip(now.chips, key="positions-token", pick=True, picked=len(now.chips) - 1)
        row = len(now.chips) - 1 if picked is None else picked
        trace = now.trace(names=["embed.token", "embed.position", "embed.sum"])
        token, position, total = (trace[f"embed.{name}"][row] for name in ("token", "position", "sum"))
        vectors(
            [
                VectorRow(page["sum.token"], token, token=now.chips[row].label),
                VectorRow(page["sum.position"].format(n=row), position, hue="key"),
                VectorRow(page["sum.total"], total, hue="accent", rule=True),
            ],
            key="positions-vectors",
            label=page["sum.label"],
            words=page["sum.words"],
            hint=page["sum.hint"],
            shared_scale=True,
        )
        if not np.any(position):
            st.info(
                page["sum.inside"].format(scheme=now.config.position) if now.config.position != "none" else page["sum.none"],
                icon=":material/info:",
            )
        sizes = [float(np.linalg.norm(v)) for v in (token, position, total)]
        names = ("token", "position", "sum")
        st.latex(r" \qquad ".join(rf"\lVert {name} \rVert = {size:.2f}" for name, size in zip(names, sizes, strict=True)))
        page_parts.provenance(now)
        rows = list(zip(range(len(token)), token.tolist(), position.tolist(), total.tolist(), strict=True))
        header = ["channel", "token", "position", "sum"]
        page_parts.take_away(page, "sum", header=header, rows=rows, code=snippets.sum_code(now, row))


def show_distance(page: Page) -> None:
    """How alike two places are by their distance, and how far back attention reaches."""
    now = page.reading
    with page_parts.card("positions-distance", page["distance.title"], page["distance.text"]):
        curve = computed.similarity(*_where(now))
        if curve is None:
            st.info(page["distance.nothing"].format(scheme=now.config.position), icon=":material/info:")
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
        measured = computed.measured_attention(*_where(now), now.ids)
        line_chart(
            range(measured.shape[1]),
            {f"layer {i + 1}": line for i, line in enumerate(measured)},
            key="positions-attention",
            label=page["distance.attention_label"],
            x_title=page["distance.x"],
            x_word=page["distance.word"],
            hint=page["distance.hint"],
        )
        page_parts.provenance(now)
        rows = [] if curve is None else list(enumerate(curve.tolist()))
        page_parts.take_away(page, "distance", header=["distance", "similarity"], rows=rows, code=snippets.similarity_code(now))


def show_shuffle(page: Page) -> None:
    """The same tokens in another order, and how far the probabilities move."""
    now = page.reading
    seed = st.session_state.setdefault("positions_seed", 1)
    with page_parts.card("positions-shuffle", page["shuffle.title"], page["shuffle.text"]):
        token_strip(now.chips, key="positions-before")
        token_strip(chips(now.tokenizer, computed.positions.shuffled(now.ids, seed)), key="positions-after")
        if len(now.ids) < 3:
            st.info(page["shuffle.short"], icon=":material/info:")
            return
        if st.button(page["shuffle.again"], icon=":material/shuffle:"):
            st.session_state["positions_seed"] = seed + 1
            st.rerun()
        rows = computed.shuffle_rows(now, seed)
        _, least, _, scheme = min(rows[1:] or rows, key=lambda row: row[1])  # the question is about the small models only
        options = page["predict.options"]
        answer = options.index(scheme) if scheme in options else None
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
        page_parts.provenance(now)
        page_parts.take_away(
            page, "shuffle", header=["model", "causal", "open", "scheme"], rows=rows, code=snippets.shuffle_code(now, seed)
        )


def show_without(page: Page) -> None:
    """The family of small models, one trained with each scheme."""
    now = page.reading
    family = computed.family()
    with page_parts.card("positions-without", page["without.title"], page["without.text"]):
        infos = [cached.model_info(model_id) for model_id in family.values()]
        rows = [(info.title, float(info.meta["val_loss"]), computed.greedy_continuation(info.id, now.sentence)) for info in infos]
        columns = [page["without.model"], page["without.loss"], page["without.writes"]]
        shown = [
            dict(zip(columns, (title, f"{loss:.3f}", text), strict=True))
            for title, loss, text in sorted(rows, key=lambda r: r[1])
        ]
        st.dataframe(shown, hide_index=True, column_config={columns[2]: st.column_config.TextColumn(width="large")})
        page_parts.prose(page["without.note"])
        page_parts.take_away(page, "without", header=columns, rows=rows, code=snippets.table_code(now))
