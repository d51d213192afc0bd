"""Experiments with real training: one click to the measured answer, and a sweep whose map fills in while one looks."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from llm.experiments import EXPERIMENTS
from llm.runs.control import Controls
from llm.runs.status import Status, write_status
from llm.runs.store import Run, RunStore
from llm.sweeps import Sweep, flat
from tests.browser.conftest import Visitor, running_server
from tests.run_helpers import tiny_spec, wait_for
from ui.text import load
from ui.visitor import COOKIE

PATIENCE = 300_000  # ms: a few seconds of training, on whatever machine
PAUSED = load("experiments")["state"]["paused"]
WORDS = load("experiments")
WHOLE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)  # not: stopped to run again
TRY = "batch_one"  # the quickest: one window a step


@pytest.fixture(scope="module")
def half_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server where somebody has trained the unchanged runs before; only the change is left to be trained."""
    root = tmp_path_factory.mktemp("runs")
    base, _, twin = EXPERIMENTS[TRY].specs
    for spec, loss in ((base, 3.658), (twin, 3.689)):
        run = RunStore(root).create(spec, "b" * 64)
        (run.folder / "meta.json").write_text(json.dumps({"val_loss": loss, "train_loss": 3.6, "step": 400}))
        write_status(run.folder, Status("done", step=400, steps=400, seconds=12.0))
    with running_server(GLASSFORMER_RUNS=str(root), GLASSFORMER_MAX_AT_ONCE="1") as address:
        yield address, root


def waiting(root: Path, count: int) -> list[Run]:
    """The runs that a click has put in line, in their order."""

    def active() -> list[Run]:
        return [run for run in RunStore(root).runs() if run.status().active]

    wait_for(lambda: len(active()) == count)
    return sorted(active(), key=lambda run: run.turn)


def test_one_click_trains_and_answers_with_what_was_measured(half_run, visit) -> None:
    address, root = half_run
    reader: Visitor = visit(f"{address}/experiments?try={TRY}")
    page = reader.page
    reader.wait_heading(WORDS["question"])
    page.get_by_role("radio", name=WORDS["try"]["options"][0]).click()
    page.get_by_text("Now press", exact=False).wait_for()
    page.get_by_role("button", name=WORDS["try"]["run"]).click()
    (changed,) = waiting(root, 1)
    Controls(changed).one_step()  # and wait: it is over in a second, but not before the page watches it
    page.get_by_text(PAUSED, exact=True).wait_for(timeout=PATIENCE)
    wait_for(lambda: changed.status().step == 1)
    Controls(changed).resume()
    wait_for(lambda: changed.status().state == "running")
    os.kill(changed.status().pid, signal.SIGSTOP)  # and not before the page has shown that it trains
    try:
        page.get_by_text(re.compile(r"step \d+ of 400 · loss \d")).wait_for(timeout=PATIENCE)  # live, from the stream
    finally:
        os.kill(changed.status().pid, signal.SIGCONT)
    page.get_by_role("heading", name=WORDS["try"]["measured"]).wait_for(timeout=PATIENCE)  # by itself, when it ends
    reader.idle()
    run = next(run for run in RunStore(root).runs() if run.digest == EXPERIMENTS[TRY].changed.digest())
    measured = f"{run.meta()['val_loss']:.3f}"
    shown = page.locator('[class*="st-key-ask-"]').inner_text()
    assert measured in shown and load("frame")["predict"]["right"] in shown
    canvas = page.locator(f".st-key-experiments-{TRY}-chart canvas").first
    assert canvas.bounding_box()["height"] > 200
    opened = visit(f"{address}/experiments?experiment=pair&with=run-{run.id}&text=The+little+dog+was")
    opened.wait_heading(WORDS["question"])
    shown = opened.page.locator(".st-key-card-experiments-pair").inner_text()
    assert WORDS["pair"]["same_tokens"] in shown and str(run.spec.train_config().steps) in shown
    assert not opened.errors
    assert not reader.errors and not reader.outside()


