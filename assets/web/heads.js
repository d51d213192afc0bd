// Every head of every layer at a glance: one canvas of thumbnails. A click chooses a head.
import { applyTheme, css, h, memory, savePNG, sequential, stage, tools, unpack } from "./base.js";

const STYLE = `
.grid { display: grid; gap: 8px 10px; align-items: start; grid-template-columns: 52px repeat(var(--heads), minmax(50px, 175px)); }
.grid.dense { gap: 4px 5px; grid-template-columns: 52px repeat(var(--heads), minmax(44px, 175px)); }
.grid.dense .head { padding: 1px; }
.grid.dense .head small { font-size: 11px; }
.grid.dense .column { font-size: 12px; }
.name { font-size: 14px; color: var(--gf-soft); align-self: center; padding-bottom: 18px; }
.column { font-size: 14px; color: var(--gf-soft); text-align: center; }
.head { border: 2px solid transparent; background: none; border-radius: 9px; padding: 3px; cursor: pointer; text-align: center; min-width: 0; transition: border-color 0.15s; }
.head:hover { border-color: var(--gf-line); }
.head.on { border-color: var(--gf-accent); }
.head.off canvas { opacity: 0.25; }
.head canvas { width: 100%; aspect-ratio: 1; display: block; border-radius: 5px; border: 1px solid var(--gf-line); image-rendering: pixelated; }
.head small { display: block; font-size: 12.5px; color: var(--gf-soft); margin-top: 2px; min-height: 1.3em; line-height: 1.2; overflow-wrap: break-word; hyphens: auto; }
.frame { overflow-x: auto; container-type: inline-size; }
@container (max-width: 420px) {
  .grid:not(.dense) { grid-template-columns: repeat(var(--heads), minmax(0, 1fr)); gap: 4px 6px; }
  .grid:not(.dense) .corner { display: none; }
  .grid:not(.dense) .name { grid-column: 1 / -1; padding: 4px 0 0; }
  .grid:not(.dense) .head small { font-size: 12px; }
}
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  memory(root, () => ({}));
  const { data: bytes, shape: [layers, heads, rows, columns] } = data.arrays.patterns;
  const ramp = Array.from({ length: 256 }, (_, v) => sequential(palette)(v / 255));
  const off = new Set(data.off.map(([l, k]) => `${l},${k}`));
  const cells = [h("span", { class: "corner" }), ...Array.from({ length: heads }, (_, k) => h("span", { class: "column" }, heads > 6 ? String(k + 1) : `head ${k + 1}`))];
  for (let l = 0; l < layers; l++) {
    cells.push(h("span", { class: "name" }, `layer ${l + 1}`));
    for (let k = 0; k < heads; k++) {
      const on = data.picked[0] === l && data.picked[1] === k;
      const canvas = h("canvas", { width: columns, height: rows, "aria-hidden": "true" });
      thumbnail(canvas, bytes.subarray((l * heads + k) * rows * columns, (l * heads + k + 1) * rows * columns), ramp);
      const label = data.labels[l][k];
      cells.push(h("button", { type: "button", class: `head ${on ? "on" : ""} ${off.has(`${l},${k}`) ? "off" : ""}`, "aria-pressed": String(on), title: label,
        "aria-label": `layer ${l + 1}, head ${k + 1}${label ? `: ${label}` : ""}${off.has(`${l},${k}`) ? ", switched off" : ""}`,
        onclick: () => component.setTriggerValue("picked", [l, k]) }, canvas, h("small", {}, label)));
    }
  }
  const dense = heads > 6;
  const grid = h("div", { class: dense ? "grid dense" : "grid" }, cells);
  grid.style.setProperty("--heads", heads);
  root.replaceChildren(h("div", { class: "frame", role: "group", "aria-label": data.label }, grid), tools([["PNG", () => savePNG(`${data.name}.png`, sheet(grid, palette))]]));
}

function thumbnail(canvas, bytes, ramp) {
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(canvas.width, canvas.height);
  bytes.forEach((v, i) => image.data.set([...ramp[v], 255], 4 * i));
  pen.putImageData(image, 0, 0);
}

/** All thumbnails on one sheet, for the picture to take away. */
function sheet(grid, palette) {
  const edge = grid.getBoundingClientRect();
  const canvas = h("canvas", { width: edge.width * 2, height: edge.height * 2 });
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  pen.imageSmoothingEnabled = false;
  pen.fillStyle = palette.card;
  pen.fillRect(0, 0, edge.width, edge.height);
  pen.fillStyle = palette.soft;
  pen.font = "13px sans-serif";
  for (const child of grid.querySelectorAll("canvas, small, .name, .column")) {
    const box = child.getBoundingClientRect();
    if (child.tagName === "CANVAS") pen.drawImage(child, box.left - edge.left, box.top - edge.top, box.width, box.height);
    else pen.fillText(child.textContent, box.left - edge.left, box.bottom - edge.top - 4);
  }
  return canvas;
}
