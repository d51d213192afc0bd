"""Lines of JSON: appended whole, read from where one was, thinned, cut."""

import errno
import json
import os
from itertools import pairwise

import pytest

from llm.runs.metrics import Appender, Tail, cut_rows, read_rows


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.jsonl"


def write(path, steps, every=10, **values) -> None:
    appender = Appender(path)
    for step in steps:
        evaluation = {"val_loss": step + 0.5} if step % every == 0 else {}
        appender.add({"step": step, "loss": float(step)} | values | evaluation)
    appender.close()


def test_rows_since_a_step(path):
    assert read_rows(path) == []
    write(path, range(1, 101))
    assert [row["step"] for row in read_rows(path)] == list(range(1, 101))
    for since in (0, 1, 50, 99, 100, 500):
        assert [row["step"] for row in read_rows(path, since)] == list(range(since + 1, 101))


def test_step_zero_is_above_no_step(path):
    write(path, range(3))
    assert [row["step"] for row in read_rows(path)] == [0, 1, 2]


def test_thinning_keeps_both_ends_both_scales_and_evaluations(path):
    write(path, range(1, 20_001), every=1000)
    rows = read_rows(path, at_most=300)
    steps = [row["step"] for row in rows]
    assert len(rows) <= 300
    assert (steps[0], steps[-1]) == (1, 20_000)
    assert steps == sorted(set(steps))
    assert {1, 2, 3, 4, 5} <= set(steps)  # a logarithmic axis starts here
    assert max(b - a for a, b in pairwise(steps)) <= 250  # and a linear one has no holes
    assert [row["step"] for row in rows if "val_loss" in row] == list(range(1000, 20_001, 1000))
    assert all(row["loss"] == row["step"] for row in rows)


def test_thinning_a_part_and_many_evaluations(path):
    write(path, range(1, 5001), every=1)
    rows = read_rows(path, since=2500, at_most=200)
    assert 150 < len(rows) <= 200
    assert (rows[0]["step"], rows[-1]["step"]) == (2501, 5000)
    assert len(read_rows(path, since=4900, at_most=200)) == 100


def test_a_line_that_is_being_written_waits(path):
    write(path, [1, 2])
    with path.open("ab") as file:
        file.write(b'{"step": 3, "lo')
    assert [row["step"] for row in read_rows(path)] == [1, 2]
    tail = Tail(path)
    assert len(tail.read()) == 2
    with path.open("ab") as file:
        file.write(b'ss": 1.0}\n')
    assert tail.read() == [{"step": 3, "loss": 1.0}]
    assert tail.read() == []


def test_a_tail_sees_what_is_new_and_that_a_resume_cut(path):
    tail = Tail(path)
    assert tail.read() == []
    write(path, range(1, 11))
    assert [row["step"] for row in tail.read()] == list(range(1, 11))
    assert not tail.rewound
    write(path, [11])
    assert [row["step"] for row in tail.read()] == [11]
    cut_rows(path, lambda row: row["step"] <= 5)
    assert [row["step"] for row in tail.read()] == [1, 2, 3, 4, 5]
    assert tail.rewound
    tail.read()
    assert not tail.rewound


def test_a_tail_sees_a_cut_even_when_the_file_is_as_long_again(path):
    tail = Tail(path)
    write(path, range(10, 30))
    tail.read()
    cut_rows(path, lambda row: row["step"] < 15)
    write(path, range(15, 40), loss=9.0)
    assert [row["step"] for row in tail.read()] == list(range(10, 40))
    assert tail.rewound


def test_cutting_drops_damage_and_what_follows(path):
    cut_rows(path, lambda row: True)  # no file: nothing to do
    write(path, [1, 2])
    with path.open("ab") as file:
        file.write(b"\0\0\0\n" + json.dumps({"step": 4}).encode() + b"\n")
    assert [row["step"] for row in read_rows(path)] == [1, 2, 4]
    cut_rows(path, lambda row: True)
    assert [row["step"] for row in read_rows(path)] == [1, 2]
    write(path, [3])
    cut_rows(path, lambda row: row["step"] <= 2)
    assert [row["step"] for row in read_rows(path)] == [1, 2]


def test_a_full_disk_leaves_no_half_line(path, monkeypatch):
    write(path, [1])
    appender = Appender(path)
    appender.add({"step": 2})
    real = os.write

    def full(file, data):
        if len(data) <= 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data[:5])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        appender.add({"step": 3, "loss": 1.0})
    monkeypatch.setattr(os, "write", real)
    assert path.read_bytes().endswith(b'{"step": 2}\n')
    appender.add({"step": 3})
    assert [row["step"] for row in read_rows(path)] == [1, 2, 3]
    appender.close()
