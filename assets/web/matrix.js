// A matrix of numbers as coloured cells. Pointer, touch or arrow keys choose a cell; the words under it say what it is.
import { applyTheme, css, digits, diverging, h, inkOn, memory, s, savePNG, saveCSV, saveSVG, sequential, stage, tools, unpack } from "./base.js";

const STYLE = `
.plot { position: relative; touch-action: manipulation; }
canvas { display: block; width: 100%; cursor: crosshair; border-radius: 6px; }
.axes { display: flex; justify-content: space-between; gap: 16px; min-width: min(250px, 100%); font-size: 13px; color: var(--gf-soft); margin-bottom: 2px; }
.legend { display: flex; align-items: center; gap: 8px; font-size: 13px; color: var(--gf-soft); }
.ramp { width: 110px; height: 10px; border-radius: 5px; border: 1px solid var(--gf-line); }
.under { display: flex; justify-content: space-between; align-items: center; gap: 8px; flex-wrap: wrap; margin-top: 6px; }
.scroll { overflow: auto; max-height: 420px; margin-top: 8px; }
table { border-collapse: collapse; font-size: 13px; font-family: var(--st-code-font); }
td, th { border: 1px solid var(--gf-line); padding: 2px 6px; text-align: right; font-weight: 400; }
th { color: var(--gf-soft); position: sticky; left: 0; background: var(--gf-card); }
`;

