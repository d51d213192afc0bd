"""The road: what joins the chosen token's residual stream, and the guess after each station."""

from __future__ import annotations

import streamlit as st

from llm.interpret.comparison import top_changes
from llm.interpret.lens import LensTop
from llm.interpret.stream import Station, stations
from ui import page as page_parts
from ui import snippets_layers as snippets
from ui.cached_layers import lens_at, lens_probabilities
from ui.components.before_after import before_after
from ui.components.ledger import Line, ledger, spans
from ui.components.road import Guess, RoadStation, road
from ui.components.signed import Bar, signed_bars
from ui.layers.spot import WIDE, Spot, go_to_layer, norm
from ui.numbers import digits

PART = "layers-road-part"  # start | attention | mlp: with the bench's layer, the chosen station
SHOWN = 3


def show(spot: Spot) -> None:
    stops, top = stations(spot.trace, spot.position), lens_at(spot.now, spot.position)
    picked = chosen_station(spot)
    left, right = st.columns(WIDE, gap="medium")
    with left, page_parts.card("layers-road", spot.page["road.title"], spot.page["road.caption"]):
        drawn = road_of(spot, picked)
        page_parts.provenance(spot.now)
        _take_away(spot, stops, top)
    with right:
        _station(spot, stops, top, picked, drawn[picked])
        settled(spot, top)


def chosen_station(spot: Spot) -> int:
    """Its place on the road: the bench's layer, and which part of it."""
    part = st.session_state.get(PART, "mlp")
    return 0 if part == "start" else 2 * spot.layer + (1 if part == "attention" else 2)


def road_of(spot: Spot, picked: int) -> list[RoadStation]:
    """Draw the road of the chosen token; returns its stations."""
    stops, top = stations(spot.trace, spot.position), lens_at(spot.now, spot.position)
    drawn = [_drawn(spot, stop, top, i) for i, stop in enumerate(stops)]
    road(
        drawn, key="layers-road", label=spot.page["road.label"].format(count=len(stops)), heads=spot.page["road.heads"],
        picked=picked, on_pick=_go, sentence=spot.now.scope,
    )  # fmt: skip
    return drawn


