// What figures that are an SVG need: how wide a text is, how it fits, and a legend for curves.
import { s } from "./base.js";

const PEN = document.createElement("canvas").getContext("2d");

/** Width of a text in pixels. */
export function measure(text, font) {
  PEN.font = font;
  return PEN.measureText(text).width;
}

/** The text, cut with an ellipsis where it is wider than `width`. */
export function fitted(text, font, width) {
  if (measure(text, font) <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && measure(letters.join("") + "…", font) > width) letters.pop();
  return letters.join("") + "…";
}

/** Curves with a ground and above them what each is called, `names`: [[name, colour], ...]. To take away. */
export function titled(svg, names, palette) {
  const { width, height } = svg.viewBox.baseVal, made = [];
  let x = 12, y = names.length ? 18 : 0;
  for (const [name, colour] of names) {
    const wide = 44 + measure(name, "14px sans-serif");
    if (x > 12 && x + wide > width) [x, y] = [12, y + 22];
    made.push([s("line", { x1: x, x2: x + 18, stroke: colour, "stroke-width": 3 }), s("text", { x: x + 24, fill: palette.ink, "font-size": 14 }, name), y]);
    x += wide;
  }
  const room = y ? y + 14 : 0;
  for (const [line, text, at] of made) for (const [element, name, up] of [[line, "y1", -5], [line, "y2", -5], [text, "y", 0]]) element.setAttribute(name, at + up - room);
  svg.setAttribute("viewBox", `0 ${-room} ${width + 8} ${height + room + 8}`);
  svg.prepend(s("rect", { x: 0, y: -room, width: width + 8, height: height + room + 8, fill: palette.card }), ...made.flatMap(([line, text]) => [line, text]));
  return svg;
}
