// A text being written: the prompt, then token after token, each with the candidates it was drawn from.
import { applyTheme, calm, digits, h, memory, named, stage, takeaway } from "./base.js";
import { drawn } from "./drawn.js";

const STYLE = `
.paper { font-family: var(--st-heading-font, serif); font-size: 23px; line-height: 1.6; min-height: 5.2em; white-space: pre-wrap; overflow-wrap: anywhere; }
.paper .prompt { color: var(--gf-ink); }
.paper .piece { color: var(--gf-accent); cursor: pointer; border-radius: 4px; }
.paper .piece:hover, .paper .piece.on { background: color-mix(in srgb, var(--gf-accent) 16%, transparent); }
.paper .piece.later { display: none; }
.paper .caret { display: inline-block; width: 2px; height: 1.1em; background: var(--gf-accent); vertical-align: text-bottom; margin-left: 2px; }
.row { display: flex; flex-wrap: wrap; gap: 8px; margin: 12px 0 14px; }
.go { border: 1px solid var(--gf-accent); color: var(--gf-accent); background: var(--gf-card); border-radius: 8px; padding: 7px 16px; cursor: pointer; font-size: 16px; }
.go.main { background: var(--gf-accent); color: var(--gf-paper); }
.go:disabled { opacity: 0.45; cursor: default; }
.bars { display: grid; grid-template-columns: minmax(90px, max-content) 1fr 68px; gap: 5px 10px; align-items: center; }
.bars .name { text-align: right; max-width: 180px; overflow: hidden; text-overflow: ellipsis; white-space: pre; }
.bar { height: 17px; background: var(--gf-chip); border-radius: 4px; overflow: hidden; }
.bar i { display: block; height: 100%; background: color-mix(in srgb, var(--gf-accent) 55%, var(--gf-card)); border-radius: 4px; }
.drawn { font-weight: 700; }
.drawn + .bar i { background: var(--gf-accent); }
.left { display: flex; flex-direction: column; }
.left .paper { flex: 1; }
.split { display: grid; grid-template-columns: minmax(0, 1.5fr) minmax(260px, 1fr); gap: 26px; }
@media (max-width: 760px) { .split { grid-template-columns: 1fr; } .paper { font-size: 20px; } }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const { prompt, steps, words, run, play } = component.data;
  const state = memory(root, () => ({ run: null, shown: 0, timer: null, looked: null, table: false }));
  clearInterval(state.timer);
  if (state.run !== run) Object.assign(state, { run, shown: play && calm() ? steps.length : 0, looked: null });

  // no <button>, which is a block of its own: a line would begin with a token's space and end inside a word
  const pieces = steps.map((step, i) => h("span", { role: "button", tabindex: 0, onclick: () => look(i), onmouseenter: () => look(i), onkeydown: (e) => pressed(e, i),
    "aria-label": `${step.text}: ${digits(step.probability)}` }, step.text));
  const caret = h("span", { class: "caret" });
  const text = h("div", { class: "paper", dir: "auto" }, h("span", { class: "prompt" }, prompt), pieces, caret);
  const heading = h("p", { class: "soft", "aria-live": "polite" });
  const bars = h("div", { class: "bars" });
  const button = (label, onclick, main) => h("button", { type: "button", class: main ? "go main" : "go", onclick }, label);
  const go = button(words.play, () => (state.timer ? pause() : start()), true);
  const one = button(words.step, () => { pause(); forward(); });
  const back = button(words.restart, () => { pause(); state.shown = 0; state.looked = null; paint(); });
  const other = button(words.another, () => { pause(); component.setTriggerValue("another", run); });

  const forward = () => { if (state.shown < steps.length) state.shown += 1; state.looked = null; paint(); };
  const pause = () => { clearInterval(state.timer); state.timer = null; paint(); };
  const start = () => {
    if (state.shown >= steps.length) state.shown = 0;
    state.timer = setInterval(() => { if (!root.isConnected || state.shown >= steps.length) pause(); else forward(); }, 220);
    forward();
  };
  const pressed = (e, i) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); look(i); } };
  const look = (i) => { state.looked = i; paint(); };
  const paint = () => {
    const i = state.looked ?? Math.min(state.shown, steps.length - 1);
    pieces.forEach((piece, j) => { piece.className = `piece ${j >= state.shown ? "later" : ""} ${j === state.looked ? "on" : ""}`; });
    go.textContent = state.timer ? words.pause : state.shown >= steps.length ? words.again : words.play;
    one.disabled = state.shown >= steps.length;
    const step = steps[i];
    if (!step) return;
    const known = i < state.shown; // also the last one, when all is written
    heading.textContent = (known ? words.was : words.next).replace("{drawn}", step.shown).replace("{p}", digits(step.probability));
    const widest = Math.max(...step.candidates.map(([, p]) => p));
    bars.replaceChildren(...step.candidates.flatMap(([name, p]) => [
      h("span", { class: known && name === step.shown ? "name drawn" : "name", dir: "auto" }, name),
      h("div", { class: "bar" }, h("i", { style: { width: `${(100 * p) / widest}%` } })),
      h("span", { class: "num" }, digits(p))]));
  };
  const split = h("div", { class: "split" }, h("div", { class: "left" }, text, h("div", { class: "row" }, go, one, back, other)), h("div", {}, heading, bars));
  const taken = takeaway({ state, title: words.label, svg: () => drawn([split], palette, ".row, .caret, .later"), table: () => [named("place", "token", "candidate", "probability"),
    ...steps.flatMap((step, i) => step.candidates.map(([name, p]) => [String(i + 1), step.shown, name, p]))] });
  root.replaceChildren(split, h("div", { class: "under" }, taken.tools), taken.table);
  paint();
  if (play && state.shown === 0 && !calm()) start();
}
