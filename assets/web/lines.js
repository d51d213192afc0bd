// Attention as lines: queries on the left, keys on the right, each line as strong as the weight. A token keeps only its own lines.
import { applyTheme, digits, filled, h, hex, memory, moved, s, stage, takeaway, unpack } from "./base.js";
import { join } from "./bus.js";

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
  const state = memory(root, () => ({ table: false, cursor: ["q", rows - 1] }));
  const focused = root.getRootNode().activeElement?.classList.contains("tok"); // before this run replaces the tokens
  const step = Math.max(20, Math.min(56, Math.round(380 / rows)));
  const picture = { data, weights, rows, columns, step, palette, at: (i, j) => weights[i * columns + j] };
  const words = h("div", { class: "words" });
  const web = s("svg", { height: step * rows, viewBox: `0 0 ${MIDDLE} ${step * rows}`, preserveAspectRatio: "none", role: "img", "aria-label": data.label });
  const all = s("g", {}), own = s("g", {});
  web.append(all, own);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) if (picture.at(i, j) >= FAINTEST) all.append(line(picture, i, j));

  const tokens = { q: data.rows.map((text, i) => token("q", text, i)), k: data.columns.map((text, j) => token("k", text, j)) };
  function token(side, text, i) {
    return h("button", { type: "button", class: "tok", tabindex: side === "q" && i === rows - 1 ? 0 : -1, style: { height: `${step}px`, fontSize: step < 26 ? "13.5px" : "" },
      "data-side": side, "data-i": i, "data-name": `${side === "q" ? data.rowsAre : data.columnsAre}: token ${i + 1},` },
      ...(side === "q" ? [h("small"), h("span", { dir: "auto" }, text)] : [h("span", { dir: "auto" }, text), h("small")]));
  }
  const board = h("div", { class: "board" }, h("div", { class: "side q" }, tokens.q), web, h("div", { class: "side k" }, tokens.k));
  const taken = takeaway({ state, title: data.label, svg: () => sheet(picture),
    table: () => [["", ...data.columns], ...data.rows.map((label, i) => [label, ...weights.subarray(i * columns, (i + 1) * columns)])] });
  root.replaceChildren(
    h("div", { class: "titles" }, h("span", { style: { color: palette.query } }, data.rowsAre), h("span", { style: { color: palette.key } }, data.columnsAre)),
    h("div", { class: "frame" }, board), words, h("div", { class: "under" }, taken.tools), taken.table);

  const bus = join(root, {
    scope: data.sentence,
    lock: data.lock,
    tell: (place) => told(picture, place),
    record: (lock) => component.setStateValue("cell", lock),
    show: (place, held) => paint(place ?? (data.rest ? { query: data.rest[0], key: data.rest[1] } : null), held),
  });
  function paint(place, held) {
    const i = place?.query ?? place?.token ?? -1, side = place?.side === "k" ? "k" : i >= 0 && i < rows ? "q" : null, index = side === "k" ? place.key : i;
    all.setAttribute("opacity", side ? 0.1 : 1);
    const count = side === "q" ? columns : rows;
    own.replaceChildren(...(side ? Array.from({ length: count }, (_, n) => (side === "q" ? [index, n] : [n, index]))
      .filter(([i, j]) => picture.at(i, j) >= 0.002).map(([i, j]) => line(picture, i, j)) : []));
    tokens.q.forEach((element, i) => mark(element, side === "q" ? i === index : place?.query === i, side === "k" ? picture.at(i, index) : null, palette));
    tokens.k.forEach((element, j) => mark(element, place?.key === j, side === "q" ? picture.at(index, j) : null, palette));
    board.classList.toggle("held", Boolean(held));
    words.textContent = side && place.key < columns ? sentence(picture, i, place.key) : data.hint;
  }
  const at = (e) => {
    const element = e.target.closest?.(".tok");
    return element ? (element.dataset.side === "q" ? { token: +element.dataset.i } : { query: strongest(picture, null, +element.dataset.i), key: +element.dataset.i, side: "k" }) : null;
  };
  bus.watch(board, at);
  board.addEventListener("focusin", (e) => { if (e.target.matches(":focus-visible")) bus.point(at(e)); });
  board.addEventListener("focusout", () => bus.point(null));
  board.onkeydown = (e) => {
    const { side, i } = e.target.dataset;
    const to = side && moved(e, [Number(i), side === "q" ? 0 : 1], rows, 2);
    if (!to) return;
    e.preventDefault();
    const next = e.key === "Home" ? ["q", +i] : e.key === "End" ? ["k", +i] : [to[1] ? "k" : "q", to[0]];
    for (const every of [...tokens.q, ...tokens.k]) every.setAttribute("tabindex", -1);
    state.cursor = next;
    const target = tokens[next[0]][next[1]];
    target?.setAttribute("tabindex", 0);
    target?.focus();
  };
  if (focused) tokens[state.cursor[0]][state.cursor[1]]?.focus({ preventScroll: true });
  return bus.leave;
}

function line({ at, step, palette }, i, j, offset = 0, width = MIDDLE) {
  const w = at(i, j), y1 = (i + 0.5) * step, y2 = (j + 0.5) * step;
  return s("path", { d: `M${offset},${y1} C${offset + width * 0.45},${y1} ${offset + width * 0.55},${y2} ${offset + width},${y2}`, fill: "none", stroke: palette.high,
    "stroke-width": 1 + 3.5 * w, "stroke-opacity": Math.min(1, 0.06 + w), "vector-effect": "non-scaling-stroke" });
}

/** The key with the largest weight for this query that is not the query itself; for a key, the query that gives it most. */
function strongest({ at, rows, columns }, i, j = null) {
  if (j !== null) return Array.from({ length: rows }, (_, n) => n).reduce((a, b) => (at(b, j) > at(a, j) ? b : a), 0);
  let best = columns > 1 && i === 0 ? 1 : 0;
  for (let k = 0; k < columns; k++) if (k !== i && at(i, k) > at(i, best)) best = k;
  return at(i, best) > 0 ? best : i;
}

/** To a token: the pair with its strongest key; to a pair: its words and the row of weights. */
function told(picture, place) {
  const i = place.query ?? place.token;
  if (i === undefined || i >= picture.rows) return null;
  const j = place.key ?? strongest(picture, i);
  return j < picture.columns ? { query: i, key: j, words: place.words ?? sentence(picture, i, j), weights: picture.weights.subarray(i * picture.columns, (i + 1) * picture.columns) } : null;
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

const sentence = ({ data, at }, i, j) => filled(data.words, { row: data.rows[i], column: data.columns[j], value: digits(at(i, j)) });

/** The whole picture with its names, to take away. */
function sheet(picture) {
  const { data, rows, columns, step, palette } = picture;
  const side = 180, width = MIDDLE + 2 * side, height = step * Math.max(rows, columns) + 8;
  const svg = s("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, "font-size": 15 });
  svg.append(s("rect", { width: "100%", height: "100%", fill: palette.card }));
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) if (picture.at(i, j) >= FAINTEST) svg.append(line(picture, i, j, side));
  data.rows.forEach((text, i) => svg.append(s("text", { x: side - 8, y: (i + 0.5) * step + 5, "text-anchor": "end", fill: palette.query }, text)));
  data.columns.forEach((text, j) => svg.append(s("text", { x: side + MIDDLE + 8, y: (j + 0.5) * step + 5, fill: palette.key }, text)));
  return svg;
}
