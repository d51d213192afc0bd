"""The cards of the Decoding page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llm.sampling import REMOVED_BY, Choice, as_logits, softmax
from ui import cached_decoding as computed
from ui import page as page_parts
from ui import snippets_decoding as snippets
from ui.components.decode import decode_panel
from ui.components.textline import textline
from ui.decoding import settings as decoding_settings
from ui.decoding import text as decoding_text
from ui.decoding.text import GrowingText
from ui.page import Page
from ui.tokens import Chip, chips

LINE, PANEL, TREE = "decoding-line", "decoding-panel", "decoding-tree"
COMPONENTS = (LINE, PANEL, TREE)
HEADER = ["id", "token", "logit", "after penalty", "after temperature", "removed by", "own probability", "probability"]
RANDOMS = 24  # random numbers that the panel has at hand for "draw again"


def obey(text: GrowingText) -> None:
    """Do what the components ask for, before anything is drawn, and put the outcome into the link."""
    act = decoding_text.new_act(PANEL)
    if act is not None:
        text.settings = decoding_settings.from_dict(act.get("values") or {}, text.settings)
        if act["kind"] == "draw":
            text.draw()
        elif act["kind"] == "choose":
            text.choose(int(act["id"]))
    act = decoding_text.new_act(LINE)
    if act is not None:
        if act["kind"] == "draw":
            text.draw(min(10, int(act.get("count", 1))))
        elif act["kind"] == "rewind":
            text.rewind(int(act["keep"]))
        elif act["kind"] == "greedy":
            decoding_text.toggle_greedy(text)
    branch = decoding_text.new_act(TREE)
    if branch is not None:
        text.take_branch([int(i) for i in branch["ids"]])
    decoding_text.keep(text, in_link=act is None or not act.get("playing"))
    with st.container(key="hidden-decoding-address"):
        for key in (decoding_text.ADDRESS, decoding_text.CHOSEN_IDS):
            st.text_input(key, key=key, bind="query-params")


def text_card(page: Page, text: GrowingText, view: str) -> None:
    """The text so far, with what lets it grow and go back. ``view`` is what stands below."""
    words, now = page["text"], text.reading
    shown = text_chips(text)
    outside = computed.unseen(now.config, len(text.ids))
    hint = words["hint" if text.chosen else "empty_hint" if view == "token" else "empty_hint_elsewhere"]
    if text.ended:
        hint = words["ended"].format(token=shown[-1].text)
    with page_parts.card("decoding-text", words["title"]):
        textline(
            shown,
            [c.own for c in text.chosen],
            [short(c.own) for c in text.chosen],
            _chip_words(words, text, shown, outside),
            key=LINE,
            label=words["label"].format(prompt=len(now.ids), chosen=len(text.chosen)),
            hint=hint,
            buttons=words["buttons"],
            outside=outside,
            ended=text.ended,
            full=text.full,
            greedy=text.settings.temperature == 0,
            sentence=now.scope,
        )
        use_text(page, text)
        if outside:
            page_parts.prose(words["outside"], context=now.config.context_length, count=len(text.ids), gone=outside)
        if text.full:
            page_parts.prose(words["full"], count=len(text.chosen))


def use_text(page: Page, text: GrowingText) -> None:
    """A button that makes the grown text the sentence of all pages."""
    words = page["text"]
    if not text.chosen:
        return
    icon = ":material/edit_note:"
    adopt = decoding_text.adopt
    st.button(words["use"], help=words["use_help"], icon=icon, key="decoding-use", type="tertiary", on_click=adopt, args=(text,))


def one_token(page: Page, text: GrowingText) -> None:
    """The panel: one choice, from logits to the draw."""
    words, now = page["panel"], text.reading
    logits = computed.next_logits(*text.key)
    choice = computed.next_choice(*text.key, text.settings.sampling, text.number)
    with page_parts.card("decoding-panel", words["title"]):
        decode_panel(
            logits,
            computed.shown_texts(now.model_id, logits, set(text.ids), [choice.token_id]),
            key=PANEL,
            label=words["label"],
            name=page_parts.hash_key(repr(text.key)),
            seen=text.ids,
            randoms=computed.randoms(text.settings.seed, text.number, RANDOMS),
            values=text.settings.to_dict(),
            ack=decoding_text.done(PANEL),
            words=words,
            sentence=now.scope,
        )
        page_parts.provenance(now)
        page_parts.take_away(page, "choice", header=HEADER, rows=_rows(now.tokenizer, choice), code=snippets.choice_code(text))


def _rows(tokenizer: Any, choice: Choice, most: int = computed.MOST_SHOWN) -> list[tuple]:
    """The best tokens with every stage of the choice."""
    own = softmax(choice.logits)
    stages = (choice.logits, choice.penalised, choice.scaled)
    return [
        (i, computed.text_of(tokenizer, i), *(float(s[i]) for s in stages),
         REMOVED_BY[choice.removed_by[i]], float(own[i]), float(choice.probabilities[i]))
        for i in map(int, choice.order[:most])
    ]  # fmt: skip


def text_chips(text: GrowingText) -> tuple[Chip, ...]:
    """Chips of prompt and chosen tokens."""
    tokenizer = text.reading.tokenizer
    known = chips(tokenizer, [i for i in text.ids if i < tokenizer.vocab_size])
    if len(known) == len(text.ids):
        return known
    # a padded vocabulary: ids that no text has
    return tuple(Chip(f"#{i}", i, n, n, 1) for n, i in enumerate(text.ids))


def _chip_words(words: dict, text: GrowingText, shown: tuple[Chip, ...], outside: int) -> list[str]:
    prompt = len(text.reading.ids)
    lines = []
    for i, chip in enumerate(shown):
        if i < outside:
            lines.append(words["outside_word"].format(token=chip.text, context=text.reading.config.context_length))
        elif i < prompt:
            lines.append(words["last_prompt_word" if i == prompt - 1 and text.chosen else "prompt_word"].format(token=chip.text))
        else:
            c = text.chosen[i - prompt]
            chance = "" if c.chance is None else words["chance"].format(chance=short(c.chance))
            lines.append(words["chosen_word"].format(token=chip.text, how=words["how"][c.how], own=short(c.own), chance=chance))
    return lines


def short(p: float) -> str:
    """A probability with the digits that matter."""
    if p == 0:
        return "0"
    return f"{p:.3f}" if p >= 0.00095 else f"{p:.4f}" if p >= 0.000095 else f"{p:.0e}".replace("e-0", "e-")


def best_at_temperatures(text: GrowingText) -> dict[str, float]:
    """The best token's probability at three temperatures, nothing cut."""
    logits = as_logits(computed.next_logits(*text.key))
    return {name: float(softmax(logits / t).max()) for name, t in (("cold", 0.5), ("one", 1.0), ("hot", 2.0))}


def masked_words(page: Page, text: GrowingText) -> str:
    """What a model that is not causal can show here."""
    return page["text.masked" if "[MASK]" in text.reading.tokenizer.special else "text.masked_without_blank"]
