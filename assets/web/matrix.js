// A matrix of numbers as coloured cells. Pointer, touch or arrow keys choose a cell; the words under it say what it is.
import { GROWN, applyTheme, copied, css, digits, diverging, filled, fitCanvas, h, inkOn, memory, moved, s, sequential, stage, takeaway, unpack } from "./base.js";
import { join } from "./bus.js";

const STYLE = `
${GROWN}
.plot { position: relative; touch-action: manipulation; flex: 1 1 auto; }
canvas { position: absolute; width: 100%; cursor: crosshair; border-radius: 6px; }
.axes { display: flex; justify-content: space-between; gap: 16px; min-width: min(250px, 100%); font-size: 13px; color: var(--gf-soft); margin-bottom: 2px; }
.legend { display: flex; align-items: center; gap: 8px; font-size: 13px; color: var(--gf-soft); }
.ramp { width: 110px; height: 10px; border-radius: 5px; border: 1px solid var(--gf-line); }
`;

const WIDEST = 1.75;
const MOST = 1.9; // times as tall as it has to be, where there is room

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ cell: null, table: false }));
  const { data: values, shape: [rows, columns] } = data.arrays.values;
  const colour = data.scale === "diverging" ? diverging(palette, data.limit) : (v) => sequential(palette)((v - data.floor) / (data.limit - data.floor || 1));
  const focused = root.getRootNode().activeElement?.tagName === "CANVAS";
  const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": data.label });
  const words = h("div", { class: "words" });
  const axes = h("div", { class: "axes" }, h("span", {}, data.rowsAre ? `${data.rowsAre} ↓` : ""), h("span", {}, data.columnsAre ? `${data.columnsAre} →` : ""));
  const picture = { data, axes, values, rows, columns, colour, palette, canvas, font: getComputedStyle(root).fontFamily, base: h("canvas"), box: null };
  const taken = takeaway({ state, title: data.label, svg: () => vector(picture),
    table: () => [["", ...data.columns], ...data.rows.map((label, i) => [label, ...values.subarray(i * columns, (i + 1) * columns)])] });
  root.replaceChildren(axes, h("div", { class: "plot" }, canvas), words, h("div", { class: "under" }, legend(picture), taken.tools), taken.table);
  const paint = () => draw(picture, state);
  const own = data.sentence && !data.square; // a channel is chosen here alone; only its token lights up elsewhere
  const choose = (to) => component.setStateValue("cell", to && cellOf(picture, to));
  const bus = join(root, {
    scope: data.sentence,
    lock: data.sentence ? data.lock : data.cell && (data.square ? data.cell : null),
    tell: data.square && data.sentence ? (place) => told(picture, place) : null,
    record: data.report && !own ? (lock, place) => component.setStateValue("cell", lock && (data.square ? lock : cellOf(picture, place))) : null,
    show: (place, held) => {
      state.cell = fits(cellOf(picture, place), rows, columns) ?? fits(own ? data.cell ?? data.rest : data.rest, rows, columns);
      state.held = held;
      words.textContent = sentence(picture, state.cell?.[1] >= 0 ? state.cell : null);
      paint();
    },
  });
  const placed = (cell) => cell && placeOf(picture, cell);
  const press = !data.pick ? bus.point : own ? choose : bus.press;
  bus.watch(canvas, (e) => placed(at(picture, e)), press);
  canvas.onkeydown = (e) => {
    const to = moved(e, fits(state.cell, rows, columns) ?? [0, 0], rows, columns);
    if (to) bus.point(placed((state.cell = to))); // the next key may come before this one is painted
    else if (e.key === "Enter" && state.cell) press(placed(state.cell));
    else if (e.key === "Escape" && own && data.pick && data.cell) choose(null);
    else return;
    e.preventDefault();
  };
  canvas.onblur = () => bus.point(null);
  state.observer?.disconnect();
  state.observer = new ResizeObserver(() => { if (picture.box?.width !== canvas.parentElement.clientWidth || picture.box.given !== canvas.parentElement.clientHeight) { picture.box = null; paint(); } });
  state.observer.observe(canvas.parentElement);
  if (document.fonts?.status === "loading") document.fonts.ready.then(() => { picture.box = null; paint(); });
  if (focused) canvas.focus({ preventScroll: true });
  return () => { state.observer.disconnect(); bus.leave(); };
}