@pytest.mark.slow
def test_a_sweep_fills_its_map_while_one_looks(half_run, visit) -> None:
    address, root = half_run
    reader: Visitor = visit(f"{address}/experiments?experiment=sweep&rows=d_model:16,32&columns=context_length:8,16")
    page = reader.page
    reader.wait_heading(WORDS["question"])
    grid = page.locator(".st-key-experiments-sweep-matrix")
    assert grid.count() == 0, "a scale of colours without a number"
    assert "·" in page.locator(".st-key-card-experiments-sweep-map table").inner_text()
    page.get_by_role("button", name=WORDS["sweep"]["run"]).click()
    second = waiting(root, 4)[1]
    Controls(second).pause()  # the others wait behind it: one looks while there is one result
    page.get_by_text("1 of 4 are done").wait_for(timeout=PATIENCE)
    legend = page.locator(".st-key-experiments-sweep-matrix .legend")
    before = legend.inner_text()
    Controls(second).resume()
    page.get_by_text("Best of the 4 done", exact=False).wait_for(timeout=PATIENCE)
    reader.idle()
    page.locator(".st-key-experiments-sweep-matrix").get_by_role("button", name="Table").click()
    cells = [float(cell) for cell in grid.locator("td").all_inner_texts()]
    specs = flat(Sweep("d_model", (16, 32), "context_length", (8, 16)).specs())
    runs = {run.digest: run for run in RunStore(root).runs()}
    measured = [runs[spec.digest()].meta()["val_loss"] for spec in specs]
    assert cells == pytest.approx(measured, abs=6e-4)
    last = [next(row["val_loss"] for row in reversed(runs[spec.digest()].metrics()) if "val_loss" in row) for spec in specs]
    assert measured == pytest.approx(last, abs=1e-4), "the cells are the runs' own last measurements"
    best = page.locator(".st-key-card-experiments-sweep-found").inner_text()
    assert f"{min(measured):.3f}" in best and f"{max(measured):.3f}" in best
    expect(legend).not_to_have_text(before)  # the scale moves with the results
    assert page.get_by_role("button", name=WORDS["sweep"]["run"]).count() == 0
    assert not reader.errors and not reader.outside()


def test_a_press_with_which_a_page_comes_back_to_a_restarted_server_is_not_lost(half_run) -> None:
    """The new server's first word from the page is the press: it knows no callback and no fragment of it."""
    address, root = half_run
    before = RunStore(root).create(tiny_spec(), "b" * 64)  # it has the only place: what is pressed for waits behind it
    Controls(before).pause()
    wait_for(lambda: before.status().state == "paused")
    name = "slow"
    query, key = f"try={name}", f"experiments-{name}-run"
    button = next(each for each in said(address, query) if each.endswith(key))
    said(address, query, button)
    changed = EXPERIMENTS[name].changed.digest()
    found = [run for run in RunStore(root).runs() if run.digest == changed]
    try:
        assert len(found) == 1 and found[0].status().state == "waiting"
    finally:
        for run in (run for run in RunStore(root).runs() if run.status().active):
            Controls(run).stop()
        wait_for(lambda: not any(run.status().active for run in RunStore(root).runs()), 300)


def said(address: str, query: str, pressed: str = "") -> list[str]:
    """The ids of the buttons that a new session of the page brings, the first message being a press of one of them or none."""
    ask, answer, found = BackMsg(), ForwardMsg(), []
    ask.rerun_script.page_name, ask.rerun_script.query_string = "experiments", query
    if pressed:
        state = ask.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = pressed, True
    where = f"ws://{urlsplit(address).netloc}/_stcore/stream"
    headers = {"Cookie": f"{COOKIE}={'p' * 43}"}
    options = {"max_size": None, "max_queue": None}  # what nobody reads any more must not keep the socket from being closed
    with connect(where, subprotocols=["streamlit"], origin=address, additional_headers=headers, **options) as socket:
        socket.send(ask.SerializeToString())
        while answer.WhichOneof("type") != "script_finished" or answer.script_finished not in WHOLE:
            answer.ParseFromString(socket.recv(timeout=120))
            if answer.WhichOneof("type") == "delta" and answer.delta.new_element.WhichOneof("type") == "button":
                found.append(answer.delta.new_element.button.id)
    return found


