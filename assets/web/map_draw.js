// The map as SVG: boxes, wires and the residual stream where map_layout.js has put them.
import { calm, s } from "./base.js";
import { fitted } from "./picture.js";

const FONT = "600 15.5px sans-serif", SMALL = "13px sans-serif";

/** The picture; boxes that stood elsewhere before glide to their new places, unless motion is not wanted. */
export function draw(state, { press, move }) {
  const { plan, data, palette, open } = state;
  const focus = leaf(data.tree, open) ? open.slice(0, -1) : open; // around a part without an inside, its neighbours stay
  const dims = (path) => dimmed(path, focus);
  const wires = s("g", { class: "wires" }), loose = s("g", { class: open.length ? "wires dim" : "wires" });
  for (const wire of plan.wires) (wire.inside ? wires : loose).append(...wirePath(wire, palette));
  for (const [x, y] of plan.pluses) loose.append(s("circle", { cx: x, cy: y, r: 8, fill: palette.card, stroke: palette.soft, "stroke-width": 1.5 }),
    s("text", { x, y: y + 5, "text-anchor": "middle", "font-size": 15 }, "+"));
  const { road } = plan;
  const stream = s("line", { class: "road", x1: road.x, x2: road.x, y1: road.top, y2: road.bottom, stroke: palette.accent });
  const groups = plan.boxes.map((box) => group(state, box, dims(box.path) || (box.layer !== null && open.length > 1 && box.layer !== state.layer), press, move));
  const frames = groups.filter((_, i) => plan.boxes[i].frame), others = groups.filter((_, i) => !plan.boxes[i].frame);
  const picture = s("svg", { class: "map", width: plan.width, height: plan.height, viewBox: `0 0 ${plan.width} ${plan.height}`, role: "group", "aria-label": data.words.label },
    frames, stream, loose, others, wires);
  glide(state, groups);
  return picture;
}

const dimmed = (path, focus) => focus.length > 0 && !(path.every((id, i) => focus[i] === id) || focus.every((id, i) => path[i] === id));

/** Whether the open path ends in a part that holds no others. */
function leaf(tree, open) {
  const part = open.reduce((found, id) => found?.rows.flat().find((each) => each.id === id), tree);
  return open.length > 0 && !part.rows.length;
}

function group(state, box, dim, press, move) {
  const { data, palette, open, plan } = state, { part } = box, { words } = data;
  const chosen = !box.frame && open.length > 0 && open.length === box.path.length && box.path.every((id, i) => open[i] === id) && (box.layer === null || box.layer === state.layer);
  const title = box.frame ? words.block.replace("{i}", box.layer + 1).replace("{n}", data.layers) : part.title;
  const weights = part.weights ? words.count.replace("{n}", part.weights.toLocaleString("en")) : "";
  const element = s("g", {
    class: ["part", box.frame ? "frame" : "", dim ? "dim" : "", box.open ? "open" : "", chosen ? "chosen" : ""].join(" "), "data-key": box.key, "data-part": box.path.join("."), tabindex: 0, role: "button",
    "aria-expanded": part.rows.length ? String(box.frame ? !box.shut : box.open) : null,
    onclick: (e) => { e.stopPropagation(); press(box); },
    onkeydown: (e) => {
      if (e.key === "Enter" || e.key === " ") press(box);
      else if (e.key.startsWith("Arrow")) move(box, e.key);
      else return;
      e.preventDefault();
      e.stopPropagation();
    },
  });
  if (box.times > 1) for (const k of [2, 1]) element.append(s("rect", { x: box.x + 4 * k, y: box.y + 4 * k, width: box.width - 4, height: box.height, rx: 12, fill: palette.paper, stroke: palette.line }));
  element.append(s("rect", { class: "box", x: box.x, y: box.y, width: box.width, height: box.height, rx: box.frame ? 12 : 9, style: part.hue ? { stroke: palette[part.hue] } : {} }));
  const texts = lettering(box, title, weights, plan, words), seen = texts.map((text) => text.textContent).join("").trim();
  element.append(...texts);
  element.setAttribute("aria-label", [seen, ...[part.shape, weights].filter((more) => more && !seen.includes(more))].join(", ")); // what is seen, and what had no room
  return element;
}

