// A sentence in which any token can be hidden, and what two models give for the hidden place: one reads both sides, one the left.
import { applyTheme, digits, h, memory, s, saveCSV, saveDrawingAsPNG, saveSVG, stage, tools, unpack } from "./base.js";
import { fitted } from "./picture.js";
import { CHIPS, chipElement } from "./tokens.js";

const STYLE = `${CHIPS}
.sentence { margin-bottom: 4px; }
.chip.blank { background: var(--gf-mark); border: 2px dashed var(--gf-accent); font-weight: 600; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 280px), 1fr)); gap: 22px 34px; margin-top: 12px; }
.panel h4 { font-family: var(--st-heading-font, serif); font-size: 18px; font-weight: 600; margin: 0 0 4px; }
.reads { display: flex; flex-wrap: wrap; gap: 4px; font-size: 14px; margin-bottom: 10px; max-height: 116px; overflow-y: auto; align-content: flex-start; }
.reads span { padding: 1px 6px; border-radius: 6px; background: var(--gf-chip); white-space: pre; unicode-bidi: isolate; border: 1.5px solid transparent; }
.reads .unseen { background: none; color: var(--gf-soft); opacity: 0.75; border: 1.5px dotted var(--gf-line); text-decoration: line-through; text-decoration-color: var(--gf-soft); }
.reads .here { background: var(--gf-mark); border: 1.5px dashed var(--gf-accent); }
.rows { display: grid; grid-template-columns: minmax(70px, max-content) minmax(0, 1fr) 60px; gap: 5px 10px; align-items: center; }
.name { text-align: right; max-width: 170px; overflow: hidden; text-overflow: ellipsis; white-space: pre; unicode-bidi: isolate; }
.bar { height: 17px; border-radius: 4px; background: var(--gf-chip); overflow: hidden; }
.bar i { display: block; height: 100%; border-radius: 4px; background: color-mix(in srgb, var(--gf-accent) 50%, var(--gf-card)); transition: width 0.18s; }
.true { font-weight: 700; color: var(--gf-value); }
.true + .bar i { background: var(--gf-value); }
.rows .num { text-align: right; font-size: 14.5px; }
.verdict { margin: 8px 0 0; font-size: 15.5px; }
.scroll { overflow: auto; max-height: 320px; }
table { border-collapse: collapse; font-size: 14px; }
td, th { border: 1px solid var(--gf-line); padding: 2px 9px; text-align: right; font-weight: 400; }
td:first-child, th:first-child { text-align: left; unicode-bidi: isolate; }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ table: false, picked: data.picked }));
  const count = data.chips.length;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const models = data.models.map((model, m) => ({ ...model, chance: (t, r) => data.arrays.chances.data[(m * count + t) * data.most + r],
    own: (t) => data.arrays.own.data[m * count + t], rank: (t) => data.arrays.rank.data[m * count + t] }));

  const sentence = h("div", { class: "chips sentence", role: "group", "aria-label": data.label });
  const words = h("div", { class: "words", "aria-live": "polite" });
  const panels = h("div", { class: "panels" });
  const table = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": data.words.table });

  const pick = (t, focus = false) => {
    state.picked = t;
    paint();
    if (focus) sentence.children[t].focus();
    component.setStateValue("picked", t);
  };
  const chips = () => data.chips.map((chip, t) => chipElement(t === state.picked ? { ...chip, text: data.words.mask, id: data.mask, group_size: 1 } : chip, {
    tag: "button", type: "button", class: t === state.picked ? "blank" : "", "aria-pressed": String(t === state.picked), tabindex: t === state.picked ? 0 : -1,
    "aria-label": fill(t === state.picked ? data.words.hidden : data.words.hide, { token: chip.label, place: t + 1 }), onclick: () => pick(t, true) }));
  sentence.onkeydown = (e) => {
    const to = { ArrowLeft: state.picked - 1, ArrowRight: state.picked + 1, Home: 0, End: count - 1 }[e.key];
    if (to === undefined) return;
    if (to >= 0 && to < count) pick(to, true);
    e.preventDefault();
  };

  /** The candidates at a place, and the token that stands there as the last row when it is none of them. */
  const rowsOf = (model, t) => {
    const rows = model.best[t].map((name, r) => ({ name, p: model.chance(t, r), own: r + 1 === model.rank(t) }));
    return rows.some((row) => row.own) ? rows : [...rows, { name: data.chips[t].label, p: model.own(t), own: true, rank: model.rank(t) }];
  };

  function panel(model) {
    const t = state.picked;
    const rows = rowsOf(model, t), widest = Math.max(...rows.map((row) => row.p));
    const reads = data.chips.map((chip, i) => h("span", { class: i === t ? "here" : model.both || i < t ? "" : "unseen", dir: "auto" }, i === t ? (model.both ? data.words.mask : "?") : chip.text));
    if (!model.both && t === 0) reads.unshift(h("span", {}, data.words.end));
    return h("section", { class: "panel", "aria-label": model.title }, h("h4", {}, model.title), h("div", { class: "reads", "aria-label": model.reads }, reads),
      h("div", { class: "rows" }, rows.flatMap((row) => [h("span", { class: `name${row.own ? " true" : ""}`, dir: "auto", title: row.name }, row.rank ? `${row.name}  #${row.rank.toLocaleString("en")}` : row.name),
        h("div", { class: "bar" }, h("i", { style: { width: `${(100 * row.p) / widest}%` } })), h("span", { class: "num" }, digits(row.p))])),
      h("p", { class: "verdict" }, fill(data.words.own, { token: data.chips[t].label, p: digits(model.own(t)), nats: digits(-Math.log(model.own(t))) })));
  }

  function paint() {
    const t = state.picked, [first, second] = models;
    sentence.replaceChildren(...chips());
    const values = { token: data.chips[t].label, place: t + 1, both: digits(first.own(t)), left: digits(second.own(t)) };
    words.textContent = fill(first.own(t) > second.own(t) ? data.words.helps : data.words.hurts, values);
    panels.replaceChildren(...models.map(panel));
    table.replaceChildren(...(state.table ? [h("table", {}, h("tr", {}, data.words.columns.map((name) => h("th", {}, name))),
      data.chips.map((chip, i) => h("tr", {}, h("td", { dir: "auto" }, chip.label), models.map((model) => h("td", {}, digits(model.own(i))))))) ] : []));
  }

  const csv = () => saveCSV(`${data.name}.csv`, ["place", "token", "model", "candidate", "probability"], data.chips.flatMap((chip, t) => models.flatMap((model) =>
    rowsOf(model, t).map((row) => [t + 1, chip.label, model.title, row.name, row.p]))));
  const picture = () => vector(data, models.map((model) => ({ title: model.title, rows: rowsOf(model, state.picked) })), state.picked, palette, root);
  root.replaceChildren(sentence, words, panels,
    tools([[data.words.table_button, () => { state.table = !state.table; paint(); }], ["PNG", () => saveDrawingAsPNG(`${data.name}.png`, picture())], ["SVG", () => saveSVG(`${data.name}.svg`, picture())], ["CSV", csv]]), table);
  paint();
}

