// What the token cloud shows at this moment: dots, links and labels in pixels, drawn on a canvas or as SVG.
import { css, h, s, sequential } from "./base.js";

const SHAPES = { start: "circle", letter: "circle", capitalised: "triangle", continues: "square", number: "diamond", punctuation: "cross", byte: "ring", special: "diamond" };

/** Half the shorter side of the picture, in which the cloud fits at zoom 1. */
export const half = ({ width, height }) => Math.min(width, height) * 0.47;

const FINE = 48, RIM = 0.015;

/** For each frame the middle of the cloud and half its width and height, without the outermost places on each side. Tokens that
 * lie in one place count once: a heap of them far away would else make all others small. The sentence's own tokens are never cut
 * off at the rim. `outside` says who is left out. */
export function extents({ data: xy, shape: [frames, count] }, sentence = []) {
  return Array.from({ length: frames }, (_, f) => {
    const axes = [0, 1].map((axis) => Float32Array.from({ length: count }, (_, i) => xy[2 * (f * count + i) + axis]));
    const [column, row] = axes.map((values) => {
      const low = values.reduce((a, b) => Math.min(a, b)), size = values.reduce((a, b) => Math.max(a, b)) - low || 1;
      return (i) => Math.min(FINE - 1, Math.floor(((values[i] - low) / size) * FINE));
    });
    const places = new Map();
    for (let i = 0; i < count; i++) places.set(column(i) * FINE + row(i), i);
    const [[x, w], [y, h]] = axes.map((values) => {
      const sorted = Float32Array.from(places.values(), (i) => values[i]).sort(), last = sorted.length - 1;
      const low = sorted[Math.floor(last * RIM)], high = sorted[Math.ceil(last * (1 - RIM))];
      const near = sentence.map((i) => values[i]).filter((v) => Math.abs(v - (low + high) / 2) < (high - low) * 0.8);
      const ends = [Math.min(low, ...near), Math.max(high, ...near)];
      return [(ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2 || 1];
    });
    return { x, y, w, h };
  });
}

/** The view that holds all tokens which are not hidden; never nearer than the one that the picture opens with. */
export function whole({ now, count, kinds, box }, { off }) {
  const ends = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < count; i++) if (!off.has(kinds[i])) for (const axis of [0, 1]) {
    ends[2 * axis] = Math.min(ends[2 * axis], now[2 * i + axis]);
    ends[2 * axis + 1] = Math.max(ends[2 * axis + 1], now[2 * i + axis]);
  }
  if (!Number.isFinite(ends[0])) return { x: 0, y: 0, zoom: 1 };
  const zoom = (0.9 / half(box)) * Math.min(box.width / (ends[1] - ends[0]), box.height / (ends[3] - ends[2]));
  return zoom >= 1 ? { x: 0, y: 0, zoom: 1 } : { x: (ends[0] + ends[1]) / 2, y: (ends[2] + ends[3]) / 2, zoom };
}

/** How many tokens lie beyond the edge, and where on it the way to them begins. */
export function outside(picture, { view, off }) {
  const { box } = picture, sum = [0, 0];
  let count = 0;
  for (let i = 0; i < picture.count; i++) {
    if (off.has(picture.kinds[i])) continue;
    const [x, y] = toScreen(picture, view, i);
    if (x >= 0 && y >= 0 && x <= box.width && y <= box.height) continue;
    count++;
    sum[0] += x;
    sum[1] += y;
  }
  return { count, x: sum[0] / count, y: sum[1] / count };
}

/** The distance that fills half the shorter side, so that the frame's cloud fits into the picture. */
const radius = ({ w, h: tall }, box) => Math.max((w * half(box)) / (box.width * 0.46), (tall * half(box)) / (box.height * 0.46));

