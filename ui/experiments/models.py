"""Which two models are compared: the bench's, and another one or another step of the same."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui import cached, run_models
from ui import cached_experiments as computed
from ui import page as page_parts
from ui.experiments import address
from ui.page import Page
from ui.pretraining import differences
from ui.pretraining.subject import reading_in
from ui.state import Reading
from ui.text import load, plain

OTHER, STEP = "with", "with_step"  # names in the address


@dataclass(frozen=True)
class Pair:
    """The bench's sentence in both models; ``a`` is the bench's."""

    page: Page
    a: Reading
    b: Reading

    @property
    def alike(self) -> bool:
        """Whether both cut the sentence into the same tokens."""
        return computed.same_tokens(self.a, self.b)

    @property
    def names(self) -> tuple[str, str]:
        """What they are called in figures: their step, too, where both are one model."""
        words = self.page["pair"]
        a, b = self.a.info.title, self.b.info.title
        if self.a.model_id == self.b.model_id:
            at = words["at"]
            a, b = (at.format(name=r.info.title, step=f"{r.shown_step:,}") for r in (self.a, self.b))
        return words["a"].format(name=a), words["b"].format(name=b)

    @property
    def key(self) -> str:
        """For keys of figures."""
        return page_parts.hash_key(repr((self.a.model_id, self.a.step, self.b.model_id, self.b.step, self.a.ids, self.b.ids)))


def choose(page: Page) -> Pair:
    """The other model and its step, and what sets both apart."""
    words, here = page["pair"], page.reading
    with page_parts.card("experiments-pair"):
        first, second, third = st.columns([1, 1.2, 1.5], gap="medium", vertical_alignment="bottom")
        with first:
            st.caption(words["first"])
            st.markdown(f"**{plain(here.info.title)}** · {words['step'].format(n=f'{here.shown_step:,}')}")
        listed = (*cached.models(), *run_models.listed(here.model_id), *run_models.listed(address.get(OTHER)))
        titles = run_models.distinct({info.id: info.title for info in listed})
        ids = list(titles)
        other = _other(here, ids)
        key = "experiments-other"
        if st.session_state.get(key) != other:
            st.session_state[key] = other
        with second:
            st.selectbox(
                words["second"], ids, key=key, format_func=lambda i: titles.get(i, i),
                on_change=lambda: address.put(**{OTHER: st.session_state[key], STEP: ""}),
            )  # fmt: skip
        with third:
            step = _step(page, other)
        b = reading_in(here, other, step)
        _differences(page, here, b)
    return Pair(page, here, b)


def _other(here: Reading, ids: list[str]) -> str:
    """The model in the address; else a step of the bench's own, where it has some, or else another one."""
    wanted = address.get(OTHER)
    if wanted in ids:
        return wanted
    if len(here.info.steps) > 1:
        return here.model_id
    return next((i for i in ids if i != here.model_id), here.model_id)


def _step(page: Page, model_id: str) -> int | None:
    """The other model's training step."""
    words, info = page["pair"], cached.model_info(model_id)
    if len(info.steps) < 2:
        st.caption(words["no_steps"])
        return info.steps[-1] if info.kind == "run" else None
    wanted = address.get(STEP)
    known = {str(step): step for step in info.steps}
    last = info.steps[-1]
    first = _half_way(info.steps) if model_id == page.reading.model_id and page.reading.shown_step == last else last
    step = known.get(wanted, first)
    key = f"experiments-step-{model_id}"
    if st.session_state.get(key) != step:
        st.session_state[key] = step
    st.select_slider(
        words["other_step"], info.steps, key=key, format_func=lambda n: f"{n:,}",
        on_change=lambda: address.put(**{OTHER: model_id, STEP: str(st.session_state[key])}),
    )  # fmt: skip
    return None if step == last and info.kind != "run" else step  # a run's newest weights change: it is asked for by number


def _half_way(steps: tuple[int, ...]) -> int:
    """A step early enough to look different: at a twentieth of training."""
    return min(steps, key=lambda step: abs(step - steps[-1] / 20))


def _differences(page: Page, a: Reading, b: Reading) -> None:
    """What their configurations differ in, and whether they may be compared token by token."""
    words, fields = page["pair"], load("pretraining")
    first, second = (reading.config.to_dict() | {"d_mlp": reading.config.mlp_width} for reading in (a, b))
    skipped = {*differences.SILENT, "seed", "vocab_size"} - {"causal"}
    other = [name for name in first if name not in skipped and first[name] != second[name]]

    def told(values: dict) -> str:
        labels = fields["field"] | {"causal": words["causal"]}
        return ", ".join(plain(differences.said(name, values[name], labels, fields["option"])) for name in other)

    if a.model_id == b.model_id:
        text = words["one_model"] if a.shown_step != b.shown_step else words["the_same"]
    elif other:
        text = words["differ"].format(a=told(first), b=told(second))
    else:
        text = words["alike"]
    page_parts.prose(text)
    page_parts.prose(words["same_tokens" if computed.same_tokens(a, b) else "other_tokens"])


def provenance(pair: Pair) -> None:
    """The small line under a figure: which weights made its numbers."""
    words = pair.page["pair"]
    st.caption(words["provenance"].format(a=pair.a.provenance, b=pair.b.provenance))
