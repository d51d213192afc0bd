// RoPE: pairs of channels as arrows that turn with the position. Two sliders, computed here, nothing is sent.
import { applyTheme, digits, h, memory, named, s, stage, takeaway } from "./base.js";
import { drawn } from "./drawn.js";

const STYLE = `
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(118px, 1fr)); gap: 10px; }
.pair { text-align: center; font-size: 13px; color: var(--gf-soft); }
svg { width: 100%; max-width: 130px; height: auto; }
.sliders { display: grid; grid-template-columns: max-content 1fr 3em; gap: 6px 12px; align-items: center; margin: 4px 0 14px; }
input { accent-color: var(--gf-accent); width: 100%; }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const { frequencies, longest, words } = component.data;
  const state = memory(root, () => ({ query: Math.min(6, longest), key: Math.min(3, longest), table: false }));
  const pairs = pick(frequencies, 8);
  const arrows = pairs.map(([, frequency]) => {
    const query = arrow(palette.query), key = arrow(palette.key);
    const text = h("div", { class: "num" });
    const picture = s("svg", { viewBox: "-1.25 -1.25 2.5 2.5", "aria-hidden": "true" }, s("circle", { r: 1.05, fill: "none", stroke: palette.line, "stroke-width": 0.03 }), key, query);
    return { frequency, query, key, text, picture };
  });
  const say = h("div", { class: "words", "aria-live": "polite" });
  const number = { query: h("span", { class: "num" }), key: h("span", { class: "num" }) };
  const slider = (name) => h("input", { type: "range", min: 0, max: longest, value: state[name], "aria-label": words[name], oninput: (e) => { state[name] = +e.target.value; paint(); } });
  const paint = () => {
    for (const { frequency, query, key, text } of arrows) {
      turn(query, state.query * frequency);
      turn(key, state.key * frequency);
      text.textContent = `cos = ${digits(Math.cos((state.query - state.key) * frequency))}`;
    }
    const mean = frequencies.reduce((sum, f) => sum + Math.cos((state.query - state.key) * f), 0) / frequencies.length;
    number.query.textContent = state.query;
    number.key.textContent = state.key;
    taken.fill();
    say.textContent = words.says.replace("{distance}", state.query - state.key).replace("{mean}", digits(mean)).replace("{pairs}", frequencies.length);
  };
  const cells = h("div", { class: "pairs" }, arrows.map(({ picture, text }, i) => h("div", { class: "pair" }, picture, h("div", {}, words.pair.replace("{n}", pairs[i][0] + 1)), text)));
  const taken = takeaway({ state, title: words.label, svg: () => drawn([cells, say], palette), table: () => [named("pair", "radians", "query_angle", "key_angle", "cosine"),
    ...frequencies.map((f, i) => [String(i + 1), f, state.query * f, state.key * f, Math.cos((state.query - state.key) * f)])] });
  root.replaceChildren(
    h("div", { class: "sliders" }, h("span", { style: { color: palette.query } }, words.query), slider("query"), number.query, h("span", { style: { color: palette.key } }, words.key), slider("key"), number.key),
    cells, say, h("div", { class: "under" }, taken.tools), taken.table);
  paint();
}

/** `count` of the pairs, spread from the fastest to the slowest. */
function pick(frequencies, count) {
  const last = frequencies.length - 1, n = Math.min(count, frequencies.length);
  return Array.from({ length: n }, (_, i) => Math.round((i * last) / Math.max(1, n - 1))).map((i) => [i, frequencies[i]]);
}

const arrow = (colour) => s("g", {}, s("line", { x1: 0, y1: 0, x2: 0.9, y2: 0, stroke: colour, "stroke-width": 0.09, "stroke-linecap": "round" }), s("path", { d: "M 1.05 0 l -0.28 -0.14 v 0.28 z", fill: colour }));

const turn = (element, angle) => element.setAttribute("transform", `rotate(${(-angle * 180) / Math.PI})`);