const fits = (cell, rows, columns) => (cell && cell[0] >= 0 && cell[0] < rows && cell[1] < columns ? cell : null);

/** What a cell is on the page's bus: a pair of tokens, or one channel of a token's vector. */
function placeOf({ data }, [i, j]) {
  return data.square ? { query: i + data.first, key: j + data.first } : { token: i + data.first, channel: j, space: data.space };
}

/** The cell of a place: its pair, its channel, or only a row. */
function cellOf({ data }, place) {
  if (!place) return null;
  if (data.square) return place.query === undefined ? null : [place.query - data.first, (place.key ?? place.query) - data.first];
  const row = place.token ?? place.query;
  return row === undefined ? null : [row - data.first, place.space === data.space ? place.channel : -1];
}

/** To a token: the pair with its strongest other; to a pair: its words; and of attention the row of weights. */
function told(picture, place) {
  const { data, values, rows, columns } = picture, i = (place.query ?? place.token) - data.first;
  if (!(i >= 0 && i < rows)) return null;
  let j = place.key === undefined ? undefined : place.key - data.first;
  if (j === undefined) {
    const row = values.subarray(i * columns, (i + 1) * columns);
    j = columns > 1 && i === 0 ? 1 : 0;
    for (let k = 0; k < columns; k++) if (k !== i && (row[k] > row[j] || !Number.isFinite(row[j]))) j = k;
    if (!Number.isFinite(row[j]) || (data.weights && !(row[j] > 0))) j = i;
  }
  if (!(j >= 0 && j < columns)) return null;
  return { query: i + data.first, key: j + data.first, words: place.words ?? sentence(picture, [i, j]), ...(data.weights ? { weights: values.subarray(i * columns, (i + 1) * columns) } : {}) };
}

const empty = (v) => !Number.isFinite(v);

/** "{row} gives {value} of its attention to {column}" with this cell's own names and number. */
function sentence({ data, values, columns }, cell) {
  if (!cell) return data.hint ?? "";
  const v = values[cell[0] * columns + cell[1]];
  const template = empty(v) && data.emptyWords ? data.emptyWords : data.words;
  return filled(template, { row: data.rows[cell[0]], column: data.columns[cell[1]], value: digits(v) });
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
  const least = data.square ? Math.min(cw, side) : Math.max(3.5, Math.min(44, 440 / rows, Math.max(30, 240 / rows)));
  const top = named ? Math.min(96, longest(data.columns) * 0.64 + 16) : 18;
  const high = (ch) => `${top + ch * rows + 4}px`;
  Object.assign(canvas.parentElement.style, { minHeight: high(least), maxHeight: high(data.square ? least : MOST * least) });
  const given = canvas.parentElement.clientHeight; // more where the card has room left: rows of channels may be taller
  const ch = data.square ? least : Math.max(least, Math.min(MOST * least, (given - top - 4) / rows));
  return { width, height: top + ch * rows + 4, given, left, top, cw, ch, named };
}

/** All cells and names with nothing pointed at: drawn once, then copied for each frame. */
function drawBase(picture) {
  const { data, values, rows, columns, colour, palette, base } = picture;
  const box = (picture.box = layout(picture));
  picture.axes.style.width = `${box.left + box.cw * columns}px`; // the words end where the cells do
  const pen = fitCanvas(base, box.width, box.height);
  pen.fillStyle = palette.card;
  pen.fillRect(0, 0, box.width, box.height);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) drawCell(pen, picture, i, j, colour(values[i * columns + j]), data.numbers);
  labels(pen, picture, -1, -1);
}

function drawCell(pen, { values, columns, palette, box }, i, j, rgb, numbered) {
  const v = values[i * columns + j], x = box.left + j * box.cw, y = box.top + i * box.ch;
  const gap = box.cw > 9 && box.ch > 9 ? 1 : 0;
  const round = box.cw > 20 && box.ch > 20;
  if (empty(v) && box.cw <= 9) return;
  if (round || empty(v)) {
    pen.beginPath();
    pen.roundRect(x + gap, y + gap, box.cw - 2 * gap, box.ch - 2 * gap, round ? 4 : 0);
  }
  if (empty(v)) { pen.lineWidth = 1; pen.strokeStyle = palette.line; pen.stroke(); return; }
  pen.fillStyle = css(rgb);
  if (round) pen.fill();
  else pen.fillRect(x + gap, y + gap, box.cw - 2 * gap, box.ch - 2 * gap);
  if (numbered && box.cw >= 34 && box.ch >= 20) {
    pen.fillStyle = inkOn(rgb);
    pen.font = "12.5px monospace";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(short(v), x + box.cw / 2, y + box.ch / 2);
  }
}

