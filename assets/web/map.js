// The whole model as one picture, true to its configuration. A box opens in place while the rest stands back; Escape closes it;
// each part leads to its page, with its layer and head; on request one token's vector is followed through all layers. A token
// that is pointed at anywhere shows its way, and a part that is pointed at here lights up wherever else the page shows it.
import { applyTheme, filled, h, memory, openPage, stage, takeaway, unpack } from "./base.js";
import { join } from "./bus.js";
import { draw, sheet } from "./map_draw.js";
import { layout } from "./map_layout.js";
import { summed, written } from "./map_stops.js";
import { player } from "./map_way.js";

const STYLE = `
.bar { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; min-height: 34px; font-size: 15px; }
.bar button { border: 1px solid var(--gf-line); background: var(--gf-card); border-radius: 8px; padding: 3px 10px; cursor: pointer; font-size: 14.5px; }
.bar button:hover { border-color: var(--gf-accent); color: var(--gf-accent); }
.bar button:disabled { opacity: 0.4; cursor: default; border-color: var(--gf-line); color: inherit; }
.bar .push { margin-left: auto; }
.crumbs { display: flex; flex-wrap: wrap; gap: 4px; align-items: center; }
.crumbs button { border: 0; background: var(--gf-chip); }
.crumbs .here { font-weight: 600; padding: 2px 4px; }
.gf .words { font-size: 16px; min-height: 3.1em; margin: 8px 0; display: flow-root; position: sticky; top: 62px; z-index: 1; background: var(--gf-card); } /* stays in sight beside the box that it is about */
.words b { font-weight: 600; }
.words .go { border: 1px solid var(--gf-accent); color: var(--gf-accent); background: var(--gf-card); border-radius: 8px; padding: 2px 10px; cursor: pointer; font-size: 14.5px; margin: 4px 0 0; display: block; }
.map { display: block; width: 100%; }
.map text { font-family: var(--st-font); fill: var(--gf-ink); }
.map .small { font-size: 13px; fill: var(--gf-soft); }
.map .title { font-size: 15.5px; font-weight: 600; }
.map .box { fill: var(--gf-card); stroke: var(--gf-line); stroke-width: 1.5; }
.map .frame > .box { fill: var(--gf-paper); stroke-dasharray: 5 4; }
.map .part { cursor: pointer; outline: none; transition: opacity 0.3s; }
.map .part.dim { opacity: 0.32; }
.map .part.open > .box { fill: var(--gf-paper); }
.map .part:hover > .box { stroke: var(--gf-accent); }
.map .part:focus-visible > .box, .map .part.chosen > .box, .map .part.at > .box { stroke: var(--gf-accent); stroke-width: 2.8; }
.map .road { stroke: var(--gf-accent); stroke-width: 5; opacity: 0.35; }
.map .wire { stroke: var(--gf-soft); stroke-width: 1.5; fill: none; }
.map :is(.wires, .stops).dim { opacity: 0.32; }
.map .part.lit > .box { stroke: var(--gf-accent); stroke-width: 2.8; fill: color-mix(in srgb, var(--gf-accent) 8%, var(--gf-card)); }
.words .heads { display: flex; flex-wrap: wrap; gap: 4px; align-items: center; margin-top: 5px; font-size: 14.5px; }
.words .heads button { min-width: 34px; border: 1px solid var(--gf-line); background: var(--gf-card); border-radius: 8px; padding: 2px 8px; cursor: pointer; }
.words .heads button:hover { border-color: var(--gf-accent); color: var(--gf-accent); }
.way { border: 1px solid var(--gf-accent); border-radius: 12px; padding: 8px 12px; margin: 8px 0; background: var(--gf-card); }
.way .said { font-size: 16px; min-height: 2.8em; }
.way .said b { unicode-bidi: isolate; white-space: pre-wrap; }
.guess { display: grid; grid-template-columns: minmax(60px, max-content) 1fr 46px; gap: 8px; align-items: center; font-size: 15px; }
.guess span:first-child { unicode-bidi: isolate; white-space: pre; overflow: hidden; text-overflow: ellipsis; max-width: 140px; }
.guess i { height: 10px; background: var(--gf-high); border-radius: 4px; min-width: 1px; transition: width 0.3s; }
select { font: inherit; font-size: 14.5px; color: inherit; background: var(--gf-card); border: 1px solid var(--gf-line); border-radius: 8px; padding: 3px 6px; max-width: 170px; }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const data = unpack(component.data);
  const state = memory(root, () => ({ open: [], layer: data.layer, all: false, table: false, stop: null, width: 0, before: new Map(), frame: 0, pointed: null, lit: null }));
  Object.assign(state, { component, data, root, palette: applyTheme(root) });
  state.layer = Math.min(state.layer, data.layers - 1);
  state.open = valid(data.tree, state.open);
  state.bar = h("div", { class: "bar" });
  state.told = h("div", { class: "words", "aria-live": "polite" });
  state.place = h("div", {});
  state.render = (focus) => render(state, focus);
  state.way = player(state);
  const taken = takeaway({ state, title: data.words.label, svg: () => sheet(state), table: () => [data.words.part_header, ...listed(data)] });
  root.replaceChildren(state.bar, state.way.element, state.told, state.place,
    h("div", { class: "under" }, taken.tools), taken.table);
  root.onkeydown = (e) => { if (e.key === "Escape") escape(state, e); };
  state.watch?.disconnect();
  state.watch = new ResizeObserver(() => { if (Math.abs(root.clientWidth - state.width) > 2) render(state); });
  state.watch.observe(root);
  render(state);
  state.bus = join(root, { scope: data.sentence, lock: data.lock, parts: true, show: (place) => follow(state, place) });
  listen(state);
  if (data.leave) openPage(data.leave);
  return () => { state.watch.disconnect(); state.bus.leave(); };
}

/** What is pointed at on the page: a token, whose way is written into the picture, or a part, which lights up. */
function follow(state, place) {
  const token = place?.token ?? place?.query, { data } = state;
  state.pointed = token < data.tokens.length ? token : null;
  const part = place?.part ?? (place?.layer !== undefined ? "block.attention" : null);
  state.lit = part && { part, layer: place.layer };
  if (state.lit?.layer < data.layers && state.lit.layer !== state.layer && !state.all) { state.layer = state.lit.layer; render(state); }
  else light(state);
}

/** Mark the box of the part, or the smallest one around it that is drawn, and write the token's way. */
function light(state) {
  const { picture, lit, plan } = state, token = state.pointed ?? state.data.token;
  const near = lit ? plan.boxes.filter((box) => within(box.path, lit.part.split(".")) && (lit.layer === undefined || box.layer === null || box.layer === lit.layer)) : [];
  const depth = Math.max(0, ...near.map((box) => box.path.length)), keys = new Set(near.filter((box) => box.path.length === depth).map((box) => box.key));
  picture.querySelectorAll(".part").forEach((part) => part.classList.toggle("lit", keys.has(part.dataset.key)));
  picture.querySelector(".stops")?.remove();
  picture.append(written(state, token));
  if (!state.open.length) state.told.firstChild.textContent = summed(state, token);
}

const within = (outer, inner) => outer.every((id, i) => inner[i] === id);

/** The pointer, and the focus that a key has set, point at a part; so does a tap, which opens it as well. */
function listen(state) {
  const { place, told, bus } = state;
  const at = (e) => {
    const key = e.target.closest?.(".part")?.dataset.key, box = key !== undefined && state.plan.boxes.find((each) => each.key === key);
    return box ? pointedAt(state, box) : null;
  };
  place.onpointermove = (e) => { if (e.pointerType !== "touch") bus.point(at(e)); };
  place.onpointerleave = (e) => { if (e.pointerType !== "touch") bus.point(null); };
  const head = (e) => { const { head } = e.target.closest?.("[data-head]")?.dataset ?? {}; return head === undefined ? null : { layer: state.layer, head: +head, part: chain(state).at(-1).page && state.open.join(".") }; };
  told.onpointermove = (e) => { if (e.pointerType !== "touch" && head(e)) bus.point(head(e)); };
  told.onpointerleave = () => bus.point(null);
  for (const [element, seen] of [[place, at], [told, head]]) {
    element.addEventListener("focusin", (e) => { if (e.target.matches(":focus-visible") && seen(e)) bus.point(seen(e)); });
    element.addEventListener("focusout", () => bus.point(null));
  }
}

const pointedAt = ({ data }, { path, layer, part }) => ({ part: path.join("."), ...(layer === null ? {} : { layer }),
  words: `${part.id === "block" ? filled(data.words.block, { i: layer + 1, n: data.layers }) : part.title}. ${part.says}` });

/** The part of a path that this model has. */
function valid(tree, path) {
  const kept = [];
  for (const id of path) {
    const next = tree.rows.flat().find((part) => part.id === id);
    if (!next) break;
    kept.push(id);
    tree = next;
  }
  return kept;
}

const chain = ({ data, open }) => open.reduce((found, id) => [...found, found.at(-1).rows.flat().find((part) => part.id === id)], [data.tree]);

function render(state, focus = null) {
  const { root, data } = state;
  state.width = root.clientWidth || 600;
  state.plan = layout(data, { ...state, width: state.width });
  const had = focus ?? root.getRootNode().activeElement?.dataset?.key ?? null;
  state.picture = draw(state, { press: (box) => press(state, box), move: (box, key) => move(state, box, key) });
  state.place.replaceChildren(state.picture);
  if (had !== null) [...state.picture.querySelectorAll(".part")].find((part) => part.dataset.key === had)?.focus({ preventScroll: true });
  controls(state);
  tell(state);
  light(state);
  state.way.mark();
}

/** Open what is pressed; what is open already closes. */
function press(state, box) {
  const same = state.open.length === box.path.length && box.path.every((id, i) => state.open[i] === id) && (box.layer ?? state.layer) === state.layer;
  if (box.layer !== null) state.layer = box.layer;
  state.open = same ? state.open.slice(0, -1) : box.path;
  render(state, box.key);
  state.bus.point(pointedAt(state, box));
}

/** Arrow keys: up and down to the box before and after, right opens, left closes. */
function move(state, box, key) {
  const parts = [...state.picture.querySelectorAll(".part")], at = parts.findIndex((part) => part.dataset.key === box.key);
  if (key === "ArrowDown" || key === "ArrowUp") parts[Math.min(parts.length - 1, Math.max(0, at + (key === "ArrowDown" ? 1 : -1)))].focus();
  else if (key === "ArrowRight" && box.part.rows.length && !box.open && !box.frame) press(state, box);
  else if (key === "ArrowLeft" && state.open.length) up(state);
}

function up(state) {
  const gone = state.open.join(".");
  state.open = state.open.slice(0, -1);
  const box = layout(state.data, { ...state, width: state.width }).boxes.find((each) => each.path.join(".") === gone && (each.layer ?? state.layer) === state.layer);
  render(state, box?.key ?? null);
}

function escape(state, event) {
  if (state.stop !== null) state.way.end();
  else if (state.open.length) up(state);
  else return;
  event.preventDefault();
}

/** The path as buttons, and the layer that is shown. */
function controls(state) {
  const { data, layer, all, open } = state, { words, layers } = data, parts = chain(state);
  const name = (part, i) => (i === 0 ? words.whole : part.id === "block" ? words.layer.replace("{i}", layer + 1) : part.title);
  const crumbs = h("nav", { class: "crumbs", "aria-label": words.crumbs }, parts.flatMap((part, i) => [i ? "›" : "",
    i === parts.length - 1 ? h("span", { class: "here", "aria-current": "step" }, name(part, i))
      : h("button", { type: "button", onclick: () => { state.open = open.slice(0, i); render(state); } }, name(part, i))]));
  const go = (step) => { state.layer = layer + step; render(state); };
  const steps = layers > 1 ? [
    h("span", { class: "crumbs push" },
      h("button", { type: "button", "aria-label": words.earlier, disabled: layer === 0, onclick: () => go(-1) }, "‹"),
      h("span", {}, words.layer_of.replace("{i}", layer + 1).replace("{n}", layers)),
      h("button", { type: "button", "aria-label": words.later, disabled: layer === layers - 1, onclick: () => go(1) }, "›")),
    h("button", { type: "button", "aria-pressed": String(all), onclick: () => { state.all = !all; render(state); } }, all ? words.fold : words.show_all.replace("{n}", layers)),
  ] : [];
  state.bar.replaceChildren(crumbs, ...steps, state.way.button);
}

/** What the open part is, does, gives and weighs, and the way to its page. */
function tell(state) {
  const { data, told } = state, part = chain(state).at(-1), { words } = data;
  if (!state.open.length) return told.replaceChildren(h("div", {}), h("span", {}, `${words.hint} `), h("b", { class: "num" }, words.count.replace("{n}", number(data.total))));
  const text = [part.says, part.shape ? words.gives.replace("{shape}", part.shape) : "", weighs(part, words)].filter(Boolean).join(" ");
  const layer = state.open[0] === "block" ? state.layer : null;
  told.replaceChildren(h("b", {}, `${part.id === "block" ? words.block.replace("{i}", state.layer + 1).replace("{n}", data.layers) : part.title}. `), text,
    h("button", { type: "button", class: "go", onclick: () => leave(state, part, layer) }, filled(words[layer === null ? "open_page" : "open_page_layer"], { page: part.page, layer: layer + 1 })),
    ...(part.headed ? [h("div", { class: "heads", role: "group", "aria-label": words.heads }, `${words.heads} `, Array.from({ length: data.heads }, (_, k) =>
      h("button", { type: "button", "data-head": k, "aria-label": filled(words.open_head, { layer: layer + 1, head: k + 1 }), onclick: () => leave(state, part, layer, k) }, String(k + 1))))] : []));
}

/** To the part's page: Python puts its layer and head on the bench, and then says that the page may be opened (`data.leave`). */
function leave({ component }, part, layer, head = null) {
  component.setTriggerValue("go", { page: part.page, part: part.id, layer, head });
}

export const number = (n) => n.toLocaleString("en");

function weighs(part, words) {
  if (!part.weights) return "";
  if (part.times > 1) return words.has_times.replace("{n}", number(part.weights * part.times)).replace("{times}", part.times).replace("{each}", number(part.weights));
  return part.made ? words.has.replace("{n}", number(part.weights)).replace("{sum}", part.made) : `${words.count.replace("{n}", number(part.weights))}.`;
}

/** Every part of every layer as a line of the table. */
function listed({ tree, layers }) {
  const lines = [];
  const add = (part, layer, depth) => {
    if (part.id === "block" && layer === null) { for (let i = 0; i < layers; i++) add(part, i, depth); return; }
    lines.push([`${"· ".repeat(depth)}${part.title}`, layer === null ? "" : String(layer + 1), part.shape, String(part.weights), part.made]);
    part.rows.flat().forEach((inner) => add(inner, layer, depth + 1));
  };
  tree.rows.flat().forEach((part) => add(part, null, 0));
  return lines;
}
