"""Now break it: the same weights with every token at the same place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from llm.interpret.comparison import top_changes
from ui import cached
from ui import cached_positions as computed
from ui import page as page_parts
from ui import snippets_positions as snippets
from ui.components.before_after import before_after
from ui.components.ledger import Line, ledger, spans
from ui.numbers import digits
from ui.page import Page
from ui.tokens import token_label

LITTLE, MUCH = 0.1, 1.0  # nats: where the answers of the question end


def show(page: Page) -> None:
    """First the question, then the next token and the loss with places and without."""
    words, now = page["break"], page.reading
    with page_parts.break_it(page):
        if now.config.position == "none":
            page_parts.prose(words["none"])
            return
        left, right = st.columns([1, 1.55], gap="large")
        seen = computed.without_places(now.model_id, now.step, now.ids)
        with left:
            page_parts.prose(words[now.config.position])
            page_parts.prose(words["left_causal" if now.config.causal else "left_open"])
        with right:
            if not _asked(page, seen):
                return
            _bars(page, seen)
        with left:
            _losses(words, seen)


def _asked(page: Page, seen: computed.Placeless) -> bool:
    """Whether the reader has said how much the loss will grow; without text to measure it on, whether the best token changes."""
    if math.isnan(seen.loss_before):
        changes = int(seen.before.argmax() == seen.after.argmax())
        return page_parts.predict(page, "gone_best", changes, page["gone_best.reveal"])
    rise = seen.loss_after - seen.loss_before
    answer = 0 if rise < LITTLE else 1 if rise < MUCH else 2
    reveal, without = page["gone.reveal"], computed.family().get("none")
    if without is None:
        return page_parts.predict(page, "gone", answer, reveal, rise=rise)
    known = float(cached.model_info(without).meta["val_loss"])
    return page_parts.predict(page, "gone", answer, f"{reveal} {page['gone.family']}", rise=rise, none=known)


def _losses(words: Mapping[str, Any], seen: computed.Placeless) -> None:
    if math.isnan(seen.loss_before):
        return
    rows = [(words["before"], seen.loss_before), (words["after"], seen.loss_after)]
    ledger(
        [Line(((name, ""),), digits(value)) for name, value in rows],
        key="positions-losses-gone",
        sentence=((words["loss"], "strong"),),
    )


def _bars(page: Page, seen: computed.Placeless) -> None:
    words, now = page["break"], page.reading
    title = words["next"] if now.config.causal else words["blank"]
    shown = spans(title, token=(now.labels[seen.position], "strong"), place=str(seen.position + 1))
    ledger(key="positions-gone-title", sentence=shown)
    ids = top_changes(seen.before, seen.after)
    labels = [token_label(now.tokenizer, i) for i in ids]
    names = (words["before"], words["after"])
    before_after(labels, seen.before[ids], seen.after[ids], key="positions-gone", label=words["label"], names=names)
    page_parts.provenance(now)
    rows = [(label, float(seen.before[i]), float(seen.after[i])) for label, i in zip(labels, ids, strict=True)]
    code = snippets.gone_code(now, seen.position)
    page_parts.take_away(page, "gone", header=["token", "before", "after"], rows=rows, code=code)
