// Byte-pair encoding one merge at a time: the text, the pairs that stand for choice, the vocabulary as it grows.
import { applyTheme, h, memory, named, stage, takeaway, unpack } from "./base.js";
import { drawn } from "./drawn.js";
import { states, strikes } from "./merging.js";

const PACE = 900; // milliseconds for each merge while it plays

const STYLE = `
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 10px; }
.go { border: 1.5px solid var(--gf-line); background: var(--gf-card); border-radius: 8px; padding: 6px 15px; cursor: pointer; font-size: 16px; }
.go:hover:not(:disabled) { border-color: var(--gf-accent); color: var(--gf-accent); }
.go.main { background: var(--gf-accent); border-color: var(--gf-accent); color: var(--gf-paper); min-width: 84px; }
.go.main:hover:not(:disabled) { color: var(--gf-paper); filter: brightness(1.1); }
.go:disabled { opacity: 0.4; cursor: default; }
.bar input { flex: 1; min-width: 130px; accent-color: var(--gf-accent); height: 26px; }
.bar .num { min-width: 92px; text-align: right; font-size: 15px; }
.split h4:first-child { margin-top: 2px; }
.split { display: grid; grid-template-columns: minmax(0, 1.6fr) minmax(250px, 1fr); gap: 8px 30px; margin-top: 8px; }
.text { display: flex; flex-wrap: wrap; gap: 7px 9px; align-content: flex-start; max-height: 430px; overflow-y: auto; padding: 3px; }
.chunk { display: inline-flex; flex-wrap: wrap; gap: 1px; max-width: 100%; }
.piece { padding: 3px 6px; border-radius: 6px; background: var(--gf-chip); border: 2px solid transparent; font-size: 17px; line-height: 1.25; white-space: pre; unicode-bidi: isolate; max-width: 100%; overflow: hidden; text-overflow: ellipsis; }
.piece.byte { color: var(--gf-soft); }
.piece.long { background: color-mix(in srgb, var(--gf-accent) 14%, var(--gf-card)); color: var(--gf-ink); }
.piece.fresh { background: var(--gf-mark); color: var(--gf-ink); }
.piece.l, .piece.r { border-color: var(--gf-accent); color: var(--gf-ink); }
.piece.l { border-right-style: none; border-radius: 6px 0 0 6px; padding-right: 4px; }
.piece.r { border-left-style: none; border-radius: 0 6px 6px 0; padding-left: 4px; margin-left: -1px; }
h4 { margin: 14px 0 6px; font-size: 15px; font-weight: 600; color: var(--gf-soft); }
.pairs { display: grid; grid-template-columns: max-content minmax(0, 1fr) max-content; gap: 4px 12px; align-items: center; font-size: 15.5px; }
.pairs .pair { display: inline-flex; align-items: center; gap: 3px; max-width: 190px; overflow: hidden; }
.pairs .pair i { font-style: normal; background: var(--gf-chip); padding: 1px 6px; border-radius: 5px; white-space: pre; unicode-bidi: isolate; }
.pairs .first i { outline: 2px solid var(--gf-accent); outline-offset: -1px; }
.pairs .meter { height: 13px; border-radius: 4px; background: var(--gf-chip); overflow: hidden; }
.pairs .meter b { display: block; height: 100%; background: color-mix(in srgb, var(--gf-accent) 45%, var(--gf-card)); }
.pairs .meter b.first { background: var(--gf-accent); }
.born { display: flex; flex-wrap: wrap; gap: 5px; max-height: 154px; overflow-y: auto; padding: 2px; }
.born span { background: color-mix(in srgb, var(--gf-accent) 14%, var(--gf-card)); border-radius: 6px; padding: 2px 7px; font-size: 15px; white-space: pre; unicode-bidi: isolate; }
.born span:first-child { background: var(--gf-mark); }
.born small { color: var(--gf-soft); font-family: var(--st-code-font); margin-inline-start: 5px; }
.sum { font-size: 15px; color: var(--gf-soft); margin: 10px 0 0; }
.sum b { color: var(--gf-ink); font-size: 19px; }
@media (max-width: 760px) { .split { grid-template-columns: minmax(0, 1fr); } .text { max-height: 300px; } }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ run: null, at: 0, timer: null }));
  clearInterval(state.timer);
  state.timer = null;
  if (state.run !== data.run) Object.assign(state, { run: data.run, at: 0 });
  const { words } = data;
  const all = states(data.ids, data.ends, data.candidates);
  const last = all.length - 1;
  const button = (text, onclick, main) => h("button", { type: "button", class: main ? "go main" : "go", onclick }, text);
  const back = button(words.back, () => { stop(); go(state.at - 1); });
  const forward = button(words.forward, () => { stop(); go(state.at + 1); }, true);
  const play = button(words.play, () => (state.timer ? stop() : start()));
  const slider = h("input", { type: "range", min: 0, max: last, value: state.at, "aria-label": words.slider, oninput: () => { stop(); go(+slider.value); } });
  const step = h("span", { class: "num" });
  const said = h("div", { class: "words", "aria-live": "polite" });
  const text = h("div", { class: "text", role: "group", tabindex: 0, "aria-label": data.label });
  const pairs = h("div", { class: "pairs" });
  const born = h("div", { class: "born" });
  const known = h("h4", {});
  const sum = h("p", { class: "sum" });
  const go = (to) => { state.at = Math.min(last, Math.max(0, to)); paint(); };
  const stop = () => { clearInterval(state.timer); state.timer = null; play.textContent = words.play; };
  const start = () => {
    if (state.at === last) state.at = 0;
    state.timer = setInterval(() => { if (!root.isConnected || document.hidden || state.at >= last) stop(); else go(state.at + 1); }, PACE);
    play.textContent = words.pause;
    go(state.at + 1);
  };
  const paint = () => {
    const now = all[state.at], next = data.candidates[state.at];
    slider.value = state.at;
    slider.setAttribute("aria-valuetext", fill(words.step, { i: state.at, n: last }));
    back.disabled = state.at === 0;
    forward.disabled = state.at === last;
    play.disabled = last === 0;
    step.textContent = fill(words.step, { i: state.at, n: last });
    said.textContent = sentence(data, state.at, last);
    text.replaceChildren(...chunks(data, now, next[0]));
    pairs.replaceChildren(...table(data, next));
    const made = data.candidates.slice(0, state.at).map(([rule]) => rule).reverse();
    known.textContent = fill(words.vocabulary, { n: made.length });
    born.replaceChildren(...made.map(([, , id]) => h("span", { dir: "auto" }, data.texts[id], h("small", {}, String(id)))));
    sum.replaceChildren(h("b", {}, String(now.ids.length)), ` ${fill(words.sum, { n: data.ids.length, x: (data.ids.length / Math.max(1, now.ids.length)).toFixed(2) })}`);
  };
  root.onkeydown = (e) => {
    const move = e.target === slider ? 0 : { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!move) return;
    stop();
    go(state.at + move);
    e.preventDefault();
  };
  const split = h("div", { class: "split" }, h("div", {}, text, sum), h("div", {}, h("h4", {}, data.learns ? words.counts : words.ranks), pairs, known, born));
  const name = (id) => data.texts[id];
  const taken = takeaway({ state, title: data.label, svg: () => drawn([split], palette), table: () => [named("merge", "left", "right", "new_token", "id", "occurrences"),
    ...data.candidates.slice(0, last).map(([[left, right, id, count]], i) => [String(i + 1), name(left), name(right), name(id), String(id), String(count)])] });
  root.replaceChildren(
    h("div", { class: "bar" }, back, forward, play, slider, step), said, split,
    h("div", { class: "under" }, taken.tools), taken.table);
  paint();
}

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function sentence({ candidates, texts, words, learns }, at, last) {
  const next = candidates[at][0];
  if (!next) return words.done;
  const [left, right, id, count] = next;
  const values = { left: texts[left], right: texts[right], new: texts[id], id, count };
  const template = at === last ? words.enough : learns ? words.learns : words.applies;
  return fill(template, values);
}

/** Chunks of the split with a gap between them; the pair that comes next is framed, what was just merged is marked. */
function chunks({ texts, ids }, now, next) {
  const bytes = new Set(ids);
  const fresh = new Set(now.fresh), lefts = new Set(strikes(now, next));
  let start = 0;
  return now.ends.map((end) => {
    const made = [];
    for (let i = start; i < end; i++) {
      const id = now.ids[i];
      const look = [bytes.has(id) ? "byte" : "long", fresh.has(i) && "fresh", lefts.has(i) && "l", lefts.has(i - 1) && "r"].filter(Boolean).join(" ");
      made.push(h("span", { class: `piece ${look}`, dir: "auto", title: String(id) }, texts[id]));
    }
    start = end;
    return h("span", { class: "chunk" }, made);
  });
}

function table({ texts, words, learns }, next) {
  if (!next.length) return [h("span", { class: "soft" }, words.none)];
  const most = Math.max(...next.map((rule) => rule[3]));
  return next.flatMap(([left, right, id, count], i) => [
    h("span", { class: `pair ${i ? "" : "first"}` }, h("i", { dir: "auto" }, texts[left]), "+", h("i", { dir: "auto" }, texts[right])),
    learns ? h("span", { class: "meter" }, h("b", { class: i ? "" : "first", style: { width: `${(100 * count) / most}%` } })) : h("span", { class: "soft" }, fill(words.rank, { id })),
    h("span", { class: "num" }, `${count}×`)]);
}
