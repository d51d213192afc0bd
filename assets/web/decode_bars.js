// Two bars of length 1: the whole vocabulary with what the filters cut off, and what is left, stretched, with the random number.
import { css, h, inkOn, s, sequential } from "./base.js";
import { probability } from "./decode_numbers.js";
import { removed } from "./sampling.js";

const TOP = 6, HIGH = 24, LOW = 64, LOW_HIGH = 34, HEIGHT = 132;
const MOST = 120; // segments drawn one by one; the rest is one piece

export const BARS = `
.bars { margin-top: 10px; }
.bars .caption { font-size: 13px; color: var(--gf-soft); }
.bars svg { display: block; width: 100%; overflow: visible; }
.bars text { font-family: var(--st-font); }
.bars rect.part { cursor: default; }
`;

export function bars({ hover, redraw }) {
  const element = h("div", { class: "bars", role: "img" });
  const bar = { element, segments: new Map(), width: 640 };
  // reading the width while drawing would make the browser lay out the page in every frame
  bar.observer = new ResizeObserver(([entry]) => { bar.width = entry.contentRect.width; redraw(); });
  bar.observer.observe(element);
  bar.show = (state) => {
    bar.svg = drawing(state, bar.width, bar, hover);
    element.replaceChildren(h("div", { class: "caption" }, state.data.words.bar_all + cuts(state.choice, state.data.words)), bar.svg);
    element.setAttribute("aria-label", describe(state));
    bar.mark(state);
  };
  bar.mark = (state) => {
    const part = bar.segments.get(state.shown());
    bar.frame.setAttribute("visibility", part ? "visible" : "hidden");
    if (part) for (const name of ["x", "width"]) bar.frame.setAttribute(name, part.getAttribute(name));
  };
  return bar;
}

function describe({ choice, data: { words }, text }) {
  const { draw } = choice;
  return draw.u === null ? words.greedy.replaceAll("{token}", text(draw.id))
    : words.draw.replaceAll("{token}", text(draw.id)).replaceAll("{u}", draw.u.toFixed(4)).replaceAll("{low}", draw.low.toFixed(4)).replaceAll("{high}", draw.high.toFixed(4));
}

