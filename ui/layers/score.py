"""The score: the chosen token's logit as an exact sum over all parts of the model."""

from __future__ import annotations

import numpy as np
import streamlit as st

from llm.interpret.attribution import Attribution, logit_attribution
from llm.interpret.norms import norm_steps
from ui import page as page_parts
from ui import snippets_layers as snippets
from ui import ways
from ui.components.ledger import Line, ledger
from ui.components.signed import Bar, running, signed_bars
from ui.layers.spot import WIDE, Spot, asked, go_to_layer
from ui.numbers import digits
from ui.origin import view as origin

CANDIDATES = 12


def show(spot: Spot) -> None:
    words = spot.page["score"]
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("layers-score", words["title"], words["caption"]):
        target, against = _choose(spot)
        made = logit_attribution(spot.now.model, spot.trace, target, spot.position, against=against)
        bars, layers = _bars(spot, made, target, against)
        rows = [i for i, layer in enumerate(layers) if layer == spot.layer]
        signed_bars(
            running(bars, words["total"]), key="layers-score-bars", label=words["label"],
            picked=rows[0] if rows else None, on_pick=lambda row: _go(layers, row),
        )  # fmt: skip
        page_parts.provenance(spot.now)
        _take_away(spot, made, target, against)
    with left:
        _most(spot)
        _check(spot, made, against)
    with right:
        _inside(spot, made)
        with page_parts.card("layers-score-made"):
            origin.show(spot.now, "logits", (spot.position, target), key="layers-score", whole=target != spot.answer)


def _choose(spot: Spot) -> tuple[int, int | None]:
    """The token whose score is shown, and the one that it is compared with."""
    words = spot.page["score"]
    best = [int(i) for i in np.argsort(-spot.trace["logits"][spot.position])[:CANDIDATES]]
    following = spot.now.ids[spot.position + 1 : spot.position + 2]  # the token that really comes next
    best += [i for i in following if i not in best]
    key = spot.key(f"of-{spot.position}")
    if ways.asked() is not None:
        cell = asked(spot)
        st.session_state[key] = cell[1][-1] if cell and cell[0] == "logits" else best[0]
    best += [i for i in [st.session_state.get(key, best[0])] if i not in best]  # a link may name any token
    first, second = st.columns(2)
    target = first.selectbox(words["of"], best, format_func=spot.name, key=key, on_change=ways.pressed, persist_state="session")
    others = [None, *(i for i in best if i != target)]
    against = second.selectbox(
        words["minus"], others, key=spot.key(f"minus-{spot.position}"),
        format_func=lambda i: words["nothing"] if i is None else spot.name(i),
    )  # fmt: skip
    return target, against


def _bars(spot: Spot, made: Attribution, target: int, against: int | None) -> tuple[list[Bar], list[int | None]]:
    """One bar for each embedding, each layer's attention and MLP, and the shifts; and the layer of each bar."""
    words = spot.page["score"]
    kinds = {part.kind for part in made.parts}
    sums = [(words[kind], made.of(kind), None) for kind in ("token", "position", "smear") if kind in kinds]
    for layer in range(spot.now.config.n_layers):
        sums.append((words["attention"].format(layer=layer + 1), made.of("head", "attention_bias", layer=layer), layer))
        sums.append((words["mlp"].format(layer=layer + 1), made.of("mlp", layer=layer), layer))
    if "norm_shift" in kinds:
        sums.append((words["shift"], made.of("norm_shift"), None))
    template = words["words" if against is None else "words_minus"]
    names = {"token": spot.name(target), "other": "" if against is None else spot.name(against)}
    bars = [
        Bar(label, value, template.format(part=label[:1].upper() + label[1:], value=digits(value), **names))
        for label, value, _ in sums
    ]
    return bars, [layer for _, _, layer in sums]


def _go(layers: list[int | None], row: int) -> None:
    if row < len(layers) and layers[row] is not None:
        go_to_layer(layers[row])


def _inside(spot: Spot, made: Attribution) -> None:
    """The heads of the bench's layer."""
    words = spot.page["score"]
    with page_parts.card("layers-heads-score", words["inside"].format(layer=spot.layer + 1)):
        parts = [p for p in made.parts if p.layer == spot.layer and p.kind in ("head", "attention_bias")]
        bars = [Bar(words["bias"] if p.head is None else words["head"].format(head=p.head + 1), p.value) for p in parts]
        total = words["sum_heads"].format(layer=spot.layer + 1)
        signed_bars(running(bars, total), key="layers-score-heads", label=words["inside"].format(layer=spot.layer + 1))


def _check(spot: Spot, made: Attribution, against: int | None) -> None:
    words, config = spot.page["score"], spot.now.config
    with page_parts.card("layers-score-check", words["check"]):
        model_says = words["check_logit" if against is None else "check_difference"]
        ledger(
            [
                Line(((words["check_sum"].format(count=len(made.parts)), ""),), digits(made.total, 3), result=True),
                Line(((model_says, ""),), digits(made.logit, 3)),
            ],
            key="layers-score-sum",
        )
        if config.norm == "none":
            page_parts.prose(words["how_none"])
        elif config.norm_position == "post":
            page_parts.prose(words["how_post"])
        else:
            spread = norm_steps(spot.now.model, spot.trace, "final_norm", spot.position).spread
            page_parts.prose(words["how"].format(spread=digits(spread)))
        if against is not None:
            page_parts.prose(words["how_minus"])


def _most(spot: Spot) -> None:
    """The question: which kind of part adds most to the most probable token's score?"""
    made = logit_attribution(spot.now.model, spot.trace, spot.answer, spot.position)
    sums = {
        "embeddings": made.of("token", "position"),
        "heads": made.of("head"),
        "mlps": made.of("mlp"),
        "constants": made.of("attention_bias", "norm_shift"),
    }
    most = list(sums.values()).index(max(sums.values()))
    page_parts.predict(spot.page, "most", most, spot.page["most.reveal"], **sums)


def _take_away(spot: Spot, made: Attribution, target: int, against: int | None) -> None:
    rows = [[p.name, p.kind, "" if p.layer is None else p.layer, "" if p.head is None else p.head, p.value] for p in made.parts]
    code = snippets.score_code(spot.now, spot.position, target, against)
    page_parts.take_away(spot.page, "score", header=["part", "kind", "layer", "head", "adds"], rows=rows, code=code)
