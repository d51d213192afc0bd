// Attention as lines: queries on the left, keys on the right, each line as strong as the weight. A token keeps only its own lines.
import { applyTheme, digits, h, hex, memory, s, save, saveCSV, saveSVG, stage, tools, unpack } from "./base.js";

const STYLE = `
.titles { display: flex; justify-content: space-between; font-size: 14px; margin-bottom: 4px; }
.frame { max-height: 620px; overflow-y: auto; }
.board { display: grid; grid-template-columns: fit-content(38%) minmax(90px, 1fr) fit-content(38%); }
.side { display: flex; flex-direction: column; min-width: 0; }
.tok { display: flex; align-items: center; gap: 8px; border: 2px solid transparent; border-radius: 8px; background: none; padding: 0 8px; cursor: pointer; font-size: 16px; overflow: hidden; white-space: pre; }
.side.q .tok { justify-content: flex-end; }
.tok span { overflow: hidden; text-overflow: ellipsis; unicode-bidi: isolate; }
.tok small { font-family: var(--st-code-font); font-size: 13px; font-variant-numeric: tabular-nums; flex: none; }
.tok.on { font-weight: 700; }
.side.q .tok.on { color: var(--gf-query); border-color: var(--gf-query); }
.side.k .tok.on { border-color: var(--gf-key); }
svg { display: block; width: 100%; overflow: visible; }
`;
const FAINTEST = 0.01; // lines below this weight are left out of the whole picture; a chosen token shows those from 0.002 on
const MIDDLE = 300;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const { data: weights, shape: [rows, columns] } = data.arrays.values;
  const state = memory(root, () => ({ cell: null, focus: null }));
  state.cell = data.cell && data.cell[0] < rows && data.cell[1] < columns ? data.cell : null;
  state.focus = null;
  const step = Math.max(20, Math.min(56, Math.round(380 / rows)));
  const picture = { data, weights, rows, columns, step, palette, at: (i, j) => weights[i * columns + j] };
  const words = h("div", { class: "words", "aria-live": "polite" });
  const web = s("svg", { height: step * rows, viewBox: `0 0 ${MIDDLE} ${step * rows}`, preserveAspectRatio: "none", role: "img", "aria-label": data.label });
  const all = s("g", {}), own = s("g", {});
  web.append(all, own);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) if (picture.at(i, j) >= FAINTEST) all.append(line(picture, i, j));

  const tokens = { q: data.rows.map((text, i) => token("q", text, i)), k: data.columns.map((text, j) => token("k", text, j)) };
  function token(side, text, i) {
    return h("button", { type: "button", class: "tok", style: { height: `${step}px`, fontSize: step < 26 ? "13.5px" : "" },
      "data-name": `${side === "q" ? data.rowsAre : data.columnsAre}: token ${i + 1},`,
      onmouseenter: () => focus([side, i]), onfocus: () => focus([side, i]), onclick: () => choose(side, i), onkeydown: (e) => move(e, side, i) },
      ...(side === "q" ? [h("small"), h("span", { dir: "auto" }, text)] : [h("span", { dir: "auto" }, text), h("small")]));
  }
  const focus = (place) => { state.focus = place; paint(); };
  const choose = (side, i) => {
    const cell = side === "q" ? [i, strongest(picture, i)] : [state.cell?.[0] ?? rows - 1, i];
    state.cell = cell;
    component.setStateValue("cell", cell);
    paint();
  };
  const move = (e, side, i) => {
    const to = { ArrowUp: [side, i - 1], ArrowDown: [side, i + 1], ArrowLeft: ["q", i], ArrowRight: ["k", i] }[e.key];
    if (!to) return;
    e.preventDefault();
    tokens[to[0]][to[1]]?.focus();
  };
  function paint() {
    const [side, index] = state.focus ?? (state.cell ? ["q", state.cell[0]] : [null, -1]);
    all.setAttribute("opacity", side ? 0.1 : 1);
    const count = side === "q" ? columns : rows;
    own.replaceChildren(...(side ? Array.from({ length: count }, (_, n) => (side === "q" ? [index, n] : [n, index]))
      .filter(([i, j]) => picture.at(i, j) >= 0.002).map(([i, j]) => line(picture, i, j)) : []));
    tokens.q.forEach((element, i) => mark(element, side === "q" && i === index, side === "k" ? picture.at(i, index) : null, palette));
    tokens.k.forEach((element, j) => mark(element, (side === "k" && j === index) || (!state.focus && state.cell?.[1] === j), side === "q" ? picture.at(index, j) : null, palette));
    words.textContent = sentence(picture, side, index, state);
  }
  root.replaceChildren(
    h("div", { class: "titles" }, h("span", { style: { color: palette.query } }, data.rowsAre), h("span", { style: { color: palette.key } }, data.columnsAre)),
    h("div", { class: "frame", onmouseleave: () => focus(null) }, h("div", { class: "board" }, h("div", { class: "side q" }, tokens.q), web, h("div", { class: "side k" }, tokens.k))),
    words,
    tools([["PNG", () => png(data.name, sheet(picture))], ["SVG", () => saveSVG(`${data.name}.svg`, sheet(picture))],
      ["CSV", () => saveCSV(`${data.name}.csv`, ["", ...data.columns], data.rows.map((label, i) => [label, ...weights.subarray(i * columns, (i + 1) * columns)]))]]));
  paint();
}

