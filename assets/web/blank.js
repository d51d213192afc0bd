// A sentence in which any token can be hidden, and what two models give for the hidden place: one reads both sides, one the left.
import { applyTheme, digits, h, memory, named, stage, takeaway, unpack } from "./base.js";
import { drawn } from "./drawn.js";
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

  /** The candidates at a place, and the token that stands there as the last row when it is none of them. */
  const rowsOf = (model, t) => {
    const rows = model.best[t].map((name, r) => ({ name, p: model.chance(t, r), own: r + 1 === model.rank(t) }));
    return rows.some((row) => row.own) ? rows : [...rows, { name: data.chips[t].label, p: model.own(t), own: true, rank: model.rank(t) }];
  };

  const sentence = h("div", { class: "chips sentence", role: "group", "aria-label": data.label });
  const words = h("div", { class: "words", "aria-live": "polite" });
  const panels = h("div", { class: "panels" });
  const taken = takeaway({ state, title: data.label, svg: () => drawn([sentence, words, panels], palette),
    table: () => [named("place", "token", "model", "candidate", "probability"), ...data.chips.flatMap((chip, t) => models.flatMap((model) => rowsOf(model, t).map((row) => [String(t + 1), chip.label, model.title, row.name, row.p])))] });

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
  }

  root.replaceChildren(sentence, words, panels, h("div", { class: "under" }, taken.tools), taken.table);
  paint();
}
