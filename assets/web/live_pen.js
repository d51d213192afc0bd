// Two pens with the same strokes: one draws on a canvas many times a second, the other writes an SVG to take away.
import { s } from "./base.js";

export class CanvasPen {
  constructor(canvas, width, height, font, background) {
    const ratio = window.devicePixelRatio || 1;
    const size = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    this.context = canvas.getContext("2d");
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.fillStyle = background;
    this.context.fillRect(0, 0, width, height);
    this.font = font;
  }

  /** A line through points [x, y, x, y, ...]. */
  line(points, { colour, width = 1, dash = [], alpha = 1 }) {
    const pen = this.context;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.globalAlpha = alpha;
    pen.lineJoin = "round";
    pen.setLineDash(dash);
    pen.beginPath();
    for (let i = 0; i < points.length; i += 2) pen[i ? "lineTo" : "moveTo"](points[i], points[i + 1]);
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  /** Filled dots; with `ring` they are open. */
  dots(points, { colour, radius, alpha = 1, ring = null }) {
    const pen = this.context;
    pen.globalAlpha = alpha;
    pen.fillStyle = ring ?? colour;
    pen.strokeStyle = colour;
    pen.lineWidth = 1.6;
    if (!ring && radius < 2) { // many and small: squares are quicker
      for (let i = 0; i < points.length; i += 2) pen.fillRect(points[i] - radius, points[i + 1] - radius, 2 * radius, 2 * radius);
      pen.globalAlpha = 1;
      return;
    }
    pen.beginPath();
    for (let i = 0; i < points.length; i += 2) { pen.moveTo(points[i] + radius, points[i + 1]); pen.arc(points[i], points[i + 1], radius, 0, 6.2832); }
    pen.fill();
    if (ring) pen.stroke();
    pen.globalAlpha = 1;
  }

  /** `halo`: a background colour around the letters, where they stand on lines. */
  text(words, x, y, { colour, size = 13, align = "left", weight = 400, halo = null }) {
    const pen = this.context;
    pen.font = `${weight} ${size}px ${this.font}`;
    pen.textAlign = align;
    if (halo) { pen.strokeStyle = halo; pen.lineWidth = 4; pen.lineJoin = "round"; pen.strokeText(words, x, y); }
    pen.fillStyle = colour;
    pen.fillText(words, x, y);
  }

  box(x, y, width, height, { colour, alpha = 1 }) {
    this.context.globalAlpha = alpha;
    this.context.fillStyle = colour;
    this.context.fillRect(x, y, width, height);
    this.context.globalAlpha = 1;
  }

  clip(x, y, width, height, draw) {
    this.context.save();
    this.context.beginPath();
    this.context.rect(x, y, width, height);
    this.context.clip();
    draw();
    this.context.restore();
  }
}

const ANCHOR = { left: "start", center: "middle", right: "end" };
const near = (v) => Math.round(v * 100) / 100;

export class SvgPen {
  constructor(width, height, font, background) {
    this.svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "font-family": font }, s("rect", { width, height, fill: background }));
    this.into = this.svg;
    this.clips = 0;
  }

  line(points, { colour, width = 1, dash = [], alpha = 1 }) {
    let path = "";
    for (let i = 0; i < points.length; i += 2) path += `${i ? "L" : "M"}${near(points[i])} ${near(points[i + 1])}`;
    this.into.append(s("path", { d: path, fill: "none", stroke: colour, "stroke-width": width, "stroke-dasharray": dash.join(" ") || null, "stroke-opacity": alpha, "stroke-linejoin": "round" }));
  }

  dots(points, { colour, radius, alpha = 1, ring = null }) {
    const group = s("g", { fill: ring ?? colour, opacity: alpha, stroke: ring ? colour : null, "stroke-width": 1.6 });
    for (let i = 0; i < points.length; i += 2) group.append(s("circle", { cx: near(points[i]), cy: near(points[i + 1]), r: radius }));
    this.into.append(group);
  }

  text(words, x, y, { colour, size = 13, align = "left", weight = 400, halo = null }) {
    this.into.append(s("text", { x: near(x), y: near(y), fill: colour, "font-size": size, "font-weight": weight, "text-anchor": ANCHOR[align],
      stroke: halo, "stroke-width": halo ? 4 : null, "paint-order": "stroke" }, words));
  }

  box(x, y, width, height, { colour, alpha = 1 }) {
    this.into.append(s("rect", { x: near(x), y: near(y), width: near(width), height: near(height), fill: colour, "fill-opacity": alpha }));
  }

  clip(x, y, width, height, draw) {
    const id = `clip-${++this.clips}`, group = s("g", { "clip-path": `url(#${id})` });
    this.into.append(s("clipPath", { id }, s("rect", { x, y, width, height })), group);
    const outside = this.into;
    this.into = group;
    draw();
    this.into = outside;
  }
}
