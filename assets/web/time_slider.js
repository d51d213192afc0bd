// The time slider of the bench: moves through a training's stored steps, plays them, and goes with a run while it trains.
import { applyTheme, h, memory, s, stage } from "./base.js";
import { follow, leave } from "./run_feed.js";

const STYLE = `
.head { display: flex; align-items: baseline; gap: 10px; justify-content: space-between; font-size: 14px; line-height: 21px; padding-bottom: 6px; white-space: nowrap; }
.head output { font-family: var(--st-code-font); font-size: 13px; color: var(--gf-soft); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; font-variant-numeric: tabular-nums; }
.row { display: flex; align-items: center; gap: 8px; height: 40px; }
.play, .live { flex: none; display: inline-flex; align-items: center; justify-content: center; height: 32px; border: 1px solid var(--gf-line); border-radius: 8px; background: var(--gf-card); cursor: pointer; padding: 0; }
.play { width: 32px; color: var(--gf-accent); }
.play svg { width: 14px; height: 14px; fill: currentColor; }
.play:hover, .live:hover { border-color: var(--gf-accent); }
.live { gap: 7px; padding: 0 10px; font-size: 14px; color: var(--gf-soft); }
.live i { width: 9px; height: 9px; border-radius: 50%; background: var(--gf-line); flex: none; }
.live[aria-pressed=true] { color: var(--gf-ink); border-color: var(--gf-value); }
.live[aria-pressed=true] i { background: var(--gf-value); animation: breathe 1.6s ease-in-out infinite; }
@keyframes breathe { 50% { opacity: 0.35; } }
.rail { position: relative; flex: 1 1 auto; min-width: 60px; height: 32px; }
.marks { position: absolute; inset: 0 8px; pointer-events: none; }
.marks i { position: absolute; top: 22px; width: 2px; height: 5px; margin-left: -1px; background: var(--gf-soft); opacity: 0.55; border-radius: 1px; }
.rail input { position: absolute; inset: 0; width: 100%; height: 32px; margin: 0; background: none; appearance: none; -webkit-appearance: none; cursor: pointer; }
.rail input::-webkit-slider-runnable-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--gf-accent) var(--done), var(--gf-line) var(--done)); }
.rail input::-moz-range-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--gf-accent) var(--done), var(--gf-line) var(--done)); }
.rail input::-webkit-slider-thumb { -webkit-appearance: none; width: 16px; height: 16px; margin-top: -6px; border-radius: 50%; background: var(--gf-card); border: 3px solid var(--gf-accent); }
.rail input::-moz-range-thumb { width: 10px; height: 10px; border-radius: 50%; background: var(--gf-card); border: 3px solid var(--gf-accent); }
`;
const SETTLE = 200; // milliseconds for which the thumb has to rest before the page follows it
const REST = 900; // between two steps while it plays, counted from the moment when the page is drawn
const PACE = 2500; // between two moves of the page while it follows a run
const RETRY = 250, PATIENCE = 30000;
const TYPING = 4000; // after the last key press in a text field
const MOST_MARKS = 40;
const PLAY = "M3 1.5v11l9-5.5z", PAUSE = "M2.5 1.5h3.5v11h-3.5zM8 1.5h3.5v11h-3.5z";

export default function (component) {
  const root = stage(component, STYLE);
  applyTheme(root);
  const { data } = component;
  const state = memory(root, () => ({ held: false, playing: false, asked: 0, took: 0, timers: {}, sent: null, seen: false }));
  const other = state.data && (state.data.run !== data.run || (!data.run && state.data.steps.at(-1) !== data.steps.at(-1)));
  if (other) forget(state, root);
  if (state.asked) state.took = Math.max(state.took * 0.7, Date.now() - state.asked);
  Object.assign(state, { component, data, words: data.words, asked: 0 });
  if (!state.range) build(root, state);
  if (data.active) state.seen = true;
  if (data.run && (data.active || state.feed)) state.feed = follow(data.run, root, () => news(state), { active: data.active });
  if (state.sent !== null && data.steps[place(data.steps, state.sent)] === data.shown) state.sent = null;
  if (!state.held && state.sent === null) state.at = data.shown;
  draw(state);
  if (state.playing) later(state, "play", REST, () => advance(state));
  news(state);
}

