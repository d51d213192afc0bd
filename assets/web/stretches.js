// A text with the stretches underlined that stand word for word in the training text; pointing at one shows where.
import { applyTheme, css, h, memory, sequential, stage, takeaway, unpack } from "./base.js";
import { drawn } from "./drawn.js";

const STYLE = `
.head { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; margin-bottom: 6px; font-size: 15px; }
.head label { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: center; }
.head input { width: 190px; accent-color: var(--gf-accent); min-height: 28px; }
.head b { font-variant-numeric: tabular-nums; display: inline-block; min-width: 1.6em; text-align: right; }
.bars { display: grid; grid-template-columns: max-content minmax(80px, 1fr) 3.6em; gap: 3px 12px; align-items: center; font-size: 15px; margin: 4px 0 10px; }
.bar { height: 13px; border-radius: 4px; background: var(--gf-chip); overflow: hidden; }
.bar i { display: block; height: 100%; border-radius: 4px; transition: width 0.15s; }
.bars .num { text-align: right; }
.paper { font-family: var(--st-heading-font, serif); font-size: 20px; line-height: 1.95; overflow-wrap: anywhere; white-space: pre-wrap; unicode-bidi: plaintext; max-height: 460px; overflow-y: auto; padding: 2px 4px; }
.paper .prompt { color: var(--gf-soft); font-style: italic; }
.paper .mark { cursor: pointer; text-decoration-line: underline; text-decoration-skip-ink: none; text-underline-offset: 5px; border-radius: 3px; padding: 1px 0; }
.paper .edge { border-left: 2px solid; padding-left: 2px; margin-left: 1px; }
.paper .mark.on { background: color-mix(in srgb, var(--gf-accent) 20%, transparent); }
.paper .mark.fixed { background: color-mix(in srgb, var(--gf-accent) 30%, transparent); }
.place { border: 1px solid var(--gf-line); border-radius: 10px; padding: 10px 14px; min-height: 8.2em; margin-top: 8px; }
.place p { margin: 0 0 4px; font-size: 15.5px; }
.quote { font-family: var(--st-heading-font, serif); font-size: 17px; line-height: 1.6; white-space: pre-wrap; overflow-wrap: anywhere; color: var(--gf-soft); unicode-bidi: plaintext; }
.quote mark { color: var(--gf-ink); background: color-mix(in srgb, var(--gf-accent) 22%, transparent); border-radius: 3px; }
.go { border: 1px solid var(--gf-line); background: var(--gf-card); border-radius: 7px; min-width: 34px; min-height: 28px; cursor: pointer; }
.go:hover:not(:disabled) { border-color: var(--gf-accent); color: var(--gf-accent); }
.go:disabled { opacity: 0.35; cursor: default; }
.key { margin-right: auto; font-size: 13.5px; color: var(--gf-soft); }
.key i { display: inline-block; width: 90px; height: 5px; border-radius: 3px; margin: 0 7px; vertical-align: 3px; }
@media (max-width: 640px) { .paper { font-size: 18px; } .head input { width: 140px; } }
`;
const SHORT = 4, LONG = 40; // words at the two ends of the colour scale

