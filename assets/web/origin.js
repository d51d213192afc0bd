// What made one number: the vectors that met, their products lighting up one by one, the sum building up, and every step after it.
// A number in a vector leads to the number behind it; the way back stands above.
import { applyTheme, calm, digits, filled, h, memory, named, stage, takeaway, unpack } from "./base.js";
import { join, part } from "./bus.js";
import { bars, sheet } from "./origin_bars.js";

const STYLE = `
.way { display: flex; flex-wrap: wrap; gap: 2px 4px; align-items: center; font-size: 13.5px; color: var(--gf-soft); margin-bottom: 8px; }
.way button { border: 0; background: var(--gf-chip); border-radius: 7px; padding: 2px 8px; cursor: pointer; }
.way button:hover { color: var(--gf-accent); }
.way .here { color: var(--gf-ink); font-weight: 600; padding: 2px 4px; }
.place { font-size: 14px; color: var(--gf-soft); }
.gf .words { font-size: 18px; margin: 2px 0 10px; }
.gf .words b, .name b { font-weight: 600; unicode-bidi: isolate; white-space: pre-wrap; }
.rows { display: grid; grid-template-columns: fit-content(32%) minmax(0, 1fr); gap: 5px 12px; align-items: center; border-radius: 8px; }
.name { font-size: 15px; line-height: 1.2; color: var(--gf-soft); overflow-wrap: anywhere; }
.name.lit, .name.lit b { color: var(--gf-accent) !important; }
.name.lit b { box-shadow: 0 0 0 2px var(--gf-accent); border-radius: 5px; padding: 0 3px; }
.rows canvas { display: block; width: 100%; cursor: pointer; touch-action: manipulation; }
.told { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: center; min-height: 2em; font-size: 15px; color: var(--gf-soft); margin: 6px 0; }
.told .go { border: 1px solid var(--gf-line); background: var(--gf-card); border-radius: 8px; padding: 2px 9px; cursor: pointer; font-size: 14px; }
.told .go:hover { border-color: var(--gf-accent); color: var(--gf-accent); }
.player { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; margin: 8px 0 4px; }
.player .play { border: 1px solid var(--gf-accent); color: var(--gf-accent); background: var(--gf-card); border-radius: 9px; padding: 4px 14px; cursor: pointer; font-weight: 600; font-size: 15px; min-width: 84px; }
.player input { flex: 1 1 110px; min-width: 60px; accent-color: var(--gf-accent); }
.player .num { font-size: 13.5px; color: var(--gf-soft); }
dl { margin: 6px 0 0; }
.line { display: flex; justify-content: space-between; align-items: baseline; gap: 16px; padding: 6px 0; border-top: 1px solid var(--gf-line); transition: opacity 0.3s; }
.line.later { opacity: 0.18; }
dt { color: var(--gf-soft); font-size: 15px; overflow-wrap: anywhere; }
dd { margin: 0; font-family: var(--st-code-font); font-weight: 700; font-size: 15.5px; font-variant-numeric: tabular-nums; white-space: nowrap; text-align: right; }
.line.result dt { color: var(--gf-ink); }
.line.result dd { color: var(--gf-accent); font-size: 18px; }
dt b { font-weight: 600; unicode-bidi: isolate; white-space: pre-wrap; }
.exact { font-size: 12.5px; color: var(--gf-soft); text-align: right; margin: 0; }
button.line { width: 100%; border: 0; border-top: 1px solid var(--gf-line); background: none; text-align: left; cursor: pointer; }
button.line:hover dt, button.line:hover .dt { color: var(--gf-accent); }
button.line .dt { font-size: 15px; color: var(--gf-soft); }
`;
const HEIGHT = 42, STEP_MS = 380; // of a row of bars; between two lines while playing

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ id: null, sent: 0, table: false, frame: 0 }));
  cancelAnimationFrame(state.frame);
  if (state.id !== data.name) Object.assign(state, { id: data.name, chosen: null, locked: false, upto: null, lines: null });
  Object.assign(state, { component, data, palette, playing: false, rows: vectors(data), root });
  state.upto = null; // all terms
  state.lines = null; // all lines
  build(state);
  state.bus = join(root, { scope: data.scope, show: (place) => state.rows.forEach((row) => row.name?.classList.toggle("lit", concerns(row, place))) });
  state.observer?.disconnect();
  state.observer = new ResizeObserver(() => soon(state));
  state.observer.observe(root);
  return () => { stop(state); cancelAnimationFrame(state.soon); state.observer.disconnect(); state.bus.leave(); };
}

/** Whether what is pointed at on the page is the token of this row. */
const concerns = ({ position, entry }, place) => Boolean(place) && ((position ?? null) !== null ? part(place, position) !== null : (entry ?? null) !== null && place.entry === entry);

/** What a place in a row is about, for the rest of the page: its two tokens, its token, or an entry of the vocabulary. */
function placeOf({ data: { pair } }, { position = null, entry = null }, i) {
  if (pair) return { query: pair[0], key: pair[1] < 0 ? i : pair[1] };
  return position !== null ? { token: position } : entry !== null ? { entry } : null;
}