/** One frame: the cells as they are, and over them what is pointed at; the rest is dimmed. */
function draw(picture, state) {
  const { data, values, rows, columns, colour, palette, canvas, base } = picture;
  if (!picture.box) drawBase(picture);
  const { box } = picture;
  const pen = fitCanvas(canvas, box.width, box.height);
  copied(pen, base);
  if (!state.cell) return;
  const [ci, cj] = state.cell, x = box.left + cj * box.cw, y = box.top + ci * box.ch, right = box.left + box.cw * columns, bottom = box.top + box.ch * rows;
  pen.globalAlpha = 0.45;
  pen.fillStyle = palette.card;
  if (cj < 0) { // a whole row
    pen.fillRect(box.left, box.top, right - box.left, y - box.top);
    pen.fillRect(box.left, y + box.ch, right - box.left, bottom - y - box.ch);
  } else for (const [x1, x2] of [[box.left, x], [x + box.cw, right]]) for (const [y1, y2] of [[box.top, y], [y + box.ch, bottom]]) pen.fillRect(x1, y1, x2 - x1, y2 - y1);
  pen.globalAlpha = 1;
  if (box.cw >= 34) for (let j = 0; j < columns; j++) drawCell(pen, picture, ci, j, colour(values[ci * columns + j]), true);
  pen.fillStyle = palette.card;
  const everyRow = Math.max(1, Math.ceil(15 / box.ch)); // the bold names replace the plain ones, and those that they would run into
  for (let i = 0; i < rows; i++) if (i === ci || (i % everyRow === 0 && Math.abs(i - ci) * box.ch < 18)) pen.fillRect(0, box.top + (i + 0.5) * box.ch - 10, box.left - 3, 20);
  labels(pen, picture, ci, cj, true);
  pen.lineWidth = 2;
  pen.strokeStyle = palette[data.rowColour] ?? palette.accent;
  pen.strokeRect(box.left, y, box.cw * columns, box.ch);
  if (cj < 0) return;
  pen.lineWidth = state.held ? 4 : 3;
  pen.strokeStyle = palette[data.columnColour] ?? palette.ink;
  pen.strokeRect(x, y, box.cw, box.ch);
}

const short = (v) => (Math.abs(v) < 0.005 ? ".00" : Math.abs(v) < 1 ? v.toFixed(2).replace("0.", ".").replace("-", "−") : digits(v));

const SLANTED = 23; // pixels between two slanted names that do not touch

/** How long the slanted name of a column may be before it leaves the picture. */
const reach = (box, j) => Math.min(120, (box.width - box.left - (j + 0.5) * box.cw - 6) / Math.cos(0.67));

