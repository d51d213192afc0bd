"""One text in six tokenizers: chips, ids, bytes, counts, relative cost, and what is unknown."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import cached_tokenization as computed
from ui import page as page_parts
from ui import snippets_tokenization as snippets
from ui.components.cuts import Cut, cuts
from ui.page import Page
from ui.text import plain
from ui.tokenization.rows import TextCut, chip_text, sizes
from ui.tokenization.text import set_own, text_box

INVENTED = "glimmerfrog"
_HEADER = ("tokenizer", "position", "token", "id", "bytes", "known", "first byte", "end")


def show(page: Page) -> None:
    """The view."""
    now = page.reading
    left, right = st.columns([1.75, 1], gap="medium")
    with left, page_parts.card("tokenization-cut", page["cut.title"], page["cut.text"]):
        text = text_box(page, "cut")
        made = {row: computed.cut(row, now.model_id, text) for row in computed.ROWS}
        length = sizes(text)
        template = page["cut.length_signs" if length["signs"] != length["characters"] else "cut.length"]
        st.caption(template.format(**{name: f"{n:,}" for name, n in length.items()}))
        shown = [row_of(page, row, cut, made["gpt4"].count, length) for row, cut in made.items()]
        cuts(shown, key="tokenization-cuts", label=page["cut.label"], words=page["cut.words"])
        st.caption(page["cut.provenance"].format(own=plain(computed.own_bpe(now.model_id)[0])))
        page_parts.take_away(page, "cut", header=_HEADER, rows=_table(page, made), code=snippets.cut_code(now.model_id, text))
    with right:
        invented = {row: computed.cut(row, now.model_id, INVENTED).count for row in ("char", "gpt2", "gpt4")}
        page_parts.predict(page, "ask_cut", 1, page["ask_cut.reveal"], **invented)
        with page_parts.card("tokenization-cost", page["cost.title"], page["cost.text"]):
            _cost(page, made["gpt2"].count, made["gpt4"].count, length["characters"])
            page_parts.prose(page["cost.two"])
        _break(page)


def row_of(page: Page, row: str, cut: TextCut, gpt4: int, length: dict[str, int]) -> Cut:
    """A row for the picture; ``gpt4`` is the count to compare with, ``length`` what ``sizes`` says of the text."""
    now = page.reading
    each = {unit: f"{length[unit] / max(1, cut.count):.1f}" for unit in ("characters", "bytes")}
    return Cut(
        name=page[f"cut.names.{row}"],
        about=page["cut.entries"].format(n=f"{cut.vocab_size:,}"),
        mark=page["cut.reads"] if computed.reads(row, now.model_id) else "",
        tokens=cut.chips,
        count=cut.count,
        relative=cut.count / max(1, gpt4),
        fact=page["cut.each"].format(**each),
        note=_unknown(page, row, cut) if cut.unknown else "",
    )


def _unknown(page: Page, row: str, cut: TextCut, most: int = 6) -> str:
    """Which pieces are not in the vocabulary, and what decoding gives back."""
    pieces = ", ".join(
        f"\u2068“{chip_text(piece)}”\u2069" for piece in cut.unknown[:most]
    )  # kept apart: one may be read from the right
    if len(cut.unknown) > most:
        pieces += " " + page["cut.more_pieces"].format(n=len(cut.unknown) - most)
    first = [chip.id for chip in cut.chips[:24]]
    decoded = computed.tokenizer_of(row, page.reading.model_id).decode(first)
    return page["cut.note"].format(pieces=pieces, decoded=decoded + ("…" if cut.count > len(first) else ""))


def _table(page: Page, made: dict[str, TextCut]) -> list[list[Any]]:
    return [
        [page[f"cut.names.{row}"], i + 1, chip.text, chip.id, chip.hex, chip.known, chip.start, chip.end]
        for row, cut in made.items()
        for i, chip in enumerate(cut.chips)
    ]


def _cost(page: Page, gpt2: int, gpt4: int, characters: int) -> None:
    """The two ratios, with the numbers of this text."""
    if gpt4:
        st.latex(page["cost.relative"].format(gpt2=gpt2, gpt4=gpt4, x=f"{gpt2 / gpt4:.2f}"))
        st.latex(page["cost.per_token"].format(characters=characters, gpt4=gpt4, x=f"{characters / gpt4:.2f}"))


def _break(page: Page) -> None:
    """Texts that show something surprising, each with a button that puts it into the box."""
    tries: list[dict[str, str]] = page["break.tries"]
    tried = st.session_state.get("tokenization-tried")
    with page_parts.break_it(page):
        with st.container(horizontal=True, gap="small"):
            for i, each in enumerate(tries):
                st.button(each["label"], key=f"tokenization-try-{i}", on_click=_try, args=(i, each["text"]))
        if tried is not None:
            page_parts.prose(tries[tried]["says"])


def _try(number: int, text: str) -> None:
    set_own(text)
    st.session_state["tokenization-tried"] = number
