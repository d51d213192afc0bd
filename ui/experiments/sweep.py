"""Sweeps: two knobs, a small run for each pair of values, and a heatmap that fills in as they end."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import streamlit as st

from llm.runs.spec import RunSpec
from llm.runs.store import Run
from llm.sweeps import KNOBS, MOST_RUNS, VALUES, Sweep, flat
from ui import page as page_parts
from ui import runs
from ui import snippets_experiments as snippets
from ui.components.batch import batch
from ui.components.live_chart import Curve, live_chart
from ui.components.matrix import matrix
from ui.experiments import address, found, start
from ui.page import Page, rerun_part
from ui.text import load, plain

FIRST, SECOND = ("rows", "learning_rate"), ("columns", "n_layers")  # name in the address, and the knob at first
SHOWN = 4  # runs whose progress is drawn: those at work and the next in line


def show(page: Page) -> None:
    """The knobs, and what came out."""
    chosen = _knobs(page)
    if chosen is not None:
        _results(page, chosen)


def _knobs(page: Page) -> Sweep | None:
    """The two knobs with their values; None, and one sentence, when they do not go together."""
    words = page["sweep"]
    with page_parts.card("experiments-sweep-knobs", words["title"], words["caption"]):
        columns = st.columns(2, gap="large")
        picked = []
        for place, (column, (name, usual)) in enumerate(zip(columns, (FIRST, SECOND), strict=True)):
            with column:
                picked.append(_knob(page, name, usual, words["axis"][place]))
        (first, first_values), (second, second_values) = picked
        try:
            made = Sweep(first, first_values, second, second_values)
            for spec in flat(made.specs()):
                spec.check(runs.limits())
        except ValueError as problem:
            st.info(words["problem"].format(problem=plain(str(problem))), icon=":material/info:")
            return None
        model, train = made.base.model_config(1), made.base.train_config()
        st.caption(
            words["base"].format(
                source=plain(made.base.data.label), layers=model.n_layers, heads=model.n_heads, width=model.d_model,
                context=model.context_length, steps=train.steps, batch=train.batch_size, rate=f"{train.learning_rate:g}",
                vocabulary=f"{made.base.data.vocab_size:,}",
            )
        )  # fmt: skip
        return made


def _knob(page: Page, name: str, usual: str, label: str) -> tuple[str, tuple]:
    """One knob and its values; both stand in the address."""
    words, (stored, _, values) = page["sweep"], address.get(name).partition(":")
    knob = stored if stored in KNOBS else usual
    left, right = st.columns([1, 1.6], gap="small")
    key = f"experiments-{name}"
    if st.session_state.get(key) != knob:
        st.session_state[key] = knob
    with left:
        st.selectbox(label, list(KNOBS), key=key, format_func=lambda k: words["knob"][k], on_change=_turned, args=(name,))
    options = KNOBS[knob].values
    wanted = [value for value in options if f"{value}" in values.split(",")] or list(KNOBS[knob].usual)
    values_key = f"{key}-values-{knob}"
    if st.session_state.get(values_key) != wanted:
        st.session_state[values_key] = wanted
    with right:
        st.pills(
            words["values"].format(least=VALUES[0], most=VALUES[1]), options, selection_mode="multi", key=values_key, wrap=True,
            format_func=lambda value: value_name(page, knob, value), on_change=_chose, args=(name, knob, values_key),
        )  # fmt: skip
    return knob, tuple(wanted)


def _turned(name: str) -> None:
    address.put(**{name: f"{st.session_state[f'experiments-{name}']}:"})


def _chose(name: str, knob: str, key: str) -> None:
    values = [value for value in KNOBS[knob].values if value in st.session_state[key]]
    address.put(**{name: f"{knob}:{','.join(f'{value}' for value in values) or '-'}"})


def value_name(page: Page, knob: str, value: object) -> str:
    """A value as it stands on its axis."""
    if isinstance(value, str):
        return load("pretraining")["option"].get(value, value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


@st.fragment
def _results(page: Page, made: Sweep) -> None:
    """Start and stop, the heatmap, the curves; the end of a run draws only this again."""
    specs = made.specs()
    have = found.mine(flat(specs))
    _ask(page, made, have)
    begun = any(run is not None for run in have)
    left, right = st.columns([1.55, 1], gap="medium") if begun else (st.container(), None)
    with left, page_parts.card("experiments-sweep-map", page["sweep.map"], _cells(page, made)):
        _go(page, made, have)
        _map(page, made, have)
        _take_away(page, made, have)
    if right:  # before the first run there is nothing to say
        with right, page_parts.card("experiments-sweep-found", page["sweep.found"]):
            _found(page, made, have)
    if begun:
        with page_parts.card("experiments-sweep-curves", page["sweep.curves"]):
            _curves(page, made, have)


def _go(page: Page, made: Sweep, have: list[Run | None]) -> None:
    """How long it takes and the button; while it trains, the runs at work and a way to cancel the rest."""
    words, specs = page["sweep"], flat(made.specs())
    at_work = [(run, i) for i, run in enumerate(have) if run is not None and run.status().active]
    if at_work:
        titled = [
            (name_of(page, made, i), run) for run, i in sorted(at_work, key=lambda item: item[0].status().state == "waiting")
        ]
        if batch(titled[:SHOWN], page["state"], key="experiments-sweep-batch", label=page["try.batch_label"]) is not None:
            rerun_part()
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            mine = {run.id for run in start.active()}
            if any(run.id in mine for run, _ in at_work):
                start.stop_button(words["cancel"], "experiments-sweep-cancel", [run for run, _ in at_work])
            done = sum(found.result(run) is not None for run in have)
            st.caption(words["progress"].format(done=done, count=made.count))
    elif not all(run is not None and (found.result(run) is not None or found.diverged(run)) for run in have):
        needed = start.missing(specs)
        each = start.say(page, (start.seconds(specs) or 0.0) / made.count)
        text = words["time"].format(
            count=made.count, new=len(needed), each=each, time=start.duration(page, needed), line=start.line(page)
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            again = any(run is not None for run in have)
            start.button(page, words["rest"] if again else words["run"], "experiments-sweep-run", lambda: _titled(page, made))
            page_parts.prose(text if needed else page["try.no_time"])
        limits = runs.limits()
        st.caption(words["limits"].format(most=min(MOST_RUNS, limits.sweep), steps=f"{limits.steps:,}"))
    start.problem(page, _titled(page, made), "sweep")


def _titled(page: Page, made: Sweep) -> list[RunSpec]:
    """The runs under names by which they can be told apart in the list on Pre-training."""
    title = page["sweep.run_title"]
    return [replace(spec, title=title.format(name=name_of(page, made, i))) for i, spec in enumerate(flat(made.specs()))]


def _cells(page: Page, made: Sweep) -> str:
    """What a cell is."""
    return page["sweep.cells"].format(unit=page["unit"][made.measure])


def _values(made: Sweep, have: list[Run | None]) -> np.ndarray:
    """(rows, columns) results; NaN where there is none yet."""
    numbers = [found.result(run, made.measure) for run in have]
    grid = np.array([math.nan if number is None else number for number in numbers], dtype=np.float64)
    return grid.reshape(len(made.first_values), len(made.second_values))


def _map(page: Page, made: Sweep, have: list[Run | None]) -> None:
    words, grid = page["sweep"], _values(made, have)
    rows = [value_name(page, made.first, value) for value in made.first_values]
    columns = [value_name(page, made.second, value) for value in made.second_values]
    unit = page["unit"][made.measure]
    names = {"first": words["knob"][made.first], "second": words["knob"][made.second], "unit": unit}
    known = grid[np.isfinite(grid)]
    if not len(known):  # no scale of colours before there is a number
        _awaited(rows, columns, f"{names['first']} ↓ · {names['second']} →")
        return
    best, worst = float(known.min()), float(known.max())
    matrix(
        grid, rows, columns, key="experiments-sweep-matrix", label=words["label"].format(**names),
        words=words["cell"].format(**names), empty_words=words["empty"].format(**names),
        hint=words["hint"],
        rows_are=names["first"], columns_are=names["second"], numbers=True,
        floor=best, limit=max(worst, best + 1e-3),
    )  # fmt: skip


def _awaited(rows: list[str], columns: list[str], corner: str) -> None:
    """The cells that are to be filled, as a table."""
    lines = [f"| {corner} | {' | '.join(columns)} |", "|-" * (len(columns) + 1) + "|"]
    lines += [f"| **{row}** | {' | '.join('·' for _ in columns)} |" for row in rows]
    st.markdown("\n".join(lines))


def name_of(page: Page, made: Sweep, place: int) -> str:
    """A run by its two values."""
    row, column = divmod(place, len(made.second_values))
    words = page["sweep"]["knob"]
    first = value_name(page, made.first, made.first_values[row])
    second = value_name(page, made.second, made.second_values[column])
    return f"{words[made.first]} {first}, {words[made.second]} {second}"


def _found(page: Page, made: Sweep, have: list[Run | None]) -> None:
    """The best and the worst so far, and what each knob does on average; only what was measured."""
    words, grid = page["sweep"], _values(made, have)
    done = int(np.isfinite(grid).sum())
    if done < 2:
        page_parts.prose(words["nothing"])
        return
    best, worst = int(np.nanargmin(grid)), int(np.nanargmax(grid))
    unit, values = page["unit"][made.measure], grid.ravel()
    page_parts.prose(
        words["best"].format(
            best=plain(name_of(page, made, best)), best_value=f"{values[best]:.3f}", unit=unit,
            worst=plain(name_of(page, made, worst)), worst_value=f"{values[worst]:.3f}", done=done, count=made.count,
        )
    )  # fmt: skip
    if done == made.count:
        spans = [float(np.ptp(grid.mean(axis=axis))) for axis in (1, 0)]
        for knob, span in zip((made.first, made.second), spans, strict=True):
            page_parts.prose(words["span"].format(knob=words["knob"][knob], span=f"{span:.3f}"))
    lost = sum(found.diverged(run) for run in have)
    if lost:
        page_parts.prose(words["diverged"].format(n=lost))
    if "seed" not in (made.first, made.second):
        page_parts.prose(words["noise"])


def _ask(page: Page, made: Sweep, have: list[Run | None]) -> None:
    """Which knob matters more? Answered by the averages, once all runs are done."""
    words, grid = page["sweep"], _values(made, have)
    names = [words["knob"][knob] for knob in (made.first, made.second)]
    whole = bool(np.isfinite(grid).all())
    spans = [float(np.ptp(grid.mean(axis=axis))) for axis in (1, 0)] if whole else [0.0, 0.0]
    asked = {"question": words["question"].format(first=names[0], second=names[1]), "options": names}
    filled = Page(page.slug, {**page.words, "ask-sweep": asked}, page.reading)
    text = words["reveal"] if whole else words["waiting"]
    said = text.format(first=names[0], second=names[1], a=f"{spans[0]:.3f}", b=f"{spans[1]:.3f}", unit=page["unit"][made.measure])
    page_parts.predict(filled, "ask-sweep", int(spans[1] > spans[0]) if whole else None, said)


def _curves(page: Page, made: Sweep, have: list[Run | None]) -> None:
    curves = [Curve.of(run, name_of(page, made, i)) for i, run in enumerate(have) if run is not None]
    live_chart(curves, key="experiments-sweep-chart", label=page["sweep.curves_label"], height=300)


def _take_away(page: Page, made: Sweep, have: list[Run | None]) -> None:
    st.caption(page["try.provenance"])
    places = [divmod(i, len(made.second_values)) for i in range(made.count)]
    rows = [
        [made.first_values[r], made.second_values[c], *_row(run)] for (r, c), run in zip(places, have, strict=True)
    ]  # fmt: skip
    header = [made.first, made.second, "state", "validation loss", "bits per byte", "steps", "seconds"]
    page_parts.take_away(page, "sweep", header=header, rows=rows, code=snippets.sweep_code(made))


def _row(run: Run | None) -> list[object]:
    if run is None:
        return ["", "", "", "", ""]
    status, meta = run.status(), run.meta()
    return [status.state, meta.get("val_loss", ""), meta.get("bits_per_byte", ""), status.step, round(status.seconds, 1)]
