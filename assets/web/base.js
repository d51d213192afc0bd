// What every component shares: reading messages, colours of the theme, safe DOM, tooltip, numbers, exports.

const fetched = async (name) => (await fetch(new URL(name, import.meta.url))).json();
const [PALETTES, WORDS] = await Promise.all([fetched("./palette.json"), fetched("./words.json")]); // words: assets/text/en/figures.toml

/** Colours for the theme in which `element` stands: { dark, ink, accent, ... , rgb(name) }. */
export function colours(element) {
  const background = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  const dark = background ? luminance(hex(background)) < 0.4 : false;
  const palette = PALETTES[dark ? "dark" : "light"];
  return { dark, ...palette };
}

/** Put the palette on `element` as CSS variables (--gf-ink, ...), and return it; `inside` stands in the theme where it does not. */
export function applyTheme(element, inside = element) {
  const palette = colours(inside);
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

/** The digits that matter: 0.41, 12.3, 5,260, 0.0021, 1.2e-7, 3.4e+9. */
export function digits(v) {
  if (!Number.isFinite(v)) return v === -Infinity ? "−∞" : String(v);
  const a = Math.abs(v);
  const text = a === 0 ? "0" : a >= 1e6 ? v.toExponential(1) : a >= 1000 ? (+v.toFixed(0)).toLocaleString("en") : a >= 100 ? v.toFixed(0) : a >= 10 ? v.toFixed(1) : a >= 0.01 ? v.toFixed(2) : a >= 0.0001 ? v.toFixed(4) : v.toExponential(1);
  return text.replaceAll("-", "−");
}

/** The element of the component, made once per mount, with its style sheet and the theme's colours. */
export function stage(component, style) {
  const root = component.parentElement.querySelector(".gf");
  if (!root.dataset.ready) {
    root.dataset.ready = "1";
    keepPresses(root);
    root.before(h("style", {}, SHARED, style));
  }
  return root;
}

/** A figure may be drawn anew between the two halves of a mouse's press, and the browser then presses nothing: it is made up for. */
function keepPresses(root) {
  let down = null, done = false;
  const at = (e) => e.target.closest?.("button") ?? null, words = (button) => button && `${button.className} ${button.textContent}`;
  root.addEventListener("pointerdown", (e) => { down = words(at(e)); });
  root.addEventListener("click", () => { done = true; }, true);
  root.addEventListener("pointerup", (e) => {
    const button = at(e);
    if (e.pointerType === "mouse" && e.button === 0 && button && words(button) === down) {
      done = false;
      setTimeout(() => { if (!done) button.click(); }); // the browser's own click comes before that
    }
    down = null;
  });
}

/** What a mount remembers between runs of its component function. */
const MEMORY = new WeakMap();
export function memory(root, initial) {
  if (!MEMORY.has(root)) MEMORY.set(root, initial());
  return MEMORY.get(root);
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** Right-to-left text kept apart, so that it does not turn round the words beside it. */
export const apart = (text) => (RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text);

/** "{row} gives {value}" with values for the names, all at once: a token may itself be called "{value}" or "$&". */
export const filled = (template, values) => template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? apart(String(values[name])) : whole));

/** A float32 with all its digits: the shortest decimal number that is this one and no other. */
export function exact(v) {
  if (Number.isNaN(v)) return ""; // nothing there: a cell that the mask hides
  if (!Number.isFinite(v)) return digits(v);
  for (let n = 1; n <= 9; n++) if (Math.fround(+v.toPrecision(n)) === Math.fround(v)) return String(+v.toPrecision(n)).replaceAll("-", "−");
  return String(v).replaceAll("-", "−");
}

/** What an arrow key means: [down, right] of one step; undefined for other keys. */
export const arrow = (e) => ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] })[e.key];

/** Where an arrow key, Home or End takes a cell cursor; null for other keys. Home and End go along the row, with Ctrl to the corners. */
export function moved(e, [i, j], rows, columns) {
  const clamp = (v, size) => Math.min(size - 1, Math.max(0, v));
  const step = arrow(e);
  if (step) return [clamp(i + step[0], rows), clamp(j + step[1], columns)];
  if (e.key === "Home") return [e.ctrlKey ? 0 : i, 0];
  if (e.key === "End") return [e.ctrlKey ? rows - 1 : i, columns - 1];
  return null;
}

