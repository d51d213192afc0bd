"""One-click experiments: the question, the button, two curves that grow over each other, and what was measured."""

from __future__ import annotations

import math
from dataclasses import replace

import streamlit as st

from llm.experiments import BETTER, BITS, EXPERIMENTS, SAME, WORSE
from llm.runs.models import model_id
from llm.runs.spec import RunSpec
from llm.runs.store import Run
from ui import page as page_parts
from ui import snippets_experiments as snippets
from ui import state
from ui.components.batch import batch
from ui.components.live_chart import Curve, Line, live_chart
from ui.components.signed import Bar, signed_bars
from ui.experiments import address, found, models, start
from ui.experiments.trio import Trio, trio
from ui.experiments.written import written
from ui.page import Page, rerun_part
from ui.pretraining import differences
from ui.pretraining.facts import facts
from ui.text import load, plain

GROUPS = {
    "parts": (
        "no_positions",
        "one_head",
        "one_layer",
        "no_residual",
        "no_norm",
        "post_norm",
        "tiny_mlp",
        "untied",
        "large_start",
    ),
    "training": ("fast", "slow", "batch_one", "dropout"),
    "text": ("little_text", "shuffled", "characters"),
}
TRY = "try"
WIDE = [1.55, 1]
VERDICTS = (WORSE, SAME, BETTER)  # in the order of the options


def show(page: Page) -> None:
    """The choice, and the chosen experiment."""
    _choose(page)
    _experiment(page, _chosen())


def _chosen() -> str:
    wanted = address.get(TRY)
    return wanted if wanted in EXPERIMENTS else next(iter(EXPERIMENTS))


def _choose(page: Page) -> None:
    """All experiments in three rows; choosing in one row is choosing in all."""
    words, chosen = page["try"], _chosen()
    with page_parts.card("experiments-choose"):
        for group, names in GROUPS.items():
            key = f"experiments-group-{group}"
            wanted = chosen if chosen in names else None
            if st.session_state.get(key) != wanted:
                st.session_state[key] = wanted
            with st.container(key=f"experiments-row-{group}", horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f":small[:gray[{words['group'][group]}]]", width=110)
                st.pills(
                    words["group"][group], names, key=key, format_func=lambda name: words[name]["name"],
                    label_visibility="collapsed", wrap=True, on_change=_pressed, args=(key,),
                )  # fmt: skip


def _pressed(key: str) -> None:
    if st.session_state[key]:  # a second press on the chosen one takes nothing away
        address.put(**{TRY: st.session_state[key]})


@st.fragment
def _experiment(page: Page, name: str) -> None:
    """Everything about one experiment; the end of a run draws only this again."""
    now, title = trio(name), page["try"][name]["title"]
    _ask(page, now)
    left, right = st.columns(WIDE, gap="medium") if now.started else (st.container(), None)
    with left, page_parts.card(f"experiments-{name}", title):
        _change(page, now)
        _run(page, now)
        if now.started:
            _curves(page, now)
    if right is not None:
        with right:
            _measured(page, now)
            _samples(page, now)
            _compare(page, now)


def _change(page: Page, now: Trio) -> None:
    """What is trained, and the one thing that differs."""
    fields = load("pretraining")
    base, changed, _ = now.experiment.specs
    compared = differences.compare([base, changed])
    told = [", ".join(plain(each) for each in _chips(values, fields)) for values in compared.each]
    told = told if all(told) else _sizes(page, now)
    train = base.train_config()
    words = page["try"]
    page_parts.prose(words["change"].format(before=told[0], after=told[1]))
    model = base.model_config(1)
    st.caption(
        words["rest"].format(
            source=plain(base.data.label), layers=model.n_layers, heads=model.n_heads, width=model.d_model,
            context=model.context_length, steps=f"{train.steps:,}", batch=train.batch_size, rate=f"{train.learning_rate:g}",
        )
    )  # fmt: skip


def _chips(values: differences.Values, fields: dict) -> list[str]:
    return differences.chips(values, fields["field"] | {"source": fields["field"]["source"]}, fields["option"])


