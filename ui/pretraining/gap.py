"""The gap between the loss on training text and on held-out text, at the shown step and over training."""

from __future__ import annotations

import math

import streamlit as st

from llm.interpret.gap import Gap
from ui import cached_memorised as computed
from ui import page as page_parts
from ui import snippets_memorised as snippets
from ui.components.chart import line_chart

SLIGHT = 2.0  # percent of the held-out loss


def gap_card(here: page_parts.Page, *, wide: bool = True) -> None:
    """Both losses with their difference, what it means, and the same at earlier steps."""
    words, now = here["gap"], here.reading
    with page_parts.card("memorised-gap", words["title"], words["caption"]):
        gap = computed.gap(now.model_id, now.step)
        left, right = st.columns(2, gap="large") if wide else (st.container(), st.container())
        with left:
            _losses(here, gap)
        with right:
            page_parts.prose(words["how"])
            steps = computed.gap_steps(now.model_id)
            ready = now.info.kind != "run"  # the steps of a run may still become more: it is measured when asked for
            if len(steps) > 1 and st.toggle(words["over"], ready, key=f"memorised-gap-over-{now.model_id}"):
                _over_training(here, steps)
        page_parts.provenance(now)
        rows = [[words["train"], gap.train.mean, gap.train.error], [words["val"], gap.val.mean, gap.val.error]]
        page_parts.take_away(here, "gap", header=["part", "loss", "standard error"], rows=rows, code=snippets.gap_code(now))


def _losses(here: page_parts.Page, gap: Gap) -> None:
    words = here["gap"]
    first, second, third = st.columns(3)
    said = words["help"].format(tokens=gap.train.tokens)
    first.metric(words["train"], f"{gap.train.mean:.3f}", help=said)
    second.metric(words["val"], f"{gap.val.mean:.3f}", help=said)
    error = "" if math.isnan(gap.error) else f"± {gap.error:.3f}"
    shown = f"{gap.difference:+.3f}".replace("-", "−")
    third.metric(words["difference"], shown, error, delta_color="off", delta_arrow="off", help=words["help_gap"])
    percent = 100 * gap.difference / gap.val.mean
    said = "none" if not gap.clear else "negative" if percent < 0 else "slight" if percent < SLIGHT else "clear"
    page_parts.prose(words[said], percent=percent)
    _in_other_units(here, gap)
    _seen(here)


def _in_other_units(here: page_parts.Page, gap: Gap) -> None:
    """Both losses as perplexity; the finished model's bits per byte too, which only a loss of next tokens has."""
    words, now = here["gap"], here.reading
    page_parts.prose(words["perplexity"], train=math.exp(gap.train.mean), val=math.exp(gap.val.mean))
    if not now.config.causal:
        page_parts.prose(words["masked"])
    elif (bits := now.info.meta.get("bits_per_byte")) is not None and now.step is None:
        page_parts.prose(words["bits"], bits=bits)


def _seen(here: page_parts.Page) -> None:
    """How often training went through its text, where the model's card knows."""
    meta = here.reading.info.meta
    tokens, train_tokens = meta.get("tokens"), meta.get("train_tokens")
    if not tokens or not train_tokens:
        return
    share = here.reading.shown_step / max(1, meta.get("step") or here.reading.shown_step)
    page_parts.prose(
        here["gap.seen"], epochs=share * tokens / train_tokens, train_tokens=train_tokens, parameters=here.reading.info.parameters
    )  # fmt: skip


def _over_training(here: page_parts.Page, steps: tuple[int, ...]) -> None:
    words, now = here["gap"], here.reading
    with st.spinner(words["measuring"].format(count=len(steps))):
        gaps = [computed.gap(now.model_id, step) for step in steps]
    line_chart(
        range(len(steps)), {words["train"]: [g.train.mean for g in gaps], words["val"]: [g.val.mean for g in gaps]},
        key="memorised-gap-chart", label=words["label"].format(count=len(steps)), x_title=words["axis"], x_word=words["word"],
        hint=words["hint"], hues=["accent", "key"], height=230, dots=True, x_labels=[f"{step:,}" for step in steps],
    )  # fmt: skip
