"""Decoding settings in the link and from the browser; the tree to draw; sizes in words."""

import math

import pytest

from llm.decoding import TreeNode
from ui.decoding.figures import branches, size
from ui.decoding.settings import Settings, from_address, from_dict


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(0.0, None, None, None, 1.0, 0, 0),
        Settings(2.35, 3, 0.5, 0.07, 1.45, 77, 12),
        Settings(top_k=20000, top_p=None),
    ],
)
def test_the_link_gives_the_settings_back(settings):
    assert from_address(settings.address) == settings


@pytest.mark.parametrize("text", ["", "nonsense", "t", "t-1", "<script>", "t1e9", "__", "T0.5", "t0.5x", "٣", "t٣"])
def test_a_link_that_says_nothing_gives_the_default(text):
    assert from_address(text) == Settings()


def test_values_out_of_range_are_brought_into_it():
    s = from_address("t99_k0_p7_m3_r9_s99999999_d9999")
    assert s == Settings(3.0, 1, 1.0, 1.0, 2.0, 999_999, 500)
    assert s.sampling.top_k == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf, "1", None, True, [], {}])
def test_a_browser_cannot_send_what_is_no_number(bad):
    assert from_dict({"temperature": bad, "penalty": bad, "unknown": 4}, Settings()) == Settings()


def test_a_filter_can_be_switched_off():
    assert from_dict({"top_k": None, "top_p": None, "temperature": 1.5}, Settings()) == Settings(1.5, None, None)


def test_branches_add_up_and_leave_out_only_what_was_cut():
    nodes = (
        TreeNode(-1, 0, -1, 1.0, (), ()),
        TreeNode(0, 1, 5, 0.2, (), ("beam",), ()),
        TreeNode(0, 1, 6, 0.5, ("greedy",), ("greedy", "beam"), ("greedy", "beam")),
        TreeNode(0, 1, 7, 0.1, (), ("beam",), ()),
        TreeNode(0, 1, 8, 0.15, (), ("beam",), ("beam",)),
        TreeNode(2, 2, 9, 0.25, ("greedy",), ("greedy",), ("greedy",)),
    )
    drawn, left_out = branches(nodes, str, 1)
    assert [(b.id, b.parent) for b in drawn] == [(-1, -1), (6, 0), (9, 1), (5, 0), (8, 0)]
    assert left_out == 1
    assert drawn[2].total == pytest.approx(math.log(0.5 * 0.25)) and drawn[2].text == "9"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (4096, "4.10 kB"),
        (61440, "61.4 kB"),
        (524288, "524 kB"),
        (999_700, "1.00 MB"),
        (5e12, "5000 GB"),
    ],
)
def test_sizes(count, text):
    assert size(count) == text
