// What stands on the screen as one SVG, to take away: boxes, borders, lines of text and pictures, each where it is now.
// For figures made of HTML; those that are an SVG or a canvas of numbers draw their own.
import { RIGHT_TO_LEFT, s } from "./base.js";

const PAD = 14;
const SIDES = ["Top", "Right", "Bottom", "Left"];
const INLINED = ["fill", "stroke", "stroke-width", "font-size", "font-family", "font-weight", "opacity", "visibility"];
const DASHES = { dashed: "5 3", dotted: "2 2" };
const PEN = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** `parts` of one component, one over the other as they stand. What scrolls inside them is drawn whole; `leave` names what is not drawn. */
export function drawn(parts, palette, leave = "") {
  parts.forEach((part) => part.classList.add("gf-whole"));
  const boxes = parts.map((part) => part.getBoundingClientRect()), left = Math.min(...boxes.map((box) => box.left)), top = Math.min(...boxes.map((box) => box.top));
  const svg = s("svg", { "font-family": getComputedStyle(parts[0]).fontFamily }), reach = [0, 0];
  const skipped = [".tools, .hidden, input, style", leave].filter(Boolean).join(", ");
  parts.forEach((part) => element(svg, part, { x: left - part.scrollLeft - PAD, y: top - PAD, skipped, opacity: 1, reach }));
  parts.forEach((part) => part.classList.remove("gf-whole"));
  const [width, height] = reach.map((end) => Math.ceil(end) + PAD);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.prepend(s("rect", { width, height, fill: palette.card }));
  return svg;
}

/** An SVG of the page with what the style sheet says about it written into it, so that it looks the same outside. */
export function inlined(svg) {
  const copy = svg.cloneNode(true), copies = [copy, ...copy.querySelectorAll("*")];
  [svg, ...svg.querySelectorAll("*")].forEach((original, i) => {
    const own = getComputedStyle(original), above = i ? getComputedStyle(original.parentElement) : null;
    for (const name of INLINED) {
      const value = own.getPropertyValue(name), inherits = name !== "opacity" && above?.getPropertyValue(name) === value;
      if (!inherits && (original.hasAttribute(name) || above || name.startsWith("font"))) copies[i].setAttribute(name, ["fill", "stroke"].includes(name) ? solid(value) : value);
    }
  });
  return copy;
}

function element(into, node, at) {
  if (node.matches(at.skipped) || !node.checkVisibility({ visibilityProperty: true })) return;
  const box = node.getBoundingClientRect(), look = getComputedStyle(node), opacity = at.opacity * look.opacity;
  const place = { x: near(box.left - at.x), y: near(box.top - at.y), width: near(box.width), height: near(box.height) };
  const faint = opacity < 1 ? opacity : null;
  const add = (made, box = place) => {
    into.append(...made);
    if (made.length) at.reach.forEach((end, i) => { at.reach[i] = Math.max(end, i ? box.y + box.height : box.x + box.width); });
  };
  if (node.localName === "svg") return add([nested(node, place)]);
  if (node.localName === "canvas") return add([s("image", { ...place, href: node.toDataURL(), preserveAspectRatio: "none", style: "image-rendering: pixelated" })]);
  if (look.display !== "contents") add(outline(look, place, faint));
  const inside = { ...at, opacity };
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) for (const line of lines(child)) add(written(line, look, box, inside), { x: line.left - at.x, y: line.top - at.y, width: Math.min(line.right, Math.max(box.right, line.left)) - line.left, height: line.bottom - line.top });
    else if (child.nodeType === Node.ELEMENT_NODE) element(into, child, inside);
  }
}

function nested(svg, place) {
  const copy = inlined(svg);
  for (const [name, value] of Object.entries({ ...place, overflow: "visible" })) copy.setAttribute(name, value);
  copy.removeAttribute("class");
  return copy;
}

/** Background, borders and the ring of a box. */
function outline(look, { x, y, width, height }, opacity) {
  const round = look.borderTopLeftRadius === look.borderBottomRightRadius, rx = round ? Math.min(parseFloat(look.borderTopLeftRadius) || 0, height / 2) : 0, made = [];
  const borders = SIDES.map((side) => ({ wide: look[`border${side}Style`] === "none" ? 0 : parseFloat(look[`border${side}Width`]), colour: look[`border${side}Color`], dash: DASHES[look[`border${side}Style`]] }));
  const seen = borders.filter((side) => side.wide && solid(side.colour) !== "none"), even = seen.length === 4 && seen.every((side) => side.colour === seen[0].colour);
  const ring = look.boxShadow.match(/^(rgba?\([^)]*\)|color\([^)]*\)) 0px 0px 0px ([\d.]+)px$/);
  if (solid(look.backgroundColor) !== "none" || even) {
    const inset = even ? seen[0].wide / 2 : 0;
    made.push(s("rect", { x: x + inset, y: y + inset, width: Math.max(0, width - 2 * inset), height: Math.max(0, height - 2 * inset), rx: rx || null, fill: solid(look.backgroundColor),
      stroke: even ? solid(seen[0].colour) : null, "stroke-width": even ? seen[0].wide : null, "stroke-dasharray": even ? seen[0].dash : null, opacity }));
  }
  if (!even) borders.forEach(({ wide, colour, dash }, i) => {
    if (!wide || solid(colour) === "none") return;
    const [x1, y1, x2, y2] = [[x, y, x + width, y], [x + width, y, x + width, y + height], [x, y + height, x + width, y + height], [x, y, x, y + height]][i];
    made.push(s("line", { x1, y1, x2, y2, stroke: solid(colour), "stroke-width": wide, "stroke-dasharray": dash, opacity }));
  });
  if (ring) made.push(s("rect", { x: x - ring[2] / 2, y: y - ring[2] / 2, width: width + +ring[2], height: height + +ring[2], rx, fill: "none", stroke: solid(ring[1]), "stroke-width": ring[2], opacity }));
  return made;
}

