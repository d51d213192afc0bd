// The live chart: curves of runs that grow while they train. The run's stream feeds it, not the page's script: nothing is mounted
// anew, and what the reader has zoomed to stays. Reading and gestures are in live_hand.js, the strokes in live_draw.js.
import { applyTheme, digits, h, memory, named, stage, takeaway, unpack } from "./base.js";
import { nearest, thin } from "./live_curve.js";
import { count, draw, scales } from "./live_draw.js";
import { gestures } from "./live_hand.js";
import { CanvasPen, SvgPen } from "./live_pen.js";
import { measure, titled } from "./picture.js";
import { follow, leave } from "./run_feed.js";
import { citation, fill, origin } from "./run_words.js";

const STYLE = `
canvas { display: block; width: 100%; touch-action: pan-y; cursor: crosshair; border-radius: 6px; }
.top { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: center; justify-content: space-between; margin-bottom: 4px; min-height: 28px; }
.legend, .switches { display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: 14px; align-items: center; }
.legend span, .legend button { display: inline-flex; align-items: center; gap: 6px; }
.legend button { border: 0; background: none; padding: 2px 4px; border-radius: 6px; cursor: pointer; text-align: left; max-width: 260px; }
.legend button b { font-weight: 400; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.legend button:hover { background: var(--gf-chip); }
.legend button[aria-pressed=false] { opacity: 0.45; text-decoration: line-through; }
.legend i { flex: none; width: 18px; border-top: 3px solid; }
.legend i.dot { width: 7px; height: 7px; border: 0; border-radius: 50%; opacity: 0.6; }
.legend i.ring { border-top: 2px dashed; }
.switches { gap: 2px; }
.switches button { border: 1.5px solid transparent; background: none; border-radius: 7px; padding: 1px 8px; font-size: 13px; cursor: pointer; color: var(--gf-soft); }
.switches button:hover { color: var(--gf-accent); background: var(--gf-chip); }
.switches button[aria-pressed=true] { color: var(--gf-accent); border-color: var(--gf-accent); }
.foot { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 2px 12px; }
.origin { font-size: 14px; color: var(--gf-soft); }
.compact .words { font-size: 15px; margin: 0; padding: 0; border: 0; font-variant-numeric: tabular-nums; }
.compact .head { display: flex; justify-content: space-between; align-items: baseline; font-size: 15px; gap: 8px; }
`;
const HUES = ["accent", "key", "value", "negative", "positive", "query", "soft"], DASHES = [[], [9, 3], [2, 3]];
const COLUMNS = ["step", "loss", "smooth", "val_loss", "val_bits_per_byte", "learning_rate", "grad_norm", "seconds"];
const ROWS = 200;

export default function (component) {
  const root = stage(component, STYLE);
  const data = unpack(component.data);
  const chart = memory(root, () => build(root));
  const before = chart.feeds.map((run) => run.id);
  Object.assign(chart, { data, palette: applyTheme(root), font: getComputedStyle(root).fontFamily });
  chart.feeds = data.runs.map((run, k) => ({
    ...run, main: k === 0, colour: chart.palette[HUES[k % HUES.length]], dash: DASHES[Math.floor(k / HUES.length) % DASHES.length],
    feed: follow(run.id, root, chart.soon, { steady: k === 0 && data.steady, active: run.active }),
  }));
  for (const id of before) if (!data.runs.some((run) => run.id === id)) leave(id, root);
  if (before.length && before[0] !== data.runs[0]?.id) chart.reset();
  frame(chart);
  chart.soon();
}