def _go(station: int) -> None:
    """A click on the road: its layer becomes the bench's."""
    st.session_state[PART] = "start" if station == 0 else ("attention", "mlp")[(station - 1) % 2]
    if station > 0:
        go_to_layer((station - 1) // 2)


def _drawn(spot: Spot, stop: Station, top: LensTop, i: int) -> RoadStation:
    words = spot.page["road"]
    ids, chances = top.ids[i, 0], top.probabilities[i, 0]
    guesses = tuple(Guess(spot.name(t), float(p), int(t) == spot.answer, int(t)) for t, p in zip(ids, chances, strict=True))
    said = spot.guesses(ids[:SHOWN], chances[:SHOWN])
    if stop.part == "start":
        with_position = spot.now.config.position in ("learned", "sinusoidal")
        size = digits(stop.size)
        note = words["start_long" if with_position else "start_alone"]
        return RoadStation(
            words["start"], words["start"], "start", stop.size, guesses, note, words["note_start"].format(size=size),
            words["words_start"].format(size=size, guesses=said),
        )  # fmt: skip
    title = words[stop.part].format(layer=stop.layer + 1)
    numbers = {"added": digits(stop.added), "share": f"{round(100 * stop.share)}".replace("-", "−"), "size": digits(stop.size)}
    return RoadStation(
        title, words[f"{stop.part}_short"].format(layer=stop.layer + 1), stop.part, stop.size, guesses,
        words["note"].format(**numbers), words["note_short"].format(**numbers),
        words["words"].format(title=title[:1].upper() + title[1:], guesses=said, **numbers), stop.added, stop.share,
    )  # fmt: skip


def _station(spot: Spot, stops: tuple[Station, ...], top: LensTop, picked: int, drawn: RoadStation) -> None:
    words, stop = spot.page["station"], stops[picked]
    with page_parts.card("layers-station", words["title_start" if stop.part == "start" else "title"]):
        now_on_top = spot.name(top.ids[picked, 0, 0])
        if stop.part == "start":
            sentence = spans(words["sentence_start"], after=(now_on_top, "accent"))
            ledger(_start_lines(spot, stop), key="layers-station-sum", sentence=sentence)
            _start_bars(spot, top)
            return
        was_on_top = spot.name(top.ids[picked - 1, 0, 0])
        template = words["sentence_same" if was_on_top == now_on_top else "sentence"]
        title = drawn.title[:1].upper() + drawn.title[1:]
        sentence = spans(template, title=title, before=(was_on_top, "strong"), after=(now_on_top, "accent"))
        ledger(_sum_lines(spot, stops[picked - 1], stop), key="layers-station-sum", sentence=sentence)
        before, after = lens_probabilities(spot.now, (stops[picked - 1].point, stop.point), spot.position)
        ids = top_changes(before, after, 6)
        before_after(
            [spot.name(i) for i in ids], before[ids], after[ids], key="layers-station-bars", label=words["bars"],
            names=(words["before"], words["after"]),
        )  # fmt: skip


def _sum_lines(spot: Spot, before: Station, stop: Station) -> list[Line]:
    words = spot.page["station"]
    if not spot.now.config.residual:
        lines = [Line(((words["joins"], ""),), digits(stop.added), result=True)]
        return [*lines, *_after_norm(spot, stop)]
    total = (before.size**2 + stop.added**2 + 2 * before.size * stop.added * stop.cosine) ** 0.5
    lines = [
        Line(((words["stream_before"], ""),), f"a = {digits(before.size)}"),
        Line(((words["joins"], ""),), f"b = {digits(stop.added)}"),
        Line(((words["cosine"], ""),), digits(stop.cosine)),
        Line(((words["sum"], ""),), digits(total), result=True),
    ]
    return [*lines, *_after_norm(spot, stop)]


def _after_norm(spot: Spot, stop: Station) -> list[Line]:
    post = spot.now.config.norm_position == "post"
    return [Line(((spot.page["station.after_norm"], ""),), digits(stop.size))] if post else []


def _start_lines(spot: Spot, stop: Station) -> list[Line]:
    words, trace = spot.page["station"], spot.trace
    lines = [Line(((words["token"], ""),), digits(norm(trace["embed.token"][spot.position])))]
    if spot.now.config.position in ("learned", "sinusoidal"):
        lines.append(Line(((words["position"], ""),), digits(norm(trace["embed.position"][spot.position]))))
    if spot.now.config.smear:
        lines.append(Line(((words["smear"], ""),), digits(norm(trace["embed.smear"][spot.position]))))
    if spot.now.config.smear or spot.now.config.position in ("learned", "sinusoidal"):
        lines.append(Line(((words["sum_start"], ""),), digits(norm(trace["embed.sum"][spot.position])), result=True))
    if spot.now.config.embedding_norm:
        lines.append(Line(((words["embedding_norm"], ""),), digits(stop.size), result=True))
    return lines


def _start_bars(spot: Spot, top: LensTop) -> None:
    pairs = zip(top.ids[0, 0], top.probabilities[0, 0], strict=True)
    bars = [Bar(spot.name(i), float(p)) for i, p in pairs]
    signed_bars(bars, key="layers-start-bars", label=spot.page["station.bars"], plus=False, limit=1.0)


def settled(spot: Spot, top: LensTop) -> None:
    """The question: from which station on is the final answer on top?"""
    on_top = top.ids[:, 0, 0] == spot.answer
    first = len(on_top) - 1
    while first > 0 and on_top[first - 1]:
        first -= 1
    last = len(on_top) - 1
    option = 0 if first == 0 else 3 if first == last else 1 if first <= last / 2 else 2
    page_parts.predict(spot.page, "settled", option, spot.page["settled.reveal"], station=first + 1, count=last + 1)


def _take_away(spot: Spot, stops: tuple[Station, ...], top: LensTop) -> None:
    rows = [
        [stop.point, stop.part, stop.size, stop.added, stop.share, stop.cosine,
         spot.name(top.ids[i, 0, 0]), float(top.probabilities[i, 0, 0])]
        for i, stop in enumerate(stops)
    ]  # fmt: skip
    header = ["point", "part", "size", "added", "share", "cosine", "most probable", "probability"]
    page_parts.take_away(spot.page, "road", header=header, rows=rows, code=snippets.road_code(spot.now, spot.position))
