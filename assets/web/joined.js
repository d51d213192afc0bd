// Heads side by side: their numbers stand above the output matrix, which mixes them into what attention adds (on the right).
// Choosing a head shows its columns of the matrix and what it adds alone.
import { applyTheme, css, diverging, fitCanvas, h, memory, named, s, stage, takeaway, unpack } from "./base.js";

const STYLE = `
.names { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 8px; }
.names button { border: 1.5px solid var(--gf-line); background: none; border-radius: 8px; padding: 3px 10px; cursor: pointer; font-size: 15px; }
.names button:hover { border-color: var(--gf-accent); }
.names button[aria-pressed=true] { border-color: var(--gf-accent); background: var(--gf-accent); color: var(--gf-paper); }
canvas { display: block; width: 100%; cursor: pointer; }
`;
const STRIP = 26, GAP = 3, TOP = 42, SIDE = 20;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ head: null, frame: 0, table: false }));
  if (state.head !== null && state.head >= data.heads.length) state.head = null;
  const canvas = h("canvas", { role: "img", "aria-label": data.label });
  const words = h("div", { class: "words", "aria-live": "polite" });
  const picture = { data, palette, canvas, matrix: matrixImage(data, palette), font: getComputedStyle(root).fontFamily };
  const names = [data.all, ...data.heads].map((name, i) => h("button", { type: "button", onclick: () => choose(i ? i - 1 : null) }, name));
  const paint = () => draw(picture, state.head);
  const soon = () => { cancelAnimationFrame(state.frame); state.frame = requestAnimationFrame(paint); };
  const choose = (head) => {
    state.head = head;
    names.forEach((b, i) => b.setAttribute("aria-pressed", String((i ? i - 1 : null) === head)));
    words.textContent = data.words[head === null ? 0 : head + 1];
    soon();
  };
  canvas.onclick = (e) => {
    const edge = canvas.getBoundingClientRect(), head = headAt(picture, (e.clientX - edge.left) * (picture.box.width / edge.width));
    choose(head === state.head ? null : head);
  };
  const { z, out, bias, heads } = data.arrays;
  const table = () => [[...named("channel"), data.zName, ...data.heads, data.biasName, data.outName],
    ...Array.from(out.data, (v, c) => [String(c), z.data[c], ...data.heads.map((_, i) => heads.data[i * out.data.length + c]), bias.data[c], v])];
  const taken = takeaway({ state, title: data.label, svg: () => vector(picture, state.head), table });
  root.replaceChildren(data.heads.length > 1 ? h("div", { class: "names", role: "group", "aria-label": data.label }, names) : "", canvas, words,
    h("div", { class: "under" }, taken.tools), taken.table);
  state.observer?.disconnect();
  state.observer = new ResizeObserver(soon);
  state.observer.observe(root);
  document.fonts?.ready.then(soon);
  choose(state.head);
  paint();
  return () => { state.observer.disconnect(); cancelAnimationFrame(state.frame); };
}

/** The output matrix as a picture of one pixel a cell: rows are channels of the result, columns the heads' numbers. */
function matrixImage({ arrays: { matrix } }, palette) {
  const [rows, columns] = matrix.shape, colour = diverging(palette, 1);
  const canvas = h("canvas", { width: columns, height: rows });
  const pen = canvas.getContext("2d"), image = pen.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const [r, g, b] = colour(Math.sign(matrix.data[i] - 128) * Math.pow(Math.abs(matrix.data[i] - 128) / 127, 0.7));
    image.data.set([r, g, b, 255], 4 * i);
  }
  pen.putImageData(image, 0, 0);
  return canvas;
}

function layout({ data, canvas }) {
  const width = canvas.clientWidth || 600;
  const room = width - 2 * STRIP - 3 * SIDE - 4, each = (room - GAP * (data.heads.length - 1)) / data.heads.length;
  const size = Math.min(room, 500);
  return { width, room, each, top: TOP + STRIP + 12, size, height: TOP + STRIP + 12 + size + 30 };
}

const left = (box, head) => 2 + head * (box.each + GAP);

function headAt(picture, x) {
  const head = Math.floor((x - 2) / (picture.box.each + GAP));
  return head >= 0 && head < picture.data.heads.length ? head : null;
}

