"""Tokenization: the chips are the tokenizers' own, the reader's text stays text, and the code gives the numbers on screen."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from llm.tokenizers import load_tokenizer, train_bpe
from llm.tokenizers.merging import learning
from tests.pages.helpers import ROOT, check, component, messages, open_page
from ui import cached
from ui import cached_tokenization as computed
from ui import snippets_tokenization as snippets
from ui.text import load
from ui.tokenization.rows import cut_text, sizes
from ui.tokenization.text import EXAMPLES, MAX_CHARACTERS, example
from ui.tokenization.training import SIZES
from ui.tokens import chips

VIEWS = ("cut", "languages", "merges", "train")
ODD = {
    "script": "<script>alert(1)</script>",
    "markdown": "$x^2$ **bold** [[token]] {name} `code` :red[hi] &lt;",
    "arabic": "مرحبا بالعالم \u202e abc",
    "emoji": "👨‍👩‍👧‍👦🇫🇷👋🏽" * 20,
    "long": "The little dog ran home. " * 400,
    "one letter": "x" * 10_000,
    "spaces": " \n\t " * 500,
    "one": "a",
    "control": "a\x00b\x1b[0m\x07",
}


def view(name: str, **address: str) -> Any:
    at = open_page("tokenization", **address)
    return switch(at, name)


def switch(at: Any, name: str) -> Any:
    return check(at.segmented_control(key="tokenization-view").set_value(name).run(), "tokenization")


def type_text(at: Any, text: str) -> Any:
    return check(at.text_area(key="tokenization-text").set_value(text).run(), "tokenization")


def rows(at: Any, key: str = "tokenization-cuts") -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in component(at, key)[0]["rows"]}


def run_code(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_first_paint_cuts_the_bench_sentence_six_ways() -> None:
    at = check(open_page("tokenization", text="The little dog"), "tokenization")
    shown = rows(at)
    assert list(shown) == ["Word", "Character", "Own BPE", "GPT-2", "GPT-4", "GPT-4o"]
    for title, name in (("GPT-2", "gpt2"), ("GPT-4", "cl100k_base"), ("GPT-4o", "o200k_base")):
        ids = load_tokenizer(name).encode("The little dog")
        assert [token[1] for token in shown[title]["tokens"]] == ids
        assert shown[title]["count"] == len(ids)
    assert shown["Character"]["count"] == len("The little dog")
    assert shown["GPT-4"]["relative"] == 1
    assert shown["Own BPE"]["mark"] and not shown["GPT-2"]["mark"]


def test_an_invented_word_is_unknown_to_words_only() -> None:
    at = open_page("tokenization")
    at.pills(key="tokenization-example-cut").set_value("unknown").run()
    shown = rows(check(at, "tokenization"))
    unknown = [token[0] for token in shown["Word"]["tokens"] if not token[7]]
    assert unknown == ["glimmerfrog", "zorbled"]
    assert "glimmerfrog" in shown["Word"]["note"] and "<unk>" in shown["Word"]["note"]
    for name in ("Own BPE", "GPT-2", "GPT-4", "GPT-4o"):
        assert all(token[7] for token in shown[name]["tokens"]) and not shown[name]["note"]


@pytest.mark.parametrize("example", EXAMPLES["cut"][1:])
def test_every_example_cuts_without_gaps(example: str) -> None:
    at = open_page("tokenization")
    at.pills(key="tokenization-example-cut").set_value(example).run()
    text = check(at, "tokenization").text_area(key="tokenization-text").value
    for row in rows(at).values():
        ends = [0, *(token[3] for token in row["tokens"])]
        assert [token[2] for token in row["tokens"]] == ends[:-1]
        assert ends[-1] == sizes(text)["bytes"]


def test_the_emoji_family_is_one_sign_over_several_tokens() -> None:
    chips = cut_text(load_tokenizer("gpt2"), "👨‍👩‍👧‍👦").chips
    assert len(chips) > 7 and {chip.size for chip in chips} == {len(chips)} and {chip.group for chip in chips} == {0}


@pytest.mark.parametrize("name", ODD)
def test_odd_text_breaks_no_view(name: str) -> None:
    at = type_text(open_page("tokenization"), ODD[name])
    for each in ("merges", "train", "languages", "cut"):
        switch(at, each)
    assert all(row["count"] >= 1 and len(row["tokens"]) <= 400 for row in rows(at).values())
    shown = " ".join(element.value for element in [*at.markdown, *at.caption, *at.info])
    assert "alert(1)" not in shown and "x^2" not in shown


def test_half_surrogates_become_replacement_characters() -> None:
    bench = SimpleNamespace(reading=SimpleNamespace(sentence="a\ud800b"))
    assert example(bench, "sentence") == "a\ufffdb"


def test_a_megabyte_is_cut_and_said() -> None:
    at = type_text(open_page("tokenization"), "a long paste " * 80_000)
    assert any("1,040,000" in info.value and f"{MAX_CHARACTERS:,}" in info.value for info in at.info)
    assert rows(at)["Character"]["count"] == MAX_CHARACTERS
    assert len(at.text_area(key="tokenization-text").value) == MAX_CHARACTERS


def test_an_empty_box_gives_the_example_and_says_so() -> None:
    at = type_text(open_page("tokenization"), "  \n ")
    assert any(info.value == load("tokenization")["box"]["empty"] for info in at.info)
    assert rows(at)["Character"]["count"] > 3


def test_own_text_stays_through_views_and_pages_and_examples_come_back() -> None:
    at = type_text(open_page("tokenization"), "my own words")
    switch(at, "languages")
    switch(at, "merges")
    assert at.text_area(key="tokenization-text").value == "my own words"
    at.switch_page("../pages/positions.py").run()
    at.switch_page("../pages/tokenization.py").run()
    assert at.text_area(key="tokenization-text").value == "my own words"
    switch(at, "cut")
    at.pills(key="tokenization-example-cut").set_value("numbers").run()
    assert at.text_area(key="tokenization-text").value == load("tokenization")["texts"]["numbers"]
    at.pills(key="tokenization-example-cut").set_value("own").run()
    assert at.text_area(key="tokenization-text").value == "my own words"


def test_the_box_follows_the_bench_until_the_reader_types() -> None:
    at = open_page("tokenization", text="one")
    at.text_input(key="text").set_value("another sentence").run()
    assert at.text_area(key="tokenization-text").value == "another sentence"
    type_text(at, "mine")
    at.text_input(key="text").set_value("a third sentence").run()
    assert at.text_area(key="tokenization-text").value == "mine"


def test_break_buttons_put_their_text_into_the_box() -> None:
    at = open_page("tokenization")
    for i, each in enumerate(load("tokenization")["break"]["tries"]):
        at.button(key=f"tokenization-try-{i}").click().run()
        assert check(at, "tokenization").text_area(key="tokenization-text").value == each["text"]
        assert any(markdown.value == each["says"] for markdown in at.markdown)


def test_a_special_name_typed_by_a_reader_is_plain_text() -> None:
    at = type_text(open_page("tokenization"), "<|endoftext|>")
    assert 50256 not in [token[1] for token in rows(at)["GPT-2"]["tokens"]]


def test_ten_languages_are_counted_and_a_click_shows_one() -> None:
    at = view("languages")
    header, _ = component(at, "tokenization-language")
    assert len(header["rows"]) == 10 and header["rows"][header["base"]]["name"] == "English"
    for row in header["rows"]:
        assert row["counts"] == [len(load_tokenizer(name).encode(row["sentence"])) for name in computed.PUBLISHED.values()]
    arabic = next(i for i, row in enumerate(header["rows"]) if row["code"] == "ar")
    at.session_state["tokenization-language"] = {"picked": arabic}
    at.run()
    shown = rows(check(at, "tokenization"), "tokenization-picked-cuts")
    assert shown["GPT-2"]["count"] == header["rows"][arabic]["counts"][0]
    at.session_state["tokenization-language"] = {"picked": 99}
    check(at.run(), "tokenization")


def test_merges_are_learned_from_the_readers_text() -> None:
    at = type_text(view("merges"), "the cat and the hat and the bat")
    header, _ = component(at, "tokenization-merging")
    tokenizer, states = learning("the cat and the hat and the bat", 60)
    assert header["ids"] == list(b"the cat and the hat and the bat") and header["learns"]
    assert [c[0] for c in header["candidates"][:-1]] == [[m.left, m.right, m.new, m.count] for m in tokenizer.merges]
    assert header["candidates"][-1] == [] and len(states) == len(header["candidates"])


def test_merges_of_a_finished_tokenizer_end_at_its_ids() -> None:
    at = type_text(view("merges"), "unbelievable tokens")
    at.segmented_control(key="tokenization-rules").set_value("gpt2").run()
    header, _ = component(check(at, "tokenization"), "tokenization-merging")
    assert not header["learns"] and header["candidates"][-1] == []
    merged = len(header["ids"]) - (len(header["candidates"]) - 1)
    assert merged == len(load_tokenizer("gpt2").encode("unbelievable tokens"))


def test_long_text_is_cut_for_the_merges_and_said() -> None:
    at = type_text(view("merges"), "wood " * 200)
    assert any("600" in info.value for info in at.info)
    assert len(component(at, "tokenization-merging")[0]["ids"]) == 600


def test_the_slider_trains_another_vocabulary_and_the_chart_grows() -> None:
    at = view("train")
    assert rows(at, "tokenization-sample")["New BPE"]["about"] == "1,024 entries"
    before = component(at, "tokenization-compression")[1]
    at.select_slider(key="tokenization-size").set_value(300).run()
    _, after = component(check(at, "tokenization"), "tokenization-compression")
    assert list(after["x"]) == [270, 300, 350, 512, 1024] and list(before["x"]) == [270, 350, 512, 1024]
    assert (after["values"][:, 1:] > after["values"][:, :-1]).all()
    sample = rows(at, "tokenization-sample")["New BPE"]
    assert sample["count"] == len(train_bpe(computed.corpus(), 300).encode(at.text_area(key="tokenization-text").value))


def test_learning_from_too_little_text_says_both_numbers() -> None:
    at = type_text(view("train"), "too short")
    at.segmented_control(key="tokenization-source").set_value("own").run()
    assert any("9 characters" in info.value and "200" in info.value for info in at.info)
    assert rows(at, "tokenization-sample")["New BPE"]["about"] == "1,024 entries"


def test_own_text_that_runs_out_of_pairs_says_so() -> None:
    at = type_text(view("train"), "a small text about a small dog and a small cat. " * 6)
    at.segmented_control(key="tokenization-source").set_value("own").run()
    at.select_slider(key="tokenization-size").set_value(SIZES[-1]).run()
    check(at, "tokenization")
    assert any("Training stopped" in info.value for info in at.info)
    assert component(at, "tokenization-compression")[1]["x"][-1] < 400


@pytest.mark.parametrize("name", VIEWS)
def test_every_question_reveals_after_a_choice(name: str) -> None:
    at = view(name)
    key = f"ask_{name}"
    for option in load("tokenization")[key]["options"]:
        at.pills(key=f"tokenization-{key}-choice").set_value(option).run()
        assert sum("Right." in m.value or "Not this time." in m.value for m in check(at, "tokenization").markdown) == 1


@pytest.mark.parametrize("model", [info.id for info in computed.cached.models()])
def test_every_model_of_the_box(model: str) -> None:
    at = open_page("tokenization", model=model)
    for each in VIEWS:
        switch(at, each)
    assert "pipeline" in messages(at)


def test_a_missing_vocabulary_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computed, "problem", lambda: "The rank file is missing.")
    at = open_page("tokenization")
    assert not at.exception and [e.value for e in at.error] == ["The rank file is missing."]


def test_the_code_to_take_away_gives_the_numbers() -> None:
    text = "The 'glimmerfrog' \\ 👋🏽"
    made = {row: computed.cut(row, "stories", text).count for row in computed.ROWS}
    lines = run_code(snippets.cut_code("stories", text))
    assert {line.split()[0]: int(line.split()[1]) for line in lines} == made

    hindi, english = "सभी मनुष्यों को", "All human beings"
    counts = [len(load_tokenizer(name).encode(hindi)) for name in computed.PUBLISHED.values()]
    assert [int(line.split()[1]) for line in run_code(snippets.languages_code(hindi, english))] == counts

    _, states = learning("the cat and the hat", 60)
    lines = run_code(snippets.merges_code("the cat and the hat", 60))
    assert [int(line.split()[-1]) for line in lines] == [len(state.ids) for state in states[1:]]

    for row in ("own", "gpt4"):
        states = computed.applied(row, "stories", "the cat and the hat", 60)
        lines = run_code(snippets.apply_code(row, "stories", "the cat and the hat", 60))
        assert [int(line.split()[-1]) for line in lines] == [len(state.ids) for state in states[1:]]

    own = "a small text about a small dog and a small cat. " * 6
    vocab, per = run_code(snippets.train_code(own, 300, "a small hat"))[0].split()
    assert int(vocab) == computed.trained(own, 300).tokenizer.vocab_size
    assert float(per) == pytest.approx(computed.compression(own, 300, "a small hat"))


def test_the_part_of_a_letter_that_is_written_from_the_right_stands_behind_it() -> None:
    tokenizer = cached.checkpoint("stories", None).tokenizer
    labels = [chip.label for chip in chips(tokenizer, tokenizer.encode("a م"))]
    assert labels == ["a", "·", "\u2068م\u2069 1/2", "\u2068م\u2069 2/2"]
