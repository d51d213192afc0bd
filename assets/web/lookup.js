// The lookup: each token's id points at one row of the embedding matrix, and that row is copied out.
import { applyTheme, diverging, filled, fitCanvas, h, memory, moved, named, numbered, s, stage, takeaway, unpack } from "./base.js";
import { join, part } from "./bus.js";

const STYLE = `
canvas { display: block; width: 100%; border-radius: 6px; }
`;
const TOP = 34, ROW = 31;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ over: null, table: false }));
  const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": data.label });
  const words = h("div", { class: "words" }), channels = data.arrays.numbers.shape[1];
  const picture = { data, palette, canvas, font: getComputedStyle(root).fontFamily, image: heatmap(data.arrays.table, palette), out: heatmap(data.arrays.rows, palette) };
  const saying = (i) => { const token = data.tokens[i ?? data.picked]; return token ? filled(data.words, { token: token.text, id: token.id }) : data.hint; };
  const at = (e) => {
    const i = Math.floor((e.clientY - canvas.getBoundingClientRect().top - picture.first) / ROW);
    return i >= 0 && i < data.tokens.length ? placed(i) : null;
  };
  const placed = (i) => ({ token: i + data.first, entry: data.tokens[i].id, words: saying(i) });
  const taken = takeaway({ state, title: data.label, svg: () => drawing(picture, state), table: () => [[...named("position", "token", "id"), ...Array.from({ length: channels }, (_, c) => numbered("channel_n", c))],
    ...data.tokens.map((token, i) => [String(data.first + i + 1), token.text, String(token.id), ...data.arrays.numbers.data.subarray(i * channels, (i + 1) * channels)])] });
  root.replaceChildren(canvas, words, h("div", { class: "under" }, taken.tools), taken.table);
  const paint = () => draw(picture, state);
  const bus = join(root, {
    scope: data.sentence,
    lock: data.lock,
    show: (place) => {
      const about = place && { token: place.query ?? place.token, entry: place.entry };
      const i = data.tokens.findIndex((token, i) => part(about, i + data.first, token.id));
      state.over = i < 0 ? null : i;
      words.textContent = saying(state.over);
      paint();
    },
  });
  bus.watch(canvas, at);
  canvas.onkeydown = (e) => {
    const to = moved(e, [state.over ?? data.picked ?? -1, 0], data.tokens.length, 1);
    if (to) bus.point(placed((state.over = e.key === "Home" ? 0 : e.key === "End" ? data.tokens.length - 1 : to[0])));
    else if (e.key === "Enter" && state.over !== null) bus.press(placed(state.over));
    else return;
    e.preventDefault();
  };
  canvas.onblur = () => bus.point(null);
  state.observer?.disconnect();
  state.observer = new ResizeObserver(() => paint());
  state.observer.observe(root);
  if (document.fonts?.status === "loading") document.fonts.ready.then(() => canvas.isConnected && paint());
  return () => { state.observer.disconnect(); bus.leave(); };
}

/** The picture as it stands, to take away: a canvas of twice as many pixels inside an SVG. */
function drawing(picture, state) {
  const { clientWidth: width, clientHeight: height } = picture.canvas, canvas = h("canvas");
  draw({ ...picture, canvas }, state, width, 2);
  const svg = s("svg", { viewBox: `0 0 ${width + 24} ${height + 6}` }, s("rect", { width: "100%", height: "100%", fill: picture.palette.card }));
  svg.append(s("image", { x: 12, y: 6, width, height, href: canvas.toDataURL() }));
  return svg;
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

function draw(picture, { over }, width = picture.canvas.parentElement?.clientWidth || 640, ratio = undefined) {
  const { data, palette, canvas, font, image, out } = picture;
  const narrow = width < 520;
  const height = TOP + Math.max(narrow ? 220 : 300, data.tokens.length * ROW) + 6;
  const pen = fitCanvas(canvas, width, height, ratio);
  pen.fillStyle = palette.card;
  pen.fillRect(0, 0, width, height);
  const left = narrow ? 92 : 140, gap = narrow ? 34 : 78, middle = (width - left - 2 * gap) * (narrow ? 0.5 : 0.42);
  const x = { table: left + gap, right: left + gap + middle, out: left + 2 * gap + middle };
  const tall = height - TOP - 6, first = (picture.first = TOP + (tall - data.tokens.length * ROW) / 2); // few tokens stand beside the middle
  pen.imageSmoothingEnabled = true;
  pen.drawImage(image, x.table, TOP, middle, tall);
  pen.strokeStyle = palette.line;
  pen.strokeRect(x.table, TOP, middle, tall);
  title(pen, palette, font, narrow, [[data.titles[0], 0], [data.titles[1], x.table], [data.titles[2], x.out]], [left + gap - 8, middle + gap - 8, width - x.out]);
  const focus = over ?? data.picked;
  data.tokens.forEach((token, i) => {
    const y = first + (i + 0.5) * ROW, row = TOP + ((token.id + 0.5) / data.rows) * tall, on = i === focus;
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
  places.forEach(([text, at], k) => pen.fillText(fit(pen, narrow ? text.split(",")[0] : text, widths[k]), at, 18));
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
