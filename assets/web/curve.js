// Activation functions as curves, with this layer's own numbers as dots on the chosen one. The pointer, or the arrow keys,
// move along x and read every curve; a click on a name picks the curve that the dots lie on.
import { applyTheme, digits, h, memory, named, s, stage, takeaway, unpack } from "./base.js";

const STYLE = `
svg { display: block; width: 100%; touch-action: manipulation; }
.names { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 6px; }
.names button { border: 1.5px solid var(--gf-line); background: none; border-radius: 8px; padding: 3px 10px; cursor: pointer; font-size: 15px; }
.names button:hover { border-color: var(--gf-accent); }
.names button[aria-pressed=true] { border-color: var(--gf-accent); background: var(--gf-accent); color: var(--gf-paper); }
`;
const PAD = { left: 44, right: 12, top: 12, bottom: 62 };

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const { data: xs } = data.arrays.x;
  const { data: ys, shape: [, points] } = data.arrays.y;
  const state = memory(root, () => ({ chosen: null, at: null, frame: 0, width: 0 }));
  const chosen = () => Math.max(0, data.names.indexOf(state.chosen ?? data.own));
  const curve = (i) => ys.subarray(i * points, (i + 1) * points);
  const words = h("div", { class: "words", "aria-live": "polite" });
  const place = h("div", { tabindex: 0, role: "img", "aria-label": data.label });
  const names = data.names.map((name, i) => h("button", { type: "button", onclick: () => { state.chosen = name; refresh(); } }, data.titles[i]));
  const picture = { data, palette, xs, curve, dots: data.arrays.dots.data, counts: data.arrays.counts.data, font: getComputedStyle(root).fontFamily };

  const say = () => {
    const k = state.at;
    words.textContent = k === null ? data.hints[chosen()] : `x = ${digits(xs[k])}:  ` + data.names.map((_, i) => `${data.titles[i]} ${digits(curve(i)[k])}`).join(" · ");
  };
  const paint = () => {
    state.width = Math.max(280, Math.floor(root.clientWidth || 600));
    place.replaceChildren((picture.svg = draw(picture, state.width, chosen(), state.at)));
  };
  const soon = () => { cancelAnimationFrame(state.frame); state.frame = requestAnimationFrame(paint); };
  const refresh = () => { names.forEach((b, i) => b.setAttribute("aria-pressed", String(i === chosen()))); say(); paint(); };
  const goto = (k) => { const next = k === null ? null : Math.min(points - 1, Math.max(0, k)); if (next !== state.at) { state.at = next; say(); soon(); } };
  place.onpointermove = place.onpointerdown = (e) => {
    const edge = place.getBoundingClientRect(), t = ((e.clientX - edge.left) * (state.width / edge.width) - PAD.left) / (state.width - PAD.left - PAD.right);
    goto(t < 0 || t > 1 ? null : Math.round(t * (points - 1)));
  };
  place.onpointerleave = () => goto(null);
  place.onkeydown = (e) => {
    const step = { ArrowLeft: -2, ArrowRight: 2 }[e.key];
    if (step) goto((state.at ?? Math.floor(points / 2)) + step);
    else if (e.key === "Escape") goto(null);
    else return;
    e.preventDefault();
  };
  const taken = takeaway({ state, title: data.label, svg: () => picture.svg, table: () => [[...named("x"), ...data.titles], ...Array.from(xs, (x, k) => [x, ...data.names.map((_, i) => curve(i)[k])])] });
  root.replaceChildren(h("div", { class: "names", role: "group", "aria-label": data.namesLabel }, names), place, words,
    h("div", { class: "under" }, taken.tools), taken.table);
  state.observer?.disconnect();
  state.observer = new ResizeObserver(() => { if (Math.floor(root.clientWidth) !== state.width) soon(); });
  state.observer.observe(root);
  refresh();
}