def test_a_cell_of_a_comparison_lights_up_in_all_three_and_is_answered_for_in_both(half_run, visit) -> None:
    address, _ = half_run
    reader: Visitor = visit(f"{address}/experiments?experiment=pair&text=The+little+dog+was")
    reader.wait_heading(WORDS["question"])
    card = reader.page.locator(".st-key-card-experiments-attention")
    pictures, said = card.locator(".plot canvas"), card.locator(".words")

    def cell(i: int, row: int, column: int) -> dict[str, float]:
        box = pictures.nth(i).bounding_box()
        return {"x": box["width"] * (0.2 + 0.19 * column), "y": box["height"] * (0.3 + 0.19 * row)}

    pictures.nth(2).scroll_into_view_if_needed()
    before, requests = said.all_inner_texts(), len(reader.requests)
    pictures.nth(2).hover(position=cell(2, 3, 1))
    reader.drawn()
    pointed = said.all_inner_texts()
    assert all("·was" in now and "·little" in now and now != old for now, old in zip(pointed[:3], before[:3], strict=True))
    assert len(reader.requests) == requests
    made = card.get_by_role("heading", name=re.compile("come from"))
    pictures.nth(2).click(position=cell(2, 3, 1))
    made.nth(1).wait_for()
    reader.idle()
    pictures.nth(0).click(position=cell(0, 2, 0))  # another cell in another of them takes over
    reader.idle()
    reader.page.mouse.move(2, 2)
    reader.drawn()
    assert all("·dog" in now and "The" in now for now in said.all_inner_texts()[:3]) and made.count() == 2
    reader.page.keyboard.press("Escape")
    made.first.wait_for(state="detached")
    reader.idle()
    assert said.all_inner_texts()[:3] == before[:3] and not reader.errors


@pytest.mark.slow
def test_heads_and_seed_of_a_comparison_survive_reload_and_back(half_run, visit) -> None:
    address, _ = half_run
    reader: Visitor = visit(f"{address}/experiments?experiment=pair&text=The+little+dog+was")
    page, words = reader.page, WORDS["pair"]
    reader.wait_heading(WORDS["question"])

    def shown() -> list[str]:
        heads = page.locator(".st-key-card-experiments-attention [data-testid=stMarkdown] p", has_text="layer").all_inner_texts()
        return [*heads, page.get_by_role("spinbutton", name=WORDS["continue"]["seed"]).input_value()]

    assert words["first"] in page.locator(".st-key-card-experiments-pair").inner_text()
    before = shown()
    box = page.get_by_role("combobox", name=WORDS["attention"]["head_b"])
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a list closes when the page scrolls
    box.click()
    page.get_by_role("option", name="3", exact=True).click()
    reader.idle()
    page.get_by_role("button", name=WORDS["continue"]["again"]).click()
    page.wait_for_url(re.compile("draws=1"))
    reader.idle()
    after = shown()
    assert "b_head=3" in page.url and after != before and after[-1] == "1" and "head 3" in after[1]
    page.reload()
    reader.wait_heading(WORDS["question"])
    assert shown() == after
    page.go_back()
    page.wait_for_url(lambda url: "draws" not in url)
    reader.idle()
    assert shown()[-1] == "0" and shown()[:-1] == after[:-1]
    page.go_forward()
    page.wait_for_url(re.compile("draws=1"))
    reader.idle()
    assert shown() == after and not reader.errors


def test_back_undoes_the_choice_of_an_experiment(half_run, visit) -> None:
    address, _ = half_run
    reader: Visitor = visit(f"{address}/experiments")
    page, words = reader.page, WORDS["try"]

    reader.wait_heading(WORDS["question"])
    for name in ("one_head", "no_norm"):
        page.get_by_text(words[name]["name"], exact=True).click()
        page.wait_for_url(re.compile(f"try={name}"))
        reader.idle()
    for title in ("one_head", "no_positions"):  # the last one is what the page opened with
        page.go_back()
        expect(page.get_by_text(words[title]["title"], exact=True)).to_be_visible()
        reader.idle()
    page.get_by_text(words["one_layer"]["name"], exact=True).click()
    page.wait_for_url(re.compile("try=one_layer"))
    reader.idle()
    page.get_by_role("link", name="Home").first.click()
    reader.idle()
    page.go_back()
    reader.wait_heading(WORDS["question"])
    expect(page.get_by_text(words["one_layer"]["title"], exact=True)).to_be_visible()
