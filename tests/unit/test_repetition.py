"""Loops in generated text."""

import pytest

from llm.repetition import Loop, distinct_share, find_loop


def test_the_shortest_loop_is_found_with_its_first_token():
    assert find_loop([9, 8, 7, *[1, 2, 3] * 4]) == Loop(3, 3, 4)
    assert find_loop([5] * 10) == Loop(0, 1, 10)
    assert find_loop([4, *[1, 2, 3] * 3, 1]) == Loop(1, 3, 3)  # a round that has only begun


@pytest.mark.parametrize("ids", [[], [1], [1, 2, 3], [1, 1], [1, 2, 1, 2], list(range(40)), [*[1, 2, 3] * 4, 9]])
def test_no_loop(ids):
    assert find_loop(ids) is None


def test_distinct_share():
    assert distinct_share([1, 2, 3, 4]) == 1.0
    assert distinct_share([1, 1, 1, 1]) == pytest.approx(1 / 3)
    assert distinct_share([1]) == 1.0
