// Rows of small bars for origin.js: on a canvas while they move, as SVG to take away.
import { s } from "./base.js";
import { fitted } from "./picture.js";

/** Where the bar of one place stands: from the line in the middle up or down, at least a hairline. */
function bar(row, i, width) {
  const step = width / row.values.length, gap = step > 4 ? Math.min(2, step * 0.22) : step > 2 ? 0.5 : 0, middle = row.height / 2;
  const size = Math.min(1, Math.abs(row.values[i]) / row.limit) * (middle - 1);
  return { x: i * step + gap / 2, width: Math.min(28, Math.max(0.6, step - gap)), y: row.values[i] >= 0 ? middle - size : middle, height: Math.max(0.8, size) };
}

const hue = (row, i, palette) => (row.values[i] < 0 ? palette.negative : palette.positive);

/** Draw one row. Terms from `upto` on have not been added yet: they stand back, and the running sum is not there. */
export function bars(row, { palette, chosen, upto, marked }) {
  const ratio = window.devicePixelRatio || 1, width = row.canvas.clientWidth || 300, count = row.values.length;
  row.canvas.width = Math.round(width * ratio);
  row.canvas.height = Math.round(row.height * ratio);
  row.canvas.style.height = `${row.height}px`;
  const pen = row.canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const column = (i, colour) => { pen.fillStyle = colour; pen.fillRect((i * width) / count, 0, Math.max(2, width / count), row.height); };
  if (marked !== null && marked !== undefined) column(marked, palette.chip);
  if (chosen !== null) column(chosen, palette.mark);
  pen.fillStyle = palette.line;
  pen.fillRect(0, row.height / 2 - 0.5, width, 1);
  for (let i = 0; i < count; i++) {
    const later = upto !== null && i >= upto;
    if (later && row.sum) continue;
    const box = bar(row, i, width);
    pen.fillStyle = row.sum ? palette.accent : hue(row, i, palette);
    pen.globalAlpha = later ? (row.terms ? 0.12 : 0.4) : chosen === null || chosen === i || i === marked ? 1 : 0.6;
    pen.fillRect(box.x, box.y, box.width, box.height);
  }
  pen.globalAlpha = 1;
}

const NAMES = 200, WIDTH = 760, LINE = 24;

/** Everything on one sheet: the vectors, and under them the calculation. */
export function sheet(rows, data, palette, font) {
  const lines = [...data.parts.map(([label, value]) => [label, String(value)]), ...data.lines.map((line) => [line.spans.map(([text]) => text).join(""), line.value])];
  const height = 44 + rows.reduce((sum, row) => sum + row.height + 8, 0) + lines.length * LINE + 12;
  const picture = s("svg", { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`, "font-family": font, "font-size": 15 });
  const text = (x, y, words, more = {}) => picture.append(s("text", { x, y, fill: palette.soft, ...more }, words));
  picture.append(s("rect", { width: WIDTH, height, fill: palette.card }));
  text(8, 26, fitted(data.sentence.map(([words]) => words).join(""), `600 17px ${font}`, WIDTH - 16), { fill: palette.ink, "font-weight": 600, "font-size": 17 });
  let top = 44;
  for (const row of rows) {
    text(8, top + row.height / 2 + 5, fitted(`${row.label} ${row.token ?? ""}`, `15px ${font}`, NAMES - 16), { fill: palette[row.hue] ?? palette.soft });
    for (let i = 0; i < row.values.length; i++) {
      const box = bar(row, i, WIDTH - NAMES - 8);
      picture.append(s("rect", { x: NAMES + box.x, y: top + box.y, width: box.width, height: box.height, fill: row.sum ? palette.accent : hue(row, i, palette) }));
    }
    top += row.height + 8;
  }
  for (const [label, value] of lines) {
    top += LINE;
    text(8, top - 6, fitted(label, `15px ${font}`, WIDTH - 160));
    text(WIDTH - 8, top - 6, value, { "text-anchor": "end", fill: palette.ink, "font-weight": 600 });
  }
  return picture;
}