def _sizes(page: Page, now: Trio) -> list[str]:
    """The amount of text, which the comparison of settings does not name."""
    words = page["try"]
    return [words["characters_of"].format(n=f"{spec.data.size:,}") for spec in now.experiment.specs[:2]]


def _run(page: Page, now: Trio) -> None:
    """The button with how long it takes; while it trains, how each run stands and a way to stop."""
    words, specs = page["try"], now.experiment.specs
    key = f"experiments-{now.name}"
    if not now.started or (now.broken_off and not now.training):
        needed = start.missing(specs)
        with st.container(key="experiments-go", horizontal=True, vertical_alignment="center", gap="medium"):
            start.button(page, words["again"] if now.started else words["run"], f"{key}-run", lambda: _titled(page, now))
            time_, line = start.duration(page, needed), start.line(page)
            page_parts.prose(words["time"].format(n=len(needed), time=time_, line=line) if needed else words["no_time"])
    elif now.training:
        titled = [(words["series"][i], run) for i, run in enumerate(now.runs) if run is not None]
        with st.container(key="experiments-going", gap="small"):
            if batch(titled, page["state"], key=f"{key}-batch", label=words["batch_label"]) is not None:
                rerun_part()
            _stop(page, now.there, key)
    start.problem(page, _titled(page, now), now.name)


def _compare(page: Page, now: Trio) -> None:
    """Both models on the bench's sentence, in the other view."""
    base, changed, _ = now.runs
    if base is None or changed is None or not (base.opens and changed.opens):
        return
    ids = model_id(base), model_id(changed)
    if st.button(page["try.compare"], key=f"experiments-{now.name}-compare", on_click=_open_pair, args=(page.slug, *ids)):
        st.rerun()  # all of the page: the bench shows the other model


def _open_pair(slug: str, first: str, second: str) -> None:
    """The view of two models, with these two."""
    st.session_state[state.MODEL], st.session_state[state.STEP] = first, ""
    st.session_state[f"{slug}-view"], st.session_state[f"{slug}-view-pressed"] = "pair", True
    address.put(**{models.OTHER: second, models.STEP: ""})


def _titled(page: Page, now: Trio) -> list[RunSpec]:
    """The runs under names by which they can be told apart in the list on Pre-training."""
    words = page["try"]
    source, name = now.experiment.base.data.label, words[now.name]["name"]
    titles = [title.format(source=source, name=name) for title in words["titles"]]
    return [replace(spec, title=title) for spec, title in zip(now.experiment.specs, titles, strict=True)]


def _stop(page: Page, some: list[Run], key: str) -> None:
    """A stop button, for those whose runs they are."""
    mine = {run.id for run in start.active()}
    if any(run.id in mine for run in some):
        start.stop_button(page["start.stop"], f"{key}-stop", some)
    else:
        st.caption(page["start.foreign"])


def _curves(page: Page, now: Trio) -> None:
    """The three curves, with the cost of guessing."""
    words = page["try"]
    curves = [Curve.of(run, words["series"][i]) for i, run in enumerate(now.runs) if run is not None]
    known = facts(now.there[0])
    told = words["guess"].format(loss=f"{known.guess:.2f}", v=f"{known.vocab_size:,}")
    guess = [Line(known.guess, told)] if known.exact else []
    live_chart(curves, key=f"experiments-{now.name}-chart", label=words["chart_label"], lines=guess, height=400)
    if now.experiment.measure == BITS:
        st.caption(words["no_race"])
    _take_away(page, now)


def _ask(page: Page, now: Trio) -> None:
    """The question; the answer is what this run measured."""
    words, outcome = page["try"], now.outcome
    own = words[now.name]
    asked = {"question": own["question"], "options": own.get("options", words["options"])}
    filled = Page(page.slug, {**page.words, f"ask-{now.name}": asked}, page.reading)
    answer = None if outcome is None else VERDICTS.index(outcome.verdict)
    page_parts.predict(filled, f"ask-{now.name}", answer, _reveal(page, now))