function draw(picture, chosen) {
  const { data, palette, canvas, matrix, font } = picture;
  const box = (picture.box = layout(picture)), pen = fitCanvas(canvas, box.width, box.height);
  pen.fillStyle = palette.card;
  pen.fillRect(0, 0, box.width, box.height);
  pen.imageSmoothingEnabled = false;
  const count = data.heads.length, { z, out, heads } = data.arrays, C = out.data.length;
  text(pen, data.zName, 2, 13, palette.soft, `13px ${font}`);
  for (let i = 0; i < count; i++) {
    const x = left(box, i), on = chosen === null || chosen === i, slice = matrix.width / count;
    pen.globalAlpha = on ? 1 : 0.22;
    if (box.each > 46) text(pen, data.heads[i], x + box.each / 2, 33, chosen === i ? palette.accent : palette.ink, `${chosen === i ? 700 : 500} 14px ${font}`, "center");
    else if (box.each > 14) text(pen, String(i + 1), x + box.each / 2, 33, palette.ink, `13px ${font}`, "center");
    strip(pen, palette, z.data.subarray((i * C) / count, ((i + 1) * C) / count), data.zLimit, x, TOP, box.each, STRIP, false);
    pen.drawImage(matrix, i * slice, 0, slice, matrix.height, x, box.top, box.each, box.size);
    pen.globalAlpha = 1;
    frame(pen, chosen === i ? palette.accent : palette.line, x, TOP, box.each, STRIP, chosen === i ? 2.5 : 1);
    frame(pen, chosen === i ? palette.accent : palette.line, x, box.top, box.each, box.size, chosen === i ? 2.5 : 1);
  }
  const mine = box.room + SIDE, all = mine + STRIP + SIDE;
  const own = chosen === null ? null : heads.data.subarray(chosen * C, (chosen + 1) * C);
  if (own) column(pen, palette, own, data.outLimit, mine, box, palette.accent);
  column(pen, palette, out.data, data.outLimit, all, box, palette.line);
  text(pen, data.matrixName, 2, box.height - 8, palette.soft, `13px ${font}`);
  text(pen, own ? `${data.mineName}  ·  ${data.outName}` : data.outName, box.width - 2, box.height - 8, palette.soft, `13px ${font}`, "right");
}

function strip(pen, palette, values, limit, x, y, width, height, down) {
  const colour = diverging(palette, limit), step = (down ? height : width) / values.length;
  values.forEach((v, i) => {
    pen.fillStyle = css(colour(v));
    if (down) pen.fillRect(x, y + i * step, width, step + 0.3); else pen.fillRect(x + i * step, y, step + 0.3, height);
  });
}

function column(pen, palette, values, limit, x, box, colour) {
  strip(pen, palette, values, limit, x, box.top, STRIP, box.size, true);
  frame(pen, colour, x, box.top, STRIP, box.size, colour === palette.accent ? 2.5 : 1);
}

function frame(pen, colour, x, y, width, height, line) {
  pen.strokeStyle = colour;
  pen.lineWidth = line;
  pen.strokeRect(x, y, width, height);
}

function text(pen, words, x, y, colour, font, align = "left") {
  pen.fillStyle = colour;
  pen.font = font;
  pen.textAlign = align;
  pen.textBaseline = "alphabetic";
  pen.fillText(words, x, y);
}

/** The same as shapes, to take away; only the matrix stays a picture. */
function vector({ data, palette, matrix, font, box }, chosen) {
  const { z, out, heads } = data.arrays, C = out.data.length, count = data.heads.length, slice = matrix.width / count, mine = box.room + SIDE;
  const svg = s("svg", { viewBox: `0 0 ${box.width} ${box.height}`, "font-family": font, "font-size": 13 }, s("rect", { width: box.width, height: box.height, fill: palette.card }));
  const name = (x, y, words, anchor = "start") => s("text", { x, y, fill: palette.soft, "text-anchor": anchor }, words);
  const cells = (values, limit, x, y, width, height, down) => Array.from(values, (v, i) => {
    const step = (down ? height : width) / values.length;
    return s("rect", { x: down ? x : x + i * step, y: down ? y + i * step : y, width: down ? width : step + 0.3, height: down ? step + 0.3 : height, fill: css(diverging(palette, limit)(v)) });
  });
  data.heads.forEach((title, i) => {
    const x = left(box, i), part = h("canvas", { width: slice, height: matrix.height });
    part.getContext("2d").drawImage(matrix, i * slice, 0, slice, matrix.height, 0, 0, slice, matrix.height);
    svg.append(s("g", { opacity: chosen === null || chosen === i ? 1 : 0.22 }, name(x + box.each / 2, 33, box.each > 46 ? title : String(i + 1), "middle"),
      ...cells(z.data.subarray((i * C) / count, ((i + 1) * C) / count), data.zLimit, x, TOP, box.each, STRIP, false),
      s("image", { x, y: box.top, width: box.each, height: box.size, preserveAspectRatio: "none", href: part.toDataURL(), style: { imageRendering: "pixelated" } })));
  });
  if (chosen !== null) svg.append(...cells(heads.data.subarray(chosen * C, (chosen + 1) * C), data.outLimit, mine, box.top, STRIP, box.size, true));
  svg.append(...cells(out.data, data.outLimit, mine + STRIP + SIDE, box.top, STRIP, box.size, true), name(2, 13, data.zName), name(2, box.height - 8, data.matrixName),
    name(box.width - 2, box.height - 8, chosen === null ? data.outName : `${data.mineName}  ·  ${data.outName}`, "end"));
  return svg;
}
