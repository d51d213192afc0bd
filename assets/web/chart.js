// A line chart: several series over one axis. The pointer (or arrow keys) reads all series at one place.
import { applyTheme, digits, h, memory, s, stage, takeaway, unpack } from "./base.js";
import { inlined } from "./drawn.js";
import { titled } from "./picture.js";

const STYLE = `
svg { width: 100%; height: auto; display: block; overflow: visible; }
text { font-family: var(--st-font); font-size: 14px; fill: var(--gf-soft); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 14px; margin: 2px 0 6px; }
.legend span { display: inline-flex; align-items: center; gap: 6px; }
.legend i { width: 18px; height: 0; border-top: 3px solid; }
`;
const DASHES = ["", "7 4", "2 4", "9 3 2 3", "12 4"];

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ at: null, table: false }));
  const { data: values, shape: [series, count] } = data.arrays.values;
  const x = data.arrays.x.data;
  const hues = ["accent", "key", "value", "negative", "positive", "query", "soft"].map((name) => palette[name]);
  const colour = (k) => (data.hues?.[k] ? palette[data.hues[k]] : hues[k % hues.length]);
  const width = Math.max(320, Math.min(1400, root.clientWidth || 640)), height = data.height, left = 52, right = 14, top = 10, bottom = 40;
  const finite = values.filter(Number.isFinite);
  const [low, high] = data.range ?? span(Math.min(...finite), Math.max(...finite));
  const px = (v) => left + ((v - x[0]) / (x[count - 1] - x[0] || 1)) * (width - left - right);
  const py = (v) => top + ((high - v) / (high - low || 1)) * (height - top - bottom);
  const picture = s("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "img", "aria-label": data.label });
  for (const tick of ticks(low, high, 5)) picture.append(s("line", { x1: left, x2: width - right, y1: py(tick), y2: py(tick), stroke: palette.line }),
    s("text", { x: left - 8, y: py(tick) + 5, "text-anchor": "end" }, round(tick)));
  const whole = x.every(Number.isInteger) ? 1 : 0;
  const named = (v) => data.xLabels?.[x.indexOf(v)] ?? round(v);
  const places = data.xLabels ? Array.from(x).filter((_, i) => (count - 1 - i) % Math.ceil(count / (width < 500 ? 6 : 12)) === 0) : ticks(x[0], x[count - 1], width < 500 ? 5 : 10, whole);
  for (const tick of places) picture.append(s("text", { x: px(tick), y: height - 20, "text-anchor": "middle" }, named(tick)));
  picture.append(s("text", { x: (left + width - right) / 2, y: height - 2, "text-anchor": "middle" }, data.xTitle));
  for (let k = 0; k < series; k++) {
    let path = "", open = false;
    for (let i = 0; i < count; i++) {
      const v = values[k * count + i];
      if (!Number.isFinite(v)) { open = false; continue; }
      path += `${open ? "L" : "M"}${px(x[i]).toFixed(1)} ${py(v).toFixed(1)}`;
      open = true;
    }
    picture.append(s("path", { d: path, fill: "none", stroke: colour(k), "stroke-width": 2.4, "stroke-dasharray": DASHES[Math.floor(k / hues.length) + (data.dashed ? k % DASHES.length : 0)] ?? "", "stroke-linejoin": "round" }));
  }
  if (data.dots) for (let k = 0; k < series; k++) for (let i = 0; i < count; i++) {
    const v = values[k * count + i];
    if (Number.isFinite(v)) picture.append(s("circle", { cx: px(x[i]), cy: py(v), r: 4, fill: palette.card, stroke: colour(k), "stroke-width": 2.2 }));
  }
  const line = s("line", { y1: top, y2: height - bottom, stroke: palette.soft, "stroke-dasharray": "3 3", visibility: "hidden" });
  const dots = Array.from({ length: series }, (_, k) => s("circle", { r: 4.5, fill: colour(k), stroke: palette.card, "stroke-width": 1.5, visibility: "hidden" }));
  picture.append(line, ...dots);
  const words = h("div", { class: "words", "aria-live": "polite" }, data.hint);
  const read = (i) => {
    state.at = i;
    line.setAttribute("visibility", i === null ? "hidden" : "visible");
    if (i !== null) { line.setAttribute("x1", px(x[i])); line.setAttribute("x2", px(x[i])); }
    dots.forEach((dot, k) => {
      const v = i === null ? NaN : values[k * count + i];
      dot.setAttribute("visibility", Number.isFinite(v) ? "visible" : "hidden");
      if (Number.isFinite(v)) { dot.setAttribute("cx", px(x[i])); dot.setAttribute("cy", py(v)); }
    });
    words.textContent = i === null ? data.hint : `${data.xWord.replace("{x}", named(x[i]))}: ${data.names.map((name, k) => [name, values[k * count + i]])
      .filter(([, v]) => Number.isFinite(v)).map(([name, v]) => `${name} ${digits(v)}`).join(", ")}`;
  };
  picture.onpointermove = (e) => {
    const edge = picture.getBoundingClientRect();
    const place = ((e.clientX - edge.left) / edge.width) * width;
    let best = 0;
    for (let i = 1; i < count; i++) if (Math.abs(px(x[i]) - place) < Math.abs(px(x[best]) - place)) best = i;
    read(best);
  };
  picture.onpointerleave = () => read(null);
  picture.onkeydown = (e) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!step) return;
    read(Math.min(count - 1, Math.max(0, (state.at ?? -1) + step)));
    e.preventDefault();
  };
  const taken = takeaway({ state, title: data.label, svg: () => titled(inlined(picture), series > 1 ? data.names.map((name, k) => [name, colour(k)]) : [], palette),
    table: () => [[data.xTitle, ...data.names], ...Array.from({ length: count }, (_, i) => [data.xLabels?.[i] ?? x[i], ...data.names.map((_, k) => values[k * count + i])])] });
  root.replaceChildren(
    h("div", { class: "legend" }, series > 1 || data.showLegend ? data.names.map((name, k) => h("span", {}, h("i", { style: { borderColor: colour(k) } }), name)) : []),
    picture, words,
    h("div", { class: "under" }, taken.tools), taken.table);
}

const round = (v) => String(+v.toPrecision(6)).replace("-", "−");

function span(low, high) {
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - room, high + room];
}

/** Round numbers between low and high. */
export function ticks(low, high, about, least = 0) {
  const rough = Math.max(least, (high - low) / about || 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((v) => v >= rough);
  const found = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) found.push(Math.abs(v) < step * 1e-6 ? 0 : v);
  return found;
}
