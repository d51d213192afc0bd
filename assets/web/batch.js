// Runs that were queued together: how each stands, live from its own stream. When one ends, the page's script is told, once.
import { applyTheme, digits, h, memory, stage, unpack } from "./base.js";
import { follow, leave } from "./run_feed.js";
import { fill } from "./run_words.js";

const STYLE = `
.runs { display: grid; grid-template-columns: fit-content(45%) minmax(40px, 1fr) max-content; gap: 5px 12px; align-items: center; font-size: 15px; margin: 0; padding: 0; list-style: none; }
.runs li { display: contents; }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bar { height: 9px; border-radius: 5px; background: var(--gf-chip); overflow: hidden; }
.bar i { display: block; height: 100%; border-radius: 5px; background: var(--gf-accent); }
.state { color: var(--gf-soft); font-size: 14px; text-align: right; font-variant-numeric: tabular-nums; }
`;

export default function (component) {
  const root = stage(component, STYLE);
  applyTheme(root);
  const state = memory(root, () => ({ told: new Set(), ids: [], lines: new Map() }));
  const data = unpack(component.data);
  Object.assign(state, { data, component });
  for (const id of state.ids) if (!data.runs.some((run) => run.id === id)) leave(id, root);
  state.ids = data.runs.map((run) => run.id);
  state.lines = new Map(data.runs.map((run) => [run.id, line()]));
  root.replaceChildren(h("ul", { class: "runs", "aria-label": data.label }, data.runs.map((run) => {
    const { bar, words } = state.lines.get(run.id);
    return h("li", {}, h("span", { class: "name", dir: "auto", title: run.title }, run.title), " ", h("span", { class: "bar", "aria-hidden": "true" }, bar), " ", words);
  })));
  data.runs.forEach((run, k) => {
    const first = data.runs.findIndex((other) => other.active);
    const feed = follow(run.id, root, (now) => show(state, run, now), { steady: k === first, active: run.active });
    show(state, run, feed);
  });
}

const line = () => ({ bar: h("i", { style: { width: "0" } }), words: h("span", { class: "state" }) });

function show(state, run, feed) {
  const made = state.lines.get(run.id), { words } = state.data;
  if (!made) return;
  const status = feed.status, known = state.data.runs.find((other) => other.id === run.id);
  const now = status ?? known, steps = now.steps || 0;
  made.bar.style.width = `${steps ? Math.min(100, (100 * now.step) / steps) : now.active ? 0 : 100}%`;
  const at = (feed.length && feed.last) || now.step;
  const count = (n) => n?.toLocaleString("en");
  const values = { step: count(at), steps: count(steps), place: now.place || 1, loss: feed.length ? digits(feed.columns.smooth.at(-1)) : "–" };
  const text = fill(words[now.state] ?? "", values);
  if (made.words.textContent !== text) made.words.textContent = text;
  if (status && !status.active && known.active && !state.told.has(run.id)) {
    state.told.add(run.id);
    state.component.setTriggerValue("ended", run.id);
  }
}
