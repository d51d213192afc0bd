// Places in a text where a neuron fires: each token's shade is the neuron's activation there, the peak has a frame.
import { applyTheme, digits, h, memory, named, stage, takeaway, unpack } from "./base.js";
import { drawn } from "./drawn.js";

const STYLE = `
ol { margin: 0; padding: 0; list-style: none; display: grid; gap: 5px; }
li { display: grid; grid-template-columns: 3.2em minmax(0, 1fr); gap: 10px; align-items: baseline; }
.text { font-size: 16px; line-height: 1.75; unicode-bidi: plaintext; overflow-wrap: anywhere; white-space: pre-wrap; }
.text span { border-radius: 4px; padding: 2px 0; }
.text .peak { box-shadow: 0 0 0 1.5px var(--gf-accent); font-weight: 600; }
.num { text-align: right; font-size: 14px; color: var(--gf-soft); }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const list = h("ol", { "aria-label": data.label }, data.places.map((place) =>
    h("li", {}, h("span", { class: "num" }, digits(place.values[place.peak])),
      h("span", { class: "text" }, place.before ? "…" : "", place.tokens.map((text, i) => {
        const strength = Math.min(1, Math.max(0, place.values[i]) / data.limit);
        return h("span", { class: i === place.peak ? "peak" : "", title: digits(place.values[i]),
          style: { background: `color-mix(in srgb, var(--gf-accent) ${Math.round(50 * strength ** 1.4)}%, transparent)` } }, text);
      }), place.after ? "…" : ""))));
  const taken = takeaway({ state: memory(root, () => ({ table: false })), title: data.label, svg: () => drawn([list], palette),
    table: () => [named("place", "token", "activation"), ...data.places.flatMap((place, i) => place.tokens.map((text, j) => [String(i + 1), text, place.values[j]]))] });
  root.replaceChildren(list, h("div", { class: "under" }, taken.tools), taken.table);
}
