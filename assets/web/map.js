// The whole model as one picture, true to its configuration: each part with its shape and number of weights.
import { applyTheme, h, memory, s, savePNG, saveSVG, stage, tools } from "./base.js";

const STYLE = `
.map { width: 100%; max-width: 660px; height: auto; display: block; margin: 0 auto; }
.map text { font-family: var(--st-font); fill: var(--gf-ink); }
.map .small { font-size: 13px; fill: var(--gf-soft); }
.map .box { fill: var(--gf-card); stroke: var(--gf-line); stroke-width: 1.5; }
.map .part { cursor: pointer; }
.map .part:hover .box, .map .part:focus-visible .box { stroke: var(--gf-accent); stroke-width: 2.5; }
.map .road { stroke: var(--gf-accent); stroke-width: 5; opacity: 0.35; fill: none; }
.map .wire { stroke: var(--gf-soft); stroke-width: 1.6; fill: none; }
`;

const NARROW = 480; // pixels; below, the picture is drawn to the width there is, with the shapes inside the boxes
const LINE = 18;

export default function (component) {
  const root = stage(component, STYLE);
  const draw = () => paint(root, component.data);
  const state = memory(root, () => ({ width: 0, watch: null }));
  state.watch?.disconnect();
  state.watch = new ResizeObserver(() => {
    if (Math.abs(root.clientWidth - state.width) > 4 && Math.min(root.clientWidth, state.width) < NARROW) draw();
    state.width = root.clientWidth;
  });
  state.width = root.clientWidth;
  draw();
  state.watch.observe(root);
}

/** Where things stand: of a wide picture in its own units, of a narrow one in pixels. */
function measures(width) {
  if (width > 0 && width < NARROW) return { narrow: true, x: 46, edge: 46, road: 20, box: width - 56, right: 10, letters: Math.floor((width - 84) / 6.4) };
  return { narrow: false, x: 110, edge: 90, road: 58, box: 340, right: 110, letters: 58 };
}

