// Continuations of one prefix as a tree: greedy, sampling and beam search merged where they agree. A click takes a branch up.
import { applyTheme, filled, h, memory, s, stage, takeaway, unpack } from "./base.js";
import { join } from "./bus.js";
import { probability } from "./decode_numbers.js";

const STYLE = `
.gf .scroll.tree { margin: 0; max-height: 1250px; } /* a usual tree is seen whole: what is cut looks as if it ended there */
.tree svg { display: block; }
.gf .words { position: sticky; top: 62px; z-index: 1; background: var(--gf-card); } /* in sight beside a tall tree */
.node { cursor: pointer; outline: none; }
.node text { font-family: var(--st-font); }
.node:focus-visible rect.box { stroke: var(--gf-accent); stroke-width: 3; }
.node.lit rect.box { stroke: var(--gf-accent); stroke-width: 3; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 20px; font-size: 14px; color: var(--gf-soft); margin: 4px 0 8px; align-items: center; }
.legend span { display: inline-flex; gap: 7px; align-items: center; }
`;
const ROW = 31, TOP = 16, ROOT = 40, SUM = 100; // height of a row, room for the first box and for the sums on the right
const BADGES = { greedy: "G", sampling: "S", beam: "B", left: "↩" };

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ sent: 0, table: false, width: 0, entry: null }));
  Object.assign(state, { component, data, palette, root });
  state.words ??= h("div", { class: "words", "aria-live": "polite" });
  state.place ??= h("div", { class: "scroll tree" });
  const taken = takeaway({ state, title: data.label, svg: () => state.svg, table: () => [data.header, ...lines(data)] });
  root.replaceChildren(legend(data, palette), state.words, state.place,
    h("div", { class: "under" }, taken.tools), taken.table);
  state.observer?.disconnect();
  state.observer = new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - state.width) < 2) return;
    state.width = entry.contentRect.width;
    paint(state);
  });
  state.observer.observe(root);
  paint(state);
  if (state.typed) state.groups[1]?.focus({ preventScroll: true }); // a branch that a key took up goes on where it ends
  state.typed = false;
  state.bus = join(root, { scope: data.sentence, lock: data.lock, show: (place) => { state.entry = place?.entry ?? null; light(state); } });
  return () => { state.observer.disconnect(); state.bus.leave(); };
}

/** Frame the tokens that are pointed at anywhere on the page. */
function light({ groups, data, entry }) {
  groups.forEach((group, i) => group.classList.toggle("lit", i > 0 && entry !== null && data.nodes[i].id === entry));
}

/** A click takes a branch up; of a finger the first tap says what it is, and the second on the same one takes it up. */
function press(state, i, e) {
  const first = e.pointerType === "touch" && state.tapped !== i;
  state.tapped = first ? i : null;
  if (first) point(state, i);
  else ask(state, i);
}

function ask(state, node) {
  const ids = path(state.data.nodes, node).map((n) => state.data.nodes[n].id);
  state.component.setStateValue("act", { n: `${Date.now()}-${state.sent++}`, kind: "branch", ids });
}

const path = (nodes, node) => (node > 0 ? [...path(nodes, nodes[node].parent), node] : []);

function paint(state) {
  const { data, palette } = state;
  const depth = Math.max(1, ...data.nodes.map((n) => n.depth));
  const step = Math.max(118, Math.min(230, ((state.width || 1000) - SUM - ROOT) / depth));
  const places = (state.places = layout(data.nodes, step));
  const height = Math.max(...places.map((p) => p.y)) + ROW;
  const width = ROOT + depth * step + SUM;
  const svg = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": data.label });
  const edges = s("g", {}), boxes = s("g", {});
  data.nodes.forEach((node, i) => {
    if (i) edge(edges, places[node.parent], places[i], node, palette);
    boxes.append(box(state, i, places[i], step));
  });
  svg.append(s("rect", { width, height, fill: palette.card }), edges, boxes);
  state.svg = svg;
  state.groups = [...boxes.children];
  light(state);
  state.place.replaceChildren(svg);
  reserve(state);
  say(state, null);
}