/** The factors, the terms and the running sum, as rows of one length. */
function vectors({ rows, terms, arrays, words, kind }) {
  const [count, length] = arrays.rows.shape;
  const made = rows.map((row, i) => ({ ...row, values: arrays.rows.data.subarray(i * length, (i + 1) * length), height: HEIGHT }));
  if (count && arrays.terms.data.length) {
    const values = arrays.terms.data;
    let total = 0;
    made.push({ label: words.terms, values, hue: "soft", height: HEIGHT, terms: true });
    made.push({ label: words.sum, values: Float32Array.from(values, (v) => (total += v)), hue: "accent", height: HEIGHT, sum: true });
  }
  return made.map((row) => ({ ...row, kind, limit: Math.max(1e-12, ...row.values.map(Math.abs)) }));
}

function build(state) {
  const { data, rows, root, palette } = state, { words } = data;
  const canvases = rows.map((row, i) => {
    row.canvas = h("canvas", { "aria-hidden": "true" });
    row.name = h("span", { class: "name", style: { color: palette[row.hue] ?? palette.soft } }, row.label, row.token ? " " : "", row.token ? h("b", { dir: "auto" }, row.token) : null);
    row.canvas.onpointermove = (e) => {
      state.bus.point(placeOf(state, row, at(row, e)));
      if (!state.locked) choose(state, at(row, e));
    };
    row.canvas.onclick = (e) => { const place = at(row, e); state.locked = !(state.locked && state.chosen === place); choose(state, place, true); };
    return [row.name, row.canvas];
  });
  const onkeydown = (e) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key], length = rows[0]?.values.length ?? 0;
    if (step) { state.locked = true; choose(state, Math.min(length - 1, Math.max(0, (state.chosen ?? (step > 0 ? -1 : length)) + step)), true); }
    else if (e.key === "Escape") { state.locked = false; choose(state, null, true); }
    else if (e.key === "Enter") state.told.querySelector("button")?.focus();
    else return;
    e.preventDefault();
  };
  state.told = h("div", { class: "told", "aria-live": "polite" });
  state.list = h("dl", {}, data.lines.map((line) => h("div", { class: `line ${line.result ? "result" : ""}` },
    h("dt", {}, spans(line.spans, palette)), h("dd", {}, line.value))));
  const grid = h("div", { class: "rows", tabindex: 0, role: "group", "aria-label": words.label, onkeydown,
    onpointerleave: () => { state.bus.point(null); if (!state.locked) choose(state, null); } }, canvases.flat());
  const taken = rows.length || data.parts.length ? taking(state) : null;
  root.replaceChildren(...[
    way(state), h("div", { class: "place" }, data.place), h("div", { class: "words" }, spans(data.sentence, palette)),
    rows.length ? grid : null, rows.length ? state.told : null, player(state), parts(state), state.list,
    h("p", { class: "exact num" }, words.exact.replace("{value}", data.exact)),
    taken && h("div", { class: "under" }, taken.tools), taken?.table].filter(Boolean));
  choose(state, state.chosen, true);
}

/** [[text, kind], ...]: plain text, "strong", or a palette name (a token in bold in that hue). */
const spans = (parts, palette) => parts.map(([text, kind]) => (kind ? h("b", { dir: "auto", style: { color: palette[kind] ?? "inherit" } }, text) : text));

const go = (state, where) => state.component.setStateValue("go", { n: `${Date.now()}-${state.sent++}`, ...where });

/** The numbers on the way here; of a long way the first and the last three. */
function way(state) {
  const { crumbs, words } = state.data;
  if (crumbs.length < 2) return null;
  const shown = crumbs.map((text, i) => [text, i]).filter(([, i]) => i === 0 || i >= crumbs.length - 3);
  return h("nav", { class: "way", "aria-label": words.crumbs },
    h("button", { type: "button", onclick: () => go(state, { crumb: crumbs.length - 2 }) }, `← ${words.back}`),
    shown.flatMap(([text, i], k) => [k ? (i > shown[k - 1][1] + 1 ? "› … ›" : "›") : "",
      i === crumbs.length - 1 ? h("span", { class: "here", "aria-current": "step" }, text)
        : h("button", { type: "button", onclick: () => go(state, { crumb: i }) }, text)]));
}

/** The parts of a sum as lines that lead further back. */
function parts(state) {
  const { parts: listed, words } = state.data;
  if (!listed.length) return null;
  return h("div", {}, h("div", { class: "told" }, words.hint), listed.map(([label, value], i) => h("button", { type: "button", class: "line", onclick: () => go(state, { part: i }) },
    h("span", { class: "dt" }, label), " ", h("span", { class: "num" }, digits(value)))));
}