/** What a mount keeps: the zoom, the scales, which runs are hidden, and its elements. */
function build(root) {
  const chart = { root, state: { table: false }, feeds: [], view: { x: null, y: null }, logX: false, logY: false, hidden: new Set(), hover: null, drag: null, marks: [], request: 0, width: 0 };
  chart.canvas = h("canvas", { tabindex: 0, role: "img" });
  chart.top = h("div", { class: "top" });
  chart.words = h("div", { class: "words" });
  chart.origin = h("span", { class: "origin" });
  chart.soon = () => { if (!chart.request) chart.request = requestAnimationFrame(() => { chart.request = 0; paint(chart); }); };
  chart.reset = () => { chart.view = { x: null, y: null }; frame(chart); chart.soon(); };
  chart.zoom = (x, y) => { chart.view = { x: x ?? chart.view.x, y: y ?? chart.view.y }; frame(chart); chart.soon(); };
  chart.measure = (words, size) => measure(words, `${size}px ${chart.font}`);
  chart.say = (change) => changeWords(chart, change);
  chart.readings = () => readings(chart);
  gestures(chart);
  new ResizeObserver(() => { if (Math.floor(root.clientWidth) !== chart.width) chart.soon(); }).observe(root);
  document.fonts?.ready.then(chart.soon);
  return chart;
}

const shown = (chart) => chart.feeds.filter((run) => !chart.hidden.has(run.id));

function paint(chart) {
  const { root, data, canvas, palette } = chart;
  if (!root.isConnected || !root.clientWidth) return;
  chart.width = Math.floor(root.clientWidth);
  const height = chart.width < 480 && !data.compact ? Math.min(data.height, 270) : data.height;
  canvas.style.height = `${height}px`;
  chart.at = scales(chart, chart.width, height);
  const start = performance.now();
  draw(new CanvasPen(canvas, chart.width, height, chart.font, palette.card), chart, chart.at);
  canvas.dataset.draws = +(canvas.dataset.draws ?? 0) + 1; // what a test counts
  canvas.dataset.ms = (performance.now() - start).toFixed(1);
  canvas.dataset.last = chart.feeds[0]?.feed.last ?? 0;
  canvas.dataset.marks = JSON.stringify(chart.marks.map((mark) => Math.round(mark.x)));
  canvas.dataset.range = JSON.stringify(chart.at.ranges);
  speak(chart);
  if (chart.state.table) chart.taken.fill();
}

/** Legend, switches and the line under the picture: made anew when the runs or a switch change, not with each step. */
function frame(chart) {
  const { root, data, canvas, top, words } = chart;
  canvas.setAttribute("aria-label", data.label);
  const zoomed = chart.view.x || chart.view.y;
  const flip = (name) => () => { chart[name] = !chart[name]; chart.view[name === "logX" ? "x" : "y"] = null; frame(chart); chart.soon(); };
  const toggle = (label, on, onclick, title) => h("button", { type: "button", "aria-pressed": String(on), onclick, title }, label);
  top.replaceChildren(...(data.compact ? [] : [h("div", { class: "legend" }, legend(chart)),
    h("div", { class: "switches", role: "group", "aria-label": data.words.scales },
      zoomed ? h("button", { type: "button", onclick: chart.reset }, data.words.all) : "",
      toggle(data.words.log_x, chart.logX, flip("logX"), data.words.log_x_help), toggle(data.words.log_y, chart.logY, flip("logY"), data.words.log_y_help))]));
  if (chart.mounted) return;
  chart.mounted = true;
  root.classList.toggle("compact", Boolean(data.compact));
  if (data.compact) return root.replaceChildren(h("div", { class: "head" }, h("strong", {}, data.title), words), canvas);
  chart.taken = download(chart);
  root.replaceChildren(top, canvas, words, h("div", { class: "foot" }, chart.origin, chart.taken.tools), chart.taken.table);
}

function legend(chart) {
  const { data, feeds, palette } = chart, words = data.words, many = feeds.length > 1;
  const names = feeds.map((run) => h("button", { type: "button", "aria-pressed": String(!chart.hidden.has(run.id)), title: many ? words.hide : null, disabled: !many,
    onclick: () => { if (!chart.hidden.delete(run.id)) chart.hidden.add(run.id); frame(chart); chart.soon(); } },
    h("i", { style: { borderColor: run.colour, borderTopStyle: run.dash.length ? "dashed" : "solid" } }), h("b", { dir: "auto" }, many ? run.title : words.smooth)));
  const ink = many ? palette.soft : palette.ink;
  return [...names, data.smooth ? h("span", {}, h("i", { class: "dot", style: { background: feeds[0]?.colour } }), words.dot) : "",
    data.validation ? h("span", {}, h("i", { class: "ring", style: { borderColor: ink } }), words.validation) : ""];
}

