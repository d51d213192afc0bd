// The token strip: text with visible spaces, id under it, an optional colour and sentence for each token.
import { applyTheme, css, digits, diverging, h, inkOn, memory, moved, named, s, sequential, stage, takeaway, unpack } from "./base.js";
import { join, part } from "./bus.js";

export const CHIPS = `
.chips { display: flex; flex-wrap: wrap; gap: 6px; }
.strip { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 2px 10px; }
.strip .tools { margin-left: auto; } /* beside short sentences, under long ones */
.chip { padding: 4px 9px 3px; border-radius: 8px; background: var(--gf-chip); border: 2px solid transparent; text-align: center; font-size: 17px; line-height: 1.35; unicode-bidi: isolate; white-space: pre; max-width: 100%; overflow: hidden; text-overflow: ellipsis; }
.chip small { display: block; white-space: nowrap; font-size: 12px; line-height: 1.15; color: var(--gf-soft); font-family: var(--st-code-font); }
.chip.alt { background: color-mix(in srgb, var(--gf-accent) 16%, var(--gf-card)); }
.chip.part { border-style: dashed; border-color: var(--gf-soft); }
button.chip { cursor: pointer; }
.chips[data-linked] .chip { cursor: pointer; }
.chips[data-linked] { max-height: 240px; overflow-y: auto; padding: 4px; margin: -4px; } /* four rows and a half of a long text: the picture is below */
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
  const state = memory(root, () => ({ table: false }));
  const focused = root.getRootNode().activeElement?.dataset?.i; // before this run replaces the chips
  const values = data.arrays.values?.data;
  const colour = data.scale === "diverging" ? diverging(palette, data.limit) : (v) => sequential(palette)(v / (data.limit || 1));
  const own = data.chips.map((_, i) => (values ? colour(values[i]) : null));
  const words = data.words ? h("div", { class: "words" }) : null;
  let shade = 0, cursor = Number(focused ?? data.picked ?? 0);
  const chips = data.chips.map((chip, i) => {
    if (i > 0 && chip.group !== data.chips[i - 1].group) shade = 1 - shade;
    const alone = data.sentence ? (i === cursor ? 0 : -1) : data.words ? 0 : null; // linked chips are one stop for the Tab key
    return chipElement(chip, {
      tag: data.pick ? "button" : "span", type: data.pick ? "button" : null, tabindex: alone, "data-i": i,
      role: data.sentence && !data.pick ? "img" : null, class: data.colourBy === "group" && shade ? "alt" : "",
      "aria-pressed": data.pick ? String(data.picked === i) : null,
      "aria-label": `${chip.text} ${idOf(chip)}, token ${i + 1}${values ? `, ${digits(values[i])}` : ""}`,
    });
  });
  const strip = h("div", { class: "chips", "data-linked": Boolean(data.sentence) }, chips);
  const taken = data.tools ? takeaway({ state, title: data.label, svg: () => drawing(data, own, palette, getComputedStyle(root).fontFamily),
    table: () => [named("position", "token", "id", ...(values ? ["value"] : [])), ...data.chips.map((chip, i) => [String(i + 1), chip.text, String(chip.id), ...(values ? [values[i]] : [])])] }) : null;
  root.replaceChildren(h("div", { class: "strip" }, strip, taken?.tools), ...[words, taken?.table].filter(Boolean));
  const record = (lock) => {
    if (data.sentence) component.setStateValue("picked", lock);
    else if (lock) component.setStateValue("picked", lock[0]); // alone, one token stays chosen
  };
  const bus = join(root, {
    scope: data.sentence,
    lock: data.sentence ? data.lock : data.picked === null ? null : [data.picked, -1],
    record: data.pick ? record : null,
    tell: data.words ? (place) => (place.token < data.words.length && !place.words ? { words: data.words[place.token] } : null) : null,
    show: (place, held) => {
      const shown = place ?? (data.picked === null ? null : { token: data.picked });
      chips.forEach((chip, i) => dress(chip, i, shown, { data, own, palette, held }));
      inView(strip, chips, shown ?? firstMarked(data));
      if (words) words.textContent = data.words[Math.min(shown?.query ?? shown?.token ?? data.words.length - 1, data.words.length - 1)];
    },
  });
  const at = (e) => { const chip = e.target.closest?.(".chip"); return chip ? { token: +chip.dataset.i, entry: data.chips[+chip.dataset.i].id } : null; };
  const choose = (to) => { if (to.token !== data.picked) bus.press(to); };
  bus.watch(strip, at, data.sentence ? bus.press : data.pick ? choose : bus.point);
  strip.addEventListener("focusin", (e) => { const to = at(e); if (to && e.target.matches(":focus-visible")) bus.point(to); });
  strip.addEventListener("focusout", () => bus.point(null));
  strip.onkeydown = (e) => {
    const to = moved(e, [0, Number(e.target.dataset.i)], 1, chips.length);
    if (!to || e.key === "ArrowUp" || e.key === "ArrowDown") {
      if ((e.key === "Enter" || e.key === " ") && !data.pick && data.sentence) bus.press(at(e));
      return;
    }
    chips[cursor].setAttribute("tabindex", -1);
    cursor = to[1];
    chips[cursor].setAttribute("tabindex", 0);
    chips[cursor].focus();
    e.preventDefault();
  };
  if (focused !== undefined) chips[Math.min(cursor, chips.length - 1)]?.focus({ preventScroll: true });
  return bus.leave;
}

/** The marked token that the reader has not chosen, so that a long strip opens where the picture beside it is. */
const firstMarked = ({ marks }) => { const i = Object.entries(marks ?? {}).find(([, mark]) => mark === "query")?.[0]; return i === undefined ? null : { token: +i }; };

/** Turn a strip that scrolls to the token that is pointed at elsewhere; the page itself stays where it is. */
function inView(strip, chips, place) {
  const chip = place && chips[place.query ?? place.token];
  if (!chip || strip.matches(":hover") || strip.scrollHeight <= strip.clientHeight) return;
  const top = chip.offsetTop - strip.offsetTop;
  if (top < strip.scrollTop || top + chip.offsetHeight > strip.scrollTop + strip.clientHeight) strip.scrollTop = top - strip.clientHeight / 2;
}

/** One chip's colours: its own, or while something is pointed at, the weight it gets and the part it plays. */
function dress(chip, i, place, { data, own, palette, held }) {
  const role = part(place, i, data.chips[i].id), mark = palette[role === "token" ? "accent" : role] ?? (place ? null : palette[data.marks?.[i]]);
  const weight = place?.weights?.[i];
  const look = [role, held, weight > 0 ? Math.round(255 * weight) : -1, mark].join();
  if (chip.dataset.look === look) return; // most chips stay as they are while the pointer moves
  chip.dataset.look = look;
  const rgb = weight > 0 ? sequential(palette)(weight) : own[i];
  chip.classList.toggle("on", role !== null);
  chip.classList.toggle("held", Boolean(held && role));
  if (data.pick) chip.setAttribute("aria-pressed", String(role === "token" || role === "query" ? Boolean(held) || data.picked === i : false));
  chip.style.borderColor = chip.style.boxShadow = "";
  chip.style.background = rgb ? css(rgb) : mark ? `color-mix(in srgb, ${mark} 16%, ${palette.card})` : "";
  chip.style.color = rgb ? inkOn(rgb) : "";
  chip.querySelector("small").style.color = rgb ? "inherit" : "";
  if (mark) Object.assign(chip.style, { borderColor: mark, boxShadow: role ? `0 0 0 ${held ? 2 : 1}px ${mark}` : "" });
}

/** The chips as one SVG, to take away. */
function drawing(data, own, palette, font) {
  const wide = 900, line = 58, pen = h("canvas").getContext("2d"), made = [];
  pen.font = `17px ${font}`;
  let x = 12, y = 12;
  data.chips.forEach((chip, i) => {
    const text = chip.text || "∅", width = Math.min(wide - 24, Math.max(pen.measureText(text).width, 8 * idOf(chip).length) + 20);
    if (x + width > wide - 12) [x, y] = [12, y + line];
    const ink = own[i] ? inkOn(own[i]) : palette.ink;
    made.push(s("rect", { x, y, width, height: 48, rx: 8, fill: own[i] ? css(own[i]) : palette.chip }),
      s("text", { x: x + width / 2, y: y + 23, "text-anchor": "middle", "font-size": 17, fill: ink, style: "unicode-bidi: isolate" }, text),
      s("text", { x: x + width / 2, y: y + 40, "text-anchor": "middle", "font-size": 12, "font-family": "monospace", fill: own[i] ? ink : palette.soft }, idOf(chip)));
    x += width + 6;
  });
  const svg = s("svg", { width: wide, height: y + line + 2, viewBox: `0 0 ${wide} ${y + line + 2}`, "font-family": font });
  svg.append(s("rect", { width: "100%", height: "100%", fill: palette.card }), ...made);
  return svg;
}
