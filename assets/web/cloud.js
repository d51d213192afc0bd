// The token cloud: a whole vocabulary as points. Zoom, pan, search, kinds, and the model's training as a time slider.
import { applyTheme, arrow, h, memory, named, stage, takeaway, unpack } from "./base.js";
import { extents, half, mark, outside, paint, positions, scene, toScreen, tokenAt, vector, whole } from "./cloud_scene.js";
import { timeline } from "./cloud_time.js";
import { join } from "./bus.js";

const STYLE = `
.bar { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; margin-bottom: 8px; }
.bar input[type=search] { font: inherit; color: inherit; background: var(--gf-paper); border: 1px solid var(--gf-line); border-radius: 8px; padding: 4px 10px; width: 150px; }
.kinds { display: flex; flex-wrap: wrap; gap: 2px 4px; }
.kind, .choice { display: inline-flex; align-items: center; gap: 5px; border: 1px solid transparent; background: none; font-size: 14px !important; padding: 3px 7px; border-radius: 999px; cursor: pointer; }
.kind:hover, .choice:hover { background: var(--gf-chip); }
.kind[aria-pressed=false] { opacity: 0.45; text-decoration: line-through; }
.choice[aria-pressed=true] { border-color: var(--gf-accent); color: var(--gf-accent); }
.plot { touch-action: pan-y; position: relative; }
.plot .beyond { position: absolute; font-size: 14px; background: var(--gf-card); border: 1px solid var(--gf-accent); color: var(--gf-accent); border-radius: 999px; padding: 2px 11px; cursor: pointer; }
.plot .beyond:hover { background: var(--gf-chip); }
.plot .beyond[hidden] { display: none; }
canvas { display: block; width: 100%; border-radius: 8px; cursor: grab; }
canvas.held { cursor: grabbing; } canvas.over { cursor: pointer; }
.zoom { margin-left: auto; display: flex; gap: 4px; }
.zoom button { width: 32px; height: 32px; border-radius: 8px; border: 1px solid var(--gf-line); background: var(--gf-card); cursor: pointer; font-size: 18px; line-height: 1; }
.time { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; margin-top: 8px; }
.time input { flex: 1 1 180px; accent-color: var(--gf-accent); }
.time .play { border: 1px solid var(--gf-accent); color: var(--gf-accent); background: none; border-radius: 8px; padding: 3px 14px; cursor: pointer; min-width: 84px; }
.time output { min-width: 7.2em; font-variant-numeric: tabular-nums; }
.fact { font-size: 14.5px; color: var(--gf-soft); min-height: 1.4em; margin-top: 2px; }
`;
const TABLE_ROWS = 400, HOME = { x: 0, y: 0, zoom: 1 };

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ hover: null, off: new Set(), found: new Set(), view: { x: 0, y: 0, zoom: 1 }, named: [], colour: "kind", same: false, query: "", playing: 0, going: null, table: false }));
  const last = data.steps.length - 1;
  if (state.run !== data.run) Object.assign(state, { run: data.run, t: data.at, going: null, hover: null, found: new Set(), view: { x: 0, y: 0, zoom: 1 } });
  else state.t = nearest(data.steps, state.steps[Math.round(state.t)]); // there may be more steps by now
  if (state.shown !== undefined && state.shown !== data.steps[data.at] && state.t !== data.at) state.going = data.steps[data.at];
  Object.assign(state, { shown: data.steps[data.at], steps: data.steps });
  cancelAnimationFrame(state.playing);
  const picture = describe(data, palette, getComputedStyle(root).fontFamily);
  const had = root.getRootNode().activeElement?.dataset?.part;

  const canvas = h("canvas", { tabindex: 0, role: "application", "aria-label": data.label, "data-part": "canvas" });
  const words = h("div", { class: "words" }); // the bus says them to readers who listen
  const fact = h("div", { class: "fact" });
  const taken = takeaway({ state, title: data.label, svg: () => vector(picture.drawn, picture), table: () => [named("id", "token", "kind", "x", "y", "nearest"), ...rows(picture, state)],
    whose: () => data.cited[Math.round(state.t)], most: TABLE_ROWS, rest: data.words.rest.replaceAll("{n}", TABLE_ROWS) });
  const draw = (still = true) => {
    const pen = fitted(canvas, picture);
    positions(picture, state.t, state.same);
    paint(pen, (picture.drawn = scene(picture, state, still)), picture);
    pointOut(beyond, picture, state);
  };
  const all = () => { Object.assign(state.view, state.view.zoom < 1 ? HOME : whole(picture, state)); soon(); };
  const beyond = h("button", { type: "button", class: "beyond", onclick: () => { all(); canvas.focus({ preventScroll: true }); } });
  let frame = 0;
  const soon = (still = true) => { cancelAnimationFrame(frame); frame = requestAnimationFrame(() => draw(still)); };
  const say = () => {
    const lost = state.query.trim() && !state.found.size, i = state.hover ?? (lost ? null : picture.picked);
    words.textContent = i === null ? (lost ? data.words.nothing : data.hint) : sentence(picture, i, Math.round(state.t));
    fact.textContent = [data.facts[Math.round(state.t)], picture.heat && state.colour === "heat" ? data.words.heat_fact : ""].filter(Boolean).join(" ");
  };
  const hover = (i) => {
    state.hover = i;
    bus.point(i === null ? null : { entry: data.ids[i], words: sentence(picture, i, Math.round(state.t)) });
  };
  const choose = (i) => {
    if (i === null) return;
    picture.picked = i;
    say();
    soon();
    component.setStateValue("picked", data.ids[i]);
  };
  const zoom = (factor, x = picture.box.width / 2, y = picture.box.height / 2) => {
    const { view } = state, before = view.zoom * half(picture.box);
    const least = whole(picture, state);
    view.zoom = Math.min(60, Math.max(least.zoom, view.zoom * factor));
    const after = view.zoom * half(picture.box);
    view.x += (x - picture.box.width / 2) * (1 / before - 1 / after);
    view.y -= (y - picture.box.height / 2) * (1 / before - 1 / after);
    if (view.zoom === least.zoom) Object.assign(view, least);
    soon();
  };
  listen(canvas, picture, state, { hover, choose, zoom, soon, show: (i) => { into(picture, state, i); hover(i); } });

  const time = timeline(data, state, { draw, say, last });
  const search = h("input", { type: "search", placeholder: data.words.search, "aria-label": data.words.search, value: state.query, "data-part": "search",
    oninput: (e) => find(e.target.value), onkeydown: (e) => { if (e.key === "Enter" && state.hover !== null) choose(state.hover); } });
  const find = (text) => {
    state.query = text;
    const hits = matches(data.labels, text);
    state.found = new Set(hits.slice(0, 60));
    const first = hits[0] ?? null;
    if (first !== null) into(picture, state, first);
    hover(first);
    say();
    if (text && !hits.length) bus.say(data.words.nothing);
    soon();
  };
  const press = (button, on) => button.setAttribute("aria-pressed", String(on));
  const legend = h("div", { class: "kinds", role: "group", "aria-label": data.words.kinds }, data.kinds.map(({ key, title, count }, k) => {
    const button = h("button", { type: "button", class: "kind", "aria-pressed": String(!state.off.has(k)), onclick: () => {
      if (!state.off.delete(k)) state.off.add(k);
      press(button, !state.off.has(k));
      soon();
    } }, mark(key, palette), `${title} ${count.toLocaleString("en")}`);
    return button;
  }));
  const toggle = (label, on, act) => {
    const button = h("button", { type: "button", class: "choice", "aria-pressed": String(on), onclick: () => { press(button, act()); say(); soon(); } }, label);
    return button;
  };
  root.replaceChildren(
    h("div", { class: "bar" }, search,
      picture.heat ? toggle(data.words.heat, state.colour === "heat", () => (state.colour = state.colour === "heat" ? "kind" : "heat") === "heat") : null,
      last > 0 ? toggle(data.words.same, state.same, () => (state.same = !state.same)) : null,
      h("div", { class: "zoom" },
        [["+", data.words.nearer, () => zoom(1.5)], ["−", data.words.farther, () => zoom(1 / 1.5)], ["⤢", data.words.whole, all]]
          .map(([sign, title, onclick]) => h("button", { type: "button", title, "aria-label": title, onclick }, sign)))),
    legend,
    h("div", { class: "plot" }, canvas, beyond),
    ...(last > 0 ? [time] : []), fact, words,
    h("div", { class: "under" }, taken.tools), taken.table);
  say();
  state.observer?.disconnect();
  state.observer = new ResizeObserver(() => soon());
  state.observer.observe(canvas.parentElement);
  document.fonts?.ready.then(() => soon());
  draw();
  if (state.going !== null) time.go(nearest(data.steps, state.going));
  const row = new Map(data.ids.map((id, i) => [id, i]));
  const bus = join(root, { scope: data.scope, show: (place) => {
    const i = row.get(place?.entry ?? data.tokens[place?.query ?? place?.token]) ?? null;
    state.hover = i;
    say();
    draw();
  } });
  root.querySelector(`[data-part="${had}"]`)?.focus({ preventScroll: true });
  return bus.leave;
}

