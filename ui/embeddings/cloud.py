"""The cloud: the whole vocabulary as points, by PCA or t-SNE, in the plane or in space."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from llm.interpret.projections import kept_nearest
from ui import cached_embeddings as computed
from ui import page as page_parts
from ui import snippets_embeddings as snippets
from ui import theme
from ui.components.cloud import cloud
from ui.embeddings import near
from ui.embeddings.spot import WIDE, Spot, strip, take
from ui.state import Reading
from ui.text import plain

KEY = "embeddings-cloud"


def show(spot: Spot) -> None:
    page = spot.page
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("embeddings-cloud", page["cloud.title"]):
        text = st.container(gap=None)
        method, dimensions = _controls(page)
        with text:
            still = method == "tsne" or len(computed.steps(spot.now.model_id)) < 2
            said = "text_space" if dimensions == 3 else "text_still" if still else "text"
            page_parts.prose(page[f"cloud.{said}"])
        spot = strip(spot, "cloud")
        flat = None
        if dimensions == 3:
            _in_space(spot, method)
        else:
            flat = _in_plane(spot, method)
    with left:
        near.break_card(spot)
    with right:
        if flat is not None:
            _ask(spot, *flat)
        near.show(spot)
        _reading(spot, method)


def _controls(page: page_parts.Page) -> tuple[str, int]:
    with st.container(horizontal=True, gap="medium"):
        method = st.segmented_control(
            page["cloud.method"], ["pca", "tsne"], default="pca", required=True, key="embeddings-method", width="content",
            format_func=lambda name: page[f"cloud.{name}"], label_visibility="collapsed",
        )  # fmt: skip
        dimensions = st.segmented_control(
            page["cloud.dimensions"], [2, 3], default=2, required=True, key="embeddings-dimensions", width="content",
            format_func=lambda n: page["cloud.two" if n == 2 else "cloud.three"], label_visibility="collapsed",
        )  # fmt: skip
    return method or "pca", dimensions or 2


def _ask(spot: Spot, coordinates: np.ndarray, friends: np.ndarray) -> None:
    """The question: is who lies nearest in the picture also nearest over the whole row?"""
    answered = st.session_state.get("embeddings-flat-choice") is not None
    share = kept_nearest(coordinates, friends) if answered else 0.0
    option = 0 if share > 0.6 else 1 if share >= 0.2 else 2
    values = {"percent": 100 * share, "count": len(coordinates), "columns": spot.table.shape[1]}
    page_parts.predict(spot.page, "flat", option, spot.page["flat.reveal"], **values)


def _in_plane(spot: Spot, method: str) -> tuple[np.ndarray, np.ndarray]:
    """The flat picture; returns its points (N, 2) and who is nearest to each over the whole row (N, 6)."""
    page, now = spot.page, spot.now
    sentence = _named(spot)
    if method == "tsne":
        ids = computed.shown(now.model_id, computed.BY_TSNE, sentence)
        with st.spinner(page["cloud.working"].format(n=f"{len(ids):,}")):
            places = computed.tsne(*_finished(now), tuple(ids.tolist()), 2)[None]
        friends = computed.neighbours(*_finished(now), tuple(ids.tolist()))[None]
        weights, at, facts, heat = [_finished(now)[1]], 0, [page["cloud.tsne_fact"]], _heat(spot, ids)
    else:
        ids = computed.shown(now.model_id, computed.most_shown(now.model_id), sentence)
        made = computed.clouds(now.model_id, sentence if len(spot.table) > computed.EVERY else (), now.step)
        places, friends, heat = made.coordinates, made.neighbours, _heat(spot, ids)
        weights = made.steps
        at = weights.index(now.step) if now.step in weights else len(weights) - 1
        facts = [_fact(page, spot, share, r) for share, r in zip(made.shares, made.lengths, strict=True)]
    steps = [_last(spot) if step is None else step for step in weights]
    listed = tuple(ids.tolist())
    where = {token: i for i, token in enumerate(listed)}
    labels, kinds = computed.labels(now.model_id, listed), computed.kinds(now.model_id, listed)
    words = _words(page, len(listed) < len(spot.table))
    cloud(
        places, friends, labels, listed, kinds, key=KEY, run=f"{now.model_id} {method} {len(listed)}", label=page["cloud.label"],
        hint=page["cloud.hint"], words=words, kind_titles=page["kinds"], steps=steps, at=at, facts=facts,
        cited=[replace(now, step=step).provenance for step in weights],
        sentence=sorted({where[i] for i in now.ids if i in where}), picked=where.get(spot.token), heat=heat,
        named_first=[where[i] for i in computed.words(now.model_id) if i in where],
        on_pick=lambda: _picked(spot), scope=now.scope, tokens=now.ids,
    )  # fmt: skip
    _part(spot, len(listed))
    if len(steps) > 1:
        st.caption(f"{plain(now.info.title)} · {page['cloud.slider']}")
    else:
        page_parts.provenance(replace(now, step=_finished(now)[1]))
    rows = list(zip(listed, labels, kinds, *np.round(places[at].T.astype(float), 5).tolist(), strict=True))
    code = snippets.tsne_code(now, ids, 2) if method == "tsne" else snippets.pca_code(now, ids)
    page_parts.take_away(page, "cloud", header=["id", "token", "kind", "x", "y"], rows=rows, code=code)
    return places[at], friends[at]


def _in_space(spot: Spot, method: str) -> None:
    from ui.figures.embeddings import cloud_in_space, farther_out  # Plotly, which only this view needs

    page, now = spot.page, spot.now
    sentence = _named(spot)
    ids = computed.shown(now.model_id, computed.BY_TSNE_IN_SPACE if method == "tsne" else computed.IN_SPACE, sentence)
    listed = tuple(ids.tolist())
    if method == "tsne":
        with st.spinner(page["cloud.working"].format(n=f"{len(ids):,}")):
            places, fact = computed.tsne(*_finished(now), listed, 3), page["cloud.tsne_fact"]
    else:
        made = computed.in_space(*spot.where, listed)
        places = made.coordinates
        fact = page["cloud.space_fact"].format(percent=100 * float(made.shares.sum()), columns=spot.table.shape[1])
    labels, kinds = computed.labels(now.model_id, listed), computed.kinds(now.model_id, listed)
    named = [i for i, token in enumerate(listed) if token in set(sentence)]
    figure = cloud_in_space(places, labels, kinds, page["kinds"], theme.palette(), named=named)
    st.plotly_chart(figure, key="embeddings-space", theme=None, config={"displaylogo": False})
    beyond = farther_out(places)
    st.caption(f"{fact} {page['cloud.space_beyond'].format(n=beyond)}" if beyond else fact)
    _part(spot, len(listed))
    page_parts.provenance(replace(now, step=_finished(now)[1]) if method == "tsne" else now)
    rows = list(zip(listed, labels, kinds, *np.round(places.T.astype(float), 5).tolist(), strict=True))
    code = snippets.tsne_code(now, ids, 3) if method == "tsne" else snippets.space_code(now, ids)
    page_parts.take_away(page, "space", header=["id", "token", "kind", "x", "y", "z"], rows=rows, code=code)


def _finished(now: Reading) -> tuple[str, int | None]:
    """The finished model, which one map is made of; of a run the step on the bench, because it may not be finished."""
    return now.model_id, now.step if now.info.kind == "run" else None


def _words(page: page_parts.Page, part: bool) -> dict[str, str]:
    """The component's words; of a part of the vocabulary it says so."""
    words = page["cloud.words"]
    return {**words, "token": words["token_part" if part else "token"]}