function forget(state, root) {
  if (state.data.run) leave(state.data.run, root);
  Object.values(state.timers).forEach(clearTimeout);
  Object.assign(state, { feed: null, playing: false, sent: null, seen: false, timers: {}, asked: 0 });
}

function build(root, state) {
  const range = (state.range = h("input", { type: "range", min: 0, step: 1 }));
  range.oninput = () => { state.playing = false; clearTimeout(state.timers.play); take(state, +range.value); later(state, "settle", SETTLE, () => send(state)); };
  range.onchange = () => { state.held = false; send(state); };
  range.onpointerdown = () => { state.held = true; };
  range.onpointerup = range.onpointercancel = () => { state.held = false; };
  state.output = h("output", {});
  state.label = h("span", {});
  state.icon = s("path", { d: PLAY });
  state.play = h("button", { type: "button", class: "play", onclick: () => (state.playing ? stop(state) : start(state)) },
    s("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, state.icon));
  state.live = h("button", { type: "button", class: "live", onclick: () => toggle(state) }, h("i", { "aria-hidden": "true" }), h("span", {}));
  state.marks = h("div", { class: "marks", "aria-hidden": "true" });
  state.told = h("div", { class: "hidden", role: "status" });
  root.replaceChildren(h("div", { class: "head" }, state.label, state.output),
    h("div", { class: "row" }, state.play, h("div", { class: "rail" }, state.marks, range), state.live), state.told);
}

/** The steps that can be opened: those of the run's stream are newer than those of the last script run. */
const steps = ({ data, feed }) => (data.active && !data.starting && feed?.snapshots.length ? feed.snapshots : data.steps);
const running = ({ data, feed }) => data.active && (feed?.status ? feed.status.active : true);
const count = (n) => n.toLocaleString("en");
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };

/** The position of the stored step nearest to `step`. */
function place(list, step) {
  let best = 0;
  list.forEach((each, i) => { if (Math.abs(each - step) < Math.abs(list[best] - step)) best = i; });
  return best;
}

function draw(state) {
  const { data, words, range } = state, list = steps(state), last = list.length - 1;
  const i = data.starting || last < 0 ? 0 : place(list, state.at ?? data.shown), step = list[i] ?? 0;
  put(state.label, words.label);
  const said = data.starting ? words.waiting : step === 0 ? `0 · ${words.random}` : data.active ? count(step) : fill(words.of, { step: count(step), last: count(list[last] ?? 0) });
  const [short, whole] = told(state, list);
  put(state.output, [said, short].filter(Boolean).join(" · "));
  state.output.title = whole;
  put(state.told, whole);
  range.max = Math.max(0, last);
  range.value = i;
  range.disabled = data.starting || last < 1;
  range.style.setProperty("--done", `${last > 0 ? (100 * i) / last : 0}%`);
  range.setAttribute("aria-label", words.label);
  range.setAttribute("aria-valuetext", said);
  if (state.marks.childElementCount !== (last < MOST_MARKS ? last + 1 : 0)) {
    state.marks.replaceChildren(...(last < MOST_MARKS ? list.map((_, k) => h("i", { style: { left: `${last ? (100 * k) / last : 0}%` } })) : []));
  }
  const play = state.playing ? words.pause : words.play;
  state.play.setAttribute("aria-label", play);
  state.play.title = play;
  state.play.disabled = range.disabled;
  state.icon.setAttribute("d", state.playing ? PAUSE : PLAY);
  state.live.hidden = !data.active;
  state.live.style.display = data.active ? "" : "none";
  put(state.live.lastChild, words.live);
  state.live.title = words.live_help;
  state.live.setAttribute("aria-pressed", String(data.live));
}

/** What is to be said about the run: a word or two, and the whole sentence. */
function told({ data, words, feed, seen }, list) {
  if (data.starting) return ["", words.starting];
  if (feed?.lost) return [words.lost_short, words.lost];
  const newest = { step: count(list.at(-1) ?? 0) };
  if (data.active) return data.live ? ["", ""] : [fill(words.newest, newest), fill(words.trains, newest)];
  const name = seen ? feed?.status?.state : "";
  return words.ended[name] ? [words.ended_short[name], fill(words.ended[name], newest)] : ["", ""];
}

// By hand

function take(state, i) {
  state.at = steps(state)[i];
  state.sent = state.at;
  draw(state);
}

function send(state) {
  clearTimeout(state.timers.settle);
  const list = steps(state), step = state.at;
  if (step === undefined || step === state.data.shown && !state.data.live) { state.sent = null; return; }
  state.sent = step;
  state.asked = Date.now();
  state.component.setTriggerValue("move", [step, state.data.active ? -1 : list.at(-1)]);
}

function toggle(state) {
  stop(state);
  state.asked = Date.now();
  state.component.setTriggerValue("live", [state.data.shown, state.data.live ? 0 : 1]);
}

// Playing

function start(state) {
  const list = steps(state), i = place(list, state.at);
  state.playing = true;
  take(state, i >= list.length - 1 ? 0 : i + 1);
  send(state);
}

function stop(state) {
  state.playing = false;
  clearTimeout(state.timers.play);
  draw(state);
}

/** One step on, once the page has drawn the one before. */
function advance(state) {
  if (!state.playing || !state.range.isConnected) return;
  if (drawing()) return later(state, "play", RETRY, () => advance(state));
  const list = steps(state), i = place(list, state.at);
  if (i >= list.length - 1) return stop(state);
  take(state, i + 1);
  send(state);
}

// Following

/** Something of the run is new: move the page on, unless that has just been done or would disturb the reader. */
function news(state) {
  if (!state.range.isConnected) return;
  draw(state);
  const { data, feed } = state;
  if (!data.run || !data.active || !feed?.status) return;
  const newest = feed.snapshots.at(-1);
  const due = data.starting ? newest !== undefined : data.live && newest !== undefined && newest !== data.shown;
  if (!due && running(state)) return;
  const wait = Math.max(PACE, 2 * state.took) - (Date.now() - (state.moved ?? 0));
  if (state.asked && Date.now() - state.asked < PATIENCE) return later(state, "news", RETRY, () => news(state));
  if (wait > 0 && state.moved) return later(state, "news", wait, () => news(state));
  if (busy(state)) return later(state, "news", RETRY, () => news(state));
  state.moved = state.asked = Date.now();
  state.component.setTriggerValue("news", newest ?? 0);
}

/** Whether the page is being drawn, as Streamlit marks it. */
const drawing = () => document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === "running";

let pressed = false, typed = 0;
addEventListener("pointerdown", () => { pressed = true; }, true);
addEventListener("pointerup", () => { pressed = false; }, true);
addEventListener("pointercancel", () => { pressed = false; }, true);
addEventListener("blur", () => { pressed = false; });
addEventListener("keydown", () => { typed = Date.now(); }, true);

/** Whether a new picture now would get into the reader's way: a key or button is pressed, something is open, the tab is hidden. */
function busy(state) {
  if (document.hidden || pressed || state.held || state.playing || drawing() || Date.now() - typed < TYPING && writing()) return true;
  return document.querySelector('[data-testid="stPopoverBody"], [role="dialog"], [role="listbox"]') !== null;
}

function writing() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element instanceof HTMLTextAreaElement || (element instanceof HTMLInputElement && element.type !== "range");
}

function later(state, name, wait, act) {
  clearTimeout(state.timers[name]);
  state.timers[name] = setTimeout(act, wait);
}
