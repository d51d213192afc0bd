"""Two views of the Tokenization page: one text in six tokenizers, one sentence in ten languages."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import cached_tokenization as computed
from ui import page as page_parts
from ui import snippets_tokenization as snippets
from ui.components.cuts import Cut, cuts
from ui.components.languages import LanguageRow, languages
from ui.page import Page
from ui.tokenization_rows import TextCut, shorten, sizes
from ui.tokenization_text import set_own, text_box
from ui.tokens import visible

INVENTED = "glimmerfrog"


def show_cut(page: Page) -> None:
    """One text in six tokenizers."""
    now = page.reading
    left, right = st.columns([1.75, 1], gap="medium")
    with left, page_parts.card("tokenization-cut", page["cut.title"]):
        text = text_box(page, "cut")
        made = {row: computed.cut(row, now.model_id, text) for row in computed.ROWS}
        length = sizes(text)
        template = page["cut.length_signs" if length["signs"] != length["characters"] else "cut.length"]
        st.caption(template.format(**{name: f"{n:,}" for name, n in length.items()}))
        rows = [_row(page, row, made[row], made["gpt4"].count, text) for row in computed.ROWS]
        cuts(rows, key="tokenization-cuts", label=page["cut.label"], words=page["cut.words"])
        st.caption(page["cut.provenance"].format(own=computed.own_bpe(now.model_id)[0]))
        header = ["tokenizer", "position", "token", "id", "bytes", "known", "first byte", "end"]
        table = [
            [page[f"cut.names.{row}"], i + 1, chip.text, chip.id, chip.hex, chip.known, chip.start, chip.end]
            for row in computed.ROWS
            for i, chip in enumerate(made[row].chips)
        ]
        page_parts.take_away(page, "cut", header=header, rows=table, code=snippets.cut_code(now.model_id, text))
    with right:
        invented = {row: computed.cut(row, now.model_id, INVENTED).count for row in ("char", "gpt2", "gpt4")}
        page_parts.predict(page, "ask_cut", 1, page["ask_cut.reveal"], **invented)
        with page_parts.card("tokenization-cost", page["cost.title"]):
            page_parts.prose(page["cost.text"])
            _cost(page, made, length["characters"])
            page_parts.prose(page["cost.two"])
        _break_cut(page)


def _row(page: Page, row: str, cut: TextCut, gpt4: int, text: str) -> Cut:
    now = page.reading
    about = [page["cut.entries"].format(n=f"{cut.vocab_size:,}")]
    if computed.reads(row, now.model_id):
        about.append(page["cut.reads"].format(model=now.info.title))
    length = sizes(text)
    facts = [page[f"cut.{unit}"].format(x=f"{length[unit] / max(1, cut.count):.1f}") for unit in ("characters", "bytes")]
    note = ""
    if cut.unknown:
        shown = ", ".join(f"“{visible(shorten(piece))}”" for piece in cut.unknown[:6])
        if len(cut.unknown) > 6:
            shown += f" {page['cut.more_pieces'].format(n=len(cut.unknown) - 6)}"
        tokenizer = computed.tokenizer_of(row, now.model_id)
        decoded = visible(tokenizer.decode([chip.id for chip in cut.chips[:40]])) + ("…" if cut.count > 40 else "")
        note = page["cut.note"].format(pieces=shown, decoded=decoded)
    return Cut(
        name=page[f"cut.names.{row}"],
        about=" · ".join(about),
        tokens=cut.chips,
        count=cut.count,
        relative=cut.count / max(1, gpt4),
        facts=tuple(facts),
        note=note,
    )


def _cost(page: Page, made: dict[str, TextCut], characters: int) -> None:
    gpt2, gpt4 = made["gpt2"].count, made["gpt4"].count
    if gpt4:
        st.latex(
            page["cost.formula"].format(
                gpt2=gpt2, gpt4=gpt4, x=f"{gpt2 / gpt4:.2f}", characters=characters, per=f"{characters / gpt4:.2f}"
            )
        )


def _break_cut(page: Page) -> None:
    """Texts that show something surprising, each with a button that puts it into the box."""
    tries: list[dict[str, Any]] = page["break.tries"]
    tried = st.session_state.get("tokenization-tried")
    with page_parts.break_it(page):
        with st.container(horizontal=True):
            for i, each in enumerate(tries):
                st.button(each["label"], key=f"tokenization-try-{i}", on_click=_try, args=(i, each["text"]))
        if tried is not None and tried < len(tries):
            page_parts.prose(tries[tried]["says"])


def _try(number: int, text: str) -> None:
    set_own(text)
    st.session_state["tokenization-tried"] = number


def show_languages(page: Page) -> None:
    """One sentence in ten languages."""
    now = page.reading
    written: list[dict[str, str]] = page["languages.rows"]
    names = [page[f"cut.names.{row}"] for row in computed.PUBLISHED]
    rows = [
        LanguageRow(
            each["name"],
            each["code"],
            each["sentence"],
            tuple(computed.cut(row, now.model_id, each["sentence"]).count for row in computed.PUBLISHED),
        )
        for each in written
    ]
    english = next(i for i, row in enumerate(rows) if row.code == "en")
    left, right = st.columns([1.4, 1], gap="medium")
    with left, page_parts.card("tokenization-languages", page["languages.title"], page["languages.text"]):
        picked = languages(
            rows,
            names,
            key="tokenization-language",
            label=page["languages.label"],
            picked=_hindi(rows),
            base=english,
            words=page["languages.words"],
        )
        st.caption(page["languages.provenance"])
        table = [[row.name, row.sentence, *row.counts] for row in rows]
        page_parts.take_away(
            page,
            "languages",
            header=["language", "sentence", *names],
            rows=table,
            code=snippets.languages_code(rows[picked].sentence, rows[english].sentence),
        )
    with right:
        times = [there / base for there, base in zip(rows[_hindi(rows)].counts, rows[english].counts, strict=True)]
        answer = 0 if times[0] < 1.5 else 2 if times[0] > 6 else 1
        shown = dict(zip(computed.PUBLISHED, (f"{x:.1f}" for x in times), strict=True))
        page_parts.predict(page, "ask_languages", answer, page["ask_languages.reveal"], **shown)
        chosen = rows[picked]
        with page_parts.card("tokenization-picked", page["languages.picked"].format(language=chosen.name)):
            made = {row: computed.cut(row, now.model_id, chosen.sentence) for row in computed.PUBLISHED}
            shown_rows = [_row(page, row, made[row], made["gpt4"].count, chosen.sentence) for row in made]
            cuts(shown_rows, key="tokenization-picked-cuts", label=page["languages.picked_label"], words=page["cut.words"])
            page_parts.prose(page["languages.why"])


def _hindi(rows: list[LanguageRow]) -> int:
    return next(i for i, row in enumerate(rows) if row.code == "hi")
