// Every head of every layer at a glance, on one canvas. What is pointed at anywhere shows as row and cell in all of them, and a
// cell of a thumbnail lights up everywhere else; a click opens the head. The numbers are bytes, so none of them is printed.
import { GROWN, applyTheme, copied, filled, fitCanvas, h, memory, moved, named, s, sequential, stage, takeaway, unpack } from "./base.js";
import { join } from "./bus.js";

const STYLE = `
.grid { position: relative; display: grid; gap: 8px 10px; align-items: start; flex: 1 1 auto; max-height: calc(30px + var(--layers) * var(--tall, 230px)); grid-template-rows: max-content; grid-template-columns: 52px repeat(var(--heads), minmax(50px, 175px)); }
.grid.few { --tall: 300px; grid-template-columns: 52px repeat(var(--heads), minmax(50px, 230px)); }
.grid.dense { gap: 4px 5px; grid-template-columns: 52px repeat(var(--heads), minmax(44px, 175px)); }
.grid.dense .head { padding: 1px; }
.grid.dense .head small { font-size: 11px; }
.grid.dense .column { font-size: 12px; }
.grid > canvas { position: absolute; left: 0; top: 0; pointer-events: none; }
.name { font-size: 14px; line-height: 20px; color: var(--gf-soft); padding-top: calc(var(--square, 100px) / 2 - 5px); }
.column { font-size: 14px; color: var(--gf-soft); text-align: center; }
.head { border: 2px solid transparent; background: none; border-radius: 9px; padding: 3px; cursor: pointer; text-align: center; min-width: 0; transition: border-color 0.15s; }
.head:hover { border-color: var(--gf-line); }
.head.on { border-color: var(--gf-accent); }
.head i { width: 100%; aspect-ratio: 1; display: block; border-radius: 5px; border: 1px solid var(--gf-line); }
.head small { display: block; font-size: 12.5px; color: var(--gf-soft); margin-top: 2px; min-height: 1.3em; line-height: 1.2; overflow-wrap: break-word; hyphens: auto; }
.frame { overflow-x: auto; container-type: inline-size; display: flex; flex-direction: column; flex: 1 1 auto; }
${GROWN}
@container (max-width: 420px) {
  .grid:not(.dense) { max-height: none; grid-template-columns: repeat(var(--heads), minmax(0, 1fr)); gap: 4px 6px; }
  .grid:not(.dense) .corner { display: none; }
  .grid:not(.dense) .name { grid-column: 1 / -1; padding: 4px 0 0; }
  .grid:not(.dense) .head small { font-size: 12px; }
}
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const { data: bytes, shape: [layers, heads, side] } = data.arrays.patterns;
  const state = memory(root, () => ({ table: false, cursor: null }));
  const [cl, ck] = state.cursor ?? data.picked;
  state.cursor = [Math.min(cl, layers - 1), Math.min(ck, heads - 1)];
  const focused = root.getRootNode().activeElement?.classList.contains("head"); // before this run replaces the buttons
  const off = new Set(data.off.map(([l, k]) => l * heads + k));
  const picture = { data, palette, layers, heads, side, off, block: Math.ceil(data.tokens.length / side), images: thumbnails(bytes, layers * heads, side, palette), base: h("canvas"), canvas: h("canvas", { "aria-hidden": "true" }) };
  const { buttons, cells } = build(picture, state);
  picture.slots = buttons.map((button) => button.firstChild);
  const grid = (picture.grid = h("div", { class: heads > 6 ? "grid dense" : layers < 3 ? "grid few" : "grid" }, cells, picture.canvas));
  grid.style.setProperty("--heads", heads);
  grid.style.setProperty("--layers", layers);
  const words = h("div", { class: "words" });
  const taken = takeaway({ state, title: data.label, svg: () => drawing(picture), table: () => table(picture, bytes) });
  root.replaceChildren(h("div", { class: "frame", role: "group", "aria-label": data.label }, grid), words, h("div", { class: "under" }, taken.tools), taken.table);
  measure(picture);
  const open = (to) => component.setTriggerValue("picked", [to.layer, to.head]);
  const bus = join(root, {
    scope: data.sentence,
    lock: data.lock,
    show: (place, held) => { draw(picture, place, held); words.textContent = place?.layer === undefined ? data.hint : place.words; },
  });
  const at = (e) => {
    const button = e.target.closest?.(".head");
    return button ? placed(picture, +button.dataset.i, e) : null;
  };
  bus.watch(grid, at, open);
  grid.addEventListener("focusin", (e) => { if (e.target.matches(":focus-visible")) bus.point(at(e)); });
  grid.addEventListener("focusout", () => bus.point(null));
  grid.onkeydown = (e) => {
    const to = e.target.dataset.i && moved(e, state.cursor, layers, heads);
    if (!to) return;
    e.preventDefault();
    buttons[state.cursor[0] * heads + state.cursor[1]].setAttribute("tabindex", -1);
    state.cursor = to;
    const button = buttons[to[0] * heads + to[1]];
    button.setAttribute("tabindex", 0);
    button.focus();
  };
  if (focused) buttons[state.cursor[0] * heads + state.cursor[1]].focus({ preventScroll: true });
  state.observer?.disconnect();
  state.observer = new ResizeObserver(() => { if (measure(picture)) draw(picture, picture.place, picture.held); });
  state.observer.observe(grid);
  return () => { state.observer.disconnect(); bus.leave(); };
}

/** One button a head, with an empty square that the canvas draws over. */
function build({ data, layers, heads, off }, state) {
  const buttons = [];
  const cells = [h("span", { class: "corner" }), ...Array.from({ length: heads }, (_, k) => h("span", { class: "column" }, heads > 6 ? String(k + 1) : `head ${k + 1}`))];
  for (let l = 0; l < layers; l++) {
    cells.push(h("span", { class: "name" }, `layer ${l + 1}`));
    for (let k = 0; k < heads; k++) {
      const on = data.picked[0] === l && data.picked[1] === k, label = data.labels[l][k], stopped = off.has(l * heads + k);
      buttons.push(h("button", { type: "button", class: `head ${on ? "on" : ""} ${stopped ? "off" : ""}`, "aria-pressed": String(on), title: label, "data-i": l * heads + k,
        tabindex: state.cursor[0] === l && state.cursor[1] === k ? 0 : -1, "aria-label": `layer ${l + 1}, head ${k + 1}${label ? `: ${label}` : ""}${stopped ? ", switched off" : ""}` },
      h("i"), h("small", {}, label)));
      cells.push(buttons.at(-1));
    }
  }
  return { buttons, cells };
}

/** The pair under the pointer; of the keyboard only the head. A cell of a shrunk thumbnail stands for a square of pairs: its first. */
function placed({ data, heads, block, side, slots }, i, e) {
  const place = { layer: Math.floor(i / heads), head: i % heads };
  const box = e.clientX !== undefined && slots[i].getBoundingClientRect();
  if (!box) return { ...place, words: sentence(data, place) };
  const cell = (v, start, size) => Math.floor(((v - start) / size) * side) * block;
  const query = cell(e.clientY, box.top, box.height), key = cell(e.clientX, box.left, box.width), last = data.tokens.length;
  const inside = query >= 0 && key >= 0 && query < last && key < last;
  return { ...place, ...(inside ? { query, key } : {}), words: sentence(data, { ...place, query: inside ? query : undefined, key }) };
}

function sentence({ words, wordsHead, tokens }, { layer, head, query, key }) {
  return filled(query === undefined ? wordsHead : words, { layer: layer + 1, head: head + 1, row: tokens[query], column: tokens[key] });
}

/** Each head's bytes as a small picture, one pixel for each cell. */
function thumbnails(bytes, count, side, palette) {
  const ramp = new Uint32Array(256), colour = sequential(palette);
  for (let v = 0; v < 256; v++) { const [r, g, b] = colour(v / 255); ramp[v] = (255 << 24) | (b << 16) | (g << 8) | r; }
  const sheet = h("canvas", { width: side, height: side * count }), pen = sheet.getContext("2d"), image = pen.createImageData(side, side * count);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = ramp[bytes[i]];
  pen.putImageData(image, 0, 0);
  return sheet;
}

/** Where the squares stand now; whether that has changed. Draws the thumbnails there, once. */
function measure(picture) {
  const { grid, slots, images, side, off, base, palette } = picture, edge = grid.getBoundingClientRect();
  const boxes = slots.map((slot) => { const box = slot.getBoundingClientRect(); return [box.left - edge.left + 1, box.top - edge.top + 1, box.width - 2, box.height - 2]; });
  grid.style.setProperty("--square", `${boxes[0][3]}px`); // its name stands beside the middle of each
  const width = grid.scrollWidth, height = grid.clientHeight, known = JSON.stringify([width, height, boxes[0], boxes.at(-1), window.devicePixelRatio]);
  if (known === picture.known) return false;
  Object.assign(picture, { known, boxes, width, height });
  const pen = fitCanvas(base, width, height);
  pen.clearRect(0, 0, width, height);
  boxes.forEach(([x, y, w, high], i) => {
    pen.imageSmoothingEnabled = side > w; // larger than its square: averaged, not dropped
    pen.globalAlpha = off.has(i) ? 0.25 : 1;
    pen.fillStyle = palette.card;
    pen.fillRect(x, y, w, high);
    pen.drawImage(images, 0, i * side, side, side, x, y, w, high);
  });
  pen.globalAlpha = 1;
  return true;
}

/** One frame: all thumbnails, and in each the row and cell that are pointed at. */
function draw(picture, place, held) {
  const { canvas, base, width, height, boxes, block, side, palette, heads, data } = picture;
  Object.assign(picture, { place, held });
  const pen = fitCanvas(canvas, width, height);
  canvas.style.width = `${width}px`;
  pen.clearRect(0, 0, width, height);
  copied(pen, base);
  const row = place?.query ?? place?.token;
  if (row === undefined || row >= data.tokens.length) return;
  const i = Math.floor(row / block), j = place.key === undefined ? null : Math.floor(place.key / block);
  pen.fillStyle = palette.card;
  pen.globalAlpha = 0.55;
  for (const [x, y, w, high] of boxes) {
    const step = high / side;
    pen.fillRect(x, y, w, i * step);
    pen.fillRect(x, y + (i + 1) * step, w, high - (i + 1) * step);
  }
  pen.globalAlpha = 1;
  pen.lineWidth = held ? 2 : 1.5;
  boxes.forEach(([x, y, w, high], at) => {
    const step = high / side, here = place.layer !== undefined && at === place.layer * heads + place.head;
    pen.strokeStyle = palette.query;
    if (here || step >= 3) pen.strokeRect(x, y + i * step, w, step);
    if (j === null) return;
    const size = Math.max(step, 5);
    pen.strokeStyle = palette.key;
    pen.strokeRect(x + (j + 0.5) * step - size / 2, y + (i + 0.5) * step - size / 2, size, size);
  });
}

/** All thumbnails with their names, to take away. */
function drawing({ data, palette, layers, heads, side, images, grid }) {
  const size = 96, gap = 10, left = 70, top = 30, step = size + 24, font = getComputedStyle(grid).fontFamily;
  const width = left + heads * (size + gap) + 6, height = top + layers * step + 4;
  const svg = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": font, "font-size": 13, fill: palette.soft });
  svg.append(s("rect", { width: "100%", height: "100%", fill: palette.card }));
  for (let k = 0; k < heads; k++) svg.append(s("text", { x: left + k * (size + gap) + size / 2, y: 18, "text-anchor": "middle" }, `head ${k + 1}`));
  for (let l = 0; l < layers; l++) {
    svg.append(s("text", { x: left - 10, y: top + l * step + size / 2, "text-anchor": "end" }, `layer ${l + 1}`));
    for (let k = 0; k < heads; k++) {
      const x = left + k * (size + gap), y = top + l * step, one = h("canvas", { width: side, height: side });
      one.getContext("2d").drawImage(images, 0, (l * heads + k) * side, side, side, 0, 0, side, side);
      svg.append(s("image", { x, y, width: size, height: size, href: one.toDataURL(), style: "image-rendering: pixelated", preserveAspectRatio: "none" }),
        s("rect", { x, y, width: size, height: size, fill: "none", stroke: palette.line }), s("text", { x: x + size / 2, y: y + size + 14, "text-anchor": "middle", "font-size": 11 }, data.labels[l][k]));
    }
  }
  return svg;
}

/** For each head and query the key with the most weight: what the thumbnails let one see. The weights are those of the bench's head. */
function table({ data, layers, heads, side, block }, bytes) {
  const rows = [[...named("layer", "head", "what"), ...data.tokens.map((token, t) => `${t + 1} ${token}`)]];
  for (let l = 0; l < layers; l++) for (let k = 0; k < heads; k++) {
    const start = (l * heads + k) * side * side;
    const best = data.tokens.map((_, t) => {
      const i = Math.floor(t / block), row = bytes.subarray(start + i * side, start + (i + 1) * side);
      return data.tokens[row.indexOf(Math.max(...row)) * block] ?? "";
    });
    rows.push([String(l + 1), String(k + 1), data.labels[l][k], ...best]);
  }
  return rows;
}