/** A text node as pieces of one line each: { text, left, right, top, bottom }. */
function lines(node) {
  const range = document.createRange(), found = [];
  const add = (start, text) => {
    range.setStart(node, start);
    range.setEnd(node, start + text.length);
    const rects = [...range.getClientRects()].filter((rect) => rect.width), last = found.at(-1);
    if (!rects.length) return;
    if (rects.some((rect) => Math.abs(rect.top - rects[0].top) > 2) && [...text].length > 1) { // a word that goes on in the next line
      let from = start;
      for (const { segment } of new Intl.Segmenter().segment(text)) { if (segment !== text) add(from, segment); from += segment.length; }
      return;
    }
    const line = { text, end: start + text.length, left: Math.min(...rects.map((rect) => rect.left)), right: Math.max(...rects.map((rect) => rect.right)), top: rects[0].top, bottom: rects[0].bottom };
    const goesOn = last && Math.abs(last.top - line.top) < 2 && line.left >= last.right - 1 && !RIGHT_TO_LEFT.test(last.text + text);
    if (goesOn) Object.assign(last, { text: last.text + (start > last.end ? " " : "") + text, end: line.end, right: line.right });
    else found.push(line);
  };
  for (const { 0: word, index } of node.data.matchAll(/\S+/g)) add(index, word);
  return found;
}

function written({ text, left, right, top, bottom }, look, box, { x, y, opacity }) {
  PEN.font = `${look.fontStyle} ${look.fontWeight} ${look.fontSize} ${look.fontFamily}`;
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = PEN.measureText(text);
  let words = text;
  if (look.textOverflow === "ellipsis" && right > box.right + 1) { // what the page cuts is cut here too
    const letters = [...text];
    while (letters.length && PEN.measureText(`${letters.join("")}…`).width > box.right - left) letters.pop();
    [words, right] = [`${letters.join("")}…`, left + PEN.measureText(`${letters.join("")}…`).width];
  }
  const baseline = (top + bottom + up - down) / 2 - y, middle = near((left + right) / 2 - x), made = [];
  const bar = look.textDecorationLine, thick = parseFloat(look.textDecorationThickness) || 1;
  if (bar !== "none") made.push(s("rect", { x: near(left - x), y: near(bar.includes("underline") ? baseline + (parseFloat(look.textUnderlineOffset) || 2) : baseline - up * 0.3), width: near(right - left), height: thick, fill: solid(look.textDecorationColor) }));
  const fits = words.length > 1 && !RIGHT_TO_LEFT.test(words) ? { textLength: near(right - left), lengthAdjust: "spacingAndGlyphs" } : {}; // in any font as wide as here
  return [...made, s("text", { x: middle, y: near(baseline), "text-anchor": "middle", ...fits,
    fill: solid(look.color), opacity: opacity < 1 ? opacity : null, "font-size": parseFloat(look.fontSize), "font-weight": look.fontWeight === "400" ? null : look.fontWeight,
    "font-style": look.fontStyle === "normal" ? null : look.fontStyle, "font-family": look.fontFamily, style: "unicode-bidi: isolate" }, words)];
}

const near = (v) => Math.round(v * 100) / 100;

/** Any colour of a style sheet as one that every program reads: "#rrggbb", "rgba(...)" or "none". */
const PAINTS = new Map();
function solid(colour) {
  if (!PAINTS.has(colour)) {
    PEN.clearRect(0, 0, 1, 1);
    PEN.fillStyle = "#000";
    PEN.fillStyle = colour;
    PEN.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = PEN.getImageData(0, 0, 1, 1).data;
    const written = colour === "none" || a === 0 ? "none" : a === 255 ? `#${[r, g, b].map((v) => v.toString(16).padStart(2, "0")).join("")}` : `rgba(${r},${g},${b},${(a / 255).toFixed(3)})`;
    PAINTS.set(colour, written);
  }
  return PAINTS.get(colour);
}