/** "glassformer-stories-step-12000-attention-of-layer-1-head-1": whose numbers and what they are. */
function fileName(title, whose) {
  const slug = (text) => text.toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60);
  return ["glassformer", whose, title.split(/[:.;]/)[0]].filter(Boolean).map(slug).join("-");
}

/** Whose numbers the page's figures show, as the pipeline strip says it. */
const benchs = () => document.documentElement.dataset.provenance ?? "";

/** The headings of a table, by their names in the words of figures. */
export const named = (...names) => names.map((name) => WORDS.columns[name]);

/** The heading of a column of which there are several: with its number, or what it is about. */
export const numbered = (name, n) => filled(WORDS.columns[name], { n });

/** What every figure can be taken away as, in one row, and the place for its table.
 *
 * `figure`: { state, title, svg() -> SVGElement, table() -> [header, ...rows] }. The PNG is drawn from the SVG. Numbers of the
 * table are float32 with all their digits. Of a long one `most` rows are shown, or those of `brief()`, with `rest` under them;
 * the file has them all. `whose()` says whose numbers they are, when not those of the model at the top of the page.
 * `file` is what the files are called, where that says more than the title. Returns { tools, table, fill }; `fill` brings a table that is open up to date.
 */
export function takeaway({ state, title, file = title, svg, table, brief = table, most = Infinity, rest = "", whose = benchs }) {
  const place = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": filled(WORDS.table_of, { title }) });
  const fill = () => place.replaceChildren(...(state.table ? shownTable(brief(), most, rest) : []));
  const drawing = () => {
    const picture = svg().cloneNode(true);
    cite(picture, title, whose(), row);
    return picture;
  };
  const flip = (e) => { state.table = !state.table; e.target.setAttribute("aria-expanded", String(state.table)); fill(); };
  const name = (kind) => `${fileName(file, whose())}.${kind}`;
  const plain = (v) => (typeof v === "number" ? exact(v).replaceAll("−", "-").replace("∞", "inf") : v);
  const row = tools([[WORDS.table, flip], [WORDS.png, () => saveDrawingAsPNG(name("png"), drawing())], [WORDS.svg, () => save(name("svg"), svgFile(drawing()))],
    [WORDS.csv, () => saveCSV(name("csv"), table().map((cells) => cells.map(plain)))]]);
  row.firstChild.setAttribute("aria-expanded", String(Boolean(state.table)));
  fill();
  return { tools: row, table: place, fill };
}

const shownTable = (lines, most, rest) => [dataTable(lines.slice(0, most + 1)), ...(lines.length > most + 1 && rest ? [h("p", { class: "soft" }, rest)] : [])];

const LONG = 40; // characters of a cell that may go on in the next line

function dataTable([header, ...rows]) {
  const cell = (tag, v) => h(tag, { class: typeof v !== "number" && String(v).length >= LONG ? "long" : null }, h("bdi", {}, typeof v === "number" ? exact(v) : String(v)));
  return h("table", { class: "data" }, h("tr", {}, header.map((v) => cell("th", v))), rows.map(([first, ...rest]) => h("tr", {}, cell("th", first), rest.map((v) => cell("td", v)))));
}

/** Under a drawing, what it shows and whose numbers these are: a picture that was taken away still says so. */
function cite(svg, title, whose, element) {
  const { x, y, width, height } = svg.viewBox.baseVal, look = getComputedStyle(element), pen = h("canvas").getContext("2d");
  const family = look.fontFamily, made = ["Glassformer", whose].filter(Boolean).join(" · "), about = title.split(/[:.;]/)[0];
  pen.font = `12px ${family}`;
  const wide = (text) => pen.measureText(text).width, room = width - 16;
  const lines = wide(`${about} · ${made}`) <= room ? [`${about} · ${made}`] : [about, made];
  const deep = 14 + 16 * lines.length;
  for (const [name, value] of [["viewBox", [x, y, width, height + deep].join(" ")], ["width", width], ["height", height + deep]]) svg.setAttribute(name, value);
  if (!svg.hasAttribute("font-family")) svg.setAttribute("font-family", family);
  svg.append(s("rect", { x, y: y + height, width, height: deep, style: `fill: ${look.getPropertyValue("--gf-card")}; stroke: none` }), ...lines.map((text, i) => s("text", {
    x: x + 8, y: y + height + 20 + 16 * i, style: `font: 12px ${family}; fill: ${look.getPropertyValue("--gf-soft")}`, // a drawing may have a style sheet
    ...(wide(text) > room ? { textLength: room, lengthAdjust: "spacingAndGlyphs" } : {}) }, text)));
  svg.prepend(s("title", {}, title), s("desc", {}, whose));
}

