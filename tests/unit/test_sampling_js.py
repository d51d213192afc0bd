"""The browser's sampling arithmetic (assets/web/sampling.js) against llm.sampling, case by case, run by Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from llm.config import SamplingConfig
from llm.sampling import REMOVED_BY, explain_choice

SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "web" / "sampling.js"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed, so the browser's arithmetic cannot be run here")

RUNNER = """
import {{ explainChoice, prepare, removed }} from {module};
import {{ readFileSync }} from "node:fs";
const cases = JSON.parse(readFileSync(0, "utf8"));
const answers = cases.map(({{ logits, seen, settings, u }}) => {{
  const choice = explainChoice(prepare(Float32Array.from(logits.map((v) => v ?? -Infinity)), seen), settings, u);
  const list = (array) => Array.from(array, (v) => (v === -Infinity ? null : v));
  const arrays = ["penalised", "scaled", "fullProbabilities", "removedBy", "probabilities", "order", "edges"];
  const listed = Object.fromEntries(arrays.map((name) => [name, list(choice[name])]));
  return {{ ...listed, draw: choice.draw, removed: removed(choice) }};
}});
console.log(JSON.stringify(answers));
"""


def run_node(tmp_path: Path, cases: list[dict]) -> list[dict]:
    """What sampling.js says about each case."""
    script = tmp_path / "run.mjs"
    script.write_text(RUNNER.format(module=json.dumps(SCRIPT.as_uri())))
    sent = [{**case, "logits": [None if v == -np.inf else float(v) for v in case["logits"]]} for case in cases]
    done = subprocess.run([NODE, script], input=json.dumps(sent), capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)


def random_cases(count: int, seed: int) -> list[dict]:
    """Random logits of many sizes and spreads, with every filter on and off, ties and -inf among them."""
    rng = np.random.default_rng(seed)
    cases = []
    for n in range(count):
        size = int(rng.choice([1, 2, 3, 7, 8, 9, 60, 129, 1024, 5000]))
        logits = (rng.normal(size=size) * rng.choice([0.1, 1, 5, 30]) + rng.choice([-40, 0, 10])).astype(np.float32)
        if n % 5 == 0:
            logits = np.round(logits)  # ties
        if n % 7 == 0 and size > 3:
            logits[rng.integers(1, size, 2)] = -np.inf
        settings = {
            "temperature": float(rng.choice([0, 0.05, 0.3, 0.8, 1, 1.35, 3])),
            "topK": None if n % 3 == 0 else int(rng.integers(1, 60)),
            "topP": None if n % 4 == 0 else round(float(rng.uniform(0.05, 1)), 2),
            "minP": None if n % 2 == 0 else round(float(rng.uniform(0, 0.5)), 2),
            "penalty": float(rng.choice([1, 1.05, 1.3, 2])),
        }
        seen = [int(i) for i in rng.integers(0, size, int(rng.integers(0, 30)))]
        cases.append({"logits": logits, "seen": seen, "settings": settings, "u": float(rng.random())})
    return cases


def expected(case: dict):
    """What llm.sampling says about it."""
    s = case["settings"]
    sampling = SamplingConfig(s["temperature"], s["topK"], s["topP"], s["minP"], s["penalty"])
    return explain_choice(case["logits"], sampling, case["seen"], case["u"])


@needs_node
def test_every_stage_equals_the_library(tmp_path):
    cases = random_cases(300, seed=1)
    for number, (case, mine) in enumerate(zip(cases, run_node(tmp_path, cases), strict=True)):
        right = expected(case)
        where = f"case {number}: {case['settings']}"
        assert mine["order"] == right.order.tolist(), where
        assert mine["removedBy"] == right.removed_by.tolist(), where
        assert mine["draw"]["id"] == right.token_id, where
        for name, theirs in (
            ("penalised", right.penalised),
            ("scaled", right.scaled),
            ("fullProbabilities", right.full_probabilities),
        ):
            ours = np.array([-np.inf if v is None else v for v in mine[name]])
            np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=0, err_msg=where)
        np.testing.assert_allclose(mine["probabilities"], right.probabilities, rtol=1e-13, err_msg=where)
        np.testing.assert_allclose(mine["edges"], right.cumulative[: right.n_kept], rtol=1e-13, err_msg=where)
        np.testing.assert_allclose([mine["draw"]["low"], mine["draw"]["high"]], [right.draw.low, right.draw.high], rtol=1e-13)
        for name in REMOVED_BY[1:]:
            np.testing.assert_allclose(mine["removed"][name]["mass"], right.removed_mass(name), rtol=1e-9, atol=1e-300)


@needs_node
def test_a_vocabulary_of_gpt2s_size(tmp_path):
    rng = np.random.default_rng(3)
    logits = (rng.normal(size=50257) * 3 - 35).astype(np.float32)
    settings = {"temperature": 0.8, "topK": 400, "topP": 0.95, "minP": 0.01, "penalty": 1.2}
    case = {"logits": logits, "seen": [int(i) for i in logits.argsort()[-40:]], "settings": settings, "u": 0.7321}
    (mine,) = run_node(tmp_path, [case])
    right = expected(case)
    assert mine["order"] == right.order.tolist() and mine["removedBy"] == right.removed_by.tolist()
    assert mine["draw"]["id"] == right.token_id
    np.testing.assert_allclose(mine["probabilities"], right.probabilities, rtol=1e-13)
