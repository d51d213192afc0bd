// The sliders of the decoding panel. They change the picture while they move and tell Python when they are let go.
import { h } from "./base.js";

export const KNOBS = `
.knobs { display: grid; gap: 10px; }
.knob { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; align-items: baseline; }
.knob b { font-weight: 600; }
.knob output { font-family: var(--st-code-font); font-variant-numeric: tabular-nums; font-weight: 600; }
.knob input[type=range] { grid-column: 1 / -1; width: 100%; accent-color: var(--gf-accent); height: 22px; margin: 0; cursor: pointer; }
.knob small { grid-column: 1 / -1; color: var(--gf-soft); font-size: 13.5px; line-height: 1.3; }
.more summary { cursor: pointer; color: var(--gf-soft); font-size: 15px; padding: 2px 0; }
.more[open] > .knob { margin-top: 8px; }
.knob input[type=number] { font: inherit; width: 96px; padding: 3px 8px; border: 1.5px solid var(--gf-line); border-radius: 8px; background: var(--gf-card); color: inherit; }
`;

/** Whole numbers that a slider over 1..V can stop at, "off" behind the last. */
export function stops(V) {
  const round = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000, 1500, 2000, 3000, 5000, 10000, 20000, 40000];
  return [...round.filter((k) => k < V), null];
}

/** Where a value lies among the stops: the nearest one. */
function nearest(list, k) {
  if (k === null) return list.length - 1;
  let best = 0;
  list.forEach((stop, i) => { if (stop !== null && Math.abs(stop - k) < Math.abs(list[best] - k)) best = i; });
  return best;
}

// name -> range of the slider, and the value at a position and back (null is "off")
const RANGES = {
  temperature: { min: 0, max: 3, step: 0.05, read: (x) => x, write: (v) => v },
  top_p: { min: 0.05, max: 1, step: 0.01, read: (x) => (x >= 1 ? null : x), write: (v) => v ?? 1 },
  min_p: { min: 0, max: 0.5, step: 0.01, read: (x) => (x <= 0 ? null : x), write: (v) => v ?? 0 },
  penalty: { min: 1, max: 2, step: 0.05, read: (x) => x, write: (v) => v },
};

export function knobs({ change, settle }) {
  const sliders = {};
  let list = [null], V = Infinity;
  const shown = (name, v) => (name === "top_k" && v >= V ? null : v); // more than there are cuts nothing
  const slider = (name) => {
    const range = name === "top_k" ? { min: 0, max: 1, step: 1, read: (x) => list[x], write: (v) => nearest(list, v) } : RANGES[name];
    const input = h("input", { type: "range", min: range.min, max: range.max, step: range.step });
    const title = h("b", {}), output = h("output", {}), note = h("small", {});
    const label = (value) => { output.textContent = value === null ? sliders.words.off : String(value); input.setAttribute("aria-valuetext", output.textContent); };
    input.oninput = () => {
      const value = range.read(Math.round(Number(input.value) * 100) / 100);
      label(value);
      change(name, value);
      describe(name);
    };
    input.onchange = settle;
    sliders[name] = { input, title, output, note, range, label };
    return h("label", { class: "knob" }, title, output, input, note);
  };
  const describe = (name) => {
    const { words, values } = sliders, v = shown(name, values[name]);
    const text = words.knobs[name][v === null || (name === "penalty" && v === 1) ? "off" : name === "temperature" && v === 0 ? "zero" : "on"];
    const factor = name === "temperature" && v ? (1 / v).toFixed(2) : "";
    sliders[name].note.textContent = text.replaceAll("{value}", v).replaceAll("{factor}", factor);
  };
  const summary = h("summary", {});
  const seed = h("input", { type: "number", min: 0, max: 999999, step: 1 });
  seed.onchange = () => { change("seed", Math.max(0, Math.min(999999, Math.round(Number(seed.value) || 0)))); settle(); };
  const seedTitle = h("b", {}), seedNote = h("small", {});
  const element = h("div", { class: "knobs" }, slider("temperature"), slider("top_k"), slider("top_p"),
    h("details", { class: "more" }, summary, slider("penalty"), slider("min_p"), h("label", { class: "knob" }, seedTitle, seed, seedNote)));
  return {
    element,
    show({ data, values, choice }) {
      Object.assign(sliders, { words: data.words, values });
      V = choice.order.length;
      list = stops(V);
      sliders.top_k.input.max = list.length - 1;
      summary.textContent = data.words.more;
      seedTitle.textContent = data.words.knobs.seed.title;
      seedNote.textContent = data.words.knobs.seed.on;
      seed.value = values.seed;
      for (const name of ["temperature", "top_k", "top_p", "min_p", "penalty"]) {
        const { input, title, range, label } = sliders[name];
        title.textContent = data.words.knobs[name].title;
        input.setAttribute("aria-label", data.words.knobs[name].title);
        input.value = range.write(shown(name, values[name]));
        label(shown(name, values[name]));
        describe(name);
      }
    },
  };
}
