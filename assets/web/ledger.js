// A sentence, and under it a calculation line by line: what is done on the left, the number it gives on the right.
import { applyTheme, h, stage } from "./base.js";

const STYLE = `
.gf .words { font-size: 18px; margin: 0 0 8px; }
dl { margin: 0; }
.line { display: flex; justify-content: space-between; align-items: baseline; gap: 16px; padding: 7px 0; border-top: 1px solid var(--gf-line); }
dl:first-child .line:first-child { border-top: 0; }
dt { color: var(--gf-soft); font-size: 15.5px; overflow-wrap: anywhere; }
dd { margin: 0; font-family: var(--st-code-font); font-weight: 700; font-size: 16px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.line.result dt { color: var(--gf-ink); }
.line.result dd { color: var(--gf-accent); font-size: 19px; }
b { font-weight: 600; unicode-bidi: isolate; white-space: pre-wrap; }
sup { font-size: 0.75em; line-height: 0; }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const { sentence, lines } = component.data;
  root.replaceChildren(
    ...(sentence.length ? [h("div", { class: "words", "aria-live": "polite" }, spans(sentence, palette))] : []),
    ...(lines.length ? [h("dl", {}, lines.map((line) => h("div", { class: `line ${line.result ? "result" : ""}` },
      h("dt", {}, spans(line.spans, palette)), h("dd", {}, line.value))))] : []));
}

/** [[text, kind], ...]: plain text, "strong", "sup", or a palette name (a token in bold in that hue). */
function spans(parts, palette) {
  return parts.map(([text, kind]) => {
    if (!kind) return text;
    if (kind === "sup") return h("sup", {}, text);
    return h("b", { dir: "auto", style: { color: palette[kind] ?? "inherit" } }, text);
  });
}