function labels(pen, { data, rows, columns, box, palette, font }, ci, cj, only = false) {
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  const everyRow = Math.max(1, Math.ceil(15 / box.ch));
  for (let i = 0; i < rows; i++) {
    if (only ? i !== ci : i % everyRow) continue;
    pen.font = `${i === ci ? "700 " : ""}15px ${font}`;
    pen.fillStyle = i === ci ? palette[data.rowColour] ?? palette.accent : palette.ink;
    pen.fillText(fit(pen, data.rows[i], box.left - 10), box.left - 8, box.top + (i + 0.5) * box.ch);
  }
  pen.textAlign = box.named ? "left" : "center";
  const every = box.named ? Math.max(1, Math.ceil(SLANTED / box.cw)) : Math.ceil(columns / 8);
  for (let j = 0; j < columns; j++) {
    if (only ? j !== cj : j % every) continue;
    pen.save();
    pen.translate(box.left + (j + 0.5) * box.cw, box.top - 8);
    if (box.named) pen.rotate(-0.67);
    pen.font = `${j === cj ? "700 " : ""}${box.named ? 15 : 12}px ${font}`;
    if (only) { // in the place of the plain names that it would run into
      pen.fillStyle = palette.card;
      if (box.named) pen.fillRect(0, -9, 124, 18);
      else for (let k = 0; k < columns; k += every) if (Math.abs(k - j) * box.cw < 24) pen.fillRect((k - j) * box.cw - 16, -9, 32, 16);
    }
    pen.fillStyle = j === cj ? palette[data.columnColour] ?? palette.ink : palette.soft;
    pen.fillText(fit(pen, box.named ? data.columns[j] : String(data.columns[j] ?? j), box.named ? reach(box, j) : 120), 0, 0);
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

function ends({ data }) {
  return data.scale === "diverging" ? [-data.limit, data.limit] : [data.floor, data.limit];
}

/** The scale's colours from end to end. */
const ramp = (picture) => [0, 0.25, 0.5, 0.75, 1].map((t) => css(picture.colour(ends(picture)[0] + t * (ends(picture)[1] - ends(picture)[0]))));

const ended = (picture) => [digits(ends(picture)[0]), digits(ends(picture)[1]) + (picture.data.beyond ? " and beyond" : "")];

function legend(picture) {
  const [low, high] = ended(picture);
  return h("div", { class: "legend" }, h("span", { class: "num" }, low), h("span", { class: "ramp", style: { background: `linear-gradient(90deg, ${ramp(picture).join(",")})` } }), h("span", { class: "num" }, high));
}

/** The cells with the names of both axes and the scale, to take away. */
function vector(picture) {
  const { data, values, rows, columns, colour, palette, font, box } = picture, { left, cw, ch, named } = box, top = box.top + 20, wide = left + cw * columns;
  const svg = s("svg", { viewBox: `0 0 ${box.width + 8} ${box.height + 52}`, "font-family": font }, s("rect", { width: "100%", height: "100%", fill: palette.card }));
  const text = (x, y, size, fill, words, more = {}) => svg.append(s("text", { x, y, "font-size": size, fill, ...more }, words));
  if (data.rowsAre) text(8, 18, 13, palette.soft, `${data.rowsAre} ↓`);
  if (data.columnsAre) text(wide, 18, 13, palette.soft, `${data.columnsAre} →`, { "text-anchor": "end" });
  const everyRow = Math.max(1, Math.ceil(15 / ch)), every = named ? Math.max(1, Math.ceil(SLANTED / cw)) : Math.ceil(columns / 8), pen = h("canvas").getContext("2d");
  pen.font = `15px ${font}`;
  for (let i = 0; i < rows; i++) {
    if (i % everyRow === 0) text(left - 8, top + (i + 0.5) * ch + 5, 15, palette.ink, data.rows[i], { "text-anchor": "end" });
    for (let j = 0; j < columns; j++) {
      const v = values[i * columns + j], none = empty(v), x = left + j * cw, y = top + i * ch, gap = cw > 9 && ch > 9 ? 1 : 0;
      if (none && cw <= 9) continue;
      svg.append(s("rect", { x: x + gap, y: y + gap, width: cw - 2 * gap, height: ch - 2 * gap, rx: cw > 20 && ch > 20 ? 4 : null, fill: none ? "none" : css(colour(v)), stroke: none ? palette.line : null }));
      if (data.numbers && !none && cw >= 34 && ch >= 20) text(x + cw / 2, y + ch / 2 + 4, 12.5, inkOn(colour(v)), short(v), { "text-anchor": "middle", "font-family": "monospace" });
    }
  }
  for (let j = 0; j < columns; j += every) {
    const x = left + (j + 0.5) * cw, y = top - 8;
    text(x, y, named ? 15 : 12, palette.soft, named ? fit(pen, data.columns[j], reach(box, j)) : String(data.columns[j] ?? j), named ? { transform: `rotate(-38 ${x} ${y})` } : { "text-anchor": "middle" });
  }
  const [low, high] = ended(picture), under = top + ch * rows + 24, start = left + 8 + 7.5 * low.length;
  text(left, under, 12.5, palette.soft, low, { "font-family": "monospace" });
  ramp(picture).slice(0, -1).forEach((_, k, all) => svg.append(s("linearGradient", { id: `scale-${k}` }, ...[0, 1].map((end) => s("stop", { offset: end, "stop-color": ramp(picture)[k + end] }))),
    s("rect", { x: start + (110 / all.length) * k, y: under - 10, width: 110 / all.length + 0.5, height: 10, fill: `url(#scale-${k})` })));
  text(start + 118, under, 12.5, palette.soft, high, { "font-family": "monospace" });
  return svg;
}