function line({ at, step, palette }, i, j, offset = 0, width = MIDDLE) {
  const w = at(i, j), y1 = (i + 0.5) * step, y2 = (j + 0.5) * step;
  return s("path", { d: `M${offset},${y1} C${offset + width * 0.45},${y1} ${offset + width * 0.55},${y2} ${offset + width},${y2}`, fill: "none", stroke: palette.high,
    "stroke-width": 1 + 3.5 * w, "stroke-opacity": Math.min(1, 0.06 + w), "vector-effect": "non-scaling-stroke" });
}

/** The key with the largest weight for this query that is not the query itself. */
function strongest({ at, columns }, i) {
  let best = columns > 1 && i === 0 ? 1 : 0;
  for (let j = 0; j < columns; j++) if (j !== i && at(i, j) > at(i, best)) best = j;
  return at(i, best) > 0 ? best : i;
}

function mark(element, on, weight, palette) {
  element.classList.toggle("on", on);
  const [r, g, b] = hex(palette.high);
  element.style.background = weight ? `rgba(${r},${g},${b},${(0.45 * weight).toFixed(3)})` : "";
  const small = element.querySelector("small");
  small.textContent = weight === null ? "" : weight > 0 ? weight.toFixed(2) : "–";
  if (weight !== null) small.textContent = element.firstChild === small ? `${small.textContent} ` : ` ${small.textContent}`; // apart in the name too
  element.setAttribute("aria-label", `${element.dataset.name} ${element.textContent}`);
}

function sentence({ data, at, rows, columns }, side, index, state) {
  if (!side) return data.hint;
  let i = index, j = index;
  if (side === "q") j = !state.focus && state.cell ? state.cell[1] : Array.from({ length: columns }, (_, n) => n).reduce((a, b) => (at(index, b) > at(index, a) ? b : a));
  else i = Array.from({ length: rows }, (_, n) => n).reduce((a, b) => (at(b, index) > at(a, index) ? b : a));
  return data.words.replaceAll("{row}", data.rows[i]).replaceAll("{column}", data.columns[j]).replaceAll("{value}", digits(at(i, j)));
}

/** The whole picture with its names, to take away. */
function sheet(picture) {
  const { data, rows, columns, step, palette } = picture;
  const side = 180, width = MIDDLE + 2 * side, height = step * Math.max(rows, columns) + 8;
  const svg = s("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, "font-family": "sans-serif", "font-size": 15 });
  svg.append(s("rect", { width: "100%", height: "100%", fill: palette.card }));
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) if (picture.at(i, j) >= FAINTEST) svg.append(line(picture, i, j, side));
  data.rows.forEach((text, i) => svg.append(s("text", { x: side - 8, y: (i + 0.5) * step + 5, "text-anchor": "end", fill: palette.query }, text)));
  data.columns.forEach((text, j) => svg.append(s("text", { x: side + MIDDLE + 8, y: (j + 0.5) * step + 5, fill: palette.key }, text)));
  return svg;
}

function png(name, svg) {
  const image = new Image();
  image.onload = () => {
    const canvas = h("canvas", { width: 2 * image.width, height: 2 * image.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(`${name}.png`, blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
}
