"""Loops in generated text."""

import random

import pytest

from llm.repetition import Loop, distinct_share, find_loop


def test_the_longest_loop_is_found_with_its_first_token():
    assert find_loop([9, 8, 7, *[1, 2, 3] * 4]) == Loop(3, 3, 12)
    assert find_loop([5] * 14) == Loop(0, 1, 14)
    assert find_loop([4, *[1, 2, 3, 6] * 3, 1, 9, 9]) == Loop(1, 4, 13)  # a round that has only begun, and other text behind
    assert find_loop([*[1, 2] * 6, 7, *[3, 4, 5] * 5]) == Loop(13, 3, 15)
    assert find_loop([1, 2] * 6).times == 6


@pytest.mark.parametrize("ids", [[], [1], [1, 2, 3], [1] * 11, [1, 2] * 5, list(range(40)), [*range(9)] * 2])
def test_no_loop(ids):
    assert find_loop(ids) is None


def test_the_same_as_looking_at_every_stretch():
    rng = random.Random(4)
    for _ in range(60):
        ids = [rng.randrange(2) for _ in range(30)]
        found = [
            (end - start, -period, -start)
            for start in range(30)
            for end in range(start + 12, 31)
            for period in range(1, (end - start) // 3 + 1)
            if all(ids[i] == ids[i - period] for i in range(start + period, end))
        ]
        loop = find_loop(ids)
        assert (loop and (loop.length, -loop.period, -loop.start)) == max(found, default=None)


def test_distinct_share():
    assert distinct_share([1, 2, 3, 4]) == 1.0
    assert distinct_share([1, 1, 1, 1]) == pytest.approx(1 / 3)
    assert distinct_share([1]) == 1.0