function svg(chart) {
  const pen = new SvgPen(chart.at.width, chart.at.height, chart.font, chart.palette.card);
  draw(pen, chart, chart.at);
  return titled(pen.svg, chart.feeds.length > 1 ? shown(chart).map((run) => [run.title, run.colour]) : [], chart.palette);
}

/** Where each visible run stands at the step under the pointer: { run, i, value }. */
function readings(chart) {
  const { data } = chart;
  return shown(chart).flatMap((run) => {
    const { columns, length, last } = run.feed;
    if (!length || (chart.hover > last && !run.main && chart.hover > last + 1)) return [];
    const i = nearest(columns.step, chart.hover);
    return [{ run, i, value: data.smooth ? columns.smooth[i] : columns[data.column][i] }];
  });
}

// In words

function speak(chart) {
  const { data, words } = chart, main = chart.feeds[0]?.feed;
  chart.origin.textContent = main ? origin(data, chart.feeds[0].title, main) : "";
  const text = chart.pointed ? fill(data.words.change, { step: count(chart.pointed.step), what: chart.say(chart.pointed) }) : sentence(chart);
  if (words.textContent !== text) words.textContent = text;
}

function sentence(chart) {
  const { data } = chart, resting = chart.hover === null, words = data.words;
  const [main] = chart.feeds;
  if (!main?.feed.length) return main?.feed.status && !main.feed.status.active ? words.nothing : words.empty;
  const found = resting ? [{ run: main, i: main.feed.length - 1 }] : chart.readings();
  if (data.compact) return found.map(({ run, i }) => digits(run.feed.columns[data.column][i])).join(" · ");
  if (found.length === 1) return one(chart, found[0]);
  return `${fill(words.at, { step: count(chart.hover) })} ${found.map(({ run, i }) => `${run.title} ${digits(run.feed.columns.smooth[i])}`).join(" · ")}`;
}

function one(chart, { run, i }) {
  const { data } = chart, { columns, evaluations } = run.feed, words = data.words;
  const parts = [fill(words.read, { step: count(columns.step[i]), loss: digits(columns.loss[i]), smooth: digits(columns.smooth[i]) })];
  const k = evaluations.filter((place) => place <= i).at(-1);
  if (k !== undefined) {
    const value = columns.val_loss[k], bits = columns.val_bits_per_byte[k];
    parts.push(fill(words.read_validation, { step: count(columns.step[k]), loss: digits(value), perplexity: digits(Math.exp(value)) }));
    if (Number.isFinite(bits)) parts.push(fill(words.read_bits, { bits: digits(bits) }));
  }
  return parts.join(" ");
}

/** "learning rate 0.02 → 0.04" of a line of changes.jsonl. */
function changeWords({ data }, change) {
  const names = data.words.setting, value = (v) => (typeof v === "number" ? String(+v.toPrecision(3)) : `“${[...String(v)].slice(0, 24).join("")}”`);
  return Object.keys(names).filter((name) => Array.isArray(change[name])).map((name) => `${names[name]} ${value(change[name][0])} → ${value(change[name][1])}`).join(", ");
}

// To take away

/** All steps of all runs; the table on the page has of each run as many as a curve has places. */
function download(chart) {
  const written = (name, v) => (Number.isFinite(v) ? String(name === "smooth" ? +v.toPrecision(6) : v) : ""); // the others have the digits of the run's file
  const line = ({ title, feed }, i) => [title, ...COLUMNS.map((name) => written(name, feed.columns[name][i]))];
  const rows = (steps) => [[...named("run"), ...COLUMNS], ...chart.feeds.flatMap((run) => steps(run.feed).map((i) => line(run, i)))];
  return takeaway({ state: chart.state, title: chart.data.label, svg: () => svg(chart), whose: () => citation(chart.feeds[0]?.title, chart.feeds[0]?.feed.last),
    table: () => rows(({ length }) => Array.from({ length }, (_, i) => i)), brief: () => rows(({ columns, length }) => thin(columns.loss, 0, length, ROWS)) });
}
