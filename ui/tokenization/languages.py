"""The same sentence in ten languages: how many tokens it takes in each."""

from __future__ import annotations

import streamlit as st

from ui import cached_tokenization as computed
from ui import page as page_parts
from ui import snippets_tokenization as snippets
from ui.components.cuts import cuts
from ui.components.languages import LanguageRow, languages
from ui.page import Page
from ui.tokenization.cut import row_of
from ui.tokenization.rows import sizes
from ui.tokenization.text import with_numbers


def show(page: Page) -> None:
    """The view."""
    rows = _rows(page)
    english, hindi = (next(i for i, row in enumerate(rows) if row.code == code) for code in ("en", "hi"))
    left, right = st.columns([1.4, 1], gap="medium")
    with left, page_parts.card("tokenization-languages", page["languages.title"], page["languages.text"]):
        names = [page[f"cut.names.{row}"] for row in computed.PUBLISHED]
        picked = languages(
            rows,
            names,
            key="tokenization-language",
            label=page["languages.label"],
            picked=hindi,
            base=english,
            words=page["languages.words"],
        )
        st.caption(page["languages.provenance"])
        page_parts.take_away(
            page,
            "languages",
            header=["language", "sentence", *names],
            rows=[[row.name, row.sentence, *row.counts] for row in rows],
            code=snippets.languages_code(rows[picked].sentence, rows[english].sentence),
        )
    with right:
        _ask(page, rows[hindi], rows[english])
        _picked(page, rows[picked])


def _rows(page: Page) -> list[LanguageRow]:
    model = page.reading.model_id
    return [
        LanguageRow(**each, counts=tuple(computed.cut(row, model, each["sentence"]).count for row in computed.PUBLISHED))
        for each in page["languages.rows"]
    ]


def _ask(page: Page, hindi: LanguageRow, english: LanguageRow) -> None:
    times = [there / base for there, base in zip(hindi.counts, english.counts, strict=True)]
    length = sizes(hindi.sentence)
    page_parts.predict(
        with_numbers(page, "ask_languages", x=f"{times[0]:.1f}"),
        "ask_languages",
        1,
        page["ask_languages.reveal"],
        characters=length["characters"],
        bytes=length["bytes"],
        english=len(english.sentence),
        per=f"{hindi.counts[0] / length['characters']:.1f}",
        gpt4=f"{times[1]:.1f}",
        gpt4o=f"{times[2]:.1f}",
    )


def _picked(page: Page, row: LanguageRow) -> None:
    """The chosen language's sentence as chips."""
    made = {name: computed.cut(name, page.reading.model_id, row.sentence) for name in computed.PUBLISHED}
    with page_parts.card("tokenization-picked", page["languages.picked"].format(language=row.name), page["languages.why"]):
        shown = [row_of(page, name, cut, made["gpt4"].count, sizes(row.sentence)) for name, cut in made.items()]
        cuts(shown, key="tokenization-picked-cuts", label=page["languages.picked_label"], words=page["cut.words"])