/** The position of the step nearest to one. */
function nearest(steps, wanted) {
  return steps.reduce((best, step, i) => (Math.abs(step - wanted) < Math.abs(steps[best] - wanted) ? i : best), 0);
}

/** The message as what the scene works with. */
function describe(data, palette, font) {
  const { near, heat, kinds, coordinates } = data.arrays;
  const [, count, bytes] = near.shape, friends = bytes / 2; // each neighbour is two bytes, the low one first
  const pen = h("canvas").getContext("2d");
  pen.font = `14px ${font}`;
  const widths = new Map();
  return {
    data, palette, font, count, labels: data.labels, kinds: kinds.data, kindKeys: data.kinds.map((kind) => kind.key), heat: heat?.data ?? null,
    xy: coordinates.data, extent: extents(coordinates, data.sentence), sentence: new Set(data.sentence), order: [...new Set([...data.namedFirst, ...data.labels.keys()])], picked: data.picked, box: { width: 640, height: 480 },
    near: (i, f) => Array.from({ length: friends }, (_, k) => 2 * ((f * count + i) * friends + k)).map((o) => near.data[o] + 256 * near.data[o + 1]).filter((j) => j !== 65535),
    measure: (text) => { if (!widths.has(text)) widths.set(text, pen.measureText(text).width); return widths.get(text); },
  };
}

