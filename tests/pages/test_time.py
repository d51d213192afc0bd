"""Runs on the stage pages: who sees which, every step's own numbers, and what happens when a run or a snapshot goes."""

from __future__ import annotations

import os

import numpy as np
import pytest
import streamlit as st

from llm.checkpoints import load_checkpoint
from llm.runs.models import describe_run, model_id
from llm.runs.status import Status, write_status
from llm.trace import trace
from tests.pages.helpers import check, component, messages, open_page
from tests.run_helpers import OTHER, OWNER, finish, tiny_run, tiny_spec
from ui import cached, cached_embeddings, run_models, runs, time_travel, visitor

SLUGS = ("home", "tokenization", "embeddings", "positions", "attention", "layers", "decoding")
TEXT = "moon cup tree moon cup"
KINDS = {
    "alibi": {},
    "masked": {"model": {"causal": False}, "train": {"objective": "masked_tokens"}},
    "rope": {"model": {"position": "rope", "norm": "rmsnorm", "activation": "swiglu"}},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def trained(root):
    found = {}
    for name, changes in KINDS.items():
        found[name] = tiny_run(root, tiny_spec(12, title=f"**{name}** <b>", **changes), owner=OTHER)
        finish(found[name])
    return found


@pytest.fixture(autouse=True)
def here(root, trained, monkeypatch):
    monkeypatch.setenv("GLASSFORMER_RUNS", str(root))
    monkeypatch.setattr(visitor, "visitor", lambda: OWNER)
    monkeypatch.setattr(runs, "visitor", lambda: OWNER)
    for function in (runs.store, runs.queue, run_models.described):
        function.clear()
    yield
    for function in (runs.store, runs.queue, run_models.described):
        function.clear()


def menu(at) -> list[str]:
    return list(at.selectbox(key="bench-model").options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slug", SLUGS)
def test_every_page_opens_every_kind_of_run(slug: str, kind: str, trained) -> None:
    at = check(open_page(slug, model=model_id(trained[kind]), step="5"), slug)
    assert at.text_input(key="text").value.startswith("moon")
    assert not at.warning


@pytest.mark.parametrize("step", [0, 2, 12])
def test_pages_show_exactly_that_step(step: int, trained) -> None:
    run = trained["alibi"]
    opened = load_checkpoint(run.folder, step)
    ids = opened.tokenizer.encode(TEXT)
    recorded = trace(opened.model, ids)
    where = {"model": model_id(run), "step": str(step), "text": TEXT}
    at = open_page("attention", **where)
    _, arrays = component(at, next(key for key in messages(at) if key.startswith("attention-matrix")))
    assert np.array_equal(np.nan_to_num(arrays["values"]), recorded["blocks.0.attn.pattern"][0])
    logits = recorded["logits"][-1].astype(np.float64)
    best = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    for slug in ("attention", "layers", "embeddings"):
        shown = messages(open_page(slug, **where))["pipeline"]
        assert shown["stations"][-1]["detail"].endswith(f"{best.max():.2f}")
        assert f"step {step}" in shown["provenance"] and ("random weights" in shown["provenance"]) == (step == 0)


def test_others_runs_are_in_nobody_s_menu_but_open_by_their_link(trained, root) -> None:
    name = model_id(trained["alibi"])
    assert not any("**alibi**" in each for each in menu(open_page("home")))
    linked = menu(check(open_page("home", model=name), "home"))
    assert sum("**alibi**" in each for each in linked) == 1 and not any("**rope**" in each for each in linked)
    trained["rope"].attach(OWNER)
    assert sum("**rope**" in each for each in menu(open_page("home"))) == 1
    trained["rope"].detach(OWNER)


def test_runs_of_one_title_are_different_entries(trained, root) -> None:
    for _ in range(2):
        run = tiny_run(root, tiny_spec(12, title="Twin"))
        for name in ("config.json", "tokenizer.json", "meta.json", "model.safetensors"):
            (run.folder / name).write_bytes((trained["alibi"].folder / name).read_bytes())
    twins = [each for each in menu(open_page("home")) if each.startswith("Twin")]
    assert len(twins) == len(set(twins)) == 2


@pytest.mark.parametrize("name", ["run-nobody", "run-", "nonsense", "run-../../etc"])
def test_a_model_that_is_not_here_is_a_sentence(name: str) -> None:
    at = check(open_page("attention", model=name), "attention")
    assert at.selectbox(key="bench-model").value == "stories" and len(at.warning) == 1


def copy_of(run, root):
    """A run of OWNER's with another's files, to be damaged."""
    made = tiny_run(root, run.spec)
    (made.folder / "snapshots").mkdir()
    for path in (*run.folder.glob("*.json"), *run.folder.glob("snapshots/*")):
        if path.name not in ("owner.json", "spec.json", "meta.json"):
            (made.folder / path.relative_to(run.folder)).write_bytes(path.read_bytes())
    return made


def test_a_snapshot_that_goes_leaves_the_nearest(trained, root) -> None:
    run = copy_of(trained["alibi"], root)
    at = check(open_page("attention", model=model_id(run), step="5"), "attention")
    (run.folder / "snapshots" / "step-000005.safetensors").unlink()
    run_models.described.clear()
    at.run()
    nearest = min(run.snapshots(), key=lambda step: abs(step - 5))
    assert f"step {nearest}" in messages(check(at, "attention"))["pipeline"]["provenance"]
    (run.folder / "snapshots" / f"step-{nearest:06d}.safetensors").write_bytes(b"damaged")
    run_models.described.clear()
    at.run()
    assert any("nearest stored step" in warning.value for warning in check(at, "attention").warning)


def test_a_run_that_is_deleted_while_it_is_open_gives_way_to_the_first_model(trained, root) -> None:
    run = copy_of(trained["alibi"], root)
    at = check(open_page("layers", model=model_id(run)), "layers")
    assert "stories" not in messages(at)["pipeline"]["provenance"].lower()
    run.folder.rename(root / ".gone")
    run_models.described.clear()
    at.run()
    assert "cannot be opened" in check(at, "layers").warning[0].value
    assert messages(at)["pipeline"]["provenance"].startswith("Stories")


def test_a_step_that_is_trained_again_differently_is_computed_again(trained, root) -> None:
    run = copy_of(trained["alibi"], root)
    path = run.folder / "snapshots" / "step-000002.safetensors"
    st.cache_resource.clear()
    first = cached.checkpoint(model_id(run), 2)
    assert cached.checkpoint(model_id(run), 2) is first
    path.write_bytes((run.folder / "snapshots" / "step-000005.safetensors").read_bytes())
    os.utime(path, ns=(1, 1))
    again = cached.checkpoint(model_id(run), 2).model.token_embedding.weight
    assert not np.array_equal(again, first.model.token_embedding.weight)
    assert np.array_equal(again, cached.checkpoint(model_id(run), 5).model.token_embedding.weight)


def test_the_newest_step_is_looked_up_anew(trained, root) -> None:
    run = copy_of(trained["alibi"], root)
    last = run.snapshots()[-1]
    newest = run.folder / "snapshots" / f"step-{last:06d}.safetensors"
    kept = newest.read_bytes()
    newest.unlink()
    run_models.described.clear()
    before = cached.checkpoint(model_id(run)).meta["step"]
    newest.write_bytes(kept)
    run_models.described.clear()
    assert before < last == cached.checkpoint(model_id(run)).meta["step"]


def test_a_run_that_ends_while_the_page_looks_at_it_is_looked_at_again(trained, root, monkeypatch) -> None:
    """The last weights and the end come after its steps were listed and before its state is asked for: it is still followed."""
    run = copy_of(trained["alibi"], root)
    ended = run.status()
    newest = run.folder / "snapshots" / f"step-{run.snapshots()[-1]:06d}.safetensors"
    kept = newest.read_bytes()
    newest.unlink()
    write_status(run.folder, Status("waiting"))  # active, and nothing has to hold the folder

    def end_after(run_):
        found = describe_run(run_)
        if not newest.is_file():
            newest.write_bytes(kept)
            write_status(run.folder, ended)
        return found

    monkeypatch.setattr(run_models, "describe_run", end_after)
    at = check(open_page("home", model=model_id(run)), "home")
    seen = messages(at)[time_travel.KEY]
    assert seen["shown"] < run.snapshots()[-1] and seen["active"] and not run.status().active
    at.run()  # at once: what was kept of the run that trained is not served for the one that has ended
    seen = messages(check(at, "home"))[time_travel.KEY]
    assert seen["shown"] == run.snapshots()[-1] and not seen["active"]


def test_one_more_snapshot_leaves_the_cloud_where_it_is(trained, root) -> None:
    run = copy_of(trained["alibi"], root)
    steps = describe_run(run).steps
    newest = run.folder / "snapshots" / f"step-{steps[-1]:06d}.safetensors"
    kept = newest.read_bytes()
    newest.unlink()
    run_models.described.clear()
    before = cached_embeddings.clouds(model_id(run))
    newest.write_bytes(kept)
    run_models.described.clear()
    after = cached_embeddings.clouds(model_id(run))
    assert after.steps[:-1] == before.steps and after.steps[-1] == steps[-1]
    assert np.array_equal(after.coordinates[:-1], before.coordinates)
