"""``python -m llm runs``: what the table and its JSON say of runs in every state, without waiting for PyTorch."""

import json
import subprocess
import sys

from llm.__main__ import main
from llm.runs.status import Status, write_status
from tests.run_helpers import ROOT, finish, tiny_run, tiny_spec


def listed(capsys, *arguments: str) -> str:
    assert main(["runs", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_the_table_has_a_line_for_each_run(tmp_path, capsys) -> None:
    done, waiting = tiny_run(tmp_path, tiny_spec(12, title="First \x1b[2J of all")), tiny_run(tmp_path, tiny_spec(title="Second"))
    finish(done)
    done.keep(True)
    lines = listed(capsys, tmp_path).splitlines()
    first, second = (next(line for line in lines if run.id in line) for run in (done, waiting))
    assert len(lines) == 3 and lines[0].split()[:3] == ["id", "state", "step"]
    assert "done" in first and "12/12" in first and f"{done.meta()['val_loss']:.4f}" in first
    assert "First ?[2J of all (kept)" in first and "waiting" in second and "0/60" in second


def test_json_is_the_last_line_and_has_every_run(tmp_path, capsys) -> None:
    run = tiny_run(tmp_path, tiny_spec(12))
    finish(run)
    said = json.loads(listed(capsys, tmp_path, "--json").splitlines()[-1])
    (found,) = said["runs"]
    assert found["id"] == run.id and found["state"] == "done" and found["step"] == 12
    assert found["val_loss"] == run.meta()["val_loss"] and found["bytes"] > 0


def test_damaged_runs_and_empty_folders_are_said(tmp_path, capsys) -> None:
    assert "no runs in" in listed(capsys, tmp_path / "nothing")
    run = tiny_run(tmp_path)
    (run.folder / "spec.json").write_text("{", encoding="utf-8")
    (run.folder / "owner.json").unlink()
    write_status(run.folder, Status("interrupted"))  # ended before anything was written
    line = next(line for line in listed(capsys, tmp_path).splitlines() if run.id in line)
    assert "interrupted" in line and "1970" not in line and "spec.json" in line


def test_listing_does_not_wait_for_pytorch(tmp_path) -> None:
    code = f"import sys; from llm.__main__ import main; main(['runs', {str(tmp_path)!r}]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
