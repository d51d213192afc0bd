// The text of a figure that is an SVG: how wide it is, and how it fits.
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
