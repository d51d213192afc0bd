"""Decoding: the page's text grows by the library's own draws, every number is the model's, and links restore the view."""

from __future__ import annotations

import contextlib
import io
import math

import numpy as np
import pytest

from llm.config import SamplingConfig
from llm.decoding import generate, surprise
from llm.sampling import explain_choice, random_numbers, softmax
from tests.pages.helpers import check, component, open_page
from ui import cached, snippets_decoding
from ui.decoding import text as decoding_text
from ui.decoding.settings import Settings
from ui.decoding.views import LINE, PANEL, TREE
from ui.text import load

TEXT = "The little dog was very"
WORDS = load("decoding")
COUNT = iter(range(10**6))


def opened(**address: str):
    return check(open_page("decoding", **{"text": TEXT} | address), "decoding")


def ask(at, key: str, kind: str, **more):
    """Send what a component sends."""
    at.session_state[key] = {"act": {"n": f"test-{next(COUNT)}", "kind": kind, **more}}
    return check(at.run(), "decoding")


def view(at, name: str):
    at.segmented_control(key="decoding-view").set_value(name).run()
    return check(at, "decoding")


def stories():
    return cached.checkpoint("stories", None)


def prompt_ids(text: str = TEXT) -> list[int]:
    return stories().tokenizer.encode(text)


def said(at) -> list[int]:
    header, _ = component(at, LINE)
    return [chip["id"] for chip in header["chips"]]


def test_the_panel_has_the_logits_of_the_last_position_and_a_text_for_every_token():
    header, arrays = component(opened(), PANEL)
    traced = cached.trace_of("stories", None, prompt_ids(), names=["logits"])["logits"][-1]
    np.testing.assert_allclose(arrays["logits"], traced, atol=2e-5)
    assert len(header["texts"]) == stories().config.vocab_size
    assert header["randoms"] == random_numbers(0, 24).tolist()
    assert header["values"] == Settings().to_dict()


def test_ten_tokens_are_what_generate_draws():
    at = opened()
    ask(at, LINE, "draw", count=10)
    made = generate(stories().model, prompt_ids(), Settings().sampling, 10)
    assert said(at) == prompt_ids() + [step.token_id for step in made]


def test_one_token_at_a_time_is_the_same_text():
    at = opened()
    for _ in range(4):
        ask(at, LINE, "draw")
    made = [step.token_id for step in generate(stories().model, prompt_ids(), Settings().sampling, 4)]
    assert said(at) == prompt_ids() + made
    header, arrays = component(at, LINE)
    own = np.exp(-surprise(stories().model, prompt_ids() + made))[-4:]
    np.testing.assert_allclose(arrays["own"], own, atol=1e-5)
    assert header["under"] == [f"{p:.3f}" for p in own]


def test_a_request_is_done_once():
    at = opened()
    ask(at, LINE, "draw")
    length = len(said(at))
    at.run()
    assert len(said(at)) == length


def test_a_token_chosen_by_hand_and_rewinding():
    at = opened()
    ask(at, PANEL, "choose", id=470, values=Settings().to_dict())
    assert said(at) == [*prompt_ids(), 470]
    ask(at, LINE, "draw", count=5)
    ask(at, LINE, "rewind", keep=1)
    assert said(at) == [*prompt_ids(), 470]
    ask(at, LINE, "rewind", keep=-3)
    assert said(at) == prompt_ids()


@pytest.mark.parametrize("token_id", [-1, 10**7])
def test_ids_outside_the_vocabulary_are_ignored(token_id: int):
    at = opened()
    ask(at, PANEL, "choose", id=token_id, values={})
    assert said(at) == prompt_ids()


def test_the_settings_of_the_panel_decide_the_draw_and_go_into_the_link():
    at = opened()
    values = Settings(1.4, None, 0.9, 0.02, 1.3, seed=7, skip=2)
    ask(at, PANEL, "draw", values=values.to_dict())
    u = random_numbers(7, 3)[-1]
    logits = cached.trace_of("stories", None, prompt_ids(), names=["logits"])["logits"][-1]
    assert said(at)[-1] == explain_choice(logits, values.sampling, prompt_ids(), u).token_id
    assert at.session_state[decoding_text.ADDRESS] == "t1.4_p0.9_m0.02_r1.3_s7_d2"
    header, _ = component(at, PANEL)
    assert header["randoms"][0] == random_numbers(7, 4)[-1] and header["values"] == values.to_dict()