function fitted(canvas, picture) {
  const width = canvas.parentElement.clientWidth || 640, height = Math.max(320, Math.min(720, width * 0.85)), ratio = window.devicePixelRatio || 1;
  picture.box = { width, height };
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  return pen;
}

/** "{token} (id {id}, {kind}) is nearest to {near}", for the frame that is shown. */
function sentence({ data, near, labels, kinds }, i, f) {
  const friends = near(i, f).map((j) => labels[j]).join("  ");
  return data.words.token.replaceAll("{token}", labels[i]).replaceAll("{id}", data.ids[i]).replaceAll("{kind}", data.kinds[kinds[i]].title).replaceAll("{near}", friends);
}

/** Say at the edge how many tokens lie beyond it, while the picture is as it opens; a press shows them all. */
function pointOut(button, picture, state) {
  const { box, data } = picture, { count, x, y } = outside(picture, state), { view } = state;
  button.hidden = !count || view.zoom !== 1 || view.x !== 0 || view.y !== 0 || state.t !== Math.round(state.t);
  if (button.hidden) return;
  const [dx, dy] = [(x - box.width / 2) / box.width, (y - box.height / 2) / box.height], across = Math.abs(dx) >= Math.abs(dy);
  const sign = across ? (dx < 0 ? "←" : "→") : dy < 0 ? "↑" : "↓", text = data.words[count === 1 ? "beyond_one" : "beyond"].replace("{n}", count.toLocaleString("en"));
  button.replaceChildren(h("span", { "aria-hidden": "true" }, `${sign} `), text);
  const within = (v, size, edge) => `${Math.min(size - edge, Math.max(6, v - 14))}px`;
  Object.assign(button.style, across ? { left: dx < 0 ? "6px" : "auto", right: dx < 0 ? "auto" : "6px", top: within(y, box.height, 60), bottom: "auto" }
    : { left: within(x, box.width, 190), right: "auto", top: dy < 0 ? "6px" : "auto", bottom: dy < 0 ? "auto" : "40px" });
}

/** Turn the picture so that a token is inside it. */
function into(picture, state, i) {
  const [x, y] = toScreen(picture, state.view, i);
  if (x > 20 && y > 20 && x < picture.box.width - 20 && y < picture.box.height - 20) return;
  Object.assign(state.view, { x: picture.now[2 * i], y: picture.now[2 * i + 1] });
}

/** Tokens for a search: equal first, then beginning so, then containing it; spaces and case do not matter. */
function matches(labels, text) {
  const wanted = text.trim().replaceAll("·", "").toLowerCase();
  if (!wanted) return [];
  const ranked = [[], [], []];
  labels.forEach((label, i) => {
    const bare = label.replaceAll("·", "").toLowerCase();
    if (bare === wanted) ranked[0].push(i);
    else if (bare.startsWith(wanted)) ranked[1].push(i);
    else if (bare.includes(wanted)) ranked[2].push(i);
  });
  return ranked.flat();
}

