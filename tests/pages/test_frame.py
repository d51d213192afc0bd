"""The frame around every page: bench, strip, notes about the input, and the words themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pages.helpers import check, messages, open_page
from ui import cached, text
from ui.pages import PAGES

SLUGS = [page.slug for page in PAGES]
ODD = {
    "emoji": "The 👨‍👩‍👧‍👦 was 🐕 happy",
    "arabic": "كان الكلب الصغير سعيدا",
    "html": "<script>alert(1)</script> & <b>bold</b>",
    "mathematics": "It costs $x$ and **that** is `code` [a](b) :red[c]",
    "long": "The dog was happy. " * 600,
    "one": "a",
}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_page_opens_with_its_question(slug: str) -> None:
    check(open_page(slug), slug)


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("name", ODD)
def test_odd_text_breaks_no_page(slug: str, name: str) -> None:
    at = open_page(slug)
    at.text_input(key="text").set_value(ODD[name][:1000]).run()
    check(at, slug)


def test_the_strip_has_live_shapes() -> None:
    strip = messages(open_page("home", text="The little dog"))["pipeline"]
    details = {station["name"]: station["detail"] for station in strip["stations"]}
    assert details["text"] == "14 characters"
    assert details["tokens"] == "3"
    assert details["embeddings"] == "3 × 128"
    assert re.fullmatch(r"“.+” [01]\.\d\d", details["next"])
    assert messages(open_page("home", text="a"))["pipeline"]["stations"][0]["detail"] == "1 character"


@pytest.mark.parametrize(
    ("model", "name"), [("positions-rope", "RoPE"), ("positions-alibi", "ALiBi"), ("positions-none", "none")]
)
def test_a_scheme_that_adds_nothing_stands_on_the_strip_by_its_name(model: str, name: str) -> None:
    strip = messages(open_page("home", text="The little dog", model=model))["pipeline"]
    assert next(station["detail"] for station in strip["stations"] if station["name"] == "positions") == name


def test_the_next_token_changes_with_the_sentence_and_the_step() -> None:
    def following(**address: str) -> str:
        return messages(open_page("home", **address))["pipeline"]["stations"][-1]["detail"]

    assert following(text="Once upon a time") != following(text="The little dog was very")
    assert following(text="Once upon a time") != following(text="Once upon a time", step="0")


@pytest.mark.parametrize("text", ["   ", ""])
def test_empty_text_shows_the_default_and_says_so(text: str) -> None:
    at = open_page("attention")
    at.text_input(key="text").set_value(text).run()
    check(at, "attention")
    assert any("empty" in warning.value for warning in at.warning)


def test_a_sentence_longer_than_the_context_is_cut_visibly() -> None:
    at = open_page("home")
    at.text_input(key="text").set_value("dog cat " * 120).run()
    check(at, "home")
    note = next(warning.value for warning in at.warning if "Cut off" in warning.value)
    assert "context" in note and "dog" in note


def test_unknown_words_are_named_without_the_signs_beside_them() -> None:
    at = open_page("home", model="copy", text="leaf cup, Zebra! leaf")
    (said,) = [note.value.replace("\\", "") for note in at.warning if "vocabulary" in note.value]
    assert "“,”, “Zebra”, “!”. It reads" in said


def test_unknown_characters_of_a_character_model_are_named() -> None:
    at = open_page("home", model="arithmetic")
    at.text_input(key="text").set_value("27+5é=").run()
    check(at, "home")
    assert any("é" in warning.value for warning in at.warning)


def test_a_new_model_brings_its_own_sentence_but_keeps_a_typed_one() -> None:
    at = open_page("home")
    at.selectbox(key="bench-model").set_value("arithmetic").run()
    check(at, "home")
    assert at.text_input(key="text").value == "" or "+" in at.text_input(key="text").value
    at.text_input(key="text").set_value("12+34=").run()
    at.selectbox(key="bench-model").set_value("stories").run()
    assert at.text_input(key="text").value == "12+34="


def test_an_address_with_a_model_opens_that_model_s_own_sentence() -> None:
    at = check(open_page("home", model="arithmetic"), "home")
    assert at.text_input(key="text").value == cached.model_info("arithmetic").default_text
    assert not at.warning


def test_an_address_with_nonsense_opens_the_defaults() -> None:
    at = open_page("attention", model="../../etc/passwd", step="banana", layer="99", head="-3")
    check(at, "attention")
    assert at.selectbox(key="bench-model").value == "stories"


def sentences(value: object) -> list[str]:
    """Every text inside a table."""
    if isinstance(value, dict):
        return [text_ for inner in value.values() for text_ in sentences(inner)]
    if isinstance(value, list):
        return [text_ for inner in value for text_ in sentences(inner)]
    return [value] if isinstance(value, str) else []


def test_every_term_used_is_in_the_glossary() -> None:
    used = set()
    for path in (text.TEXT / text.LANGUAGE).glob("*.toml"):
        for sentence in sentences(text.load(path.stem)):
            used |= {match.group(1).lower() for match in re.finditer(r"\[\[([^\]|\[]+)(?:\|[^\]]+)?\]\]", sentence)}
    assert used, "no terms found"
    assert used <= set(text.load("glossary")), used - set(text.load("glossary"))


def test_every_language_has_the_same_keys() -> None:
    def keys(folder: Path) -> set[tuple[str, str]]:
        def walk(value: object, prefix: str) -> list[str]:
            if isinstance(value, dict):
                return [k for name, inner in value.items() for k in walk(inner, f"{prefix}.{name}")]
            return [prefix]

        return {(path.name, key) for path in folder.glob("*.toml") for key in walk(text.load(path.stem, folder.name), "")}

    english = keys(text.TEXT / "en")
    assert len(english) > 100
    for folder in text.TEXT.iterdir():
        assert keys(folder) == english, f"{folder.name}: {keys(folder) ^ english}"
