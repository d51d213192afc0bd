// What the model writes now, and what it wrote before: a slider goes back through the samples that were taken while it trained.
// The sample chosen here is the one that the page's bars and heads show too.
import { applyTheme, h, memory, named, stage, takeaway, unpack } from "./base.js";
import { drawn } from "./drawn.js";
import { follow, leave } from "./run_feed.js";
import { citation, duration, fill, origin } from "./run_words.js";

const STYLE = `
.sheet { display: flex; flex-direction: column; min-height: 474px; }
@media (max-width: 640px) { .sheet { min-height: 0; } }
.head { display: flex; justify-content: space-between; align-items: baseline; gap: 10px; flex-wrap: wrap; }
.head h3 { font-family: var(--st-heading-font, serif); font-size: 20px; font-weight: 600; margin: 0; }
.paper { font-family: var(--st-heading-font, serif); font-size: 22px; line-height: 1.55; flex: 1; min-height: 9.6em; max-height: 420px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; padding: 8px 0; }
.paper .given { background: var(--gf-chip); border-radius: 6px; padding: 1px 5px; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.paper .made { color: var(--gf-accent); }
.paper .blank { background: color-mix(in srgb, var(--gf-accent) 16%, transparent); border-bottom: 2px solid var(--gf-accent); border-radius: 5px 5px 0 0; padding: 0 4px; color: var(--gf-accent); }
.time { display: flex; align-items: center; gap: 8px; margin-top: 6px; }
.time input { flex: 1; min-width: 60px; accent-color: var(--gf-accent); }
.time button { border: 1.5px solid var(--gf-line); background: none; border-radius: 8px; padding: 3px 11px; cursor: pointer; font-size: 15px; min-height: 32px; }
.time button:hover:not(:disabled) { border-color: var(--gf-accent); }
.time button:disabled { opacity: 0.4; cursor: default; }
.time button[aria-pressed=true] { border-color: var(--gf-accent); color: var(--gf-accent); }
.foot { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 2px 12px; margin-top: 6px; font-size: 14px; color: var(--gf-soft); }
`;
const LONGEST = 300; // characters of a prompt that are shown: its end is what is continued

export default function (component) {
  const root = stage(component, STYLE);
  const state = memory(root, () => ({ table: false }));
  state.palette = applyTheme(root);
  const before = state.data?.run;
  state.data = unpack(component.data);
  if (before && before !== state.data.run) leave(before, root);
  if (!state.paper) build(root, state);
  state.feed = follow(state.data.run, root, () => show(state), { active: state.data.active });
  show(state);
}

function build(root, state) {
  const words = state.data.words, go = (by) => () => { const { feed } = state; feed.choose((feed.chosen ?? feed.samples.length - 1) + by); };
  state.title = h("h3", {}, state.data.title);
  state.when = h("span", { class: "soft" });
  state.paper = h("div", { class: "paper", dir: "auto", tabindex: 0, role: "region", "aria-label": words.paper });
  state.back = h("button", { type: "button", onclick: go(-1), "aria-label": words.earlier, title: words.earlier }, "‹");
  state.on = h("button", { type: "button", onclick: go(1), "aria-label": words.later, title: words.later }, "›");
  state.newest = h("button", { type: "button", onclick: () => state.feed.choose(null) }, words.newest);
  state.slider = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": words.slider, oninput: () => state.feed.choose(+state.slider.value) });
  state.origin = h("span", {});
  const head = h("div", { class: "head" }, state.title, state.when);
  state.taken = takeaway({ state, title: state.data.title, svg: () => drawn([head, state.paper], state.palette), whose: () => citation(state.data.model, state.feed.sample?.step),
    table: () => [named("step", "seconds", "prompt", "text"), ...state.feed.samples.map((x) => [String(x.step), x.seconds, x.prompt, x.text])] });
  root.replaceChildren(h("div", { class: "sheet" }, head, state.paper,
    h("div", { class: "time" }, state.back, state.slider, state.on, state.newest), h("div", { class: "foot" }, state.origin, state.taken.tools), state.taken.table));
}

function show(state) {
  const { feed, data, slider } = state, words = data.words, { samples, sample } = feed, last = samples.length - 1;
  const index = feed.chosen ?? last;
  state.title.textContent = data.title;
  state.when.textContent = sample ? fill(words.when, { step: sample.step.toLocaleString("en"), time: duration(words, sample.seconds ?? 0) }) : "";
  slider.max = Math.max(0, last);
  slider.value = Math.max(0, index);
  slider.setAttribute("aria-valuetext", state.when.textContent);
  slider.disabled = last < 1;
  state.back.disabled = index <= 0;
  state.on.disabled = index >= last;
  state.newest.setAttribute("aria-pressed", String(feed.chosen === null));
  state.origin.textContent = origin(data, data.model, feed, sample?.step ?? 0);
  if (state.written === sample && sample) return;
  state.written = sample;
  state.taken.fill();
  state.paper.replaceChildren(...(sample ? pieces(sample, words) : [h("span", { class: "soft" }, feed.status && !feed.status.active ? words.none : words.empty)]));
}

function pieces(sample, words) {
  const letters = [...sample.prompt], given = letters.length > LONGEST ? `…${letters.slice(-LONGEST).join("")}` : sample.prompt;
  if (sample.blank === null || sample.blank === undefined) {
    return [h("span", { class: "given", title: words.given }, given), h("span", { class: "made" }, sample.text || "\u00a0")];
  }
  const filled = sample.next[0]?.[0] ?? "", { tokens, blank } = sample;
  for (const between of ["", " "]) { // byte pairs carry their spaces, words do not
    if ([...tokens.slice(0, blank), filled, ...tokens.slice(blank + 1)].join(between) !== sample.text) continue;
    const side = (part, before) => (part.length ? (before ? part.join(between) + between : between + part.join(between)) : "");
    return [h("span", {}, side(tokens.slice(0, blank), true)), h("span", { class: "blank", title: words.filled }, filled), h("span", {}, side(tokens.slice(blank + 1), false))];
  }
  return [h("span", {}, sample.text)];
}