/** Where every token is at time t (in frames, fractions between them), in radii of the cloud. */
export function positions(picture, t, sameScale) {
  const { xy, count, extent, box } = picture;
  const a = Math.floor(t), b = Math.min(extent.length - 1, a + 1), u = t - a;
  const between = (of) => of(extent[a]) + (of(extent[b]) - of(extent[a])) * u;
  const size = sameScale ? Math.max(...extent.map((e) => radius(e, box))) : between((e) => radius(e, box));
  const middle = [between((e) => e.x), between((e) => e.y)];
  const now = (picture.now ??= new Float32Array(2 * count));
  for (let i = 0; i < 2 * count; i++) {
    const from = xy[2 * a * count + i];
    now[i] = (from + (xy[2 * b * count + i] - from) * u - middle[i % 2]) / size;
  }
  picture.size = size;
}

export const toScreen = ({ now, box }, view, i) => {
  const k = view.zoom * half(box);
  return [box.width / 2 + (now[2 * i] - view.x) * k, box.height / 2 - (now[2 * i + 1] - view.y) * k];
};

/** The visible token nearest to a place on the screen, within `reach` pixels. */
export function tokenAt(picture, state, x, y, reach) {
  let best = null, least = reach * reach;
  for (let i = 0; i < picture.count; i++) {
    if (state.off.has(picture.kinds[i])) continue;
    const [px, py] = toScreen(picture, state.view, i);
    const d = (px - x) ** 2 + (py - y) ** 2;
    if (d < least) [best, least] = [i, d];
  }
  return best;
}

export function scene(picture, state, still) {
  const { count, kinds, palette, heat, sentence, near } = picture;
  const focus = state.hover ?? picture.picked;
  const friends = new Set(focus === null ? [] : near(focus, Math.round(state.t)));
  const lit = state.hover !== null || state.found.size > 0;
  const warm = heat && state.colour === "heat" ? sequential(palette) : null;
  const small = Math.min(1, Math.max(0.6, half(picture.box) / 230));
  const dots = [], special = [], at = [];
  for (let i = 0; i < count; i++) {
    const [x, y] = (at[i] = toScreen(picture, state.view, i));
    const chosen = i === picture.picked || i === state.hover;
    const marked = chosen || sentence.has(i) || friends.has(i) || state.found.has(i);
    const off = state.off.has(kinds[i]);
    if (x < -20 || y < -20 || x > picture.box.width + 20 || y > picture.box.height + 20) continue;
    (marked ? special : dots).push({
      x, y, shape: SHAPES[picture.kindKeys[kinds[i]]] ?? "circle", size: chosen ? 6.5 : marked ? 5 * small : (count > 2500 ? 2.6 : 3.4) * small,
      colour: warm ? css(warm(heat[i])) : palette[`kind-${picture.kindKeys[kinds[i]]}`],
      alpha: off && !marked ? 0.07 : lit && !marked ? 0.25 : 0.85,
      ring: chosen || state.found.has(i) ? palette.accent : sentence.has(i) ? palette.ink : null,
    });
  }
  const links = focus === null ? [] : [...friends].map((j) => [...at[focus], ...at[j]]);
  if (still) state.named = names(picture, state, at, [...new Set([focus, state.hover, picture.picked, ...friends, ...sentence, ...state.found])].filter((i) => i !== null));
  const labels = state.named.map((i) => ({
    x: at[i][0], y: at[i][1], text: picture.labels[i], bold: i === focus, pill: sentence.has(i) || i === focus,
    colour: i === focus ? palette.accent : palette.ink, alpha: friends.has(i) || sentence.has(i) || i === focus || !lit ? 1 : 0.35,
  }));
  return { dots: [...dots, ...special], links, labels, bar: scaleBar(picture, state) };
}

const HIGH = 17;

/** Where a label starts: to the right of its dot, or to the left where the picture ends. */
const beside = (x, wide, box) => (x + wide + 16 > box.width ? x - wide - 11 : x + 10);

