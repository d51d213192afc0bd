// One text cut by several tokenizers. A chip under the pointer (or the arrow keys) lights the same letters in every row.
import { applyTheme, h, memory, named, stage, takeaway, unpack } from "./base.js";
import { drawn } from "./drawn.js";
import { CHIPS, chipElement } from "./tokens.js";

const STYLE = `${CHIPS}
.row { display: grid; grid-template-columns: 124px minmax(0, 1fr) 184px; gap: 6px 18px; padding: 12px 0; border-top: 1px solid var(--gf-line); align-items: start; }
.rows { container-type: inline-size; }
.row:first-of-type { border-top: 0; }
.who b { display: block; font-family: var(--st-heading-font, serif); font-size: 18px; line-height: 1.25; }
.who span, .facts > span { display: block; font-size: 13.5px; line-height: 1.35; color: var(--gf-soft); }
.chips { max-height: 268px; overflow-y: auto; padding: 3px; gap: 5px; }
.chip { padding: 3px 8px 2px; cursor: default; }
.chip.unknown { background: color-mix(in srgb, var(--gf-negative) 13%, var(--gf-card)); border: 2px dotted var(--gf-negative); }
.chip.unknown small { color: var(--gf-negative); font-weight: 700; }
.chip.link { background: var(--gf-mark); }
.chip.on { border-color: var(--gf-accent); box-shadow: 0 0 0 1px var(--gf-accent); }
.sign { display: inline-flex; flex-direction: column; align-items: center; border-radius: 8px; padding: 2px 4px 4px; background: var(--gf-chip); max-width: 100%; }
.sign.alt { background: color-mix(in srgb, var(--gf-accent) 16%, var(--gf-card)); }
.sign > span { font-size: 19px; line-height: 1.3; white-space: pre; }
.sign > div { display: flex; flex-wrap: wrap; gap: 2px; justify-content: center; }
.sign .chip { padding: 1px 4px; border: 1px dashed var(--gf-soft); border-radius: 5px; background: var(--gf-card); }
.sign .chip > span { display: none; }
.rest { align-self: center; color: var(--gf-soft); font-size: 14px; padding: 0 4px; }
.note { margin: 5px 3px 0; font-size: 14.5px; color: var(--gf-negative); overflow-wrap: anywhere; }
.who .mark { color: var(--gf-accent); font-weight: 600; }
.top { display: flex; justify-content: space-between; align-items: baseline; gap: 8px; font-size: 13.5px; color: var(--gf-soft); white-space: nowrap; }
.count { color: var(--gf-ink); font-size: 26px; font-family: var(--st-heading-font, serif); font-weight: 600; line-height: 1; }
.count small { font-size: 14px; font-family: var(--st-font); font-weight: 400; color: var(--gf-soft); }
.bar { display: block; height: 7px; border-radius: 4px; background: var(--gf-chip); margin: 4px 0 3px; overflow: hidden; }
.bar i { display: block; height: 100%; min-width: 2px; border-radius: 4px; background: color-mix(in srgb, var(--gf-accent) 60%, var(--gf-card)); }
.gf .words { margin-top: 0; min-height: 2.9em; }
@container (max-width: 620px) { .row { grid-template-columns: minmax(0, 1fr) auto; } .row .cut { grid-column: 1 / -1; grid-row: 2; } }
`;
const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/, LETTER = /\p{L}/u;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ at: null, table: false }));
  state.at = null;
  const words = h("div", { class: "words", "aria-live": "polite" }, data.words.hint);
  const chips = [];
  const point = (r, i) => {
    chips[state.at?.[0]]?.[state.at[1]]?.classList.remove("on");
    state.at = r === null ? null : [r, i];
    const [from, to] = r === null ? [0, 0] : data.rows[r].tokens[i].slice(2, 4);
    chips.forEach((row, k) => row.forEach((chip, j) => {
      const token = data.rows[k].tokens[j];
      chip.classList.toggle("link", token[2] < to && token[3] > from);
    }));
    if (r !== null) chips[r][i].classList.add("on");
    words.textContent = r === null ? data.words.hint : sentence(data, r, i);
  };
  const rows = h("div", { class: "rows" }, data.rows.map((row, r) => {
    const made = row.tokens.map((token, i) => element(token, i, {
      onmouseenter: () => point(r, i), onfocus: () => point(r, i), onclick: () => point(r, i), tabindex: i ? -1 : 0, "aria-label": sentence(data, r, i),
    }));
    chips.push(made);
    const shown = signs(row.tokens, made);
    const strip = h("div", { class: "chips", role: "group", "aria-label": `${row.name}: ${row.count} ${data.words.tokens}`, dir: direction(row.tokens), onmouseleave: () => point(null) },
      shown, row.count > made.length ? h("span", { class: "rest" }, data.words.more.replace("{n}", (row.count - made.length).toLocaleString("en"))) : null);
    strip.onkeydown = (e) => walk(e, made);
    return h("section", { class: "row" },
      h("div", { class: "who" }, h("b", {}, row.name), h("span", {}, row.about), row.mark ? h("span", { class: "mark" }, row.mark) : null),
      h("div", { class: "cut" }, strip, row.note ? h("p", { class: "note" }, row.note) : null),
      h("div", { class: "facts" },
        h("div", { class: "top" }, h("span", { class: "count" }, row.count.toLocaleString("en"), h("small", {}, ` ${row.count === 1 ? data.words.one : data.words.tokens}`)),
          row.relative === null ? null : h("span", { class: "relative" }, data.words.relative.replace("{x}", row.relative.toFixed(2)))),
        h("span", { class: "bar" }, h("i", { style: { width: `${(100 * row.count) / data.most}%` } })), h("span", {}, row.fact)));
  }));
  const taken = takeaway({ state, title: data.label, svg: () => drawn([rows], palette), table: () => [named("tokenizer", "place", "token", "id", "bytes"),
    ...data.rows.flatMap((row) => row.tokens.map(([text, id, , , , , hex], i) => [row.name, String(i + 1), text, String(id), hex]))] });
  root.replaceChildren(words, rows, h("div", { class: "under" }, taken.tools), taken.table);
}

