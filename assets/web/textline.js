// The text so far: prompt and chosen tokens as chips, buttons that let it grow, and going back by clicking a chip.
import { applyTheme, css, h, inkOn, memory, named, sequential, stage, takeaway, unpack } from "./base.js";
import { join, part } from "./bus.js";
import { drawn } from "./drawn.js";
import { CHIPS, chipElement } from "./tokens.js";

const PACE = 400; // milliseconds for each token while it plays
const LONGEST = 40; // tokens after which playing stops by itself

const STYLE = `${CHIPS}
.chips { max-height: 232px; overflow-y: auto; padding: 2px; }
.chip { padding: 3px 8px 2px; }
.chip.gone { opacity: 0.6; }
.chip.prompt:not(.part) { border-style: solid; }
.chip.fresh { border-color: var(--gf-ink); }
.mark { align-self: center; color: var(--gf-soft); font-size: 14px; padding: 0 2px; }
.buttons[hidden] { display: none; }
.foot { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 10px; align-items: center; }
.button { border: 1.5px solid var(--gf-line); background: var(--gf-card); border-radius: 8px; padding: 6px 14px; cursor: pointer; font-size: 16px; }
.button:hover:not(:disabled) { border-color: var(--gf-accent); color: var(--gf-accent); }
.button.main { background: var(--gf-accent); border-color: var(--gf-accent); color: var(--gf-paper); }
.button.main:hover:not(:disabled) { color: var(--gf-paper); filter: brightness(1.1); }
.button.on { border-color: var(--gf-accent); color: var(--gf-accent); background: color-mix(in srgb, var(--gf-accent) 12%, var(--gf-card)); }
.button:disabled { opacity: 0.4; cursor: default; }
.gap { flex: 1; }
@media (max-width: 640px) { .gap { display: none; } }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ playing: false, played: 0, timer: 0, count: -1, sent: 0, table: false }));
  state.component = component;
  Object.assign(state, { data, palette });
  state.root = root;
  if (!state.buttons) build(root, state);
  showChips(state, palette);
  showButtons(state);
  goOn(state);
  state.bus = join(root, { scope: data.sentence, lock: data.lock, show: (place) => light(state, place) });
  state.bus.watch(state.chips, (e) => placed(state, e.target.closest?.(".chip")), state.bus.point);
  return () => { stop(state, false); state.bus.leave(); };
}

const placed = ({ data, elements }, element) => { const i = elements.indexOf(element); return i < 0 ? null : { token: i, entry: data.chips[i].id }; };

/** Frame what is pointed at on the page, and say what the chip under the pointer is. */
function light(state, place) {
  state.elements.forEach((element, i) => element.classList.toggle("on", part(place, i, state.data.chips[i].id) !== null));
  const i = place?.query ?? place?.token;
  say(state, i < state.data.words.length ? i : null);
}

/** Tell Python, once: each request has its own number. */
function ask(state, kind, more = {}) {
  state.component.setStateValue("act", { n: `${Date.now()}-${state.sent++}`, kind, ...more });
}

function build(root, state) {
  const button = (name, onclick, look = "") => h("button", { type: "button", class: `button ${look}`, onclick, "data-name": name });
  state.buttons = {
    step: button("step", () => ask(state, "draw"), "main"),
    ten: button("ten", () => ask(state, "draw", { count: 10 })),
    play: button("play", () => (state.playing ? stop(state) : start(state))),
    greedy: button("greedy", () => ask(state, "greedy")),
    back: button("back", () => { stop(state, false); ask(state, "rewind", { keep: state.data.chosen - 1 }); }),
    over: button("over", () => { stop(state, false); ask(state, "rewind", { keep: 0 }); }),
  };
  state.chips = h("div", { class: "chips", role: "group" });
  state.words = h("div", { class: "words", "aria-live": "polite" });
  const { step, ten, play, greedy, back, over } = state.buttons;
  state.row = h("div", { class: "buttons" }, step, ten, play, greedy, h("span", { class: "gap" }), back, over);
  state.taken = takeaway({ state, title: state.data.label.split(":")[0], svg: () => drawn([state.chips], state.palette), table: () => [named("position", "token", "id", "in_words"),
    ...state.data.chips.map((chip, i) => [String(i + 1), chip.text, String(chip.id), state.data.words[i] ?? ""])] });
  root.replaceChildren(state.chips, state.words, h("div", { class: "foot" }, state.row, state.taken.tools), state.taken.table);
}

function showChips(state, palette) {
  const { data } = state;
  const colour = sequential(palette);
  const grown = data.chosen > state.count && state.count >= 0;
  const elements = data.chips.map((chip, i) => {
    const mine = i - data.prompt; // number among the chosen ones, from 0
    const clickable = data.buttons && mine >= -1 && i < data.chips.length - 1;
    const element = chipElement(chip, {
      tag: clickable ? "button" : "span", type: clickable ? "button" : null, tabindex: clickable ? null : 0,
      class: `${mine < 0 ? "prompt" : ""} ${i < data.outside ? "gone" : ""} ${(grown && i === data.chips.length - 1) || (i >= data.marked[0] && i < data.marked[1]) ? "fresh" : ""}`,
      "aria-label": data.words[i], onfocus: (e) => state.bus.point(placed(state, e.currentTarget)), onblur: () => state.bus.point(null),
      onclick: clickable ? () => { stop(state, false); ask(state, "rewind", { keep: mine + 1 }); } : null,
    });
    if (mine >= 0) {
      const rgb = colour(data.arrays.own.data[mine]);
      Object.assign(element.style, { background: css(rgb), color: inkOn(rgb) });
      const small = element.querySelector("small");
      small.textContent = data.under[mine];
      small.style.color = "inherit";
    }
    return element;
  });
  state.chips.setAttribute("aria-label", data.label);
  state.elements = elements;
  state.chips.replaceChildren(...elements);
  if ((grown || state.count < 0) && data.buttons) state.chips.scrollTop = state.chips.scrollHeight;
  showMarked(state, elements);
  state.count = data.chosen;
  state.taken.fill();
  say(state, null);
}

/** In a long text that only stands there, what is marked comes into view, once. */
function showMarked(state, elements) {
  const { marked, buttons } = state.data, where = `${marked} ${elements.length}`;
  if (buttons || marked[1] <= marked[0] || where === state.shown) return;
  state.shown = where;
  const frame = state.chips.getBoundingClientRect(), first = elements[marked[0]].getBoundingClientRect();
  if (first.bottom > frame.bottom) state.chips.scrollTop += first.top - frame.top - 2 * first.height;
}

function say(state, i) {
  state.words.textContent = i === null ? state.data.hint : state.data.words[i];
}

function showButtons(state) {
  const { data, buttons } = state;
  state.row.hidden = !data.buttons;
  if (!data.buttons) return;
  for (const [name, button] of Object.entries(buttons)) button.textContent = data.buttons[name];
  const stuck = data.ended || data.full;
  buttons.step.disabled = buttons.ten.disabled = stuck;
  buttons.play.disabled = stuck && !state.playing;
  buttons.back.disabled = buttons.over.disabled = data.chosen === 0;
  buttons.play.textContent = state.playing ? data.buttons.pause : data.buttons.play;
  buttons.play.classList.toggle("on", state.playing);
  buttons.greedy.classList.toggle("on", data.greedy);
  buttons.greedy.setAttribute("aria-pressed", String(data.greedy));
}

function start(state) {
  Object.assign(state, { playing: true, played: 0, due: performance.now(), waitingFor: -1 });
  showButtons(state);
  goOn(state);
}

/** Playing puts nothing into the link; coming to rest does. */
function stop(state, tell = true) {
  clearTimeout(state.timer);
  if (state.playing && tell) ask(state, "rest");
  state.playing = false;
  showButtons(state);
}

/** While it plays: when the last token has arrived, ask for the next one in time. Ends by itself. */
function goOn(state) {
  const { data } = state;
  if (!state.playing || !data.buttons || state.waitingFor === data.chosen) return;
  if (data.ended || data.full || state.played >= LONGEST) return stop(state);
  state.waitingFor = data.chosen;
  clearTimeout(state.timer);
  state.timer = setTimeout(() => {
    if (!state.playing) return;
    if (document.hidden || !state.root.isConnected) return stop(state);
    state.due = performance.now() + PACE;
    state.played += 1;
    ask(state, "draw", { playing: true });
  }, Math.max(0, state.due - performance.now()));
}