def test_a_link_restores_settings_and_text():
    at = opened()
    ask(at, PANEL, "settings", values=Settings(2.0, 5, None).to_dict())
    ask(at, LINE, "draw", count=6)
    there = opened(decode=at.session_state[decoding_text.ADDRESS], said=at.session_state[decoding_text.CHOSEN_IDS])
    assert said(there) == said(at)
    assert component(there, PANEL)[0]["values"] == Settings(2.0, 5, None).to_dict()
    np.testing.assert_allclose(component(there, LINE)[1]["own"], component(at, LINE)[1]["own"], atol=1e-5)


def test_a_link_s_text_belongs_to_its_sentence():
    at = opened()
    ask(at, LINE, "draw", count=3)
    other = opened(text="One day", said=at.session_state[decoding_text.CHOSEN_IDS])
    assert said(other) == prompt_ids("One day")


@pytest.mark.parametrize("link", ["", "zzz", "12345678.1.2", "..", "<script>", "1" * 5000])
def test_odd_links(link: str):
    assert said(opened(said=link, decode=link)) == prompt_ids()


def test_the_text_stays_with_its_sentence():
    at = opened()
    ask(at, LINE, "draw", count=3)
    before = said(at)
    at.text_input(key="text").set_value("One day").run()
    assert said(check(at, "decoding")) == prompt_ids("One day")
    at.text_input(key="text").set_value(TEXT).run()
    assert said(check(at, "decoding")) == before


def test_follow_greedy_takes_the_best_and_gives_the_temperature_back():
    at = opened()
    ask(at, PANEL, "settings", values=Settings(1.7).to_dict())
    ask(at, LINE, "greedy")
    assert component(at, PANEL)[0]["values"]["temperature"] == 0
    ask(at, LINE, "draw", count=8)
    made = generate(stories().model, prompt_ids(), SamplingConfig(temperature=0), 8)
    assert said(at)[-8:] == [step.token_id for step in made]
    ask(at, LINE, "greedy")
    assert component(at, PANEL)[0]["values"]["temperature"] == 1.7


def test_using_the_text_makes_it_the_sentence():
    at = opened()
    ask(at, LINE, "draw", count=4)
    whole = stories().tokenizer.decode(said(at))
    at.button(key="decoding-use").click().run()
    assert check(at, "decoding").text_input(key="text").value == whole


def test_the_window_slides_past_the_context_and_the_page_says_so():
    at = opened(text=(TEXT + ". ") * 30)
    context = stories().config.context_length
    assert len(said(at)) >= context
    ask(at, LINE, "draw", count=3)
    header, _ = component(at, LINE)
    assert header["outside"] > 0 and any(f"at most {context} tokens" in m.value for m in at.markdown)


def test_the_text_ends_at_the_models_end():
    at = opened()
    end = stories().tokenizer.special["<|end|>"]
    ask(at, PANEL, "choose", id=end, values={})
    header, _ = component(at, LINE)
    assert header["ended"] and said(at)[-1] == end
    view(at, "tree")
    assert any("The text has ended" in m.value for m in at.markdown)


def test_the_tree_holds_all_three_strategies_with_the_model_s_probabilities():
    at = view(opened(), "tree")
    header, _ = component(at, TREE)
    nodes = header["nodes"]
    greedy = [n for n in nodes if "greedy" in n["taken"]]
    made = list(generate(stories().model, prompt_ids(), SamplingConfig(temperature=0), 5))
    assert [n["id"] for n in greedy] == [step.token_id for step in made]
    for node, step in zip(greedy, made, strict=True):
        assert node["p"] == pytest.approx(softmax(step.logits.astype(np.float64))[step.token_id], abs=1e-5)
    assert greedy[-1]["total"] == pytest.approx(sum(math.log(n["p"]) for n in greedy))
    sampled = [n["id"] for n in nodes if "sampling" in n["taken"]]
    assert sampled == [step.token_id for step in generate(stories().model, prompt_ids(), Settings().sampling, 5)]
    best = max(n["total"] for n in nodes if "beam" in n["taken"] and n["depth"] == 5)
    assert best >= greedy[-1]["total"] - 1e-9


