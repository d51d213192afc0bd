// Probabilities before and after a change, as pairs of bars.
import { applyTheme, digits, h, memory, named, s, stage, takeaway, unpack } from "./base.js";
import { KEYS, ROWS, keys } from "./pairs.js";

const STYLE = `
.rows { display: grid; grid-template-columns: fit-content(34%) minmax(0, 1fr) max-content; column-gap: 12px; ${ROWS} align-items: center; padding: 0; }
.name { font-size: 16px; text-align: right; overflow: hidden; text-overflow: ellipsis; white-space: pre; unicode-bidi: isolate; }
.pair { display: flex; flex-direction: column; gap: 2px; }
.bar { height: 11px; border-radius: 0 5px 5px 0; min-width: 1px; transition: width 0.25s; }
.number { font-family: var(--st-code-font); font-size: 13.5px; text-align: right; line-height: 1.15; font-variant-numeric: tabular-nums; }
.number small { display: block; font-size: inherit; color: var(--gf-soft); }
${KEYS}`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const before = data.arrays.before.data, after = data.arrays.after.data;
  const limit = Math.max(...before, ...after, 1e-9);
  const bar = (kind, value) => h("div", { class: `bar ${kind}`, style: { width: `${(100 * value) / limit}%` } });
  const rows = data.labels.flatMap((label, i) => [
    h("span", { class: "name", dir: "auto", title: label }, label),
    h("div", { class: "pair", "aria-hidden": "true" }, bar("before", before[i]), bar("after", after[i])),
    h("span", { class: "number", "aria-label": `${data.names[0]} ${digits(before[i])}, ${data.names[1]} ${digits(after[i])}` }, h("small", {}, digits(before[i])), digits(after[i]))]);
  const taken = takeaway({ state: memory(root, () => ({ table: false })), title: data.label, svg: () => drawing(data, before, after, limit, palette), table: () => [[...named("token"), ...data.names], ...data.labels.map((label, i) => [label, before[i], after[i]])] });
  root.replaceChildren(
    keys(data.names),
    h("div", { class: "rows", role: "group", "aria-label": data.label }, rows),
    h("div", { class: "under" }, taken.tools), taken.table);
}

/** The same bars as one SVG, to take away. */
function drawing({ labels, names }, before, after, limit, palette) {
  const step = 34, left = 190, wide = 440, height = labels.length * step + 44;
  const svg = s("svg", { width: 740, height, viewBox: `0 0 740 ${height}`, "font-size": 15 });
  svg.append(s("rect", { width: "100%", height: "100%", fill: palette.card }));
  [[names[0], palette.soft], [names[1], palette.accent]].forEach(([name, fill], k) => svg.append(s("rect", { x: left + 170 * k, y: 12, width: 24, height: 10, rx: 3, fill }), s("text", { x: left + 32 + 170 * k, y: 22, fill: palette.soft }, name)));
  labels.forEach((label, i) => {
    const y = 36 + i * step;
    svg.append(s("text", { x: left - 10, y: y + 17, "text-anchor": "end", fill: palette.ink, style: "unicode-bidi: isolate" }, label));
    [[before[i], palette.soft], [after[i], palette.accent]].forEach(([value, fill], k) => svg.append(s("rect", { x: left, y: y + 13 * k, width: Math.max(1, (wide * value) / limit), height: 11, rx: 3, fill }),
      s("text", { x: 732, y: y + 10 + 13 * k, "text-anchor": "end", "font-size": 13, "font-family": "monospace", fill: palette.ink }, digits(value))));
  });
  return svg;
}
