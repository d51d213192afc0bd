"""What is locked, as it stands in the link."""

import pytest

from ui.locked import Lock, parse, written


@pytest.mark.parametrize("lock", [None, Lock(0), Lock(6, 2), Lock(120, 0)])
def test_a_lock_is_read_as_it_is_written(lock: Lock | None) -> None:
    assert parse(written(lock)) == lock


@pytest.mark.parametrize("text", ["", "0", "1.0", "1.2.3", "-1", "1e3", "٣", "99999", "<script>", "1.", ".1"])
def test_anything_else_locks_nothing(text: str) -> None:
    assert parse(text) is None


def test_a_lock_fits_only_a_sentence_that_has_its_tokens() -> None:
    assert Lock(2).fits(3) and not Lock(3).fits(3) and not Lock(0, 3).fits(3)