function draw({ data, palette, xs, curve, dots, counts, font }, width, chosen, at) {
  const height = Math.min(430, Math.max(300, width * 0.6));
  const low = data.range[0], high = data.range[1], [x0, x1] = [xs[0], xs[xs.length - 1]];
  const px = (x) => PAD.left + ((x - x0) / (x1 - x0)) * (width - PAD.left - PAD.right);
  const py = (y) => PAD.top + ((high - y) / (high - low)) * (height - PAD.top - PAD.bottom);
  const clip = `clip-${Math.random().toString(36).slice(2)}`;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, "font-family": font, "font-size": 13, "aria-hidden": "true" });
  svg.append(s("rect", { width, height, fill: palette.card }), s("clipPath", { id: clip }, s("rect", { x: PAD.left, y: 2, width: width - PAD.left - PAD.right, height: py(low) - 2 })), ...grid(px, py, [x0, x1], [low, high], palette));
  const path = (i) => Array.from(xs, (x, k) => `${k ? "L" : "M"}${px(x).toFixed(1)} ${py(curve(i)[k]).toFixed(1)}`).join("");
  const lines = s("g", { "clip-path": `url(#${clip})`, fill: "none" });
  data.names.forEach((_, i) => { if (i !== chosen) lines.append(s("path", { d: path(i), stroke: palette.soft, "stroke-width": 1.4, "stroke-opacity": 0.55 })); });
  lines.append(s("path", { d: path(chosen), stroke: palette.accent, "stroke-width": 3 }));
  const value = (x) => { const t = ((x - x0) / (x1 - x0)) * (xs.length - 1), k = Math.min(xs.length - 2, Math.max(0, Math.floor(t))); return curve(chosen)[k] + (t - k) * (curve(chosen)[k + 1] - curve(chosen)[k]); };
  for (const x of dots) if (x >= x0 && x <= x1) lines.append(s("circle", { cx: px(x).toFixed(1), cy: py(value(x)).toFixed(1), r: 4, fill: x > 0 ? palette.positive : palette.negative, "fill-opacity": 0.35 }));
  svg.append(lines, ...histogram(counts, px, x0, x1, height, palette));
  svg.append(s("text", { x: (PAD.left + width) / 2, y: height - 4, "text-anchor": "middle", fill: palette.soft }, data.axis));
  if (at !== null) svg.append(s("line", { x1: px(xs[at]), x2: px(xs[at]), y1: PAD.top, y2: py(low), stroke: palette.ink, "stroke-dasharray": "3 3" }), s("circle", { cx: px(xs[at]), cy: Math.max(2, py(curve(chosen)[at])), r: 5, fill: palette.accent, stroke: palette.card, "stroke-width": 2 }));
  return svg;
}

/** Lines at round numbers, the two zero lines stronger. */
function grid(px, py, [x0, x1], [low, high], palette) {
  const made = [];
  const step = (span) => [1, 2, 5, 10, 20, 50, 100].find((size) => span / size <= 9) ?? 200;
  const line = (a, zero) => s("line", { ...a, stroke: zero ? palette.soft : palette.line, "stroke-width": 1, "stroke-opacity": zero ? 0.8 : 1 });
  for (let x = Math.ceil(x0 / step(x1 - x0)) * step(x1 - x0); x <= x1; x += step(x1 - x0)) made.push(line({ x1: px(x), x2: px(x), y1: py(high), y2: py(low) }, x === 0), s("text", { x: px(x), y: py(low) + 15, "text-anchor": "middle", fill: palette.soft }, String(x).replace("-", "−")));
  for (let y = Math.ceil(low / step(high - low)) * step(high - low); y <= high; y += step(high - low)) made.push(line({ x1: px(x0), x2: px(x1), y1: py(y), y2: py(y) }, y === 0), s("text", { x: px(x0) - 6, y: py(y) + 4, "text-anchor": "end", fill: palette.soft }, String(y).replace("-", "−")));
  return made;
}

/** How many of the layer's neurons stand where, as small columns under the axis. */
function histogram(counts, px, x0, x1, height, palette) {
  const most = Math.max(...counts, 1), wide = (px(x1) - px(x0)) / counts.length;
  return Array.from(counts, (count, i) => s("rect", { x: px(x0) + i * wide + 0.5, y: height - 20 - (count / most) * 20, width: Math.max(0.5, wide - 1), height: (count / most) * 20, fill: palette.accent, "fill-opacity": 0.45 }));
}
