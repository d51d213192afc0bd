// What every component shares: reading messages, colours of the theme, safe DOM, tooltip, numbers, exports.

const PALETTES = await (await fetch(new URL("./palette.json", import.meta.url))).json();

/** Colours for the theme in which `element` stands: { dark, ink, accent, ... , rgb(name) }. */
export function colours(element) {
  const background = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  const dark = background ? luminance(hex(background)) < 0.4 : false;
  const palette = PALETTES[dark ? "dark" : "light"];
  return { dark, ...palette };
}

/** Put the palette on `element` as CSS variables (--gf-ink, ...), and return it. */
export function applyTheme(element) {
  const palette = colours(element);
  for (const [name, value] of Object.entries(palette)) if (typeof value === "string") element.style.setProperty(`--gf-${name}`, value);
  return palette;
}

export function hex(colour) {
  const digits = colour.replace("#", "");
  return [0, 2, 4].map((i) => parseInt(digits.slice(i, i + 2), 16));
}

const luminance = ([r, g, b]) => (0.299 * r + 0.587 * g + 0.114 * b) / 255;

const mix = (a, b, t) => [0, 1, 2].map((i) => Math.round(a[i] + (b[i] - a[i]) * t));

/** Value -> [r, g, b]. Probabilities run from low to high (with a gentle curve so that small ones can be seen). */
export function sequential(palette) {
  const low = hex(palette.low), high = hex(palette.high);
  return (v) => mix(low, high, Math.pow(Math.min(1, Math.max(0, v)), 0.7));
}

/** Signed value -> [r, g, b]: negative, zero in the middle, positive; `limit` is the end of both sides. */
export function diverging(palette, limit) {
  const zero = hex(palette.zero), negative = hex(palette.negative), positive = hex(palette.positive);
  return (v) => mix(zero, v < 0 ? negative : positive, Math.min(1, Math.abs(v) / (limit || 1)));
}

export const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

/** White text where it can be read on this background (a contrast of 4.5), else dark ink, else nearly black, which then can. */
export function inkOn(rgb) {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  const light = 0.05 + 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 1.05 / light >= 4.5 ? "#FFFFFF" : light / 0.0647 >= 4.6 ? "#1C2030" : "#050608";
}

/** The other end of `pack` in ui/components/core.py: { ...header, arrays: { name: { data, shape } } }. */
export function unpack(data) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.slice(4 + length).buffer; // a copy, so that the numbers are aligned
  const arrays = {};
  for (const [name, { type, shape, offset }] of Object.entries(header.arrays)) {
    const count = shape.reduce((a, b) => a * b, 1);
    arrays[name] = { shape, data: type === "uint8" ? new Uint8Array(body, offset, count) : new Float32Array(body, offset, count) };
  }
  return { ...header, arrays };
}

/** A DOM element: h("div", { class: "x", onclick: f }, child, "text"). Text is always text, never markup. */
export function h(tag, attributes = {}, ...children) {
  const element = tag === "svg" || attributes.svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "svg" || value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element[name] = value;
    else if (name === "style" && typeof value === "object") Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const s = (tag, attributes = {}, ...children) => h(tag, { ...attributes, svg: true }, ...children);

/** The digits that matter: 0.41, 12.3, 0.0021, 1.2e-7. */
export function digits(v) {
  if (!Number.isFinite(v)) return v === -Infinity ? "−∞" : String(v);
  const a = Math.abs(v);
  const text = a === 0 ? "0" : a >= 100 ? v.toFixed(0) : a >= 10 ? v.toFixed(1) : a >= 0.01 ? v.toFixed(2) : a >= 0.0001 ? v.toFixed(4) : v.toExponential(1);
  return text.replace("-", "−");
}

/** The element of the component, made once per mount, with its style sheet and the theme's colours. */
export function stage(component, style) {
  const root = component.parentElement.querySelector(".gf");
  if (!root.dataset.ready) {
    root.dataset.ready = "1";
    root.before(h("style", {}, SHARED, style));
  }
  return root;
}

/** What a mount remembers between runs of its component function. */
const MEMORY = new WeakMap();
export function memory(root, initial) {
  if (!MEMORY.has(root)) MEMORY.set(root, initial());
  return MEMORY.get(root);
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function save(name, blob) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function saveCSV(name, header, rows) {
  const cell = (v) => (/[",\n]/.test(String(v)) ? `"${String(v).replaceAll('"', '""')}"` : String(v));
  save(name, new Blob(["\ufeff", [header, ...rows].map((row) => row.map(cell).join(",")).join("\n")], { type: "text/csv" }));
}

export const savePNG = (name, canvas) => canvas.toBlob((blob) => save(name, blob));

export const saveSVG = (name, svg) => save(name, new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));

/** A row of small buttons in a figure's corner: tools([["PNG", f], ...]). */
export function tools(entries) {
  return h("div", { class: "tools" }, entries.map(([label, onclick]) => h("button", { type: "button", class: "tool", onclick }, label)));
}

const SHARED = `
.gf { font-family: var(--st-font); color: var(--gf-ink); font-size: 16px; line-height: 1.4; }
.gf * { box-sizing: border-box; }
.gf button { font: inherit; color: inherit; }
.gf :focus-visible { outline: 3px solid var(--gf-accent); outline-offset: 2px; border-radius: 6px; }
.gf .num { font-family: var(--st-code-font); font-variant-numeric: tabular-nums; }
.gf .soft { color: var(--gf-soft); }
.gf .words { border-left: 4px solid var(--gf-accent); padding: 2px 0 2px 14px; margin: 10px 0 4px; min-height: 1.6em; font-size: 17px; overflow-wrap: anywhere; }
.gf .tools { display: flex; gap: 4px; justify-content: flex-end; }
.gf .tool { border: 0; background: none; color: var(--gf-soft); font-size: 13px; padding: 3px 7px; border-radius: 6px; cursor: pointer; }
.gf .tool:hover { color: var(--gf-accent); background: var(--gf-chip); }
.gf .tip { position: fixed; z-index: 9999; pointer-events: none; background: var(--gf-ink); color: var(--gf-paper); padding: 5px 9px; border-radius: 7px; font-size: 14px; max-width: 320px; }
.gf .scroll:empty { display: none; } /* a table that is closed is no stop for the Tab key */
.gf .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (prefers-reduced-motion: reduce) { .gf * { transition: none !important; animation: none !important; } }
`;
