"""The glass: from the pointer to all components, and from Python to pixels. Prints a table; asserts nothing.

Hover is measured on the Attention page (strip, matrix, all heads): the script's time in the browser from the event to the end
of the frame in which every component has painted. Reference in the same run: a grid of Plotly heatmaps with the same numbers.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from llm.config import ModelConfig  # noqa: E402
from llm.hf import save_gpt2  # noqa: E402
from llm.model import Transformer  # noqa: E402
from tests.browser.conftest import FLAGS, Visitor, chromium, running_server, server_process  # noqa: E402
from ui.components.core import pack  # noqa: E402

TIMES = 60
SCRIPT = """
import numpy as np, streamlit as st
from ui.components.heads import head_grid
n = st.session_state.setdefault("n", 0)
def more(): st.session_state["n"] += 1
st.button("next", on_click=more)
values = np.tril(np.random.default_rng(n).random((4, 4, 64, 64))).astype(np.float32)
if KIND == "canvas":
    head_grid(values, [[""] * 4] * 4, key="grid", label=f"picture {n}", picked=(0, 0), tokens=["x"] * 64)
else:
    from plotly.subplots import make_subplots
    import plotly.graph_objects as go
    figure = make_subplots(4, 4)
    for k in range(16):
        figure.add_trace(go.Heatmap(z=values.reshape(16, 64, 64)[k], showscale=False), k // 4 + 1, k % 4 + 1)
    figure.update_layout(title=f"picture {n}", height=700)
    st.plotly_chart(figure, key="grid")
"""
HOVER = """async (times) => {
  const canvas = [...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('canvas[role=img]')).find(Boolean);
  const edge = canvas.getBoundingClientRect(), spent = [];
  const after = (then) => { const c = new MessageChannel(); c.port1.onmessage = then; c.port2.postMessage(0); };
  for (let n = 0; n < times; n++) {
    await new Promise(done => requestAnimationFrame(() => setTimeout(done, 5)));
    const t = (n * 0.618034) % 1, x = edge.left + edge.width * (0.3 + 0.5 * t), y = edge.top + edge.height * (0.95 - 0.5 * t);
    let opened;
    requestAnimationFrame(() => { opened = performance.now(); });
    const start = performance.now();
    canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: y, bubbles: true, pointerType: 'mouse' }));
    const handled = performance.now() - start;
    await new Promise(done => requestAnimationFrame(() => after(done)));
    spent.push(handled + performance.now() - opened);
  }
  return spent;
}"""
UPDATE = """async (n) => {
  const canvas = () => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector(`[aria-label="picture ${n}"]`));
  const plotly = () => [...document.querySelectorAll('.gtitle')].some(e => e.textContent === `picture ${n}`);
  const start = performance.now();
  [...document.querySelectorAll('button')].find(b => b.textContent.trim() === 'next').click();
  while (!canvas() && !plotly()) await new Promise(done => requestAnimationFrame(done));
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}"""


def row(what: str, median: float, worst: float, goal: str) -> None:
    print(f"{what:<64} {median:9.1f} {worst:9.1f}   {goal}", flush=True)


def hover(browser: Browser, server: str, address: str, what: str, goal: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 1800})
    visitor = Visitor(context.new_page())
    visitor.open(f"{server}/attention?{address}")
    visitor.page.locator(".head").first.wait_for(timeout=120_000)
    visitor.idle()
    spent = sorted(visitor.page.evaluate(HOVER, TIMES))
    row(what, statistics.median(spent), spent[int(0.95 * len(spent))], goal)
    context.close()


@contextlib.contextmanager
def grid_server(kind: str, folder: Path) -> Iterator[str]:
    """A page with one grid of 16 heads, drawn by our canvas or by Plotly."""
    (folder / f"{kind}.py").write_text(SCRIPT.replace("KIND", repr(kind), 1))
    app = folder / f"app_{kind}.py"
    app.write_text(
        "import streamlit as st\nfrom ui.server import lifespan, middleware, routes\n"
        f"app = st.App({str(folder / f'{kind}.py')!r}, routes=routes, lifespan=lifespan, middleware=middleware)\n"
    )
    with server_process(script=app, PYTHONPATH=str(ROOT), GLASSFORMER_RUNS=str(folder)) as (_, address):
        yield address


def update(page: Page, address: str) -> list[float]:
    page.goto(address)
    page.get_by_role("button", name="next").wait_for(timeout=120_000)
    page.wait_for_timeout(4000)
    spent = []
    for n in range(1, 16):
        spent.append(page.evaluate(UPDATE, n))
        page.wait_for_timeout(400)
    return sorted(spent[2:])


def wide_model(folder: Path) -> None:
    """The shape of GPT-2, 12 layers of 12 heads, with random weights."""
    save_gpt2(
        Transformer(ModelConfig(vocab_size=50257, context_length=128, n_layers=12, n_heads=12, d_model=96)), folder / "wide"
    )


def main() -> None:
    sentence = "The+little+dog+saw+the+cat+and+it+was+happy+" * 13
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        wide_model(folder)
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        print(f"{'milliseconds':<64} {'median':>9} {'p95':>9}   goal")
        with running_server(GLASSFORMER_MODELS=str(folder)) as server:
            for tokens, goal in ((64, "16"), (128, "33")):
                text = "+".join(sentence.split("+")[:tokens])
                hover(browser, server, f"text={text}", f"hover to all painted, {tokens} tokens, 4 x 4 heads", goal)
                hover(browser, server, f"text={text}&model=wide", f"hover to all painted, {tokens} tokens, 12 x 12 heads", goal)
        for kind, goal in (("canvas", "150"), ("plotly", "(reference)")):
            with grid_server(kind, folder) as address:
                spent = update(browser.new_page(), address)
                row(f"Python to pixels, 16 heads of 64 tokens: {kind}", statistics.median(spent), spent[-1], goal)
        patterns = (np.tril(np.random.default_rng(0).random((4, 4, 64, 64))) * 255).astype(np.uint8)
        one = np.zeros((64, 64), np.float32)
        sizes = [len(pack({}, values=values)) / 1000 for values in (patterns, one)]
        print(f"payload: 16 heads of 64 tokens {sizes[0]:.1f} kB, the head on the bench {sizes[1]:.1f} kB; goal 100 kB together")
        browser.close()


if __name__ == "__main__":
    start = time.perf_counter()
    main()
    print(f"{time.perf_counter() - start:.0f} s")
