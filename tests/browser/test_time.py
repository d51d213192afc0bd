"""The time slider in a real browser: exactly the step's numbers, play, follow live while a run trains, and who sees a run."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest

from llm.checkpoints import load_checkpoint
from llm.runs.control import Controls
from llm.runs.models import model_id
from llm.trace import trace
from tests.browser.conftest import ROOT, running_server
from tests.run_helpers import tiny_run, tiny_spec, wait_for
from ui.text import load
from ui.tokens import token_label

VISITOR = "v" * 43
OWNER = hashlib.sha256(VISITOR.encode()).hexdigest()
SENTENCE = "The little dog was very"
SLOW = {"eval_every": 1, "eval_tokens": 4096}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def server(root):
    with running_server(GLASSFORMER_RUNS=str(root)) as address:
        yield address


def slider(visitor):
    return visitor.page.locator(".st-key-bench").get_by_role("slider", name="Training step")


def provenance(visitor) -> str:
    return visitor.page.evaluate("document.documentElement.dataset.provenance")


def guess(visitor) -> str:
    return visitor.page.locator(".st-key-strip").get_by_role("button", name=re.compile("^next token")).inner_text()


def expected(step: int) -> str:
    opened = load_checkpoint(ROOT / "assets" / "models" / "stories", step)
    logits = trace(opened.model, opened.tokenizer.encode(SENTENCE))["logits"][-1].astype(np.float64)
    weights = np.exp(logits - logits.max())
    best = int(weights.argmax())
    return f"“{token_label(opened.tokenizer, best)}” {weights[best] / weights.sum():.2f}"


@pytest.mark.parametrize("slug", ["attention", "layers", "decoding"])
def test_the_slider_shows_exactly_the_numbers_of_its_step(server: str, visit, slug: str) -> None:
    visitor = visit(f"{server}/{slug}?text={SENTENCE.replace(' ', '+')}")
    visitor.wait_heading(load(slug)["question"])
    assert expected(18000) in guess(visitor)
    for key, step in (("Home", 0), ("ArrowRight", 1)):
        slider(visitor).press(key)
        visitor.page.wait_for_function(f"document.documentElement.dataset.provenance.includes('step {step} ')")
        visitor.idle()
        assert f"step={step}" in visitor.page.url and expected(step) in guess(visitor)
    visitor.page.reload()
    visitor.wait_heading(load(slug)["question"])
    assert "step 1 " in provenance(visitor) and slider(visitor).get_attribute("aria-valuetext").startswith("1 of")
    assert visitor.errors == []


def test_play_moves_through_the_steps_until_it_is_paused(server: str, visit) -> None:
    visitor = visit(f"{server}/?step=0")
    visitor.page.get_by_role("button", name="Play training").click()
    visitor.page.wait_for_function("/step (2|5|12) /.test(document.documentElement.dataset.provenance)")
    visitor.page.locator(".st-key-bench").get_by_role("button", name="Pause").click()
    visitor.idle()
    stopped = provenance(visitor)
    visitor.page.wait_for_timeout(2500)
    assert provenance(visitor) == stopped and visitor.errors == []


def shown_step(visitor) -> int:
    return int(re.search(r"step ([\d,]+) ", provenance(visitor))[1].replace(",", ""))


def test_attention_follows_a_run_to_its_end_and_stays_there(server: str, visit, root) -> None:
    run = tiny_run(root, tiny_spec(100_000, train=SLOW, snapshot_every=40, title="Followed"), owner=OWNER)  # it is stopped
    try:
        wait_for(lambda: run.snapshots())  # the server has it trained
        visitor = visit(f"{server}/attention?model={model_id(run)}")
        visitor.wait_heading(load("attention")["question"])
        live = visitor.page.get_by_role("button", name="Live")
        assert live.get_attribute("aria-pressed") == "true"
        first = shown_step(visitor)
        visitor.page.wait_for_function(
            f"Number(/step ([0-9,]+) /.exec(document.documentElement.dataset.provenance)[1].replace(',', '')) > {first}"
        )
        slider(visitor).press("Home")  # by hand: it no longer follows
        visitor.page.wait_for_function("document.documentElement.dataset.provenance.includes('step 0 ')")
        visitor.page.wait_for_timeout(4000)
        assert shown_step(visitor) == 0 and "step=0" in visitor.page.url
        assert run.status().active and live.get_attribute("aria-pressed") == "false"
        live.click()
        visitor.page.wait_for_function("!document.documentElement.dataset.provenance.includes('step 0 ')")
        Controls(run).stop()
        wait_for(lambda: not run.status().active)
        last = f"step {run.status().step:,} "
        visitor.page.wait_for_function(f"document.documentElement.dataset.provenance.includes('{last}')")
        live.wait_for(state="hidden")
        visitor.idle()
        assert "step=" not in visitor.page.url and visitor.errors == []
    finally:
        if run.status().active:
            Controls(run).stop()


def test_only_its_owner_has_a_run_in_the_menu(server: str, visit, root) -> None:
    run = tiny_run(root, tiny_spec(6, title="Secret plan"), owner=OWNER)
    wait_for(lambda: run.status().state == "done")  # the server has it trained

    def entries(visitor) -> list[str]:
        visitor.page.get_by_role("combobox", name="Model").click()
        visitor.page.get_by_role("option").first.wait_for()
        return visitor.page.get_by_role("option").all_inner_texts()

    stranger = visit(f"{server}/")
    assert not any("Secret" in text for text in entries(stranger))
    owner = visit(f"{server}/")
    owner.page.context.add_cookies([{"name": "glassformer_visitor", "value": VISITOR, "url": server}])
    owner.open(f"{server}/")
    owner.page.get_by_role("combobox", name="Model").click()
    owner.page.get_by_role("option", name=re.compile("^Secret plan")).click()
    owner.idle()
    assert model_id(run) in owner.page.url and provenance(owner).startswith("Secret plan · step 6")