function element([text, id, , , group, , , known], i, attributes) {
  const chip = chipElement({ text, id, position: i, group, group_size: 1 }, { ...attributes, class: known ? "" : "unknown" });
  if (!known) chip.querySelector("small").textContent = "<unk>";
  return chip;
}

/** The chips in order; those that only together make up a sign stand under it. Neighbours get different tints. */
function signs(tokens, chips) {
  const shown = [];
  for (let i = 0; i < tokens.length; i += Math.max(1, tokens[i][5])) {
    const [text, , , , , size, , known] = tokens[i];
    const box = size > 1 ? h("span", { class: "sign" }, h("span", { dir: "auto" }, text), h("div", {}, chips.slice(i, i + size))) : chips[i];
    if (known) box.classList.toggle("alt", shown.length % 2 === 1);
    shown.push(box);
  }
  return shown;
}

function direction(tokens) {
  const first = tokens.map((token) => token[0]).find((text) => LETTER.test(text));
  return first && RTL.test(first) ? "rtl" : "ltr";
}

function sentence({ rows, words }, r, i) {
  const [text, id, , , group, size, hex, known] = rows[r].tokens[i];
  const said = words[known ? (size > 1 ? "part" : "token") : "unknown"];
  const values = { name: rows[r].name, i: i + 1, n: rows[r].count.toLocaleString("en"), text: text || "∅", id, hex, k: i - group + 1, size };
  return said.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Arrow keys move along a row; each row is one stop of the tab key. */
function walk(event, chips) {
  const i = chips.indexOf(event.target);
  const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: chips.length - 1 }[event.key];
  if (i < 0 || to === undefined || !chips[to]) return;
  chips[i].tabIndex = -1;
  chips[to].tabIndex = 0;
  chips[to].focus();
  event.preventDefault();
}