/** Pointer, wheel, pinch and keys on the canvas. */
function listen(canvas, picture, state, { hover, choose, zoom, soon, show }) {
  const held = new Map();
  let moved = false, armed = false;
  const at = (e) => { const edge = canvas.getBoundingClientRect(); return [e.clientX - edge.left, e.clientY - edge.top]; };
  canvas.onpointerdown = (e) => { held.set(e.pointerId, at(e)); moved = false; canvas.setPointerCapture?.(e.pointerId); };
  canvas.onpointermove = (e) => {
    const [x, y] = at(e);
    if (e.movementX || e.movementY) armed = true; // the pointer moves, not the page under it: the wheel is meant for the picture
    const from = held.get(e.pointerId);
    if (!from) {
      const i = tokenAt(picture, state, x, y, 14);
      canvas.classList.toggle("over", i !== null);
      return hover(i);
    }
    if (held.size === 2) {
      const [other] = [...held].find(([id]) => id !== e.pointerId)?.slice(1) ?? [];
      if (other) zoom(Math.hypot(x - other[0], y - other[1]) / Math.max(1, Math.hypot(from[0] - other[0], from[1] - other[1])), (x + other[0]) / 2, (y + other[1]) / 2);
    } else if (moved || Math.hypot(x - from[0], y - from[1]) > 4) {
      const k = state.view.zoom * half(picture.box);
      state.view.x -= (x - from[0]) / k;
      state.view.y += (y - from[1]) / k;
      canvas.classList.add("held");
      soon(false);
    } else return;
    moved = true;
    held.set(e.pointerId, [x, y]);
  };
  canvas.onpointerup = canvas.onpointercancel = (e) => {
    held.delete(e.pointerId);
    canvas.classList.remove("held");
    if (moved) soon();
    else if (e.type === "pointerup") {
      const finger = e.pointerType === "touch", i = tokenAt(picture, state, ...at(e), finger ? 24 : 14), again = i === state.hover;
      hover(i);
      if (!finger || again) choose(i); // the first tap of a finger points, the second chooses
    }
  };
  canvas.onpointerleave = (e) => { armed = false; if (!held.size && e.pointerType !== "touch") hover(null); };
  canvas.addEventListener("wheel", (e) => {
    if (!(armed || e.ctrlKey) || (e.deltaY > 0 && state.view.zoom <= whole(picture, state).zoom)) return; // the page scrolls
    e.preventDefault();
    zoom(Math.exp(-e.deltaY * 0.0022), ...at(e));
  }, { passive: false });
  canvas.onkeydown = (e) => {
    const way = arrow(e);
    if (way) { const i = towards(picture, state, way); if (i !== null) show(i); }
    else if (e.key === "+" || e.key === "=") zoom(1.5);
    else if (e.key === "-") zoom(1 / 1.5);
    else if (e.key === "Enter") choose(state.hover);
    else return;
    e.preventDefault();
  };
  canvas.onfocus = () => { if (canvas.matches(":focus-visible")) show(start(picture, state)); };
  canvas.onblur = () => { if (!held.size) hover(null); };
}

/** Where the keys begin: what is pointed at, else what is chosen, else a token of the sentence. */
const start = (picture, state) => state.hover ?? picture.picked ?? [...picture.sentence][0] ?? 0;

/** The nearest token in a direction, for the arrow keys. */
function towards(picture, state, [dy, dx]) {
  const from = start(picture, state);
  const [x, y] = toScreen(picture, state.view, from);
  let best = null, least = Infinity;
  for (let i = 0; i < picture.count; i++) {
    if (i === from || state.off.has(picture.kinds[i])) continue;
    const [px, py] = toScreen(picture, state.view, i);
    const along = (px - x) * dx + (py - y) * dy, across = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
    const cost = along + 2.5 * across;
    if (along > 0.5 && cost < least) [best, least] = [i, cost];
  }
  return best;
}

/** id, token, kind and place of every token at the step that is shown. */
function rows({ data, kinds, count, xy, labels, near }, state) {
  const f = Math.round(state.t);
  return Array.from({ length: count }, (_, i) => [String(data.ids[i]), labels[i], data.kinds[kinds[i]].title, xy[2 * (f * count + i)], xy[2 * (f * count + i) + 1], near(i, f).map((j) => labels[j]).join("  ")]);
}
