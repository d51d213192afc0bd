"""Damaged files: the run says so where it matters, opens what is whole, and comes to the same model."""

import json

import pytest

from llm.checkpoints import load_checkpoint
from llm.files import snapshot_paths
from llm.runs.session import Session
from llm.runs.state import LATEST, PREVIOUS, saved_step
from tests.run_helpers import assert_is_oracle, finish, tiny_run, tiny_spec, train_until_killed


@pytest.fixture
def halfway(tmp_path):
    """A run that was killed on its way, after a live change, with two states and several snapshots."""
    run = tiny_run(tmp_path, tiny_spec(700, snapshot_every=30))
    train_until_killed(run, changed=60, killed=211)
    assert run.status().state == "interrupted" and run.changes()[0]["step"] == 60
    assert len(run.snapshots()) > 5 and run.snapshots()[-1] == saved_step(run.folder) == 210
    return run


def spoil(path) -> None:
    """Flip bits in the middle: the length and the header stay right."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = bytes(b ^ 0x5A for b in content[middle : middle + 8])
    path.write_bytes(content)


def cut_short(path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (spoil, ".safetensors"),
        (cut_short, ".json"),
        pytest.param(cut_short, ".safetensors", marks=pytest.mark.slow),
        pytest.param(spoil, ".json", marks=pytest.mark.slow),
    ],
)
def test_a_damaged_state_costs_no_more_than_one_generation(halfway, damage, kind):
    damage(halfway.folder / f"{LATEST}{kind}")
    finish(halfway)
    assert halfway.status().message == "All 700 steps are done."
    assert_is_oracle(halfway)


def test_a_damaged_newest_snapshot_is_passed_over_and_written_again(halfway):
    paths = snapshot_paths(halfway.folder)
    newest, before = sorted(paths)[-1], sorted(paths)[-2]
    cut_short(paths[newest])
    assert load_checkpoint(halfway.folder).meta["step"] == before
    finish(halfway)
    assert load_checkpoint(halfway.folder, step=newest).meta["step"] == newest
    assert_is_oracle(halfway)


def test_both_states_damaged_start_again_and_say_so(halfway):
    for name in (LATEST, PREVIOUS):
        spoil(halfway.folder / f"{name}.safetensors")
    said = {}
    Session(halfway.folder, watch=lambda record, trainer: said.setdefault(record.step, halfway.status().message)).run()
    assert said[1].startswith("Both saved states were damaged") and halfway.status().state == "done"
    assert_is_oracle(halfway)


def test_a_half_written_line_and_leftovers_are_cleared(halfway):
    for name in ("metrics.jsonl", "samples.jsonl", "changes.jsonl"):
        with (halfway.folder / name).open("ab") as file:
            file.write(b'{"step": 7, "lo')
    (halfway.folder / "snapshots" / f".step-000007.safetensors.{'0' * 32}").write_bytes(b"x" * 100)
    (halfway.folder / "tokenizer.json").write_text('{"kind": "wo')
    finish(halfway)
    assert not list((halfway.folder / "snapshots").glob(".*"))
    assert all(json.loads(line) for line in (halfway.folder / "metrics.jsonl").read_text().splitlines())
    assert_is_oracle(halfway)


def test_a_damaged_status_can_be_read_and_resumed(halfway):
    (halfway.folder / "status.json").write_bytes(b"\0" * 4096)
    status = halfway.status()
    assert (status.state, status.resumable) == ("interrupted", True)
    assert "damaged" in status.message
    finish(halfway)
    assert_is_oracle(halfway)