/** Title and counts: beside each other where there is room. */
function lettering(box, title, weights, plan, words) {
  const { part } = box, x = box.x + 12, right = box.x + box.width - 12, room = box.width - 24;
  const text = (px, py, words_, more) => s("text", { x: px, y: py, ...more }, `${words_.trim()} `); // apart from the next one, for readers who listen
  if (box.frame) return [
    text(plan.narrow ? 40 : 58, box.y + 25, `${title} `, { class: "title" }),
    text(right, box.y + 25, fitted(box.times > 1 ? `${words.alike.replace("{n}", box.times)}${plan.narrow ? "" : ` · ${weights}`}` : weights, SMALL, room - 130), { class: "small", "text-anchor": "end" })];
  const wide = room > 250, short = part.says.split(". ")[0].replace(/\.$/, ""), shape = room < 80 ? part.shape.replaceAll(" × ", "×") : part.shape;
  const made = [text(x, box.y + 22, `${fitted(title, FONT, wide ? room - 120 : room)} `, { class: "title" })];
  if (wide && weights) made.push(text(right, box.y + 22, weights, { class: "small", "text-anchor": "end" }));
  if (box.open) return made;
  if (room > 380) {
    made.push(text(x, box.y + 41, `${fitted(short, SMALL, room - (shape ? 110 : 0))} `, { class: "small" }));
    if (shape) made.push(text(right, box.y + 41, shape, { class: "small", "text-anchor": "end" }));
  } else made.push(text(x, box.y + 41, fitted([shape, !wide && room > 190 ? weights : ""].filter(Boolean).join(" · ") || short, SMALL, room), { class: "small" }));
  return made;
}

function wirePath(wire, palette) {
  const line = (d) => s("path", { class: "wire", d, stroke: palette.soft, fill: "none" });
  const tip = (x, y, way) => s("path", { d: `M ${x} ${y} ${{ down: "m -4 -7 l 8 0 l -4 7 z", right: "m 0 -4 l 7 4 l -7 4 z", left: "m 0 -4 l -7 4 l 7 4 z" }[way]}`, fill: palette.soft });
  if (wire.down) return [line(`M ${wire.x} ${wire.y} V ${wire.to - 6}`), tip(wire.x, wire.to, "down")];
  if (wire.right) return [line(`M ${wire.x} ${wire.y} H ${wire.to - 7}`), tip(wire.to - 7, wire.y, "right")];
  return [line(wire.d), ...(wire.tip ? [tip(...wire.tip)] : [])];
}

/** From where each box was to where it is. */
function glide(state, groups) {
  const now = new Map(state.plan.boxes.map((box) => [box.key, box]));
  if (!calm() && state.before.size) groups.forEach((element, i) => {
    const box = state.plan.boxes[i], old = state.before.get(box.key), options = { duration: 320, easing: "ease-out" };
    if (!old) element.animate([{ opacity: 0 }, { opacity: 1 }], options);
    else if (old.x !== box.x || old.y !== box.y) element.animate([{ transform: `translate(${old.x - box.x}px, ${old.y - box.y}px)` }, { transform: "none" }], options);
  });
  state.before = now;
}

/** A copy that carries its style, for a file. */
export function sheet({ picture, palette, plan }) {
  const copy = picture.cloneNode(true), [width, height] = [plan.width + 16, plan.height + 16]; // frames stand at the very edge of the plan
  copy.setAttribute("viewBox", `-8 -8 ${width} ${height}`);
  copy.prepend(s("rect", { x: -8, y: -8, width, height, fill: palette.card }));
  copy.prepend(s("style", {}, `text{fill:${palette.ink}}.small{font-size:13px;fill:${palette.soft}}.title{font-size:15.5px;font-weight:600}
.box{fill:${palette.card};stroke:${palette.line};stroke-width:1.5}.frame>.box{fill:${palette.paper};stroke-dasharray:5 4}.open>.box{fill:${palette.paper}}
.dim{opacity:.32}.road{stroke:${palette.accent};stroke-width:5;opacity:.35}.wire{stroke:${palette.soft};stroke-width:1.5;fill:none}`));
  return copy;
}
