// Where every head looks, forming: thumbnails of the attention patterns in the watched sentence, redrawn with each sample.
import { applyTheme, h, memory, named, sequential, stage, takeaway, unpack } from "./base.js";
import { drawn } from "./drawn.js";
import { follow, leave } from "./run_feed.js";
import { citation, fill, origin } from "./run_words.js";

const STYLE = `
.grid { display: grid; gap: 6px 8px; align-items: center; grid-template-columns: max-content repeat(var(--heads), minmax(38px, 110px)); justify-content: start; min-height: 150px; align-content: start; }
.grid span { font-size: 13px; color: var(--gf-soft); }
.grid .column { text-align: center; }
.grid canvas { width: 100%; aspect-ratio: 1; display: block; border-radius: 5px; border: 1px solid var(--gf-line); image-rendering: pixelated; cursor: crosshair; }
.grid canvas:focus-visible { outline-offset: 1px; }
.frame { overflow-x: auto; }
.gf .words { font-size: 15px; margin: 12px 0 6px; min-height: 2.8em; }
.foot { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 2px 12px; font-size: 14px; color: var(--gf-soft); }
`;

const MOST = 400; // rows of the table that are shown

export default function (component) {
  const root = stage(component, STYLE);
  const state = memory(root, () => ({ shape: "", table: false }));
  const before = state.data?.run;
  Object.assign(state, { data: unpack(component.data), palette: applyTheme(root), drawn: null });
  state.ramp = Array.from({ length: 256 }, (_, v) => sequential(state.palette)(v / 255));
  if (before && before !== state.data.run) leave(before, root);
  if (!state.grid) build(root, state);
  state.feed = follow(state.data.run, root, () => show(state), { active: state.data.active });
  show(state);
}

function build(root, state) {
  state.grid = h("div", { class: "grid" });
  state.words = h("div", { class: "words", "aria-live": "polite" }, state.data.words.hint);
  state.origin = h("span", {});
  state.taken = takeaway({ state, title: state.data.label, svg: () => drawn([state.grid], state.palette), table: () => rows(state), most: MOST,
    rest: state.data.words.rest.replace("{n}", MOST), whose: () => citation(state.data.model, state.drawn?.step) });
  root.replaceChildren(h("div", { class: "frame", role: "group", "aria-label": state.data.label }, state.grid), state.words,
    h("div", { class: "foot" }, state.origin, state.taken.tools), state.taken.table);
}

/** The chosen sample's patterns, or those of the nearest sample that has some: of old ones only the text is kept. */
function withPatterns(feed) {
  const { samples } = feed, from = feed.chosen ?? samples.length - 1;
  for (let far = 0; far < samples.length; far++) {
    for (const i of [from - far, from + far]) if (samples[i]?.patterns) return samples[i];
  }
  return null;
}

function show(state) {
  const { feed, data, grid } = state, sample = withPatterns(feed);
  state.origin.textContent = sample ? origin(data, data.model, feed, sample.step) : "";
  if (!sample) { if (!grid.childElementCount) state.words.textContent = data.words.empty; return; }
  if (state.drawn === sample) return;
  if (!state.drawn) state.words.textContent = data.words.hint;
  state.drawn = sample;
  const [layers, heads, rows, columns] = sample.shape, bytes = Uint8Array.from(atob(sample.patterns), (c) => c.charCodeAt(0));
  if (state.shape !== `${layers},${heads}`) frame(state, layers, heads);
  state.canvases.forEach((canvas, k) => thumbnail(canvas, bytes.subarray(k * rows * columns, (k + 1) * rows * columns), rows, columns, state.ramp));
  state.bytes = bytes;
  state.taken.fill();
}

function frame(state, layers, heads) {
  const words = state.data.words;
  state.shape = `${layers},${heads}`;
  state.canvases = [];
  const cells = [h("span"), ...Array.from({ length: heads }, (_, k) => h("span", { class: "column" }, heads > 6 ? String(k + 1) : fill(words.head, { n: k + 1 })))];
  for (let l = 0; l < layers; l++) {
    cells.push(h("span", {}, fill(words.layer, { n: l + 1 })));
    for (let k = 0; k < heads; k++) {
      const canvas = h("canvas", { role: "img", tabindex: 0, "aria-label": `${fill(words.layer, { n: l + 1 })}, ${fill(words.head, { n: k + 1 })}`,
        onpointermove: (e) => { const edge = canvas.getBoundingClientRect(); look(state, l, k, Math.floor(((e.clientY - edge.top) / edge.height) * canvas.height)); },
        onfocus: () => look(state, l, k, canvas.height - 1), onpointerleave: () => { state.words.textContent = words.hint; } });
      state.canvases.push(canvas);
      cells.push(canvas);
    }
  }
  state.grid.style.setProperty("--heads", heads);
  state.grid.replaceChildren(...cells);
}

function thumbnail(canvas, bytes, rows, columns, ramp) {
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  const pen = canvas.getContext("2d"), image = pen.createImageData(columns, rows);
  bytes.forEach((v, i) => { const [r, g, b] = ramp[v], at = 4 * i; image.data[at] = r; image.data[at + 1] = g; image.data[at + 2] = b; image.data[at + 3] = 255; });
  pen.putImageData(image, 0, 0);
}

/** Where one token of one head looks most; a tie says nothing. */
function look(state, layer, head, row) {
  const sample = state.drawn, [, heads, rows, columns] = sample.shape, words = state.data.words;
  if (row < 0 || row >= rows) return;
  const start = ((layer * heads + head) * rows + row) * columns, line = state.bytes.subarray(start, start + columns);
  const best = line.indexOf(Math.max(...line)), alone = line.lastIndexOf(line[best]) === best;
  state.words.textContent = fill(alone ? words.most : words.evenly, { layer: layer + 1, head: head + 1, token: name(sample, row), to: name(sample, best) });
}

const name = (sample, i) => `“${(sample.tokens[i] ?? "").trim() || "·"}”`;

/** Layer, head, token, attended token and weight; the weights travel in 255 steps. */
function rows({ drawn: sample, bytes }) {
  const header = named("layer", "head", "token", "to", "weight");
  if (!sample) return [header];
  const [layers, heads, count, columns] = sample.shape, found = [header];
  for (let i = 0; i < layers * heads * count * columns; i++) {
    const row = Math.floor(i / columns), head = Math.floor(row / count);
    found.push([String(Math.floor(head / heads) + 1), String((head % heads) + 1), sample.tokens[row % count] ?? "", sample.tokens[i % columns] ?? "", String(bytes[i])]);
  }
  return found;
}