def _reveal(page: Page, now: Trio) -> str:
    """What was measured, whether that was to be expected, and why."""
    words, outcome = page["try"], now.outcome
    if outcome is None:
        return words["waiting"] if now.training else words["press"]
    own, unit = words[now.name], page["unit"][now.experiment.measure]
    if math.isinf(outcome.changed):
        said = words["diverged"].format(message=plain(now.runs[1].status().message), base=f"{outcome.base:.3f}", unit=unit)
    else:
        said = words["said"][outcome.verdict].format(
            base=f"{outcome.base:.3f}", changed=f"{outcome.changed:.3f}", apart=f"{abs(outcome.difference):.3f}",
            seeds=f"{outcome.seeds_apart:.3f}", noise=f"{outcome.noise:.3f}", unit=unit,
        )  # fmt: skip
    said += _jump(page, now)
    expected = "" if outcome.verdict == own["expected"] else f" {words['unexpected'][own['expected']]}"
    return f"{said}{expected} {own['why']}"


def _jump(page: Page, now: Trio) -> str:
    """That the changed run was far above guessing on its way and came back, where it was."""
    known, changed = facts(now.runs[1]), now.runs[1]
    if found.diverged(changed) or not known.exact:
        return ""
    high = found.above(changed, known.guess)
    if not high:
        return ""
    top = max(high, key=lambda row: row["loss"])
    return " " + page["try.jump"].format(
        n=f"{len(high):,}", first=f"{high[0]['step']:,}", guess=f"{known.guess:.2f}", top=f"{top['loss']:.2f}"
    )


def _measured(page: Page, now: Trio) -> None:
    """The three results as bars, and what else sets the runs apart."""
    words, outcome = page["try"], now.outcome
    unit = page["unit"][now.experiment.measure]
    if outcome is None:
        return
    with page_parts.card(f"experiments-{now.name}-measured", words["measured"], words["measured_in"].format(unit=unit)):
        numbers = (outcome.base, outcome.changed, outcome.twin)
        bars = [Bar(words["series"][i], value) for i, value in enumerate(numbers) if math.isfinite(value)]
        signed_bars(bars, key=f"experiments-{now.name}-bars", label=words["measured_label"], plus=False)
        rows = [_facts(run) for run in now.runs]
        heads = words["heads"]
        lines = [f"| | {' | '.join(words['short'])} |", "|-|-|-|-|"]
        lines += [f"| {heads[i]} | {' | '.join(row[i] for row in rows)} |" for i in range(len(heads))]
        st.markdown("\n".join(lines))
        if any(_ended_early(run) for run in now.there):
            st.caption(words["early"])


def _ended_early(run: Run) -> bool:
    """Whether its time was over before its steps were: then it had less training than the others."""
    status = run.status()
    return status.state == "done" and status.step < (run.spec.train_config().steps or 0)


def _facts(run: Run | None) -> list[str]:
    """Training loss, validation loss, steps and seconds of one run."""
    if run is None:
        return ["–"] * 4
    meta, status = run.meta(), run.status()
    losses = [f"{meta[name]:.3f}" if isinstance(meta.get(name), (int, float)) else "–" for name in ("train_loss", "val_loss")]
    return [*losses, f"{status.step:,}", f"{status.seconds:.0f} s"]


def _samples(page: Page, now: Trio) -> None:
    """What the unchanged and the changed run write."""
    words = page["try"]
    made = [run.samples()[-1:] if run is not None else [] for run in now.runs[:2]]
    if not any(made):
        return
    with page_parts.card(f"experiments-{now.name}-samples", words["samples"]):
        for i, rows in enumerate(made):
            for row in rows:
                st.caption(words["sample_of"].format(name=words["series"][i], step=f"{row.get('step', 0):,}"))
                written(row.get("prompt", ""), row.get("text", ""), key=f"experiments-sample-{i}")


def _take_away(page: Page, now: Trio) -> None:
    names = page["try.series"]
    rows = [
        [names[i], row.get("step"), row.get("loss"), row.get("val_loss", ""), row.get("val_bits_per_byte", "")]
        for i, run in enumerate(now.runs) if run is not None for row in run.metrics(at_most=600)
    ]  # fmt: skip
    header = ["run", "step", "loss", "validation loss", "validation bits per byte"]
    st.caption(page["try.provenance"])
    page_parts.take_away(page, f"try-{now.name}", header=header, rows=rows, code=snippets.experiment_code(now.name))