/** The picture at this width; also what is saved as SVG. */
export function drawing(state, width, bar = { segments: new Map() }, hover = () => {}) {
  const { palette, choice, data: { words } } = state;
  const svg = s("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, onmouseleave: () => hover(null) });
  bar.segments.clear();
  const label = (x, y, text) => s("text", { x, y, "font-size": 13, fill: palette.soft }, text);
  svg.append(hatch(palette));
  const kept = keptMass(choice);
  upper(svg, state, width, kept);
  svg.append(s("path", { d: `M0 ${TOP + HIGH}L${kept * width} ${TOP + HIGH}L${width} ${LOW}L0 ${LOW}Z`, fill: palette.accent, opacity: 0.1 }));
  svg.append(label(4, LOW - 9, words.bar_kept.replaceAll("{kept}", choice.count.toLocaleString("en"))));
  lower(svg, state, width, bar, hover);
  bar.frame = s("rect", { y: LOW, height: LOW_HIGH, fill: "none", stroke: palette.accent, "stroke-width": 3, visibility: "hidden", "pointer-events": "none" });
  svg.append(bar.frame); // over its neighbours' borders
  marker(svg, state, width);
  return svg;
}

/** "top-k 0.013, top-p 0.041": what was cut off, where anything was. */
function cuts(choice, words) {
  const gone = removed(choice);
  const parts = ["top_k", "top_p", "min_p", "greedy"].filter((name) => gone[name].tokens)
    .map((name) => words.cut_by.replaceAll("{filter}", words.filters[name]).replaceAll("{tokens}", gone[name].tokens.toLocaleString("en")).replaceAll("{mass}", probability(gone[name].mass)));
  return parts.length ? `. ${words.cuts} ${parts.join("; ")}` : "";
}

function hatch(palette) {
  const pattern = s("pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  pattern.append(s("rect", { width: 7, height: 7, fill: palette.chip }), s("rect", { width: 2, height: 7, fill: palette.soft, opacity: 0.45 }));
  return s("defs", {}, pattern);
}

function keptMass(choice) {
  let mass = 0;
  for (let i = 0; i < choice.count; i++) mass += choice.fullProbabilities[choice.order[i]];
  return Math.min(1, mass);
}

/** The whole vocabulary: kept tokens in colour, then what each filter removed, hatched. */
function upper(svg, { palette, choice, data: { words } }, width, kept) {
  segments(choice, width, (i) => choice.fullProbabilities[choice.order[i]], ({ x, w, p, id }) => {
    svg.append(s("rect", { x, y: TOP, width: w, height: HIGH, fill: id === null ? css(sequential(palette)(0.04)) : css(sequential(palette)(0.25 + 0.75 * p)), stroke: palette.card }));
  });
  let x = kept * width;
  const gone = removed(choice);
  for (const name of ["min_p", "top_p", "top_k", "greedy"]) {
    const { mass, tokens } = gone[name];
    if (!tokens) continue;
    const w = mass * width;
    const text = `${words.filters[name]} −${probability(mass)}`;
    svg.append(s("rect", { x, y: TOP, width: Math.max(0, w), height: HIGH, fill: "url(#hatch)", stroke: palette.negative, "stroke-width": 1 },
      s("title", {}, words.cut_by.replaceAll("{filter}", words.filters[name]).replaceAll("{tokens}", tokens.toLocaleString("en")).replaceAll("{mass}", probability(mass)))));
    if (w > text.length * 7) {
      svg.append(s("rect", { x: x + w / 2 - text.length * 3.6, y: TOP + 4, width: text.length * 7.2, height: HIGH - 8, fill: palette.card, rx: 4 }),
        s("text", { x: x + w / 2, y: TOP + HIGH / 2 + 4.5, "font-size": 13, "text-anchor": "middle", fill: palette.negative }, text));
    }
    x += w;
  }
}

/** What is left, stretched to 1: each token's part is its probability. */
function lower(svg, state, width, bar, hover) {
  const { palette, choice } = state;
  segments(choice, width, (i) => choice.probabilities[choice.order[i]], ({ x, w, p, id }) => {
    const rgb = sequential(palette)(id === null ? 0.04 : 0.25 + 0.75 * p);
    const rect = s("rect", { class: "part", x, y: LOW, width: w, height: LOW_HIGH, fill: css(rgb), stroke: palette.card, onmouseenter: () => hover(id) });
    svg.append(rect);
    if (id === null) return;
    bar.segments.set(id, rect);
    const text = state.text(id), long = [...text].length * 8.6;
    if (w > long + 8) {
      svg.append(s("text", { x: x + aside(w, choice.draw.u === null ? -1 : choice.draw.u * width - x, long), y: LOW + LOW_HIGH / 2 + 5, "font-size": 15, "text-anchor": "middle", fill: inkOn(rgb), "pointer-events": "none" }, text));
    }
  });
}

/** The middle of a part; where the mark of the random number stands in the part, the middle of its wider side, if a name fits there. */
function aside(w, mark, long) {
  if (mark < 0 || mark > w || Math.abs(mark - w / 2) > long / 2 + 3) return w / 2;
  const free = Math.max(mark, w - mark);
  return free < long + 3 ? w / 2 : mark > w - mark ? mark / 2 : (mark + w) / 2;
}

/** Kept tokens as pieces of the bar, those too thin to see as one. */
function segments(choice, width, share, draw) {
  let x = 0, i = 0;
  for (; i < choice.count && i < MOST; i++) {
    const p = share(i), w = p * width;
    if (w < 1.2 && i > 0) break;
    draw({ x, w, p, id: choice.order[i] });
    x += w;
  }
  let mass = 0;
  for (; i < choice.count; i++) mass += share(i);
  if (mass > 0) draw({ x, w: mass * width, p: mass, id: null });
}

function marker(svg, { palette, choice }, width) {
  const { u } = choice.draw;
  if (u === null) return;
  const x = u * width, y = LOW + LOW_HIGH;
  const anchor = x < 60 ? "start" : x > width - 60 ? "end" : "middle";
  svg.append(s("line", { x1: x, x2: x, y1: LOW - 4, y2: y + 6, stroke: palette.ink, "stroke-width": 3 }),
    s("line", { x1: x, x2: x, y1: LOW - 4, y2: y + 6, stroke: palette.mark, "stroke-width": 1 }),
    s("path", { d: `M${x} ${y + 3}l7 11h-14z`, fill: palette.ink }),
    s("text", { x, y: y + 30, "font-size": 15, "font-weight": 600, "text-anchor": anchor, fill: palette.ink }, `u = ${u.toFixed(4)}`));
}
