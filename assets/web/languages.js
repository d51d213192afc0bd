// The same sentence in several languages, one group of bars each. Pointing reads a bar, a click chooses the language.
import { applyTheme, h, memory, s, saveCSV, saveDrawingAsPNG, saveSVG, stage, tools, unpack } from "./base.js";

const STYLE = `
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 15px; color: var(--gf-soft); margin-bottom: 6px; }
.legend span { display: inline-flex; align-items: center; gap: 7px; }
.legend i { width: 22px; height: 11px; border-radius: 3px; border: 1px solid var(--gf-soft); }
.language { display: grid; grid-template-columns: 92px minmax(0, 1fr); gap: 2px 16px; width: 100%; text-align: left; border: 0; border-top: 1px solid var(--gf-line); background: none; padding: 7px 8px 8px; cursor: pointer; border-radius: 0; }
.language:hover { background: color-mix(in srgb, var(--gf-chip) 55%, transparent); }
.language.on { background: color-mix(in srgb, var(--gf-accent) 9%, var(--gf-card)); box-shadow: inset 3px 0 0 var(--gf-accent); }
.language b { font-size: 16px; font-weight: 600; }
.said { color: var(--gf-soft); font-size: 14.5px; overflow-wrap: anywhere; text-align: start; }
.bars { grid-column: 2; display: grid; gap: 2px; }
.line { position: relative; display: grid; grid-template-columns: minmax(0, 1fr) 104px; gap: 10px; align-items: center; height: 15px; }
.line i { display: block; height: 11px; border-radius: 3px; min-width: 2px; border: 1px solid var(--gf-soft); }
.line .num { font-size: 13.5px; white-space: pre; line-height: 1; }
.under { display: flex; justify-content: flex-end; margin-top: 6px; }
.scroll { overflow: auto; }
table { border-collapse: collapse; font-size: 13px; font-family: var(--st-code-font); }
td, th { border: 1px solid var(--gf-line); padding: 2px 8px; text-align: right; font-weight: 400; }
@media (max-width: 560px) { .language { grid-template-columns: minmax(0, 1fr); } .bars { grid-column: 1; } }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ table: false }));
  const most = Math.max(...data.rows.flatMap((row) => row.counts));
  const fills = [palette.card, `color-mix(in srgb, ${palette.accent} 45%, ${palette.card})`, palette.accent];
  const times = (row, k) => row.counts[k] / data.rows[data.base].counts[k];
  const words = h("div", { class: "words", "aria-live": "polite" }, data.words.hint);
  const read = (row, k) => { words.textContent = fill(data.words.row, { language: row.name, tokenizer: data.series[k], n: row.counts[k], x: times(row, k).toFixed(1) }); };
  const rows = data.rows.map((row, i) => h("button", {
    type: "button", class: `language ${i === data.picked ? "on" : ""}`, "aria-pressed": String(i === data.picked),
    onclick: () => {
      rows.forEach((other, j) => { other.classList.toggle("on", i === j); other.setAttribute("aria-pressed", String(i === j)); });
      component.setStateValue("picked", i);
    },
    onmouseleave: () => { words.textContent = data.words.hint; },
  }, h("b", {}, row.name), " ", h("span", { class: "said", lang: row.code, dir: "auto" }, row.sentence), " ",
  h("div", { class: "bars" }, row.counts.map((n, k) => h("div", { class: "line", onmouseenter: () => read(row, k) },
    h("span", { class: "hidden" }, ` ${data.series[k]}: `),
    h("i", { style: { width: `${(100 * n) / most}%`, background: fills[k % 3] } }), h("span", { class: "num" }, `${String(n).padStart(3)}  ×${times(row, k).toFixed(1)}`))))));
  const table = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${data.label}: table` });
  const body = data.rows.map((row) => [row.name, ...row.counts]);
  const show = () => table.replaceChildren(...(state.table ? [h("table", {}, h("tr", {}, ["", ...data.series].map((name) => h("th", {}, name))),
    body.map((row) => h("tr", {}, row.map((v) => h("td", {}, String(v))))))] : []));
  root.replaceChildren(
    h("div", { class: "legend" }, data.series.map((name, k) => h("span", {}, h("i", { style: { background: fills[k % 3] } }), name))),
    h("div", { role: "group", "aria-label": data.label }, rows), words,
    h("div", { class: "under" }, tools([["Table", () => { state.table = !state.table; show(); }], ["SVG", () => saveSVG(`${data.name}.svg`, vector(data, palette))],
      ["PNG", () => saveDrawingAsPNG(`${data.name}.png`, vector(data, palette))], ["CSV", () => saveCSV(`${data.name}.csv`, ["language", ...data.series], body)]])), table);
  show();
}

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** The bars as an SVG for slides. */
function vector(data, palette) {
  const width = 760, step = 13, height = 40 + data.rows.length * (data.series.length * step + 10);
  const most = Math.max(...data.rows.flatMap((row) => row.counts));
  const picture = s("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, "font-family": "sans-serif", "font-size": 13 });
  picture.append(s("rect", { width: "100%", height: "100%", fill: palette.card }));
  data.series.forEach((name, k) => picture.append(s("rect", { x: 110 + k * 110, y: 10, width: 18, height: 10, fill: palette.accent, "fill-opacity": k / 2, stroke: palette.soft }),
    s("text", { x: 134 + k * 110, y: 20, fill: palette.ink }, name)));
  data.rows.forEach((row, i) => {
    const y = 36 + i * (data.series.length * step + 10);
    picture.append(s("text", { x: 8, y: y + 24, fill: palette.ink }, row.name));
    row.counts.forEach((n, k) => picture.append(
      s("rect", { x: 110, y: y + k * step, width: (560 * n) / most, height: 10, fill: palette.accent, "fill-opacity": k / 2, stroke: palette.soft }),
      s("text", { x: 118 + (560 * n) / most, y: y + k * step + 9, fill: palette.ink, "font-size": 11 }, `${n}  ×${(n / data.rows[data.base].counts[k]).toFixed(1)}`)));
  });
  return picture;
}
