// The token strip: text with visible spaces, id under it, an optional colour and sentence for each token.
import { applyTheme, css, digits, diverging, h, inkOn, memory, sequential, stage, unpack } from "./base.js";

export const CHIPS = `
.chips { display: flex; flex-wrap: wrap; gap: 6px; }
.chip { padding: 4px 9px 3px; border-radius: 8px; background: var(--gf-chip); border: 2px solid transparent; text-align: center; font-size: 17px; line-height: 1.35; unicode-bidi: isolate; white-space: pre; max-width: 100%; overflow: hidden; text-overflow: ellipsis; }
.chip small { display: block; white-space: nowrap; font-size: 12px; line-height: 1.15; color: var(--gf-soft); font-family: var(--st-code-font); }
.chip.alt { background: color-mix(in srgb, var(--gf-accent) 16%, var(--gf-card)); }
.chip.part { border-style: dashed; border-color: var(--gf-soft); }
button.chip { cursor: pointer; }
button.chip:hover { border-color: var(--gf-accent); }
.chip.on { border-color: var(--gf-accent); box-shadow: 0 0 0 1px var(--gf-accent); }
`;

/** What stands under a token: its id, and for a part of a shared glyph which part. */
const idOf = (chip) => (chip.group_size > 1 ? `${chip.id} · ${chip.position - chip.group + 1}/${chip.group_size}` : String(chip.id));

/** One chip's element: `chip` is ui.tokens.Chip. Tokens that share one glyph show it whole, with a dashed border. */
export function chipElement(chip, { tag = "span", ...attributes } = {}) {
  const part = chip.group_size > 1;
  const shown = part ? chip.text : chip.text === "" ? "∅" : chip.text;
  return h(tag, { ...attributes, class: `chip${part ? " part" : ""} ${attributes.class ?? ""}` }, h("span", { dir: "auto" }, shown),
    h("small", {}, ` ${idOf(chip)}`));
}

export default function (component) {
  const root = stage(component, CHIPS);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ picked: null }));
  state.picked = data.picked;
  const values = data.arrays.values?.data;
  const colour = data.scale === "diverging" ? diverging(palette, data.limit) : (v) => sequential(palette)(v / (data.limit || 1));
  const words = h("div", { class: "words", "aria-live": "polite" });
  let shade = 0;
  const chips = data.chips.map((chip, i) => {
    if (i > 0 && chip.group !== data.chips[i - 1].group) shade = 1 - shade;
    const element = chipElement(chip, {
      tag: data.pick ? "button" : "span",
      type: data.pick ? "button" : null,
      tabindex: data.words && !data.pick ? 0 : null,
      class: `${data.colourBy === "group" && shade ? "alt" : ""} ${data.pick && state.picked === i ? "on" : ""}`,
      "aria-pressed": data.pick ? String(state.picked === i) : null,
      "aria-label": `${chip.text} ${idOf(chip)}, token ${i + 1}${values ? `, ${digits(values[i])}` : ""}`,
      onmouseenter: () => say(i), onfocus: () => say(i),
      onclick: data.pick ? () => choose(i) : null,
    });
    const mark = palette[data.marks?.[i]];
    if (mark) Object.assign(element.style, { borderColor: mark, background: `color-mix(in srgb, ${mark} 16%, ${palette.card})` });
    if (values) {
      const rgb = colour(values[i]);
      Object.assign(element.style, { background: css(rgb), color: inkOn(rgb) });
      element.querySelector("small").style.color = "inherit";
    }
    return element;
  });
  const say = (i) => { if (data.words) words.textContent = data.words[i]; };
  const choose = (i) => {
    state.picked = i;
    chips.forEach((chip, j) => { chip.classList.toggle("on", i === j); chip.setAttribute("aria-pressed", String(i === j)); });
    component.setStateValue("picked", i);
  };
  root.replaceChildren(h("div", { class: "chips" }, chips), ...(data.words ? [words] : []));
  if (data.words) say(Math.min(data.picked ?? data.words.length - 1, data.words.length - 1));
}