/** Play, and a slider over the terms; without motion the slider alone. */
function player(state) {
  const { data } = state, count = data.arrays.rows.shape[0] ? data.arrays.terms.data.length : 0;
  if (count < 2) return null;
  state.play = calm() ? null : h("button", { type: "button", class: "play", onclick: () => (state.playing ? stop(state) : start(state)) });
  if (state.play) face(state.play, "▶", data.words.play);
  state.slider = h("input", { type: "range", min: 0, max: count, value: count, "aria-label": data.words.scrub,
    oninput: () => { stop(state); show(state, +state.slider.value, null); } });
  state.progress = h("span", { class: "num" });
  return h("div", { class: "player" }, state.play, state.slider, state.progress);
}

function start(state) {
  const count = state.data.arrays.terms.data.length, time = Math.min(6000, Math.max(1500, count * 140)), began = performance.now();
  state.playing = true;
  face(state.play, "❚❚", state.data.words.pause);
  const tick = (now) => {
    if (!state.playing || !state.root.isConnected) return;
    const done = Math.floor(((now - began) / time) * count);
    if (done < count) show(state, done, 0);
    else show(state, null, 1 + Math.floor((now - began - time) / STEP_MS));
    if (done >= count && state.lines >= state.data.lines.length) { stop(state); show(state, null, null); return; }
    state.frame = requestAnimationFrame(tick);
  };
  state.frame = requestAnimationFrame(tick);
}

function stop(state) {
  state.playing = false;
  cancelAnimationFrame(state.frame);
  if (state.play) face(state.play, "▶", state.data.words.play);
}

/** A sign for the eye and a word that is also the button's name. */
function face(button, sign, word) {
  button.replaceChildren(h("span", { "aria-hidden": "true" }, `${sign} `), word);
}

/** Show the first `upto` terms (null: all) and so many lines (null: all that then hold). */
function show(state, upto, lines) {
  const count = state.data.arrays.terms.data.length;
  state.upto = upto === null || upto >= count ? null : upto;
  state.lines = state.upto === null ? lines : 0;
  paint(state);
}

const soon = (state) => { cancelAnimationFrame(state.soon); state.soon = requestAnimationFrame(() => paint(state)); };

function at(row, event) {
  const edge = row.canvas.getBoundingClientRect(), count = row.values.length;
  return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - edge.left) / edge.width) * count)));
}

/** Choose a place in all rows, and say what stands there; `fresh` also when it is the same. */
function choose(state, place, fresh = false) {
  if (place === state.chosen && !fresh) return;
  state.chosen = place !== null && place < (state.rows[0]?.values.length ?? 0) ? place : null;
  const { words, marked } = state.data;
  state.told.replaceChildren(h("span", {}, state.chosen === null ? words.hint : said(state)));
  if (state.chosen !== null && state.locked) state.told.append(...leads(state, marked));
  soon(state);
}

function said({ data, rows, chosen }) {
  const factors = rows.filter((row) => !row.terms && !row.sum), terms = rows.find((row) => row.terms);
  return filled(data.words.channel, { ...factors.map(({ values }) => digits(values[chosen])), unit: data.units[chosen],
    x: digits(factors.at(-1)?.values[chosen] ?? NaN), ...(terms ? { 2: digits(terms.values[chosen]) } : {}) });
}

/** Buttons to the numbers behind the chosen place. */
function leads(state, marked) {
  const { rows, chosen, data } = state;
  const buttons = rows.map((row, i) => (row.leads ? h("button", { type: "button", class: "go", style: { color: state.palette[row.hue] ?? "inherit" },
    "aria-label": `${row.label} ${row.token ?? ""}: ${data.words.from_here.replace("{value}", digits(row.values[chosen]))}`,
    onclick: () => go(state, { row: i, along: chosen }) }, data.words.from_here.replace("{value}", digits(row.values[chosen]))) : null)).filter(Boolean);
  if (marked !== null && chosen !== marked) buttons.push(h("button", { type: "button", class: "go", onclick: () => go(state, { sibling: chosen }) }, data.words.sibling.replace("{i}", chosen)));
  return buttons;
}

function paint(state) {
  const { rows, data, upto, palette } = state, count = data.arrays.terms.data.length;
  for (const row of rows) bars(row, { palette, chosen: state.chosen ?? (upto ? upto - 1 : null), upto, marked: data.marked });
  const sum = rows.find((row) => row.sum);
  if (state.slider) {
    const done = upto ?? count;
    state.slider.value = done;
    state.progress.textContent = data.words.progress.replace("{i}", done).replace("{n}", count).replace("{value}", digits(done ? sum.values[done - 1] : 0));
  }
  [...state.list.children].forEach((line, i) => line.classList.toggle("later", state.lines !== null && i >= state.lines));
}

/** The vectors place by place, or the parts of the sum; the sheet has the calculation too. */
function taking(state) {
  const { data, rows, palette, root } = state;
  const table = () => (rows.length ? [["", ...rows.map((row) => `${row.label} ${row.token ?? ""}`.trim())], ...Array.from(rows[0].values, (_, c) => [data.units[c], ...rows.map((row) => row.values[c])])]
    : [named("part", "value"), ...data.parts]);
  return takeaway({ state, title: data.words.label, file: `${data.words.label} ${data.name.replaceAll(".", " ")}`, svg: () => sheet(rows, data, palette, getComputedStyle(root).fontFamily), table });
}
