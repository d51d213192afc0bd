// An analogy as a picture: the step from b to a, taken again from c, and the tokens around where it ends.
import { applyTheme, h, memory, named, s, stage, takeaway, unpack } from "./base.js";

const STYLE = `
svg { width: 100%; height: auto; display: block; }
`;
const LOWEST = 170, HIGHEST = 300, MARGIN = 46, NAME = 120;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ width: 0, table: false }));
  const draw = () => {
    const wide = Math.max(280, Math.min(860, root.clientWidth || 640));
    if (wide === state.width && root.firstChild && state.seen === component.data && state.dark === palette.dark) return;
    Object.assign(state, { width: wide, seen: component.data, dark: palette.dark });
    const picture = paint(data, palette, wide, getComputedStyle(root).fontFamily);
    const taken = takeaway({ state, title: data.label, svg: () => picture, table: () => [named("token", "place", "x", "y"), ...data.points.map(({ text, role }, i) => [text, role, ...data.arrays.places.data.subarray(2 * i, 2 * i + 2)])] });
    root.replaceChildren(picture, h("div", { class: "under" }, taken.tools), taken.table);
  };
  state.observer?.disconnect();
  state.observer = new ResizeObserver(draw);
  state.observer.observe(root);
  draw();
  return () => state.observer.disconnect();
}

function paint({ arrays, points, label }, palette, wide, font) {
  const xy = arrays.places.data, at = points.map((_, i) => [xy[2 * i], xy[2 * i + 1]]);
  const low = [0, 1].map((k) => Math.min(...at.map((p) => p[k]))), high = [0, 1].map((k) => Math.max(...at.map((p) => p[k])));
  const scale = Math.min((wide - 2 * Math.min(NAME, wide / 4)) / (high[0] - low[0] || 1), (HIGHEST - 2 * MARGIN) / (high[1] - low[1] || 1));
  const tall = Math.max(LOWEST, Math.min(HIGHEST, (high[1] - low[1]) * scale + 2 * MARGIN)); // no higher than the points lie apart
  const place = ([x, y]) => [wide / 2 + (x - (low[0] + high[0]) / 2) * scale, tall / 2 - (y - (low[1] + high[1]) / 2) * scale];
  const spots = at.map(place), of = (role) => points.findIndex((point) => point.role === role);
  const picture = s("svg", { viewBox: `0 0 ${wide} ${tall}`, role: "img", "aria-label": label, "font-family": font, "font-size": 15 },
    s("rect", { width: wide, height: tall, fill: palette.card }),
    s("defs", {}, s("marker", { id: "tip", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, s("path", { d: "M0 0L10 5L0 10z", fill: palette.accent }))));
  const arrow = (from, to, dashed) => {
    const [x1, y1] = spots[of(from)], [x2, y2] = spots[of(to)];
    picture.append(s("line", { x1, y1, x2, y2, stroke: palette.accent, "stroke-width": 2.2, "stroke-dasharray": dashed ? "6 4" : null, "marker-end": "url(#tip)" }));
  };
  arrow("b", "a", false);
  arrow("c", "result", true);
  const taken = spots.map(([x, y]) => [x - 8, y - 8, 16, 16]);
  const back = spots[of("a")][0] < spots[of("b")][0]; // names stand where the arrows are not
  points.forEach(({ text, role }, i) => {
    const [x, y] = spots[i];
    if (role === "result") picture.append(s("path", { d: `M${x - 6} ${y - 6}l12 12M${x + 6} ${y - 6}l-12 12`, stroke: palette.accent, "stroke-width": 3 }));
    else picture.append(s("circle", { cx: x, cy: y, r: role === "found" ? 5 : 6.5, fill: role === "found" ? palette.soft : palette["kind-start"] }));
    const left = role === "found" ? false : (role === "a" || role === "result") === back;
    const [tx, ty, anchor] = beside(x, y, 8.2 * [...text].length, left, wide, tall, taken);
    picture.append(s("text", { x: tx, y: ty + 5, "text-anchor": anchor, fill: role === "found" ? palette.soft : palette.ink, "font-weight": role === "found" ? 400 : 700,
      "paint-order": "stroke", stroke: palette.card, "stroke-width": 4, "stroke-linejoin": "round" }, text));
  });
  return picture;
}

/** A free place for a name: on the wanted side, a little higher or lower there, else on the other side, else farther off. */
function beside(x, y, long, left, wide, tall, taken) {
  for (const lifts of [[0, -17, 17], [-34, 34]]) for (const side of [left, !left]) for (const lift of lifts) {
    const box = [side ? x - 11 - long : x + 11, y + lift - 9, long, 18];
    const free = box[0] > 0 && box[0] + long < wide && box[1] > 0 && box[1] < tall - 18;
    if (!free || taken.some(([l, t, w, h]) => box[0] < l + w && l < box[0] + long && box[1] < t + h && t < box[1] + 18)) continue;
    taken.push(box);
    return [side ? x - 11 : x + 11, y + lift, side ? "end" : "start"];
  }
  return [x + 11, y, "start"];
}
