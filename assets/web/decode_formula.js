// Where one token's probability comes from: every step with its own numbers, then the softmax written out.
import { h } from "./base.js";
import { decimal, probability } from "./decode_numbers.js";
import { REMOVED_BY } from "./sampling.js";

export const FORMULA = `
.formula { margin-top: 16px; border-top: 1px solid var(--gf-line); padding-top: 12px; }
.formula h4 { margin: 0 0 6px; font: 600 18px/1.3 var(--st-heading-font); }
.formula .step { display: flex; justify-content: space-between; gap: 12px; padding: 5px 0; border-bottom: 1px solid var(--gf-line); font-size: 15px; }
.formula .step span:first-child { color: var(--gf-soft); }
.formula .step b { font-family: var(--st-code-font); font-variant-numeric: tabular-nums; white-space: nowrap; }
.formula math { font-size: 19px; margin-top: 10px; display: block; overflow-x: auto; overflow-y: hidden; padding: 4px 0; }
@media (max-width: 640px) { .formula math { font-size: 16px; } }
.formula .why { color: var(--gf-negative); padding: 5px 0; font-size: 15px; }
`;

const MATH = "http://www.w3.org/1998/Math/MathML";
const m = (tag, ...children) => {
  const element = document.createElementNS(MATH, tag);
  element.append(...children);
  return element;
};
const num = (text) => m("mn", text), op = (text) => m("mo", text), row = (...children) => m("mrow", ...children);

export function explanation() {
  const element = h("div", { class: "formula" });
  return {
    element,
    show(state) {
      const id = state.shown();
      const title = state.data.words.formula.title.replaceAll("{token}", state.text(id)).replaceAll("{p}", probability(state.choice.probabilities[id]));
      element.replaceChildren(h("h4", { dir: "auto" }, title), ...steps(state, id), ...conclusion(state, id));
    },
  };
}

function steps(state, id) {
  const { choice, values, prepared, data: { words: { formula: words } } } = state;
  const step = (text, value) => h("div", { class: "step" }, h("span", {}, text), h("b", {}, value));
  const lines = [step(words.logit, decimal(choice.logits[id]))];
  if (values.penalty !== 1) {
    const text = !prepared.inText[id] ? words.not_seen : choice.logits[id] < 0 ? words.times_penalty : words.by_penalty;
    lines.push(step(text.replaceAll("{penalty}", values.penalty), decimal(choice.penalised[id])));
  }
  if (values.temperature !== 0) lines.push(step(words.by_temperature.replaceAll("{temperature}", values.temperature), decimal(choice.scaled[id])));
  lines.push(step(words.own, probability(state.ownOf(id))));
  return lines;
}

/** The softmax over what is left, or the reason why the token is gone. */
function conclusion(state, id) {
  const { choice, data: { words: { formula: words } } } = state;
  if (choice.removedBy[id]) return [h("div", { class: "why" }, reason(state, id))];
  if (choice.draw.u === null) return [h("div", { class: "step" }, h("span", {}, words.greedy))];
  const { order, scaled, count } = choice, best = scaled[order[0]];
  const gap = (i) => scaled[i] - best;
  const power = (i) => m("msup", m("mi", "e"), num(decimal(gap(i))));
  const terms = [];
  for (let i = 0; i < Math.min(count, 3); i++) terms.push(...(i ? [op("+")] : []), power(order[i]));
  if (count > 3) terms.push(op("+"), op("⋯"));
  const weight = Math.exp(gap(id)), total = weight / choice.probabilities[id];
  const formula = row(m("mfrac", power(id), row(...terms)), op("="), m("mfrac", num(short(weight)), num(total.toFixed(3))), op("="), num(probability(choice.probabilities[id])));
  const math = m("math", formula);
  math.setAttribute("display", "block");
  const sentence = words.softmax.replaceAll("{best}", decimal(best)).replaceAll("{kept}", count.toLocaleString("en"));
  math.setAttribute("aria-label", sentence);
  return [math, h("div", { class: "soft", style: { fontSize: "14px" } }, sentence)];
}

const short = (v) => (v >= 0.001 ? v.toFixed(3) : v.toExponential(1));

function reason({ choice, values, data: { words } }, id) {
  const rank = choice.order.indexOf(id) + 1, name = REMOVED_BY[choice.removedBy[id]];
  const share = Math.exp(choice.scaled[id] - choice.scaled[choice.order[0]]);
  return words.formula.reasons[name].replaceAll("{rank}", rank.toLocaleString("en")).replaceAll("{k}", values.top_k)
    .replaceAll("{p}", values.top_p).replaceAll("{share}", short(share)).replaceAll("{min_p}", values.min_p);
}
