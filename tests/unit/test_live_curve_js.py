"""The live chart's arithmetic, run in node beside plain Python."""

from __future__ import annotations

import json
import shutil
import subprocess
from bisect import bisect_left
from pathlib import Path

import numpy as np
import pytest

MODULE = Path(__file__).resolve().parents[2] / "assets" / "web" / "live_curve.js"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed, so the browser's arithmetic cannot be run here")


def in_browser(expression: str, **values: object) -> object:
    """The value of a JavaScript expression that may use the module (``m``) and these values."""
    source = MODULE.read_text("utf-8").encode().hex()
    script = f"""
const m = await import("data:text/javascript;base64," + Buffer.from("{source}", "hex").toString("base64"));
const {{ {", ".join(values)} }} = {json.dumps(values)};
console.log(JSON.stringify({expression}));
"""
    done = subprocess.run([NODE, "--input-type=module", "-e", script], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def test_places_are_found_as_bisect_finds_them() -> None:
    steps = [1, 2, 5, 9, 40]
    wanted = [0, 1, 1.5, 3, 5, 6.9, 7.1, 9, 25, 41]
    assert in_browser("wanted.map((v) => m.bisect(steps, v))", steps=steps, wanted=wanted) == [
        bisect_left(steps, v) for v in wanted
    ]
    nearest = [min(range(5), key=lambda i: abs(steps[i] - v)) for v in wanted]
    assert in_browser("wanted.map((v) => m.nearest(steps, v))", steps=steps, wanted=wanted) == nearest


def test_thinning_keeps_every_spike_and_few_points() -> None:
    values = np.random.default_rng(0).normal(size=5000)
    values[[777, 3210]] = 50, -50
    found = in_browser("m.thin(values, 0, values.length, 400)", values=values.tolist())
    assert found == sorted(set(found)) and len(found) <= 402
    assert {777, 3210, int(values.argmax()), int(values.argmin())} <= set(found)
    groups = {int(i / (4999 / 200)) for i in found}
    assert groups >= set(range(200))


def test_thinning_leaves_few_points_and_gaps_alone() -> None:
    assert in_browser("m.thin([3, 1, 2], 0, 3, 10)") == [0, 1, 2]
    assert in_browser("m.thin([], 0, 0, 10)") == []
    found = in_browser("m.thin(Array.from({ length: 100 }, (_, i) => (i < 90 ? NaN : i)), 0, 100, 10)")
    assert found and min(found) >= 90


def test_a_lone_spike_does_not_flatten_the_rest() -> None:
    values = [2.0] * 400 + [900.0]
    assert in_browser("m.extent(values, 0, values.length)", values=values) == [2, 2]
    assert in_browser("m.extent([1, 30], 0, 2)") == [1, 30]
    assert in_browser("m.extent([], 0, 0)") is None


@pytest.mark.parametrize(("low", "high"), [(0, 1), (2.31, 7.04), (0, 100_000), (0.0001, 0.0009), (3, 3.2)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    found = in_browser("m.ticks(low, high, 6)", low=low, high=high)
    assert 2 <= len(found) <= 14 and all(low - 1e-9 <= v <= high + 1e-9 for v in found)
    gaps = np.diff(found)
    assert np.allclose(gaps, gaps[0]) and float(f"{gaps[0]:.3e}"[:5]) in (1.0, 2.0, 5.0)


def test_a_logarithm_gets_powers_of_ten() -> None:
    assert in_browser("m.logTicks(1, 1000000)") == [10**k for k in range(7)]
    assert in_browser("m.logTicks(1, 100)") == [1, 2, 5, 10, 20, 50, 100]


def test_a_scale_goes_both_ways() -> None:
    scale = "(log) => { const f = m.scale([2, 50], 10, 400, log); return [f(2), f(50), f.back(f(7))]; }"
    for start, end, back in in_browser(f"[false, true].map({scale})"):
        assert (start, end) == (10, 400) and back == pytest.approx(7)
