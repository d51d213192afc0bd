// A figure that is an SVG, to take away as a picture or to measure its text.
import { save } from "./base.js";

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

/** Save an SVG element as a PNG of twice its size. */
export function saveSVGasPNG(name, svg) {
  const { width, height } = svg.viewBox.baseVal;
  const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    canvas.width = 2 * width;
    canvas.height = 2 * height;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(address);
    canvas.toBlob((blob) => save(name, blob));
  };
  image.src = address;
}
