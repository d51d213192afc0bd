"""The browser's merging (assets/web/merging.js) against llm.tokenizers, state by state, run by Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from llm.tokenizers import load_tokenizer
from llm.tokenizers.merging import applying, learning

SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "web" / "merging.js"
NODE = shutil.which("node")
TEXTS = [
    "a woodchuck would chuck all the wood he could chuck",
    "aaaaaaa aaaa aaa",
    "<script>alert(1)</script> $x$ **x** **x**",
    "مرحبا بالعالم مرحبا 👨‍👩‍👧 👨‍👩‍👧",
    "ab",
]
RUNNER = """
import {{ states, strikes }} from {module};
import {{ readFileSync }} from "node:fs";
const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({{ ids, ends, candidates }}) => states(ids, ends, candidates).map((state, i) =>
  ({{ ids: state.ids, ends: state.ends, fresh: state.fresh.length, strikes: strikes(state, candidates[i][0]).length }})))));
"""


@pytest.mark.skipif(NODE is None, reason="node is not installed, so the browser's arithmetic cannot be run here")
def test_the_browser_merges_as_python_does(tmp_path: Path) -> None:
    gpt2 = load_tokenizer("gpt2")
    runs = [states for text in TEXTS for states in (learning(text, 30)[1], applying(gpt2, text, 30))]
    script = tmp_path / "run.mjs"
    script.write_text(RUNNER.format(module=json.dumps(SCRIPT.as_uri())))
    sent = [
        {
            "ids": states[0].ids,
            "ends": states[0].chunk_ends,
            "candidates": [[[c.left, c.right, c.new, c.count] for c in state.candidates] for state in states],
        }
        for states in runs
    ]
    done = subprocess.run([NODE, script], input=json.dumps(sent), capture_output=True, text=True, timeout=60, check=True)
    for states, answers in zip(runs, json.loads(done.stdout), strict=True):
        assert [(tuple(a["ids"]), tuple(a["ends"])) for a in answers] == [(s.ids, s.chunk_ends) for s in states]
        for now, after in pairwise(answers):
            assert now["strikes"] == after["fresh"] == len(now["ids"]) - len(after["ids"])