def _named(spot: Spot) -> tuple[int, ...]:
    """Tokens that every picture shows: the sentence's and the chosen one."""
    return tuple(sorted({*spot.now.ids, spot.token}))


def _picked(spot: Spot) -> None:
    picked = (st.session_state.get(KEY) or {}).get("picked")
    if picked is not None and 0 <= int(picked) < len(spot.table):
        take(spot.now, int(picked))


def _last(spot: Spot) -> int:
    return _finished(spot.now)[1] or (spot.now.info.steps[-1] if spot.now.info.steps else 0)


def _heat(spot: Spot, ids: np.ndarray) -> np.ndarray | None:
    """0 to 1 by the logarithm of how often each token occurs."""
    counts = computed.counts(spot.now.model_id)
    if counts is None or not counts.max():
        return None
    logs = np.log1p(counts[ids])
    return logs / logs.max()


def _fact(page: page_parts.Page, spot: Spot, share: float, r: float | None) -> str:
    fact = page["cloud.pca_fact"].format(percent=100 * share, columns=spot.table.shape[1])
    return fact if r is None else f"{fact} {page['cloud.length_fact'].format(r=_signed(r))}"


def _signed(r: float) -> str:
    return f"{r:+.2f}".replace("-", "−")


def _part(spot: Spot, shown: int) -> None:
    if shown < len(spot.table):
        how = spot.page["cloud.by_id" if computed.counts(spot.now.model_id) is None else "cloud.by_count"]
        st.caption(spot.page["cloud.part"].format(n=f"{shown:,}", all=f"{len(spot.table):,}", how=how))


def _reading(spot: Spot, method: str) -> None:
    page = spot.page
    with page_parts.card("embeddings-reading", page["reading.title"]):
        page_parts.prose(page[f"reading.{method}"])
        steps = computed.steps(spot.now.model_id)
        if method == "pca" and len(steps) > 1:
            page_parts.prose(page["reading.forming"])
        _unseen(spot)
        _frequency(page, computed.length_by_step(spot.now.model_id))


def _unseen(spot: Spot) -> None:
    """What became of the tokens that never occur in the training text."""
    count, alike = computed.unseen(*spot.where)
    if alike is None or count < 10:
        return
    heap = alike > 0.5
    page_parts.prose(spot.page["reading.unseen"], n=count, bytes=computed.unseen_bytes(spot.now.model_id))
    page_parts.prose(spot.page["reading.heap" if heap else "reading.chance"], alike=_signed(alike))
    if heap and spot.now.config.tie_embeddings:
        page_parts.prose(spot.page["reading.heap_why"])


def _frequency(page: page_parts.Page, by_step: dict[int, float]) -> None:
    """What was measured about length and frequency."""
    if not by_step:
        page_parts.prose(page["reading.frequency_unknown"])
        return
    last = by_step[max(by_step)]
    if len(by_step) < 3:
        page_parts.prose(page["reading.frequency_last"], last=_signed(last))
        return
    most = max(by_step, key=lambda step: abs(by_step[step]))
    first = min(by_step)
    r = {"first": _signed(by_step[first]), "most": _signed(by_step[most]), "last": _signed(last)}
    page_parts.prose(page["reading.frequency"], first_step=first, most_step=most, **r)
