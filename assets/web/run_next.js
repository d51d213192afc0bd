// The next token's probabilities as bars, and beside each bar how it came about: its probability in all samples so far.
import { applyTheme, digits, h, memory, named, s, stage, takeaway, unpack } from "./base.js";
import { drawn } from "./drawn.js";
import { follow, leave } from "./run_feed.js";
import { citation, fill, origin } from "./run_words.js";

const STYLE = `
.sentence { font-size: 15px; color: var(--gf-soft); margin-bottom: 10px; overflow-wrap: anywhere; }
.sentence b { font-weight: 500; color: var(--gf-ink); white-space: pre-wrap; }
.sentence mark { background: color-mix(in srgb, var(--gf-accent) 18%, transparent); color: inherit; border-radius: 4px; padding: 0 8px; margin-left: 2px; }
.rows { display: grid; grid-template-columns: minmax(52px, max-content) minmax(40px, 1fr) 46px 74px; gap: 6px 9px; align-items: center; min-height: 210px; align-content: start; }
.name { max-width: 120px; overflow: hidden; text-overflow: ellipsis; white-space: pre; text-align: right; }
.bar { height: 16px; background: var(--gf-chip); border-radius: 4px; overflow: hidden; }
.bar i { display: block; height: 100%; background: color-mix(in srgb, var(--gf-accent) 62%, var(--gf-card)); border-radius: 4px; transition: width 0.2s; }
.p { font-size: 14px; text-align: right; }
svg { display: block; width: 74px; height: 20px; overflow: visible; }
.foot { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 2px 12px; font-size: 14px; color: var(--gf-soft); margin-top: 8px; }
`;
const SHOWN = 8, WIDE = 74, HIGH = 20, MOST = 148, PROMPT = 70;
const VISIBLE = { " ": "·", "\n": "⏎", "\t": "⇥" };
const visible = (text) => (text === "" ? "∅" : text.replace(/[ \n\t]/g, (c) => VISIBLE[c]));

export default function (component) {
  const root = stage(component, STYLE);
  const state = memory(root, () => ({ table: false }));
  const before = state.data?.run;
  Object.assign(state, { data: unpack(component.data), palette: applyTheme(root), drawn: null });
  if (before && before !== state.data.run) leave(before, root);
  if (!state.rows) build(root, state);
  state.feed = follow(state.data.run, root, () => show(state), { active: state.data.active });
  show(state);
}

function build(root, state) {
  state.sentence = h("div", { class: "sentence" });
  state.rows = h("div", { class: "rows", role: "list", "aria-label": state.data.label });
  state.origin = h("span", {});
  state.taken = takeaway({ state, title: state.data.label, svg: () => drawn([state.sentence, state.rows], state.palette), whose: () => citation(state.data.model, state.feed.sample?.step),
    table: () => [named("step", "prompt", "token", "probability"), ...state.feed.samples.flatMap((sample) => sample.next.map(([token, p]) => [String(sample.step), sample.prompt, token, p]))] });
  root.replaceChildren(state.sentence, state.rows,
    h("div", { class: "foot" }, state.origin, state.taken.tools), state.taken.table);
}

function show(state) {
  const { feed, data, rows } = state, { sample } = feed, words = data.words;
  state.origin.textContent = origin(data, data.model, feed, sample?.step ?? 0);
  if (!sample) { state.sentence.textContent = words.empty; rows.replaceChildren(); return; }
  const mark = `${sample.step},${sample.prompt},${feed.samples.length}`;
  if (state.drawn === mark) return;
  state.drawn = mark;
  state.sentence.replaceChildren(...sentence(sample, words));
  const same = feed.samples.filter((other) => other.prompt === sample.prompt);
  const known = same.map((other) => new Map(other.next));
  sample.next.slice(0, SHOWN).forEach(([token, p], i) => {
    const [name, bar, number, line] = cells(rows, i);
    name.textContent = visible(token);
    name.title = token;
    bar.firstChild.style.width = `${100 * p}%`;
    number.textContent = digits(p);
    bar.setAttribute("aria-label", fill(words.row, { token: visible(token), p: digits(p) }));
    line.replaceChildren(...spark(state.palette, known.map((chances) => chances.get(token) ?? 0), same.indexOf(sample)));
  });
  state.taken.fill();
  while (rows.childElementCount > 4 * Math.min(SHOWN, sample.next.length)) rows.lastChild.remove();
}

/** The four elements of a row, made when it is first needed. */
function cells(rows, i) {
  if (!rows.children[4 * i]) {
    rows.append(h("span", { class: "name", dir: "auto" }), h("div", { class: "bar", role: "listitem" }, h("i")), h("span", { class: "p num" }),
      s("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, "aria-hidden": "true" }));
  }
  return [0, 1, 2, 3].map((k) => rows.children[4 * i + k]);
}

function sentence(sample, words) {
  const [before, after] = sample.blank === null || sample.blank === undefined ? [sample.prompt, ""]
    : [sample.tokens.slice(0, sample.blank).join(sample.text.startsWith(sample.tokens.slice(0, 2).join("")) ? "" : " "), ""];
  const letters = [...before];
  return [`${words.after} `, h("b", { dir: "auto" }, letters.length > PROMPT ? `…${letters.slice(-PROMPT).join("")}` : before), h("mark", { "aria-hidden": "true" }, "?"), after];
}

/** A token's probability over the samples, as a small line; one that was not among the likeliest counts as none. */
function spark(palette, chances, now) {
  const every = Math.max(1, Math.ceil(chances.length / MOST)), places = [];
  for (let i = 0; i < chances.length; i += every) places.push(i);
  if (places.at(-1) !== chances.length - 1) places.push(chances.length - 1);
  const x = (i) => (chances.length > 1 ? (i / (chances.length - 1)) * (WIDE - 6) + 3 : WIDE - 3), y = (p) => HIGH - 3 - p * (HIGH - 6);
  const points = places.map((i) => `${x(i).toFixed(1)},${y(chances[i]).toFixed(1)}`).join(" ");
  return [s("line", { x1: 3, x2: WIDE - 3, y1: y(0), y2: y(0), stroke: palette.line }), s("polyline", { points, fill: "none", stroke: palette.accent, "stroke-width": 1.5, "stroke-linejoin": "round" }),
    s("circle", { cx: x(now), cy: y(chances[now]), r: 2.8, fill: palette.accent })];
}