/** Strength of a stretch's mark, 0 to 1, by its number of words. */
const strength = (words) => Math.min(1, Math.log(words / SHORT) / Math.log(LONG / SHORT));

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ least: data.least, table: false, run: null }));
  if (state.run !== data.run) Object.assign(state, { run: data.run, fixed: null, shown: null, turn: 0 });
  state.least = Math.min(Math.max(state.least, data.range[0]), data.range[1]);
  const shade = (words) => css(sequential(palette)((0.2 + 0.8 * strength(words)) ** 1.6));
  const { words: say, stretches } = data;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  const slider = h("input", { type: "range", min: data.range[0], max: data.range[1], step: 1, "aria-label": say.slider_label });
  slider.value = state.least;
  const number = h("b", {});
  const bars = h("div", { class: "bars" });
  const pieces = data.segments.map((segment) => h("span", { class: segment.prompt ? "prompt" : "" }, segment.text));
  const paper = h("div", { class: "paper", role: "group", "aria-label": data.label, dir: "auto" }, pieces);
  const place = h("div", { class: "place", "aria-live": "polite" });

  const active = (k) => stretches[k].words >= state.least;
  /** The longest marked stretch that a segment lies in, or null. */
  const best = (segment) => segment.in.filter(active).reduce((a, b) => (a === null || stretches[b].words > stretches[a].words ? b : a), null);
  const chosen = () => data.segments.findIndex((segment) => best(segment) === (state.fixed ?? state.shown));

  function paint() {
    number.textContent = state.least;
    slider.setAttribute("aria-valuetext", fill(say.slider_value, { least: state.least }));
    const k = state.shown ?? state.fixed;
    const first = Math.max(0, k === null ? data.segments.findIndex((segment) => best(segment) !== null) : chosen());
    data.segments.forEach((segment, i) => {
      const own = best(segment), piece = pieces[i], marked = own !== null;
      const edge = marked && (i === 0 || best(data.segments[i - 1]) !== own);
      piece.style.borderColor = edge ? shade(stretches[own].words) : "";
      piece.className = `${segment.prompt ? "prompt" : ""} ${marked ? "mark" : ""} ${edge ? "edge" : ""} ${segment.in.includes(k) && marked ? "on" : ""} ${marked && state.fixed === k && segment.in.includes(k) ? "fixed" : ""}`;
      piece.style.textDecorationColor = marked ? shade(stretches[own].words) : "";
      piece.style.textDecorationThickness = marked ? `${(1.6 + 3.4 * strength(stretches[own].words)).toFixed(1)}px` : "";
      for (const [name, value] of Object.entries({ role: "button", tabindex: i === first ? 0 : -1, "aria-pressed": String(own === state.fixed),
        "aria-label": marked ? `${segment.text.trim()}: ${fill(say.stretch, stretches[own])}` : "" })) {
        if (marked) piece.setAttribute(name, value); else piece.removeAttribute(name);
      }
    });
    showPlace(k);
    showBars();
    taken.fill();
  }

  function showBars() {
    const n = state.least - data.range[0];
    const rows = [[data.own, data.arrays.share.data[n], palette.accent], ...(data.arrays.held ? [[say.held, data.arrays.held.data[n], palette.key]] : [])];
    bars.replaceChildren(...rows.flatMap(([name, share, colour]) => [h("span", {}, name),
      h("div", { class: "bar" }, h("i", { style: { width: `${100 * share}%`, background: colour } })), h("span", { class: "num" }, `${(100 * share).toFixed(0)} %`)]));
  }

  function showPlace(k) {
    if (k === null) return place.replaceChildren(h("p", { class: "soft" }, stretches.some((_, i) => active(i)) ? say.hint : fill(say.nothing, { least: state.least })));
    const stretch = stretches[k], at = Math.min(state.turn, stretch.places.length - 1), passage = stretch.places[at];
    const turn = (by) => h("button", { type: "button", class: "go", "aria-label": by < 0 ? say.previous : say.next, disabled: at + by < 0 || at + by >= stretch.places.length,
      onclick: () => { state.fixed = k; state.turn = at + by; paint(); } }, by < 0 ? "‹" : "›");
    place.replaceChildren(
      h("p", {}, h("strong", {}, fill(say.stretch, stretch))),
      h("p", { class: "soft" }, passage.where, "  ", ...(stretch.places.length > 1 ? [turn(-1), ` ${at + 1} / ${stretch.places.length} `, turn(1)] : [])),
      h("div", { class: "quote", dir: "auto" }, passage.before, h("mark", {}, passage.found), passage.after));
  }

  const look = (k) => { if (k !== state.shown) { if (k !== null && k !== state.fixed) state.turn = 0; state.shown = k; paint(); } };
  const fix = (k) => { state.fixed = state.fixed === k ? null : k; state.turn = 0; paint(); };
  const at = (target) => pieces.indexOf(target);
  const of = (target) => (at(target) >= 0 ? best(data.segments[at(target)]) : null);
  paper.onpointerover = (e) => { if (e.pointerType === "mouse") look(of(e.target)); };
  paper.onpointerleave = () => look(null);
  paper.addEventListener("focusin", (e) => look(of(e.target)));
  paper.addEventListener("focusout", () => look(null));
  paper.onclick = (e) => { const k = of(e.target); if (k !== null) { state.shown = null; fix(k); } };
  paper.onkeydown = (e) => {
    const i = at(e.target);
    if (i < 0) return;
    if (e.key === "Enter" || e.key === " ") fix(best(data.segments[i]));
    else if (e.key === "Escape") { state.fixed = null; paint(); }
    else if (e.key === "ArrowRight" || e.key === "ArrowLeft") move(i, e.key === "ArrowRight" ? 1 : -1);
    else return;
    e.preventDefault();
  };
  /** Focus the next segment with another stretch. */
  const move = (i, by) => {
    const own = best(data.segments[i]);
    for (let j = i + by; j >= 0 && j < pieces.length; j += by) {
      const other = best(data.segments[j]);
      if (other !== null && other !== own) return pieces[j].focus();
    }
  };
  slider.oninput = () => {
    state.least = Number(slider.value);
    if (state.fixed !== null && !active(state.fixed)) state.fixed = null;
    state.shown = null;
    paint();
  };
  const taken = takeaway({ state, title: data.label, svg: () => drawn([bars, paper], palette), table: () => [say.columns,
    ...stretches.filter((_, k) => active(k)).sort((a, b) => b.words - a.words).map((row) => [String(row.words), String(row.count), row.text, row.places[0]?.where ?? ""])] });
  root.replaceChildren(
    h("div", { class: "head" }, h("label", {}, say.slider, slider, number, say.slider_unit)), bars, paper, place,
    h("div", { class: "under" }, h("span", { class: "key" }, say.key_short, h("i", { style: { background: `linear-gradient(90deg, ${[4, 8, 16, 40].map(shade).join(",")})` } }), say.key_long), taken.tools), taken.table);
  paint();
}