/** The sentence with its blank and both models' bars as one SVG, to take away. */
function vector(data, panels, picked, palette, root) {
  const font = getComputedStyle(root).fontFamily, wide = 400, left = 24, step = 27, top = 86;
  const width = left * 2 + wide * panels.length, height = top + step * Math.max(...panels.map((p) => p.rows.length)) + 20;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "font-family": font, "font-size": 15 });
  const line = data.chips.map((chip, t) => (t === picked ? data.words.mask : chip.text)).join(" ");
  svg.append(s("rect", { width: "100%", height: "100%", fill: palette.card }), s("text", { x: left, y: 32, fill: palette.ink, "font-size": 17 }, fitted(line, `17px ${font}`, width - 2 * left)));
  panels.forEach((panel, m) => {
    const x = left + m * wide, widest = Math.max(...panel.rows.map((row) => row.p));
    svg.append(s("text", { x, y: 66, fill: palette.ink, "font-weight": 600 }, panel.title));
    panel.rows.forEach((row, r) => {
      const y = top + step * r, colour = row.own ? palette.value : palette.accent;
      svg.append(s("text", { x: x + 104, y: y + 14, "text-anchor": "end", fill: row.own ? palette.value : palette.ink, "font-weight": row.own ? 700 : 400 }, fitted(row.name, `15px ${font}`, 100)),
        s("rect", { x: x + 112, y, width: Math.max(1, (200 * row.p) / widest), height: 18, rx: 4, fill: colour, "fill-opacity": row.own ? 1 : 0.55 }),
        s("text", { x: x + 372, y: y + 14, "text-anchor": "end", fill: palette.ink }, digits(row.p)));
    });
  });
  return svg;
}