/** Labels that do not cover each other: first those that matter, then as many of the most used as there is room for. */
function names(picture, state, at, first) {
  const { box, labels, order, kinds, measure } = picture;
  const placed = [], chosen = [], most = (box.width * box.height) / 5200;
  const place = (i, force) => {
    const [x, y] = at[i];
    if (x < 0 || y < 0 || x > box.width || y > box.height) return;
    const wide = measure(labels[i]) + 8;
    const left = beside(x, wide - 8, box) - 4;
    if (!force && placed.some(([l, t, w]) => left < l + w && l < left + wide && Math.abs(y - t) < HIGH)) return;
    placed.push([left, y, wide]);
    chosen.push(i);
  };
  first.forEach((i, rank) => place(i, rank < 1 || picture.sentence.has(i)));
  for (const i of order) {
    if (chosen.length >= most) break;
    if (!state.off.has(kinds[i]) && !first.includes(i)) place(i, false);
  }
  return chosen;
}

/** A length that can be read: 1, 2 or 5 times a power of ten, between 50 and 130 pixels. */
function scaleBar({ box, size }, { view }) {
  const unit = (view.zoom * half(box)) / size; // pixels for a distance of 1
  const power = 10 ** Math.floor(Math.log10(130 / unit));
  const value = [5, 2, 1].map((m) => m * power).find((v) => v * unit <= 130) ?? power;
  return { value, pixels: value * unit };
}

/** Paint a scene on a canvas' pen. */
export function paint(pen, { dots, links, labels, bar }, { box, palette, font }) {
  pen.fillStyle = palette.card;
  pen.fillRect(0, 0, box.width, box.height);
  pen.strokeStyle = palette.accent;
  pen.lineWidth = 1.4;
  for (const [x1, y1, x2, y2] of links) { pen.beginPath(); pen.moveTo(x1, y1); pen.lineTo(x2, y2); pen.stroke(); }
  for (const dot of dots) {
    pen.globalAlpha = dot.alpha;
    pen.fillStyle = pen.strokeStyle = dot.colour;
    const path = new Path2D(outline(dot));
    if (dot.shape === "ring" || dot.shape === "cross") { pen.lineWidth = dot.shape === "ring" ? 1.3 : 2; pen.stroke(path); } else pen.fill(path);
    if (dot.ring) { pen.globalAlpha = 1; pen.strokeStyle = dot.ring; pen.lineWidth = 2; pen.stroke(new Path2D(circle(dot.x, dot.y, dot.size + 3))); }
  }
  pen.textBaseline = "middle";
  for (const label of labels) {
    pen.font = `${label.bold ? "700 " : ""}14px ${font}`;
    const wide = pen.measureText(label.text).width, left = beside(label.x, wide, box);
    pen.globalAlpha = label.alpha;
    if (label.pill) {
      pen.fillStyle = palette.mark;
      pen.beginPath(); pen.roundRect(left - 5, label.y - 10, wide + 10, 20, 6); pen.fill();
    } else {
      pen.lineWidth = 3.5;
      pen.lineJoin = "round";
      pen.strokeStyle = palette.card;
      pen.strokeText(label.text, left, label.y + 0.5);
    }
    pen.fillStyle = label.colour;
    pen.fillText(label.text, left, label.y + 0.5);
  }
  pen.globalAlpha = 1;
  pen.strokeStyle = pen.fillStyle = palette.soft;
  pen.lineWidth = 1.5;
  pen.stroke(new Path2D(`M12 ${box.height - 18}v6h${bar.pixels}v-6`));
  pen.font = `13px ${font}`;
  pen.fillText(plain(bar.value), 14, box.height - 26);
}

const plain = (v) => String(Number(v.toPrecision(2)));
const circle = (x, y, r) => `M${x + r} ${y}a${r} ${r} 0 1 0 ${-2 * r} 0a${r} ${r} 0 1 0 ${2 * r} 0`;