/** As many lines as the longest sentence needs: the tree must not move away from under the pointer. */
function reserve({ words, data }) {
  const said = data.nodes.map((_, i) => sentence(data, i)).reduce((longest, one) => (one.length > longest.length ? one : longest), data.hint);
  words.style.minHeight = "";
  words.textContent = said;
  words.style.minHeight = `${words.offsetHeight}px`;
}

/** x by depth; every end has a row of its own, and a token stands in the row of its most probable child. */
function layout(nodes, step) {
  const children = nodes.map(() => []);
  nodes.forEach((node, i) => { if (i) children[node.parent].push(i); });
  const places = [];
  let next = 0;
  const put = (i) => {
    const inner = children[i].map(put);
    places[i] = { x: i ? ROOT + nodes[i].depth * step - 56 : 2, y: inner.length ? inner[0] : TOP + next++ * ROW, end: !inner.length };
    return places[i].y;
  };
  put(0);
  return places;
}

function edge(group, from, to, node, palette) {
  const x1 = from.x + (from.width ?? 52), x2 = to.x;
  const bend = Math.min(56, Math.max(12, (x2 - x1) / 2));
  const d = `M${x1} ${from.y}C${x1 + bend * 0.7} ${from.y} ${x1 + bend * 0.3} ${to.y} ${x1 + bend} ${to.y}L${x2} ${to.y}`;
  const line = (stroke, width, extra = {}) => group.append(s("path", { d, fill: "none", stroke, "stroke-width": width, ...extra }));
  to.width = boxWidth(node);
  if (!node.kept.length) line(palette.line, 1.5);
  if (node.kept.includes("beam")) line(palette.accent, node.taken.includes("beam") ? 9 : 4, { opacity: node.taken.includes("beam") ? 0.35 : 0.2 });
  if (node.taken.includes("greedy")) line(palette.ink, 2);
  if (node.taken.includes("left")) line(palette.key, 7, { opacity: 0.5 });
  if (node.taken.includes("sampling")) line(palette.value, 2.5, { "stroke-dasharray": "6 4" });
}

const boxWidth = (node) => Math.min(84, Math.max(26, [...node.text].length * 8.4 + 14));

function box(state, i, place, step) {
  const { data, palette } = state, node = data.nodes[i];
  const root = i === 0, cut = !root && !node.kept.length;
  const width = (place.width = root ? 52 : Math.min(boxWidth(node), step - 56));
  const text = clip(root ? data.root : node.text, Math.floor((width - 8) / 8.2));
  const end = !root && place.end && node.kept.length > 0, seen = root ? "" : `${text} ${probability(node.p)}${end ? ` ${total(node)} ${badges(node)}` : ""}: `;
  const group = s("g", { class: "node", tabindex: root ? null : 0, role: root ? "img" : "button", "aria-label": seen + sentence(data, i),
    onmouseenter: () => point(state, i), onmouseleave: () => point(state, null), onfocus: () => point(state, i), onblur: () => point(state, null),
    onclick: root ? null : (e) => press(state, i, e), onkeydown: (e) => { if (!root && (e.key === "Enter" || e.key === " ")) { state.typed = true; ask(state, i); } else if (!walk(state, i, e.key)) return; e.preventDefault(); } });
  group.append(s("rect", { class: "box", x: place.x, y: place.y - 12, width, height: 24, rx: 7, fill: cut ? palette.card : palette.chip, stroke: cut ? palette.line : node.kept.length ? palette.soft : "none", "stroke-width": 1 }),
    s("text", { x: place.x + width / 2, y: place.y + 5, "text-anchor": "middle", "font-size": 14.5, fill: cut ? palette.soft : palette.ink }, text));
  if (!root) group.append(s("text", { x: place.x - 5, y: place.y - 4, "text-anchor": "end", "font-size": 12, fill: cut ? palette.soft : palette.ink, "paint-order": "stroke", stroke: palette.card, "stroke-width": 4 }, ` ${probability(node.p)}`));
  if (node.draw) group.append(...bar(node.draw, place.x - 50, place.y + 14, width + 50, palette));
  if (end) group.append(s("text", { x: place.x + width + 7, y: place.y + 5, "font-size": 13.5, "font-weight": 600, fill: palette.ink }, ` ${total(node)} `, s("tspan", { fill: palette.soft, "font-weight": 400 }, badges(node))));
  return group;
}

