// Signed numbers as labelled bars around a line: positive to the right, negative to the left. As a running sum, each bar
// starts where the one before it ended. A click, or Enter, chooses a bar.
import { applyTheme, digits, h, memory, named, s, stage, takeaway, unpack } from "./base.js";
import { KEYS, ROWS, keys } from "./pairs.js";
import { fitted } from "./picture.js";

const STYLE = `
${KEYS}
.bars { display: grid; grid-template-columns: fit-content(47%) minmax(0, 1fr) max-content; gap: 1px 10px; align-items: stretch; margin: 0; padding: 0; list-style: none; }
.bar { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; align-items: center; padding: 3px 8px; border: 0; border-radius: 7px; background: none; text-align: left; font-size: 15.5px; line-height: 1.25; min-height: 26px; }
button.bar { cursor: pointer; }
.bar:hover, .bar.on { background: var(--gf-chip); }
.bar.on { box-shadow: inset 3px 0 0 var(--gf-accent); }
.bar .name { overflow: hidden; text-overflow: ellipsis; white-space: pre; unicode-bidi: isolate; }
.bar.total { border-top: 1px solid var(--gf-line); border-radius: 0; font-weight: 600; }
.lane { position: relative; height: 18px; }
.lane i { position: absolute; top: 0; bottom: 0; border-radius: 3px; min-width: 1.5px; }
.lane u { position: absolute; top: -5px; bottom: -5px; width: 1px; background: var(--gf-line); }
.bar .num { text-align: right; font-size: 14px; }
.bars.paired { ${ROWS} }
.bars.paired .bar { padding-block: 0; }
.keys { visibility: hidden; } /* takes the room of the legend on the left, however many lines that has */
@media (max-width: 640px) { .keys { display: none; } } /* columns stand below one another there */
.words:empty { display: none; }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const focused = root.getRootNode().activeElement?.classList.contains("bar"); // before this run replaces the bars
  const scale = range(data);
  const words = h("div", { class: "words", "aria-live": "polite" });
  const say = (i) => { words.textContent = i === null ? data.hint : data.rows[i].words || data.hint; };
  const rows = data.rows.map((row, i) => {
    const on = data.picked === i;
    return h("li", { style: { display: "contents" } }, h(data.pick ? "button" : "div", {
      type: data.pick ? "button" : null, class: `bar ${on ? "on" : ""} ${row.total ? "total" : ""}`, "aria-pressed": data.pick ? String(on) : null,
      onmouseenter: () => say(i), onmouseleave: () => say(data.picked), onfocus: () => say(i),
      onclick: data.pick ? () => component.setStateValue("row", i) : null,
    }, h("span", { class: "name", dir: "auto" }, row.label), " ", lane(row, scale, palette), h("span", { class: "num" }, signed(row, data))));
  });
  const taken = takeaway({ state: memory(root, () => ({ table: false })), title: data.label, svg: () => vector(data, scale, palette, root), table: () => [named("part", "value"), ...data.rows.map((row) => [row.label, row.value])] });
  root.replaceChildren(...(data.paired ? [keys(data.paired)] : []), h("ol", { class: data.paired ? "bars paired" : "bars", "aria-label": data.label }, rows), words, h("div", { class: "under" }, taken.tools), taken.table);
  say(data.picked);
  if (focused && data.pick && data.picked !== null) root.querySelectorAll(".bar")[data.picked]?.focus({ preventScroll: true });
}

/** Whole numbers are counts and stay whole. */
const written = (v, { rows }) => (rows.every((row) => Number.isInteger(row.value)) ? String(v).replace("-", "−") : digits(v));

const signed = (row, data) => (data.plus && row.value > 0 && !row.total ? "+" : "") + written(row.value, data);

/** The numbers at the left and right end of the lanes. */
function range({ rows, limit }) {
  const ends = rows.flatMap((row) => [row.start, row.start + row.value, 0]);
  const low = limit ? Math.min(0, ...ends.map((v) => (v < 0 ? -limit : 0))) : Math.min(...ends), high = limit ?? Math.max(...ends);
  const span = Math.max(high - low, 1e-12);
  return { at: (v) => (v - low) / span };
}

const colourOf = (row, palette) => (row.total ? palette.ink : row.value < 0 ? palette.negative : palette.positive);

function lane(row, { at }, palette) {
  const from = at(Math.min(row.start, row.start + row.value)), to = at(Math.max(row.start, row.start + row.value));
  return h("span", { class: "lane", "aria-hidden": "true" }, h("u", { style: { left: `${100 * at(0)}%` } }),
    h("i", { style: { left: `${100 * from}%`, width: `${100 * (to - from)}%`, background: colourOf(row, palette) } }));
}

/** The same bars as one SVG, to take away. */
function vector(data, { at }, palette, root) {
  const font = getComputedStyle(root).fontFamily, step = 26, left = 230, wide = 420;
  const svg = s("svg", { viewBox: `0 0 740 ${data.rows.length * step + 12}`, width: 740, height: data.rows.length * step + 12, "font-family": font, "font-size": 15 });
  svg.append(s("rect", { width: "100%", height: "100%", fill: palette.card }), s("line", { x1: left + wide * at(0), x2: left + wide * at(0), y1: 6, y2: data.rows.length * step + 6, stroke: palette.line }));
  data.rows.forEach((row, i) => {
    const y = 6 + i * step, from = at(Math.min(row.start, row.start + row.value)), to = at(Math.max(row.start, row.start + row.value));
    svg.append(s("text", { x: 8, y: y + 18, fill: palette.ink }, fitted(row.label, `15px ${font}`, left - 20)),
      s("rect", { x: left + wide * from, y: y + 4, width: Math.max(1.5, wide * (to - from)), height: 18, rx: 3, fill: colourOf(row, palette) }),
      s("text", { x: 732, y: y + 18, "text-anchor": "end", fill: palette.ink }, signed(row, data)));
  });
  return svg;
}
