// The whole model as one picture, true to its configuration: each part with its shape and number of weights.
import { applyTheme, h, s, savePNG, saveSVG, stage, tools } from "./base.js";

const STYLE = `
.map { width: 100%; height: auto; display: block; }
.map text { font-family: var(--st-font); fill: var(--gf-ink); }
.map .small { font-size: 13px; fill: var(--gf-soft); }
.map .box { fill: var(--gf-card); stroke: var(--gf-line); stroke-width: 1.5; }
.map .part { cursor: pointer; }
.map .part:hover .box, .map .part:focus-visible .box { stroke: var(--gf-accent); stroke-width: 2.5; }
.map .road { stroke: var(--gf-accent); stroke-width: 5; opacity: 0.35; fill: none; }
.map .wire { stroke: var(--gf-soft); stroke-width: 1.6; fill: none; }
`;

const BOX = 300;
const NARROW = 420; // pixels; below, the margins shrink so that the texts stay large enough to read

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const { parts, label, name } = component.data;
  const narrow = root.clientWidth > 0 && root.clientWidth < NARROW;
  const X = narrow ? 66 : 130, WIDE = X + BOX + (narrow ? 78 : 130), EDGE = narrow ? 62 : 110;
  let y = 12;
  const drawn = [], sides = [];
  let blockTop = 0, roadTop = null, roadEnd = null;
  for (const part of parts) {
    if (part.kind === "block-start") { blockTop = y; y += 34; drawn.push(s("text", { x: X, y: blockTop + 23, "font-size": 15, "font-weight": 600 }, part.title)); continue; }
    if (part.kind === "block-end") {
      drawn.unshift(s("rect", { x: X - EDGE, y: blockTop, width: BOX + EDGE + (narrow ? 74 : 110), height: y - blockTop + 2, rx: 14, fill: palette.paper, stroke: palette.line, "stroke-dasharray": "5 4" }));
      y += 22;
      continue;
    }
    const height = part.detail ? 50 : 34;
    const group = s("g", { class: part.page ? "part" : "", tabindex: part.page ? 0 : null, role: part.page ? "link" : null, "aria-label": [part.title, part.detail, part.weights, part.shape].filter(Boolean).join(", ") },
      s("rect", { class: "box", x: X, y, width: BOX, height, rx: 9, style: part.colour ? { stroke: palette[part.colour] } : {} }),
      s("text", { x: X + 14, y: y + 21, "font-size": 15.5, "font-weight": 600 }, part.title), " ", // spaces keep the words apart for those who read, not see, the picture
      part.detail ? s("text", { class: "small", x: X + 14, y: y + 39 }, part.detail) : null, " ",
      part.weights ? s("text", { class: "small", x: X + BOX - 12, y: y + 21, "text-anchor": "end" }, part.weights) : null);
    if (part.page) {
      group.onclick = () => open(part.page);
      group.onkeydown = (e) => { if (e.key === "Enter") open(part.page); };
    }
    drawn.push(group);
    if (part.shape) sides.push(s("text", { class: "small", x: X + BOX + 16, y: y + height / 2 + 5 }, part.shape));
    if (part.reads) drawn.push(s("path", { class: "wire", d: `M ${X - 52} ${y + height / 2} h 52` }), s("path", { d: `M ${X - 7} ${y + height / 2 - 4} l 7 4 l -7 4 z`, fill: palette.soft }));
    if (part.enters) { roadTop ??= y + height / 2; drawn.push(s("path", { class: "wire", d: `M ${X} ${y + height / 2} h -52` })); }
    if (part.adds) { // the sublayer's result joins the residual stream
      drawn.push(s("path", { class: "wire", d: `M ${X} ${y + height / 2} h -28 v ${height / 2 + 9} h -14` }),
        s("circle", { cx: X - 52, cy: y + height + 9, r: 9, fill: palette.card, stroke: palette.soft, "stroke-width": 1.6 }),
        s("text", { x: X - 52, y: y + height + 14, "text-anchor": "middle", "font-size": 15 }, "+"));
    }
    if (part.leaves) roadEnd = y + height / 2;
    y += height + 20;
  }
  const road = s("line", { class: "road", x1: X - 52, x2: X - 52, y1: roadTop ?? 20, y2: roadEnd ?? y - 30 });
  const firstBox = drawn.findIndex((element) => element.tagName === "g");
  drawn.splice(Math.max(0, firstBox), 0, road);
  const picture = s("svg", { class: "map", viewBox: `0 0 ${WIDE} ${y - 8}`, role: "group", "aria-label": label }, drawn, sides);
  root.replaceChildren(picture, tools([["SVG", () => saveSVG(`${name}.svg`, picture)], ["PNG", () => rasterise(picture, name, palette)]]));
}

function rasterise(picture, name, palette) {
  const copy = picture.cloneNode(true);
  const [, , width, height] = picture.getAttribute("viewBox").split(" ").map(Number);
  copy.setAttribute("width", width * 2);
  copy.setAttribute("height", height * 2);
  copy.prepend(s("style", {}, `text{font-family:sans-serif;fill:${palette.ink}}.small{font-size:13px;fill:${palette.soft}}.box{fill:${palette.card};stroke:${palette.line};stroke-width:1.5}.road{stroke:${palette.accent};stroke-width:5;opacity:.35}.wire{stroke:${palette.soft};fill:none}`));
  const image = new Image();
  image.onload = () => {
    const canvas = h("canvas", { width: width * 2, height: height * 2 });
    canvas.getContext("2d").drawImage(image, 0, 0);
    savePNG(`${name}.png`, canvas);
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
}

function open(page) {
  [...document.querySelectorAll(".st-key-station-links a")].find((link) => link.textContent.trim() === page)?.click();
}