const WIDEST = 1.75;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ cell: null, locked: false, table: false, frame: 0 }));
  const { data: values, shape: [rows, columns] } = data.arrays.values;
  const colour = data.scale === "diverging" ? diverging(palette, data.limit) : (v) => sequential(palette)((v - data.floor) / (data.limit - data.floor || 1));
  const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": data.label });
  const words = h("div", { class: "words", "aria-live": "polite" });
  const table = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${data.label}: table` });
  const axes = h("div", { class: "axes" }, h("span", {}, data.rowsAre ? `${data.rowsAre} ↓` : ""), h("span", {}, data.columnsAre ? `${data.columnsAre} →` : ""));
  const picture = { data, axes, values, rows, columns, colour, palette, canvas, font: getComputedStyle(root).fontFamily };
  state.cell = data.cell && data.cell[0] < rows && data.cell[1] < columns ? data.cell : null;
  state.locked = state.cell !== null;

  const paint = () => draw(picture, state);
  const soon = () => { cancelAnimationFrame(state.frame); state.frame = requestAnimationFrame(paint); };
  const show = (cell) => {
    if (String(cell) === String(state.cell)) return;
    state.cell = cell;
    words.textContent = sentence(picture, cell);
    soon();
  };
  const lock = (cell) => {
    const free = cell === null || (state.locked && String(cell) === String(data.cell));
    state.locked = !free;
    component.setStateValue("cell", free ? null : cell);
  };
  canvas.onpointermove = (e) => { if (!state.locked) show(at(picture, e)); };
  canvas.onpointerleave = () => { if (!state.locked) show(null); };
  canvas.onclick = (e) => { const cell = at(picture, e); if (cell && data.pick) { show(cell); lock(cell); } else if (cell) show(cell); };
  canvas.onkeydown = (e) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key];
    if (step) {
      const [i, j] = state.cell ?? [0, -1];
      show([Math.min(rows - 1, Math.max(0, i + step[0])), Math.min(columns - 1, Math.max(0, j + step[1]))]);
    } else if (e.key === "Enter" && state.cell && data.pick) lock(state.cell);
    else if (e.key === "Escape") { show(null); if (data.pick && state.locked) lock(null); }
    else return;
    e.preventDefault();
  };
  const toggle = () => { state.table = !state.table; fillTable(table, picture, state.table); };
  root.replaceChildren(
    axes, h("div", { class: "plot" }, canvas), words,
    h("div", { class: "under" }, legend(picture),
      tools([["Table", toggle], ["PNG", () => savePNG(`${data.name}.png`, canvas)], ["SVG", () => saveSVG(`${data.name}.svg`, vector(picture))],
        ["CSV", () => saveCSV(`${data.name}.csv`, ["", ...data.columns], data.rows.map((label, i) => [label, ...values.subarray(i * columns, (i + 1) * columns)]))]])),
    table);
  words.textContent = sentence(picture, state.cell);
  fillTable(table, picture, state.table);
  state.observer?.disconnect();
  state.observer = new ResizeObserver(soon);
  state.observer.observe(canvas.parentElement);
  document.fonts?.ready.then(soon);
  paint();
}

const empty = (v) => !Number.isFinite(v);

/** "{row} gives {value} of its attention to {column}" with this cell's own names and number. */
function sentence({ data, values, columns }, cell) {
  if (!cell) return data.hint ?? "";
  const v = values[cell[0] * columns + cell[1]];
  const template = empty(v) && data.emptyWords ? data.emptyWords : data.words;
  return template.replaceAll("{row}", data.rowWords?.[cell[0]] ?? data.rows[cell[0]])
    .replaceAll("{column}", data.columnWords?.[cell[1]] ?? data.columns[cell[1]]).replaceAll("{value}", digits(v));
}

function layout({ data, rows, columns, canvas, font }) {
  const width = canvas.parentElement.clientWidth || 600;
  const pen = canvas.getContext("2d");
  pen.font = `15px ${font}`;
  const longest = (labels) => Math.max(0, ...labels.map((label) => pen.measureText(label).width));
  const left = Math.min(150, longest(data.rows) + 14, width * 0.3);
  const named = data.columns.length === columns && data.nameColumns;
  const room = width - left - (named ? 34 : 2);
  const side = Math.max(46, Math.min(88, 400 / columns)); // of a square cell; where there is room, cells are up to WIDEST times as wide as tall
  const cw = data.square ? Math.min(room / columns, WIDEST * side) : room / columns;
  const ch = data.square ? Math.min(cw, side) : Math.max(3.5, Math.min(30, 440 / rows));
  const top = named ? Math.min(96, longest(data.columns) * 0.64 + 16) : 18;
  return { width, height: top + ch * rows + 4, left, top, cw, ch, named };
}

function draw(picture, state) {
  const { data, values, rows, columns, colour, palette, canvas, font } = picture;
  const box = (picture.box = layout(picture));
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(box.width * ratio);
  canvas.height = Math.round(box.height * ratio);
  canvas.style.height = `${box.height}px`;
  picture.axes.style.width = `${box.left + box.cw * columns}px`; // the words end where the cells do
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.fillStyle = palette.card;
  pen.fillRect(0, 0, box.width, box.height);
  const [ci, cj] = state.cell ?? [-1, -1];
  const gap = box.cw > 9 && box.ch > 9 ? 1 : 0;
  const radius = box.cw > 20 && box.ch > 20 ? 4 : 0;
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) {
    const v = values[i * columns + j], x = box.left + j * box.cw, y = box.top + i * box.ch;
    const dim = state.cell && i !== ci && j !== cj;
    pen.beginPath();
    pen.roundRect(x + gap, y + gap, box.cw - 2 * gap, box.ch - 2 * gap, radius);
    if (empty(v)) {
      if (box.cw > 9) { pen.strokeStyle = palette.line; pen.stroke(); }
      continue;
    }
    const rgb = colour(v);
    pen.globalAlpha = dim ? 0.55 : 1;
    pen.fillStyle = css(rgb);
    pen.fill();
    pen.globalAlpha = 1;
    if (box.cw >= 34 && box.ch >= 20 && (i === ci || (data.numbers && !dim))) {
      pen.fillStyle = inkOn(rgb);
      pen.font = "12.5px monospace";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(short(v), x + box.cw / 2, y + box.ch / 2);
    }
  }
  labels(pen, picture, ci, cj);
  if (state.cell) {
    pen.lineWidth = 2;
    pen.strokeStyle = palette[data.rowColour] ?? palette.accent;
    pen.strokeRect(box.left, box.top + ci * box.ch, box.cw * columns, box.ch);
    pen.lineWidth = 3;
    pen.strokeStyle = palette[data.columnColour] ?? palette.ink;
    pen.strokeRect(box.left + cj * box.cw, box.top + ci * box.ch, box.cw, box.ch);
  }
}

const short = (v) => (Math.abs(v) < 1 ? v.toFixed(2).replace("0.", ".").replace("-", "−") : digits(v));

function labels(pen, { data, rows, columns, box, palette, font }, ci, cj) {
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  const everyRow = Math.max(1, Math.ceil(15 / box.ch));
  for (let i = 0; i < rows; i++) {
    if (i % everyRow && i !== ci) continue;
    pen.font = `${i === ci ? "700 " : ""}15px ${font}`;
    pen.fillStyle = i === ci ? palette[data.rowColour] ?? palette.accent : palette.ink;
    pen.fillText(fit(pen, data.rows[i], box.left - 10), box.left - 8, box.top + (i + 0.5) * box.ch);
  }
  pen.textAlign = box.named ? "left" : "center";
  const every = box.named ? Math.max(1, Math.ceil(15 / box.cw)) : Math.ceil(columns / 8);
  for (let j = 0; j < columns; j++) {
    if (j % every && j !== cj) continue;
    pen.save();
    pen.translate(box.left + (j + 0.5) * box.cw, box.top - 8);
    if (box.named) pen.rotate(-0.67);
    pen.font = `${j === cj ? "700 " : ""}${box.named ? 15 : 12}px ${font}`;
    pen.fillStyle = j === cj ? palette[data.columnColour] ?? palette.ink : palette.soft;
    pen.fillText(fit(pen, box.named ? data.columns[j] : String(data.columns[j] ?? j), 120), 0, 0);
    pen.restore();
  }
}

function fit(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && pen.measureText(letters.join("") + "…").width > width) letters.pop();
  return letters.join("") + "…";
}

function at({ canvas, box, rows, columns }, event) {
  const edge = canvas.getBoundingClientRect();
  const scale = box.width / edge.width;
  const j = Math.floor(((event.clientX - edge.left) * scale - box.left) / box.cw);
  const i = Math.floor(((event.clientY - edge.top) * scale - box.top) / box.ch);
  return i >= 0 && j >= 0 && i < rows && j < columns ? [i, j] : null;
}

function legend({ data, colour }) {
  const ends = data.scale === "diverging" ? [-data.limit, data.limit] : [data.floor, data.limit];
  const stops = [0, 0.25, 0.5, 0.75, 1].map((t) => css(colour(ends[0] + t * (ends[1] - ends[0]))));
  return h("div", { class: "legend" }, h("span", { class: "num" }, digits(ends[0])),
    h("span", { class: "ramp", style: { background: `linear-gradient(90deg, ${stops.join(",")})` } }), h("span", { class: "num" }, digits(ends[1]) + (data.beyond ? " and beyond" : "")));
}

function fillTable(place, { data, values, rows, columns }, shown) {
  if (!shown) return place.replaceChildren();
  place.replaceChildren(h("table", {},
    h("tr", {}, h("th", {}), data.columns.map((label) => h("th", {}, String(label)))),
    Array.from({ length: rows }, (_, i) => h("tr", {}, h("th", {}, data.rows[i]),
      Array.from({ length: columns }, (_, j) => h("td", {}, digits(values[i * columns + j])))))));
}

function vector({ data, values, rows, columns, colour, box, palette, font }) {
  const picture = s("svg", { width: box.width, height: box.height, viewBox: `0 0 ${box.width} ${box.height}`, "font-family": font });
  picture.append(s("rect", { width: "100%", height: "100%", fill: palette.card }));
  for (let i = 0; i < rows; i++) {
    picture.append(s("text", { x: box.left - 8, y: box.top + (i + 0.5) * box.ch + 5, "text-anchor": "end", "font-size": 15, fill: palette.ink }, data.rows[i]));
    for (let j = 0; j < columns; j++) {
      const v = values[i * columns + j];
      picture.append(s("rect", { x: box.left + j * box.cw + 0.5, y: box.top + i * box.ch + 0.5, width: box.cw - 1, height: box.ch - 1,
        fill: empty(v) ? "none" : css(colour(v)), stroke: empty(v) ? palette.line : "none" }));
    }
  }
  if (box.named) data.columns.forEach((label, j) => {
    const x = box.left + (j + 0.5) * box.cw, y = box.top - 8;
    picture.append(s("text", { x, y, transform: `rotate(-38 ${x} ${y})`, "font-size": 15, fill: palette.soft }, String(label)));
  });
  return picture;
}
