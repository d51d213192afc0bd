// How a run stands, in one line that its stream keeps up to date. When its state becomes one for which the page's buttons no
// longer fit, the page's script runs once; never otherwise.
import { applyTheme, digits, h, memory, stage, unpack } from "./base.js";
import { follow, leave } from "./run_feed.js";
import { duration, fill } from "./run_words.js";

const STYLE = `
.line { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 26px; min-height: 46px; }
.state { display: inline-flex; align-items: center; gap: 9px; font-family: var(--st-heading-font, serif); font-size: 21px; font-weight: 600; min-width: 112px; }
.state i { width: 11px; height: 11px; border-radius: 50%; background: var(--gf-soft); flex: none; }
.line[data-state=running] .state i { background: var(--gf-value); animation: breathe 1.6s ease-in-out infinite; }
.line[data-state=paused] .state i, .line[data-state=waiting] .state i, .line[data-state=preparing] .state i { background: var(--gf-key); }
.line[data-state=done] .state i { background: var(--gf-accent); }
.line[data-state=failed] .state i, .line[data-state=interrupted] .state i { background: var(--gf-negative); }
@keyframes breathe { 50% { opacity: 0.35; } }
dl { display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 0; }
dl > div { display: flex; flex-direction: column-reverse; min-width: 62px; }
dt { font-size: 13px; color: var(--gf-soft); line-height: 1.25; }
dd { margin: 0; font-size: 17px; line-height: 1.3; font-variant-numeric: tabular-nums; white-space: nowrap; }
.why { flex: 0 1 auto; font-size: 16px; overflow-wrap: anywhere; }
.track { height: 5px; border-radius: 3px; background: var(--gf-chip); overflow: hidden; margin-top: 6px; }
.track i { display: block; height: 100%; background: var(--gf-accent); border-radius: 3px; transition: width 0.25s linear; }
@media (max-width: 640px) { dl { flex: 1 1 100%; display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 6px 12px; } dl:empty { display: none; } dd { font-size: 16px; white-space: normal; } .state { min-width: 0; } }
`;
const PATIENCE = 600; // milliseconds: a press of a button brings new buttons by itself
const JOULES = 3600, LITTLE = 0.1; // watt hours that are better said in joules
// states with the same buttons; what is known of the data is new when training begins
const GROUPS = { waiting: "before", preparing: "before" };
const group = (state) => GROUPS[state] ?? state;

export default function (component) {
  const root = stage(component, STYLE);
  applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ asked: null, timer: 0 }));
  if (state.id && state.id !== data.run) leave(state.id, root);
  if (state.id !== data.run || state.server !== data.state) state.asked = null;
  Object.assign(state, { id: data.run, server: data.state, component, data });
  if (!state.line) build(root, state);
  state.feed = follow(data.run, root, (feed) => show(state, feed), { active: data.active });
  show(state, state.feed);
}

function build(root, state) {
  state.words = h("span", {});
  state.facts = h("dl", {});
  state.why = h("span", { class: "why" });
  state.part = h("i", {});
  state.track = h("div", { class: "track", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, state.part);
  state.line = h("div", { class: "line" }, h("span", { class: "state", role: "status" }, h("i", { "aria-hidden": "true" }), state.words), state.facts, state.why);
  root.replaceChildren(state.line, state.track);
}

function show(state, feed) {
  const { data, line, part, track } = state, words = data.words, status = feed.status;
  const name = status?.state ?? data.state;
  line.dataset.state = name;
  put(state.words, name === "waiting" && status?.place ? placeWords(words, status.place) : words.state[name]);
  const told = status ? facts(state, feed, status) : [];
  while (state.facts.childElementCount > told.length) state.facts.lastChild.remove();
  told.forEach(([what, value, title], i) => {
    const cell = state.facts.children[i] ?? state.facts.appendChild(h("div", {}, h("dt"), h("dd")));
    put(cell.firstChild, what);
    put(cell.lastChild, value);
    cell.title = title ?? "";
  });
  put(state.why, feed.lost ? words.lost : status ? why(data, status) : words.loading);
  state.why.hidden = !state.why.textContent;
  const done = status?.steps && status.step ? Math.min(1, status.step / status.steps) : 0;
  part.style.width = `${100 * done}%`;
  track.setAttribute("aria-label", words.progress);
  track.setAttribute("aria-valuenow", String(Math.round(100 * done)));
  track.style.visibility = status?.steps ? "visible" : "hidden";
  if (status) ask(state, name);
}

const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };

const placeWords = (words, place) => (place === 1 ? words.place_1 : fill(words.place, { place: words.ordinal[place] ?? fill(words.ordinal_other, { n: place }) }));

/** [what, value, explanation] of everything that is known. */
function facts({ data }, feed, status) {
  const words = data.words, found = [], count = (v) => Math.round(v).toLocaleString("en");
  if (!status.step && status.state !== "running" && status.state !== "paused") return found;
  const step = Math.max(status.step, feed.last);
  found.push([words.step, status.steps ? fill(words.of, { step: count(step), steps: count(status.steps) }) : count(step)]);
  const loss = feed.columns.smooth.at(-1);
  if (Number.isFinite(loss)) found.push([words.loss, digits(loss)]);
  const known = status.seconds !== null; // of an uploaded model it may not be
  found.push([words.passed, known ? duration(words, status.seconds) : words.not_known]);
  if (status.state === "running" && status.seconds_left !== null) found.push([words.left, fill(words.about, { time: duration(words, status.seconds_left) })]);
  if (status.tokens_per_second && status.active) found.push([words.speed, count(status.tokens_per_second)]);
  if (known) found.push(energy(data, status.seconds));
  if (status.device) found.push([words.device, fill(words.precision, { device: words.device_name[status.device] ?? status.device, precision: words.precision_name[status.precision] ?? status.precision })]);
  return found;
}

/** [what, value, explanation] of the energy that so many seconds of training took, about. */
function energy({ words, watts }, seconds) {
  const hours = (seconds * watts) / JOULES;
  const [value, unit] = hours < LITTLE ? [digits(hours * JOULES), "J"] : [digits(hours), "Wh"];
  return [words.energy, fill(words.energy_value, { value, unit }), fill(words.energy_help, { watts, time: duration(words, seconds) })];
}

/** What stands beside the state: when a waiting run starts, what is prepared, why one has ended. */
function why(data, status) {
  const words = data.words;
  if (status.state === "waiting") return status.wait >= 2 ? fill(words.wait, { time: duration(words, status.wait) }) : words.wait_soon;
  if (status.state === "preparing") return words.preparing;
  if (status.state === "running" || status.state === "done") return status.message;
  return status.state === "paused" || data.told ? "" : status.message;
}

/** Have the page's script run once when the state has left the one that its buttons were made for. */
function ask(state, name) {
  const fits = (now) => group(now) === group(state.data.state) || state.asked === now;
  if (fits(name)) { clearTimeout(state.timer); state.timer = 0; return; }
  state.timer ||= setTimeout(() => { // once, however often something new comes until then
    state.timer = 0;
    const now = state.feed.status?.state ?? name;
    if (fits(now)) return;
    state.asked = now;
    state.component.setTriggerValue("state", now);
  }, PATIENCE);
}
