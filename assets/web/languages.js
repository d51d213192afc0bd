// The same sentence in several languages, one group of bars each. Pointing reads a bar, a click chooses the language.
import { GROWN, applyTheme, h, memory, named, stage, takeaway, unpack } from "./base.js";
import { drawn } from "./drawn.js";

const STYLE = `
${GROWN}
.rows { display: grid; flex: 1 1 auto; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 15px; color: var(--gf-soft); margin-bottom: 6px; }
.legend span { display: inline-flex; align-items: center; gap: 7px; }
.legend i { width: 22px; height: 11px; border-radius: 3px; border: 1px solid var(--gf-soft); }
.language { display: grid; grid-template-columns: 92px minmax(0, 1fr); gap: 2px 16px; width: 100%; text-align: left; border: 0; border-top: 1px solid var(--gf-line); background: none; padding: 7px 8px 8px; cursor: pointer; border-radius: 0; }
.language:hover { background: color-mix(in srgb, var(--gf-chip) 55%, transparent); }
.language.on { background: color-mix(in srgb, var(--gf-accent) 9%, var(--gf-card)); box-shadow: inset 3px 0 0 var(--gf-accent); }
.language b { font-size: 16px; font-weight: 600; }
.said { color: var(--gf-soft); font-size: 14.5px; overflow-wrap: anywhere; text-align: start; }
.language { align-content: center; }
.bars { grid-column: 2; display: grid; gap: 2px; }
.line { position: relative; display: grid; grid-template-columns: minmax(0, 1fr) 104px; gap: 10px; align-items: center; height: 15px; }
.line i { display: block; height: 11px; border-radius: 3px; min-width: 2px; border: 1px solid var(--gf-soft); }
.line .num { font-size: 13.5px; white-space: pre; line-height: 1; }
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
  const legend = h("div", { class: "legend" }, data.series.map((name, k) => h("span", {}, h("i", { style: { background: fills[k % 3] } }), name)));
  const bars = h("div", { class: "rows", role: "group", "aria-label": data.label }, rows);
  const taken = takeaway({ state, title: data.label, svg: () => drawn([legend, bars], palette), table: () => [[...named("language"), ...data.series], ...data.rows.map((row) => [row.name, ...row.counts])] });
  root.replaceChildren(legend, bars, words, h("div", { class: "under" }, taken.tools), taken.table);
}

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