def test_a_way_that_was_left_by_rewinding_stands_in_the_tree_and_is_taken_up_again():
    at = opened()
    ask(at, LINE, "draw", count=4)
    gone = said(at)[-4:]
    ask(at, LINE, "rewind", keep=1)
    at = view(at, "tree")
    nodes = component(at, TREE)[0]["nodes"]
    place, way = 0, []
    for token_id in gone[1:]:
        place = next(i for i, node in enumerate(nodes) if node["parent"] == place and node["id"] == token_id)
        assert "left" in nodes[place]["taken"]
        way.append(nodes[place])
    own = np.exp(-surprise(stories().model, [*said(at), *gone[1:]])[-3:])
    assert [node["p"] for node in way] == pytest.approx(own.tolist(), rel=1e-4)
    ask(at, TREE, "branch", ids=gone[1:])
    assert said(at)[-4:] == gone


def test_ways_are_kept_once_and_only_where_they_go_on():
    text = grown_text()
    text.left.clear()
    text.chosen[:] = [decoding_text.Chosen(i, decoding_text.DRAWN, 0.5, None, None) for i in (3, 4, 5)]
    text.rewind(2)
    text.chosen.append(decoding_text.Chosen(7, decoding_text.DRAWN, 0.5, None, None))
    text.rewind(0)
    text.rewind(0)
    assert text.ways_on() == [[3, 4, 7], [3, 4, 5]]
    text.chosen[:] = [decoding_text.Chosen(i, decoding_text.DRAWN, 0.5, None, None) for i in (3, 4, 7, 8)]
    text.rewind(2)
    assert text.ways_on() == [[7, 8], [5]]  # the longer way holds the shorter one
    text.rewind(1)
    assert text.ways_on() == [[4, 7, 8], [4, 5]]  # rewinding step by step leaves one way, not one a step


def test_width_and_depth_change_the_tree_and_a_branch_is_taken_up():
    at = view(opened(), "tree")
    at.slider(key="ahead").set_value(8)
    at.slider(key="beam").set_value(5).run()
    nodes = component(check(at, "decoding"), TREE)[0]["nodes"]
    assert max(n["depth"] for n in nodes) == 8
    ids = [n["id"] for n in nodes if "beam" in n["taken"]]
    ask(at, TREE, "branch", ids=ids)
    assert said(at) == prompt_ids() + ids


@pytest.mark.parametrize(("unit", "factor"), [("nats", 1.0), ("bits", 1 / math.log(2))])
def test_surprise_mean_and_perplexity(unit: str, factor: float):
    at = view(opened(), "surprise")
    at.segmented_control(key="decoding-unit").set_value(unit).run()
    nats = surprise(stories().model, prompt_ids())
    header, _ = component(check(at, "decoding"), "decoding-surprise-line")
    assert header["under"] == [f"{v:.2f}" for v in nats * factor]
    assert [m.value for m in at.metric] == [
        f"{nats.mean() * factor:.3f} {unit}",
        f"{math.exp(nats.mean()):.2f}",
        f"{math.log(stories().config.vocab_size) * factor:.2f} {unit}",
    ]


def test_one_token_has_no_surprise():
    view(opened(text="T"), "surprise")


def test_cache_bytes_and_measurement():
    at = view(opened(), "cache")
    tokens = len(prompt_ids())
    config = stories().config
    held = 2 * config.n_layers * config.n_heads * config.d_head * 4 * tokens
    assert f"{held:,}".replace(",", "{,}") in at.latex[0].value
    at.button(key="decoding-measure").click().run()
    _, arrays = component(check(at, "decoding"), "decoding-times")
    assert arrays["values"].shape == (2, 40) and (arrays["values"] > 0).all()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_breaking_it_writes_a_real_text(number: int):
    at = opened()
    at.segmented_control(key="decoding-break").set_value(WORDS["break"]["options"][number]).run()
    header, arrays = component(check(at, "decoding"), "decoding-break-line")
    assert len(header["chips"]) == len(arrays["own"]) + 1 >= 40
    first, last = header["marked"]
    if number == 1 and last:  # a loop: the framed round comes again right behind itself
        ids = [chip["id"] for chip in header["chips"]]
        assert ids[first:last] == ids[last : 2 * last - first]


