"""Positions: the pictures hold the model's own vectors, and the schemes differ where they should."""

from __future__ import annotations

import contextlib
import io
import re

import numpy as np
import pytest

from tests.pages.helpers import check, component, messages, open_page
from ui import cached

SCHEMES = ["learned", "sinusoidal", "rope", "alibi", "none"]


def view(name: str, **address: str):
    at = open_page("positions", **address)
    at.segmented_control(key="positions-view").set_value(name).run()
    return check(at, "positions")


def test_the_table_is_the_model_s() -> None:
    _, arrays = component(open_page("positions"), "positions-table")
    weights = cached.checkpoint("stories", None).model.position_embedding.weight.numpy()
    assert np.array_equal(arrays["values"], weights[:128, :128])


def test_token_plus_position_is_the_sum() -> None:
    _, arrays = component(view("sum", text="The little dog"), "positions-vectors")
    token, position, total = arrays["values"]
    assert np.allclose(token + position, total, atol=1e-6)
    assert np.any(position)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["scheme", "sum", "distance", "shuffle", "without"])
def test_every_view_of_every_scheme(scheme: str, name: str) -> None:
    at = view(name, model=f"positions-{scheme}")
    if name == "scheme":
        expected = {
            "learned": "positions-table",
            "sinusoidal": "positions-table",
            "rope": "positions-arrows",
            "alibi": "positions-slopes",
        }
        assert scheme == "none" or expected[scheme] in messages(at)


def test_shuffling_leaves_the_model_without_positions_and_mask_alone() -> None:
    at = view("shuffle", text="The little dog was very happy and")
    at.pills(key="positions-predict-choice").set_value("none").run()
    header, arrays = component(check(at, "positions"), "positions-moved")
    row = next(i for i, name in enumerate(header["rows"]) if "none" in name.lower())
    assert arrays["values"][row, 1] < 1e-5
    assert arrays["values"][:, 1].max() > 1e-3


def test_shuffle_again_gives_another_order() -> None:
    at = view("shuffle", text="The little dog was very happy and")
    before = component(at, "positions-after")[0]["chips"]
    at.button[0].click().run()
    assert component(at, "positions-after")[0]["chips"] != before


def test_a_snapshot_shows_other_vectors() -> None:
    _, first = component(open_page("positions", step="0"), "positions-table")
    _, last = component(open_page("positions"), "positions-table")
    assert not np.array_equal(first["values"], last["values"])


def test_each_scheme_s_picture_is_there_without_leaving_the_model_on_the_bench() -> None:
    at = view("scheme")
    for scheme, key in (("rope", "positions-arrows"), ("alibi", "positions-slopes"), ("sinusoidal", "positions-table")):
        at.segmented_control(key="positions-of").set_value(scheme).run()
        assert key in messages(check(at, "positions"))
        assert any(rf"Positions\: {scheme}" in caption.value for caption in at.caption)
    _, arrays = component(at, "positions-table")
    assert np.allclose(arrays["values"][:, 0], np.sin(np.arange(len(arrays["values"]))), atol=1e-5)
    assert at.selectbox(key="bench-model").value == "stories"


def test_the_lines_of_the_last_view_give_its_table() -> None:
    at = view("without", text="The little dog")
    code = next(block.value for block in at.code if "val_loss" in block.value)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "snippet", "exec"), {})
    shown = at.dataframe[0].value
    assert len(shown) == len(SCHEMES)
    for loss, text in zip(shown.iloc[:, 1], shown.iloc[:, 2], strict=True):
        assert f" {float(loss):.3f}".rstrip("0") in printed.getvalue() and text in printed.getvalue()


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if scheme != "none"])
def test_all_tokens_at_one_place_after_the_question(scheme: str) -> None:
    at = open_page("positions", model=f"positions-{scheme}", text="The little dog was very happy")
    assert "positions-gone" not in messages(at)
    at.pills(key="positions-gone-choice").set_value("more than 1 nat").run()
    _, arrays = component(check(at, "positions"), "positions-gone")
    assert np.abs(arrays["before"] - arrays["after"]).max() > 1e-3
    rise = float(re.search(r"By \*\*(.*?)\*\*", " ".join(m.value for m in at.markdown))[1])
    assert rise > 1  # these four rely on their places
    code = next(block.value for block in at.code if "placeless" in block.value)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "snippet", "exec"), {})
    last = [float(part) for part in printed.getvalue().splitlines()[0].rsplit(" ", 2)[1:]]
    assert any(np.allclose(last, pair, atol=1e-5) for pair in zip(arrays["before"], arrays["after"], strict=True))


def test_a_model_without_positions_has_no_places_to_take_away() -> None:
    at = check(open_page("positions", model="positions-none"), "positions")
    assert not [pills for pills in at.pills if pills.key == "positions-gone-choice"]


@pytest.mark.parametrize("model", ["positions-learned", "positions-sinusoidal"])
def test_a_number_of_the_scheme_and_of_the_sum_is_explained(model: str) -> None:
    at = open_page("positions", text="The little dog", model=model)
    at.session_state["positions-table"] = {"cell": [2, 9]}
    at.run()
    ids = cached.checkpoint(model, None).tokenizer.encode("The little dog")
    seen = cached.trace_of(model, None, ids)
    header, _ = component(check(at, "positions"), "positions-scheme-where-origin")
    assert header["exact"].replace("−", "-") == str(seen["embed.position"][2, 9])
    at.session_state["positions-table"] = {"cell": [40, 9]}
    at.run()
    assert "positions-scheme-where-origin" not in messages(check(at, "positions"))
    assert any("behind the end of the sentence" in each.value for each in at.caption)
    at = check(open_page("positions", text="The little dog", model=model, order="sum"), "positions")
    header, _ = component(at, "positions-sum-where-origin")
    assert header["exact"].replace("−", "-") == str(seen["embed.sum"][-1][np.abs(seen["embed.sum"][-1]).argmax()])