/** The draw under a sampled token: the bar from 0 to 1, the token's piece of it, and the random number that fell into it. */
function bar([u, low, high], x, y, width, palette) {
  const at = x + u * width;
  return [s("rect", { x, y: y - 2, width, height: 4, rx: 2, fill: palette.line }), s("rect", { class: "piece", x: x + low * width, y: y - 2, width: Math.max(1.5, (high - low) * width), height: 4, fill: palette.value }),
    s("path", { class: "u", d: `M${at} ${y + 1}l3.5 6h-7z`, fill: palette.ink })];
}

/** Arrow keys: right to the first child, left to the parent, up and down between tokens of one depth. */
function walk(state, i, key) {
  const { nodes } = state.data, { places } = state, level = nodes.map((_, n) => n).filter((n) => n && nodes[n].depth === nodes[i].depth).sort((a, b) => places[a].y - places[b].y);
  const to = { ArrowRight: nodes.findIndex((node) => node.parent === i), ArrowLeft: nodes[i].parent, ArrowUp: level[level.indexOf(i) - 1], ArrowDown: level[level.indexOf(i) + 1] }[key];
  if (!(to > 0)) return false;
  state.groups[to].focus();
  return true;
}

const clip = (text, n) => ([...text].length <= n ? text : [...text].slice(0, Math.max(1, n - 1)).join("") + "…");

const badges = (node) => node.taken.map((t) => BADGES[t]).join("");

const total = (node) => node.total.toFixed(2).replace("-", "−");

function sentence(data, i) {
  if (!i) return data.root;
  const nodes = path(data.nodes, i).map((n) => data.nodes[n]), last = nodes[nodes.length - 1];
  const shown = nodes.slice(-5).map((n) => probability(n.p));
  const values = { text: nodes.map((n) => n.text).join(""), total: total(last), p: probability(Math.exp(last.total)), product: (nodes.length > 5 ? "… × " : "") + shown.join(" × "), by: status(data, last) };
  return filled(data.words, values) + drawing(data, last);
}

/** Which random number chose a sampled token. */
function drawing({ draw }, node) {
  return node.draw ? ` ${filled(draw, Object.fromEntries(["u", "low", "high"].map((name, i) => [name, node.draw[i].toFixed(4)])))}` : "";
}

function status({ by, cut, kept }, node) {
  if (node.taken.length) return node.taken.map((name) => by[name]).join(", ");
  return node.kept.length ? kept : cut;
}

/** Say what a node is, here and to the rest of the page. */
function point(state, i) {
  say(state, i);
  state.bus.point(i ? { entry: state.data.nodes[i].id } : null);
}

/** Say what a node is, and show its branch while the rest stands back. */
function say(state, i) {
  state.words.textContent = i === null ? state.data.hint : sentence(state.data, i);
  const on = i === null ? null : new Set([0, ...path(state.data.nodes, i)]);
  state.groups.forEach((group, n) => { group.style.opacity = !on || on.has(n) ? 1 : 0.35; });
}

function legend({ by, cut, kept, nodes, u }, palette) {
  const sample = (...strokes) => s("svg", { width: 44, height: 12 }, strokes.map(([stroke, width, dash, opacity]) =>
    s("line", { x1: 2, x2: 42, y1: 6, y2: 6, stroke, "stroke-width": width, "stroke-dasharray": dash, opacity })));
  const entry = (text, ...strokes) => h("span", {}, sample(...strokes), text);
  return h("div", { class: "legend" }, entry(`${by.greedy} (G)`, [palette.ink, 2, null, 1]), entry(`${by.sampling} (S)`, [palette.value, 2.5, "6 4", 1]),
    entry(`${by.beam} (B)`, [palette.accent, 9, null, 0.35]), entry(kept, [palette.accent, 4, null, 0.2]), entry(cut, [palette.line, 1.5, null, 1]),
    nodes.some((node) => node.draw) ? h("span", {}, h("span", { "aria-hidden": "true" }, "▲"), u) : null,
    nodes.some((node) => node.taken.includes("left")) ? entry(`${by.left} (${BADGES.left})`, [palette.key, 7, null, 0.5]) : null);
}

const lines = (data) => data.nodes.slice(1).map((node, i) => [path(data.nodes, i + 1).map((n) => data.nodes[n].text).join(""), node.depth, node.p, node.total, status(data, node)]);