function outline({ x, y, size, shape }) {
  if (shape === "square") return `M${x - size * 0.9} ${y - size * 0.9}h${size * 1.8}v${size * 1.8}h${-size * 1.8}z`;
  if (shape === "triangle") return `M${x} ${y - size * 1.25}L${x + size * 1.15} ${y + size * 0.85}H${x - size * 1.15}z`;
  if (shape === "diamond") return `M${x} ${y - size * 1.3}L${x + size * 1.3} ${y}L${x} ${y + size * 1.3}L${x - size * 1.3} ${y}z`;
  if (shape === "cross") return `M${x - size} ${y - size}L${x + size} ${y + size}M${x + size} ${y - size}L${x - size} ${y + size}`;
  return circle(x, y, shape === "ring" ? size * 0.8 : size);
}

/** The shape and colour of one kind, for the legend. */
export function mark(kind, palette) {
  const shape = SHAPES[kind] ?? "circle", line = shape === "ring" || shape === "cross";
  const colour = palette[`kind-${kind}`];
  return s("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" },
    s("path", { d: outline({ x: 7, y: 7, size: 4.2, shape }), fill: line ? "none" : colour, stroke: line ? colour : "none", "stroke-width": 2 }));
}

/** The same scene as SVG, with the kinds of tokens above it. */
export function vector({ dots, links, labels, bar }, { box, palette, font, data, measure }) {
  const lines = [[]], width = (title) => measure(title) + 44;
  for (const { key, title, count } of data.kinds) {
    const named = `${title} ${count.toLocaleString("en")}`, used = lines.at(-1).reduce((sum, [, text]) => sum + width(text), 12);
    (used + width(named) > box.width && lines.at(-1).length ? lines[lines.push([]) - 1] : lines.at(-1)).push([key, named]);
  }
  const top = 8 + 24 * lines.length, picture = s("svg", { viewBox: `0 ${-top} ${box.width} ${box.height + top}`, "font-family": font, "font-size": 14 });
  for (const [x1, y1, x2, y2] of links) picture.append(s("line", { x1, y1, x2, y2, stroke: palette.accent, "stroke-width": 1.4 }));
  for (const dot of dots) {
    const line = dot.shape === "ring" || dot.shape === "cross";
    picture.append(s("path", { d: outline(dot), fill: line ? "none" : dot.colour, stroke: line ? dot.colour : "none", "stroke-width": 1.6, opacity: dot.alpha }));
    if (dot.ring) picture.append(s("path", { d: circle(dot.x, dot.y, dot.size + 3), fill: "none", stroke: dot.ring, "stroke-width": 2 }));
  }
  for (const label of labels) {
    const wide = measure(label.text) * (label.bold ? 1.07 : 1), x = beside(label.x, wide, box), text = { x, y: label.y + 5, opacity: label.alpha, "font-weight": label.bold ? 700 : 400 };
    if (label.pill) picture.append(s("rect", { x: x - 5, y: label.y - 10, width: wide + 10, height: 20, rx: 6, fill: palette.mark, opacity: label.alpha }));
    else picture.append(s("text", { ...text, fill: palette.card, stroke: palette.card, "stroke-width": 3.5, "stroke-linejoin": "round" }, label.text));
    picture.append(s("text", { ...text, fill: label.colour }, label.text));
  }
  picture.append(s("path", { d: `M12 ${box.height - 18}v6h${bar.pixels}v-6`, fill: "none", stroke: palette.soft, "stroke-width": 1.5 }), s("text", { x: 14, y: box.height - 22, "font-size": 13, fill: palette.soft }, plain(bar.value)));
  const above = [s("rect", { x: 0, y: -top, width: box.width, height: top, fill: palette.card })]; // dots end where the picture does
  lines.forEach((line, k) => {
    let x = 12;
    for (const [key, named] of line) {
      const sign = mark(key, palette), y = 24 * k + 8 - top;
      for (const [name, value] of [["x", x], ["y", y]]) sign.setAttribute(name, value);
      above.push(sign, s("text", { x: x + 20, y: y + 12, fill: palette.ink }, named));
      x += width(named);
    }
  });
  picture.prepend(s("rect", { x: 0, y: 0, width: box.width, height: box.height, fill: palette.card }));
  picture.append(...above);
  return picture;
}