function paint(root, { parts, label, name }) {
  const palette = applyTheme(root);
  const { narrow, x, edge, road, box, right, letters } = measures(root.clientWidth);
  let y = 12, blockTop = 0, roadTop = null, roadEnd = null;
  const drawn = [], frames = [], sides = [];
  const wire = (d) => drawn.push(s("path", { class: "wire", d }));
  const tip = (px, py, d) => drawn.push(s("path", { d: `M ${px} ${py} ${d} z`, fill: palette.soft }));
  const plus = (py) => drawn.push(s("circle", { cx: road, cy: py, r: 9, fill: palette.card, stroke: palette.soft, "stroke-width": 1.6 }),
    s("text", { x: road, y: py + 5, "text-anchor": "middle", "font-size": 15 }, "+"));
  parts.forEach((part) => {
    if (part.kind === "block-start") { blockTop = y; y += 34; drawn.push(s("text", { x, y: blockTop + 23, "font-size": 15, "font-weight": 600 }, part.title)); return; }
    if (part.kind === "block-end") {
      frames.push(s("rect", { x: x - edge, y: blockTop, width: edge + box + right - (narrow ? 0 : 20), height: y - blockTop + 2, rx: 14, fill: palette.paper, stroke: palette.line, "stroke-dasharray": "5 4" }));
      y += 22;
      return;
    }
    const small = [...(narrow ? [[part.weights, part.shape].filter(Boolean).join(" · ")] : []), ...wrap(part.detail ?? "", letters)].filter(Boolean);
    const height = 34 + LINE * small.length - (small.length ? 2 : 0), middle = y + height / 2;
    const group = s("g", { class: part.page ? "part" : "", tabindex: part.page ? 0 : null, role: part.page ? "link" : null, "aria-label": (narrow ? [part.title, part.weights, part.shape, part.detail] : [part.title, part.detail, part.weights, part.shape]).filter(Boolean).join(", ") },
      s("rect", { class: "box", x, y, width: box, height, rx: 9, style: part.colour ? { stroke: palette[part.colour] } : {} }),
      s("text", { x: x + 14, y: y + 22, "font-size": 15.5, "font-weight": 600 }, part.title), " ", // spaces keep the words apart for those who read, not see, the picture
      small.flatMap((line, i) => [s("text", { class: "small", x: x + 14, y: y + 40 + LINE * i }, line), " "]),
      part.weights && !narrow ? s("text", { class: "small", x: x + box - 12, y: y + 22, "text-anchor": "end" }, part.weights) : null);
    if (part.page) {
      group.onclick = () => open(part.page);
      group.onkeydown = (e) => { if (e.key === "Enter") open(part.page); };
    }
    drawn.push(group);
    if (part.shape && !narrow) sides.push(s("text", { class: "small", x: x + box + 14, y: middle + 5 }, part.shape));
    if (part.onwards) { wire(`M ${x + box / 2} ${y + height} v 15`); tip(x + box / 2 - 4, y + height + 13, "l 8 0 l -4 7"); }
    if (part.reads) { wire(`M ${road} ${middle} H ${x - 7}`); tip(x - 7, middle - 4, "l 7 4 l -7 4"); }
    if (part.enters) {
      wire(`M ${x} ${middle} H ${road}`);
      if (roadTop === null) roadTop = middle;
      else plus(middle);
    }
    if (part.replaces) { // a norm in the stream itself
      wire(`M ${road} ${y + 9} H ${x - 7}`);
      tip(x - 7, y + 5, "l 7 4 l -7 4");
      wire(`M ${x} ${y + height - 9} H ${road + 7}`);
      tip(road + 7, y + height - 13, "l -7 4 l 7 4");
    }
    if (part.adds) { // the sublayer's result joins the residual stream
      wire(`M ${x} ${middle} h ${-(x - road) / 2 + 2} V ${y + height + 9} H ${road}`);
      plus(y + height + 9);
    }
    if (part.leaves) roadEnd = middle;
    y += height + 20;
  });
  const stream = s("line", { class: "road", x1: road, x2: road, y1: roadTop ?? 20, y2: roadEnd ?? y - 30 });
  const picture = s("svg", { class: "map", viewBox: `0 0 ${x + box + right} ${y - 8}`, role: "group", "aria-label": label }, frames, stream, drawn, sides);
  root.replaceChildren(picture, tools([["SVG", () => saveSVG(`${name}.svg`, styled(picture, palette))], ["PNG", () => rasterise(picture, name, palette)]]));
}

/** Lines of at most so many letters. */
function wrap(text, letters) {
  return text.split(" ").reduce((lines, word) => {
    const last = lines.at(-1);
    return last !== undefined && `${last} ${word}`.length <= letters ? [...lines.slice(0, -1), `${last} ${word}`] : [...lines, word];
  }, []);
}

/** A copy that carries its style, for a file; twice the size. */
function styled(picture, palette) {
  const copy = picture.cloneNode(true);
  const [, , width, height] = picture.getAttribute("viewBox").split(" ").map(Number);
  copy.setAttribute("width", width * 2);
  copy.setAttribute("height", height * 2);
  copy.prepend(s("rect", { width, height, fill: palette.card }));
  copy.prepend(s("style", {}, `text{font-family:sans-serif;fill:${palette.ink}}.small{font-size:13px;fill:${palette.soft}}.box{fill:${palette.card};stroke:${palette.line};stroke-width:1.5}.road{stroke:${palette.accent};stroke-width:5;opacity:.35}.wire{stroke:${palette.soft};stroke-width:1.6;fill:none}`));
  return copy;
}

function rasterise(picture, name, palette) {
  const copy = styled(picture, palette);
  const image = new Image();
  image.onload = () => {
    const canvas = h("canvas", { width: copy.getAttribute("width"), height: copy.getAttribute("height") });
    canvas.getContext("2d").drawImage(image, 0, 0);
    savePNG(`${name}.png`, canvas);
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
}

function open(page) {
  [...document.querySelectorAll(".st-key-station-links a")].find((link) => link.textContent.trim() === page)?.click();
}