@pytest.mark.parametrize("key", ["warmer", "beam_question", "guess_surprise", "cache_question"])
def test_questions_are_answered_with_numbers(key: str):
    at = opened()
    name = {"warmer": "token", "beam_question": "tree", "guess_surprise": "surprise", "cache_question": "cache"}[key]
    view(at, name)
    at.pills(key=f"decoding-{key}-choice").set_value(WORDS[key]["options"][1]).run()
    assert any(m.value == "**Right.**" for m in check(at, "decoding").markdown)


@pytest.mark.parametrize("text", ["", "🙂", "مرحبا بالعالم", "a" * 10_000, "<script>alert(1)</script>", "$x$ **b** {0} {token}"])
def test_odd_sentences(text: str):
    at = opened(text=text)
    ask(at, LINE, "draw", count=2)
    for name in ("tree", "surprise", "cache"):
        view(at, name)


@pytest.mark.parametrize("number", [0, 1, -2])
def test_other_training_steps(number: int):
    at = opened(step=str(cached.model_info("stories").steps[number]))
    ask(at, LINE, "draw", count=3)
    for name in ("tree", "surprise"):
        view(at, name)


def test_another_training_step_keeps_the_text_and_renews_its_probabilities():
    at = opened()
    ask(at, LINE, "draw", count=5)
    before = said(at)
    step = cached.model_info("stories").steps[-3]
    at.text_input(key="step").set_value(str(step)).run()
    assert said(check(at, "decoding")) == before
    own = np.exp(-surprise(cached.checkpoint("stories", step).model, before))[-5:]
    np.testing.assert_allclose(component(at, LINE)[1]["own"], own, atol=1e-5)


def printed(code: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return out.getvalue()


def grown_text() -> decoding_text.GrowingText:
    """A text of the page, outside of the page."""
    from ui.state import Reading
    from ui.tokens import chips

    info, ids = cached.model_info("stories"), tuple(prompt_ids())
    shown = chips(stories().tokenizer, ids)
    reading = Reading("stories", None, info, stories().config, stories().tokenizer, TEXT, ids, shown, "", (), 0, 0)
    text = decoding_text.GrowingText(reading, [])
    text.draw(3)
    return text


def test_the_lines_to_take_away_give_the_numbers_on_the_screen():
    text = grown_text()
    logits = cached.trace_of("stories", None, text.ids, names=["logits"])["logits"][-1]
    u = random_numbers(0, 4)[-1]
    choice = explain_choice(logits, text.settings.sampling, text.ids, u)
    shown = printed(snippets_decoding.choice_code(text))
    assert repr(stories().tokenizer.token_text(choice.token_id)) in shown
    assert float(shown.split()[-1]) == pytest.approx(choice.probabilities[choice.token_id], abs=1e-5)
    nats = surprise(stories().model, text.ids)
    assert float(printed(snippets_decoding.surprise_code(text)).split()[-1]) == pytest.approx(math.exp(nats.mean()), rel=1e-5)
    assert printed(snippets_decoding.cache_code(text, 3)).split()[-1] == str(4096 * len(text.ids))
    from llm.decoding import beam_search

    found = beam_search(stories().model, text.ids, 3, 4, stop_ids=[stories().tokenizer.special["<|end|>"]])
    total = float(printed(snippets_decoding.tree_code(text, 3, 4)).split()[-1])
    assert total == pytest.approx(found.nodes[found.leaves[0]].total)


def test_the_text_is_still_there_after_a_visit_to_another_page():
    at = opened()
    ask(at, LINE, "draw", count=3)
    before = said(at)
    at.switch_page("../pages/home.py").run()
    at.switch_page("../pages/decoding.py").run()
    assert said(check(at, "decoding")) == before
