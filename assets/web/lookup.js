// The lookup: each token's id points at one row of the embedding matrix, and that row is copied out.
import { applyTheme, diverging, h, memory, savePNG, stage, tools, unpack } from "./base.js";

const STYLE = `
canvas { display: block; width: 100%; border-radius: 6px; }
`;
const TOP = 34, ROW = 31;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ over: null }));
  const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": data.label });
  const words = h("div", { class: "words", "aria-live": "polite" });
  const picture = { data, palette, canvas, font: getComputedStyle(root).fontFamily, image: heatmap(data.arrays.table, palette), out: heatmap(data.arrays.rows, palette) };
  const say = () => {
    const token = data.tokens[state.over ?? data.picked];
    words.textContent = token ? data.words.replaceAll("{token}", token.text).replaceAll("{id}", token.id) : data.hint;
  };
  let frame = 0;
  const soon = () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(() => draw(picture, state)); };
  const over = (i) => { if (i !== state.over) { state.over = i; say(); soon(); } };
  const at = (e) => {
    const i = Math.floor((e.clientY - canvas.getBoundingClientRect().top - TOP) / ROW);
    return i >= 0 && i < data.tokens.length ? i : null;
  };
  canvas.onpointermove = canvas.onpointerdown = (e) => over(at(e));
  canvas.onpointerleave = () => over(null);
  canvas.onkeydown = (e) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[e.key];
    if (!step) return;
    over(Math.min(data.tokens.length - 1, Math.max(0, (state.over ?? data.picked ?? -1) + step)));
    e.preventDefault();
  };
  state.over = null;
  root.replaceChildren(canvas, words, tools([["PNG", () => savePNG(`${data.name}.png`, canvas)]]));
  say();
  state.observer?.disconnect();
  state.observer = new ResizeObserver(soon);
  state.observer.observe(root);
  document.fonts?.ready.then(soon);
  draw(picture, state);
}

/** Bytes (128 is zero) as a picture with one pixel for each number. */
function heatmap({ data, shape: [rows, columns] }, palette) {
  const canvas = h("canvas", { width: columns, height: rows }), pen = canvas.getContext("2d"), pixels = pen.createImageData(columns, rows);
  const colour = diverging(palette, 127);
  const known = Array.from({ length: 256 }, (_, byte) => colour(byte - 128));
  data.forEach((byte, i) => pixels.data.set([...known[byte], 255], 4 * i));
  pen.putImageData(pixels, 0, 0);
  return canvas;
}

function draw({ data, palette, canvas, font, image, out }, { over }) {
  const width = canvas.parentElement?.clientWidth || 640, narrow = width < 520;
  const height = TOP + Math.max(narrow ? 220 : 300, data.tokens.length * ROW) + 6;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.fillStyle = palette.card;
  pen.fillRect(0, 0, width, height);
  const left = narrow ? 92 : 140, gap = narrow ? 34 : 78, middle = (width - left - 2 * gap) * 0.42;
  const x = { table: left + gap, right: left + gap + middle, out: left + 2 * gap + middle };
  const tall = height - TOP - 6;
  pen.imageSmoothingEnabled = true;
  pen.drawImage(image, x.table, TOP, middle, tall);
  pen.strokeStyle = palette.line;
  pen.strokeRect(x.table, TOP, middle, tall);
  title(pen, palette, font, narrow, [[data.titles[0], 0], [data.titles[1], x.table], [data.titles[2], x.out]], [left + gap - 8, middle + gap - 8, width - x.out]);
  const focus = over ?? data.picked;
  data.tokens.forEach((token, i) => {
    const y = TOP + (i + 0.5) * ROW, row = TOP + ((token.id + 0.5) / data.rows) * tall, on = i === focus;
    pen.globalAlpha = on ? 1 : 0.5;
    pen.strokeStyle = on ? palette.accent : palette.soft;
    pen.lineWidth = on ? 2.5 : 1;
    for (const [x1, y1, x2, y2] of [[left, y, x.table, row], [x.right, row, x.out, y]]) {
      pen.beginPath();
      pen.moveTo(x1, y1);
      pen.bezierCurveTo((x1 + x2) / 2, y1, (x1 + x2) / 2, y2, x2, y2);
      pen.stroke();
    }
    pen.globalAlpha = 1;
    pen.strokeRect(x.table, row - 1.5, middle, 3);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(out, 0, i, out.width, 1, x.out, y - 10, width - x.out - 2, 20);
    pen.strokeStyle = on ? palette.accent : palette.line;
    pen.lineWidth = on ? 2.5 : 1;
    pen.strokeRect(x.out, y - 10, width - x.out - 2, 20);
    chip(pen, palette, font, token, y, left, on);
  });
}

function title(pen, palette, font, narrow, places, widths) {
  pen.font = `${narrow ? 12 : 14}px ${font}`;
  pen.fillStyle = palette.soft;
  pen.textBaseline = "alphabetic";
  pen.textAlign = "left";
  places.forEach(([text, at], k) => pen.fillText(fit(pen, text, widths[k]), at, 18));
}

function chip(pen, palette, font, { text, id }, y, left, on) {
  pen.fillStyle = on ? palette.mark : palette.chip;
  pen.beginPath();
  pen.roundRect(0, y - 12.5, left - 4, 25, 7);
  pen.fill();
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  pen.font = `12px monospace`;
  pen.fillStyle = palette.soft;
  pen.fillText(String(id), left - 11, y + 1);
  const room = left - 26 - pen.measureText(String(id)).width;
  pen.textAlign = "left";
  pen.font = `${on ? "600 " : ""}16px ${font}`;
  pen.fillStyle = palette.ink;
  pen.fillText(fit(pen, text, room), 9, y + 0.5);
}

function fit(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && pen.measureText(letters.join("") + "…").width > width) letters.pop();
  return letters.join("") + "…";
}
