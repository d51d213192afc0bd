"""Now break it: given the beginning of a training text, does the model go on with the rest of it?"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import streamlit as st

from llm.interpret.recited import ASKED, Recital
from ui import cached_memorised as computed
from ui import page as page_parts
from ui import snippets_memorised as snippets
from ui.text import plain

GIVEN = (5, 10, 20, 40)  # tokens


def recite_card(here: page_parts.Page) -> None:
    """How far training and held-out texts come back, side by side, and the one that came back furthest."""
    words, now = here["break"], here.reading
    most = now.config.context_length - ASKED
    options = [given for given in GIVEN if given <= most] or [max(1, most)]
    with page_parts.break_it(here):
        given = st.segmented_control(
            words["given"], options, key="memorised-given", format_func=lambda n: words["given_option"].format(n=n), wrap=True
        )  # fmt: skip
        if given is None:
            return
        train, held = computed.recited(now.model_id, now.step, given)
        if not train or not held:
            page_parts.prose(words["short"])
            return
        for column, part, name in zip(st.columns(2, gap="large"), (train, held), ("train", "held"), strict=True):
            with column:
                _part(here, part, words[name])
        further = _mean(train) - _mean(held)
        chance = 2 * math.hypot(_error(train), _error(held))
        page_parts.prose(words["more" if further > chance else "less" if further < -chance else "alike"])
        page_parts.provenance(now)
        rows = [[name, *_cut(here, one)] for part, name in ((train, words["train"]), (held, words["held"])) for one in part]
        code = snippets.recited_code(now, given)
        page_parts.take_away(here, "recited", header=["part", "given", "came back", "right"], rows=rows, code=code)


def _mean(part: Sequence[Recital]) -> float:
    return sum(one.right for one in part) / len(part)


def _error(part: Sequence[Recital]) -> float:
    """The standard error of the mean."""
    return statistics.stdev([one.right for one in part]) / math.sqrt(len(part)) if len(part) > 1 else math.inf


def _part(here: page_parts.Page, part: Sequence[Recital], title: str) -> None:
    words = here["break"]
    asked = part[0].asked
    st.metric(title, words["tokens"].format(mean=_mean(part)), help=words["help"].format(asked=asked, count=len(part)))
    furthest = max(part, key=lambda one: one.right)
    page_parts.prose(words["whole"], whole=sum(one.whole for one in part), count=len(part), most=furthest.right)
    given, right, _ = _cut(here, furthest)
    st.markdown(f":gray[{_line(given)}]{_line(right)} …")


def _cut(here: page_parts.Page, one: Recital) -> tuple[str, str, int]:
    """The given text, what came back of the rest, and how many tokens that are."""
    decode, end = here.reading.tokenizer.decode, one.given + one.right
    given, both = decode(one.ids[: one.given]), decode(one.ids[:end])
    return given, both[len(given) :], one.right


def _line(text: str) -> str:
    return plain(" ".join(text.splitlines()) if "\n" in text else text)