/** An SVG as a PNG of twice its size, in the page's own fonts. */
async function saveDrawingAsPNG(name, svg) {
  const { width, height } = svg.viewBox.baseVal, { fontsOf } = await import("./fonts.js");
  svg.prepend(s("style", {}, await fontsOf(svg)));
  const address = URL.createObjectURL(svgFile(svg)), image = new Image();
  image.src = address;
  await image.decode();
  const canvas = h("canvas", { width: 2 * width, height: 2 * height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  canvas.toBlob((blob) => save(name, blob));
}

/** A new pen for a canvas that is sized for the screen (or has so many pixels for each of CSS); its memory is made anew only when the size changes.
 * Nothing is left of the last painting, not even the width of its lines: a picture does not depend on how often it was painted. */
export function fitCanvas(canvas, width, height, ratio = window.devicePixelRatio || 1) {
  const wide = Math.round(width * ratio), high = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  if (canvas.width !== wide || canvas.height !== high || !pen.reset) Object.assign(canvas, { width: wide, height: high });
  else pen.reset();
  canvas.style.height = `${height}px`;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return pen;
}

/** Put a canvas of the same size on another, pixel by pixel. */
export function copied(pen, base) {
  const now = pen.getTransform();
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, base.width, base.height); // an edge may be half transparent
  pen.drawImage(base, 0, 0);
  pen.setTransform(now);
}

function save(name, blob) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000); // a busy machine may begin to read it late
}

function saveCSV(name, rows) {
  const cell = (v) => (/[",\n\r]/.test(String(v)) ? `"${String(v).replaceAll('"', '""')}"` : String(v));
  save(name, new Blob(["\ufeff", rows.map((row) => row.map(cell).join(",")).join("\n")], { type: "text/csv" }));
}

/** A token may hold control characters, which no SVG may. */
const svgFile = (svg) => new Blob([new XMLSerializer().serializeToString(svg).replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd")], { type: "image/svg+xml" });

/** Click the page link with this title; Streamlit then changes the page and keeps the bench. */
export function openPage(title) {
  [...document.querySelectorAll(".st-key-station-links a")].find((link) => link.textContent.trim() === title)?.click();
}

/** A row of small buttons in a figure's corner: tools([["PNG", f], ...]). */
function tools(entries) {
  return h("div", { class: "tools" }, entries.map(([label, onclick]) => h("button", { type: "button", class: "tool", onclick }, label)));
}

/** For a figure that takes the room that its card has left (app.css names it): what stands in it and may grow says so by flex. */
export const GROWN = ":host > div, :host > div > div, .gf { display: flex; flex-direction: column; flex: 1 1 auto; min-width: 0; }";

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
.gf .under { display: flex; justify-content: flex-end; align-items: center; gap: 8px; flex-wrap: wrap; margin-top: 6px; }
.gf .foot > .tools { margin-left: auto; }
.gf .under > .legend { margin-right: auto; }
.gf .scroll { overflow: auto; max-height: 420px; margin-top: 8px; }
.gf table.data { border-collapse: collapse; font-size: 13px; font-family: var(--st-code-font); }
.gf table.data :is(td, th) { border: 1px solid var(--gf-line); padding: 2px 6px; text-align: right; font-weight: 400; white-space: pre; }
.gf table.data .long { white-space: pre-wrap; min-width: 22em; text-align: left; }
.gf table.data th { color: var(--gf-soft); }
.gf table.data th:first-child { position: sticky; left: 0; background: var(--gf-card); }
.gf .scroll:empty { display: none; } /* a table that is closed is no stop for the Tab key */
.gf .gf-whole, .gf .gf-whole * { max-height: none !important; } /* while it is drawn, to be taken away */
.gf .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (prefers-reduced-motion: reduce) { .gf * { transition: none !important; animation: none !important; } }
`;
