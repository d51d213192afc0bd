// Rows of paired bars, and what stands in step beside them: one legend and one height of a row.
import { h } from "./base.js";

export const ROWS = "grid-auto-rows: 32px; row-gap: 5px; margin: 4px 0;";

export const KEYS = `
.keys { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 14px; line-height: 22px; color: var(--gf-soft); margin-bottom: 8px; }
.keys i { display: inline-block; width: 26px; height: 10px; border-radius: 4px; margin-right: 7px; }
.before { background: color-mix(in srgb, var(--gf-soft) 55%, var(--gf-card)); }
.after { background: var(--gf-accent); }
`;

/** What the two colours are. */
export const keys = ([before, after]) =>
  h("div", { class: "keys" }, h("span", {}, h("i", { class: "before" }), before), h("span", {}, h("i", { class: "after" }), after));
