// One choice, from logits to the token drawn. Sliders recompute everything here; Python hears of them when they are let go.
import { applyTheme, h, memory, stage, unpack } from "./base.js";
import { join } from "./bus.js";
import { bars, BARS } from "./decode_bars.js";
import { download } from "./decode_export.js";
import { explanation, FORMULA } from "./decode_formula.js";
import { knobs, KNOBS } from "./decode_knobs.js";
import { rows, ROWS } from "./decode_rows.js";
import { explainChoice, prepare, softmax } from "./sampling.js";

const STYLE = `
.gf { container-type: inline-size; }
.layout { display: grid; grid-template-columns: minmax(0, 1.65fr) minmax(0, 1fr); gap: 28px; }
.draw { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin-top: 8px; }
.draw .says { flex: 1 1 260px; }
.button { border: 1.5px solid var(--gf-line); background: var(--gf-card); border-radius: 8px; padding: 6px 14px; cursor: pointer; font-size: 16px; }
.button:hover { border-color: var(--gf-accent); color: var(--gf-accent); }
.button.main { background: var(--gf-accent); border-color: var(--gf-accent); color: var(--gf-paper); max-width: 100%; overflow-wrap: anywhere; }
.button.main:hover { color: var(--gf-paper); filter: brightness(1.1); }
${ROWS}${BARS}${KNOBS}${FORMULA}
@container (max-width: 900px) { .layout { grid-template-columns: minmax(0, 1fr); } .side { display: contents; } .knobs { order: -1; } .formula { order: 1; } }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ values: null, dirty: false, sent: 0, table: false, last: null, hover: null, frame: 0, logits: null }));
  Object.assign(state, { component, data, palette, root });
  const answered = state.last === null || data.ack === state.last;
  if (!state.dirty && answered) state.values = { ...data.values };
  if (!state.parts) build(root, state);
  const key = `${data.arrays.logits.data.length} ${data.prepared}`;
  if (state.key !== key) {
    const logits = data.arrays.logits.data;
    Object.assign(state, { key, prepared: prepare(logits, data.seen), own: softmax(Float64Array.from(logits)), hover: null });
  }
  update(state);
  state.parts.knobs.show(state);
  state.bus = join(root, { scope: data.sentence, lock: data.lock, show: (place) => mark(state, place && place.entry in data.texts ? place.entry : null) });
  return () => { cancelAnimationFrame(state.frame); clearTimeout(state.settling); state.parts.bars.observer.disconnect(); state.parts = null; state.bus.leave(); };
}

/** Mark a candidate in rows and bars, and explain its number. */
function mark(state, id) {
  if (state.hover === id) return;
  state.hover = id;
  state.parts.rows.mark(state);
  state.parts.bars.mark(state);
  state.parts.formula.show(state);
}

/** The random number for the next draw: "draw again" passes one over. */
const randomNumber = ({ data, values }) => data.randoms[Math.max(0, Math.min(data.randoms.length - 1, values.skip - data.values.skip))];

const settings = (v) => ({ temperature: v.temperature, topK: v.top_k, topP: v.top_p, minP: v.min_p, penalty: v.penalty });

/** Compute this choice anew and show it: what happens in every frame of a drag. */
function update(state) {
  state.choice = explainChoice(state.prepared, settings(state.values), randomNumber(state));
  if (state.hover !== null && state.hover >= state.choice.order.length) state.hover = null;
  const { parts } = state;
  parts.rows.show(state);
  parts.bars.show(state);
  parts.formula.show(state);
  parts.tools.fill();
  showDraw(state);
}

function build(root, state) {
  const soon = () => { cancelAnimationFrame(state.frame); state.frame = requestAnimationFrame(() => update(state)); };
  const act = (kind, more = {}) => {
    const n = `${Date.now()}-${state.sent++}`;
    Object.assign(state, { last: n, dirty: false });
    state.component.setStateValue("act", { n, kind, values: state.values, ...more });
  };
  const hover = (id) => state.bus.point(id === null ? null : { entry: id });
  const settle = () => { // a held arrow key lets go many times
    clearTimeout(state.settling);
    state.settling = setTimeout(() => state.dirty && act("settings"), 250);
  };
  const change = (name, value) => { state.values[name] = value; state.dirty = true; soon(); };
  state.text = (id) => state.data.texts[id] ?? `#${id}`;
  state.ownOf = (id) => state.own[id];
  state.shown = () => state.hover ?? state.choice.draw.id;
  const parts = (state.parts = {
    rows: rows({ hover, choose: (id) => act("choose", { id }) }),
    bars: bars({ hover, redraw: soon }),
    formula: explanation(),
    knobs: knobs({ change, settle }),
    says: h("div", { class: "says", "aria-live": "polite" }),
    again: h("button", { type: "button", class: "button", onclick: () => { change("skip", state.values.skip + 1); act("settings"); } }),
    take: h("button", { type: "button", class: "button main", onclick: () => act("draw") }),
    tools: download(state),
  });
  root.replaceChildren(
    h("div", { class: "layout" },
      h("div", { class: "main" }, parts.rows.element, parts.bars.element, h("div", { class: "draw" }, parts.says, parts.again, parts.take)),
      h("div", { class: "side" }, parts.knobs.element, parts.formula.element)),
    h("div", { class: "under" }, parts.tools.tools), parts.tools.table);
}

function showDraw({ parts, data, choice, text }) {
  const { words } = data, { draw } = choice;
  const fill = (template) => template.replaceAll("{token}", text(draw.id)).replaceAll("{u}", (draw.u ?? 0).toFixed(4))
    .replaceAll("{low}", draw.low.toFixed(4)).replaceAll("{high}", draw.high.toFixed(4));
  parts.says.textContent = fill(draw.u === null ? words.greedy : choice.count === 1 ? words.only_one : words.draw);
  parts.again.textContent = words.again;
  parts.again.hidden = draw.u === null;
  parts.take.textContent = fill(words.take);
}
