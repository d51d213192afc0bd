// One text cut by several tokenizers. A chip under the pointer (or the arrow keys) lights the same letters in every row.
import { applyTheme, h, memory, s, saveDrawingAsPNG, saveSVG, stage, tools, unpack } from "./base.js";
import { fitted, measure } from "./picture.js";
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
.under { display: flex; justify-content: flex-end; }
.gf .words { margin-top: 0; min-height: 2.9em; }
@container (max-width: 620px) { .row { grid-template-columns: minmax(0, 1fr) auto; } .row .cut { grid-column: 1 / -1; grid-row: 2; } }
`;
const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/, LETTER = /\p{L}/u;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ at: null }));
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
  root.replaceChildren(words, h("div", { class: "rows" }, data.rows.map((row, r) => {
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
  })), h("div", { class: "under" }, tools([["SVG", () => saveSVG(`${data.name}.svg`, vector(root, palette))], ["PNG", () => saveDrawingAsPNG(`${data.name}.png`, vector(root, palette))]])));
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

/** The rows as they stand on the screen, as an SVG. */
function vector(root, palette) {
  const frame = root.querySelector(".rows").getBoundingClientRect(), pad = 14;
  const font = getComputedStyle(root).fontFamily;
  const [width, height] = [Math.ceil(frame.width) + 2 * pad, Math.ceil(frame.height) + 2 * pad];
  const picture = s("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, "font-family": font });
  const at = (element) => {
    const box = element.getBoundingClientRect();
    return { x: box.left - frame.left + pad, y: box.top - frame.top + pad, width: box.width, height: box.height, bottom: box.bottom, top: box.top };
  };
  const write = (element, text, size, place) => picture.append(s("text", { "font-size": size, "font-weight": getComputedStyle(element).fontWeight, fill: getComputedStyle(element).color, "xml:space": "preserve", ...place }, text));
  picture.append(s("rect", { width: "100%", height: "100%", fill: palette.card }));
  for (const box of root.querySelectorAll(".sign, .chip")) {
    const place = at(box), strip = box.closest(".chips").getBoundingClientRect();
    if (place.bottom > strip.bottom + 2 || place.top < strip.top - 2) continue;
    const look = getComputedStyle(box);
    picture.append(s("rect", { x: place.x, y: place.y, width: place.width, height: place.height, rx: 7, fill: look.backgroundColor, stroke: look.borderStyle === "solid" ? "none" : look.borderColor }));
    for (const line of box.querySelectorAll(":scope > span, :scope > small")) {
      const own = at(line), size = parseFloat(getComputedStyle(line).fontSize);
      if (own.height) write(line, fitted(line.textContent, `${size}px ${font}`, place.width), size, { x: own.x + own.width / 2, y: own.y + own.height - size * 0.3, "text-anchor": "middle" });
    }
  }
  for (const bar of root.querySelectorAll(".bar, .bar i")) {
    const { x, y, width: w, height: tall } = at(bar);
    picture.append(s("rect", { x, y, width: w, height: tall, rx: 3, fill: getComputedStyle(bar).backgroundColor }));
  }
  for (const element of root.querySelectorAll(".who b, .who span, .note, .rest, .relative, .facts > span:not(.bar), .count")) {
    const place = at(element), size = parseFloat(getComputedStyle(element).fontSize), tall = parseFloat(getComputedStyle(element).lineHeight) || size * 1.35;
    const text = element.matches(".count") ? element.firstChild.textContent : element.textContent;
    wrapped(text, `${getComputedStyle(element).fontWeight} ${size}px ${font}`, place.width + 4).forEach((line, i) => write(element, line, size, { x: place.x, y: place.y + size + i * tall }));
  }
  for (const unit of root.querySelectorAll(".count small")) write(unit, unit.textContent.trim(), 14, { x: at(unit).x + 4, y: at(unit.parentElement).y + 26 });
  return picture;
}

/** A text in lines that are no wider than `width`. */
function wrapped(text, font, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (lines.at(-1) && measure(longer, font) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
