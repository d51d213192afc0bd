// The pipeline strip: text -> tokens -> ... -> next token. A station clicks the page link of its page, and is a part of the model
// that lights up wherever else the page shows it.
import "./back.js";
import "./terms.js";
import { applyTheme, h, memory, openPage, stage, takeaway } from "./base.js";
import { join } from "./bus.js";
import { drawn } from "./drawn.js";

const STYLE = `
.line { display: flex; }
.strip { flex: 1 1 0; min-width: 0; display: flex; align-items: stretch; margin: 0; padding: 0; list-style: none; overflow-x: auto; scrollbar-width: thin; }
.strip li { flex: 1 0 auto; display: flex; }
.station { flex: 1; text-align: left; padding: 8px 12px 7px; border: 1px solid var(--gf-line); border-left: 0; background: var(--gf-card); cursor: pointer; line-height: 1.25; font-size: 15px; white-space: nowrap; transition: background 0.15s; }
li:first-child .station { border-left: 1px solid var(--gf-line); border-radius: 10px 0 0 10px; }
.take { flex: none; width: 34px; border: 1px solid var(--gf-line); border-left: 0; border-radius: 0 10px 10px 0; background: var(--gf-card); color: var(--gf-soft); cursor: pointer; font-size: 18px; }
.take:hover, .take[aria-expanded=true] { color: var(--gf-accent); background: var(--gf-chip); }
.taken:not(:empty) { margin-top: 6px; }
.taken .scroll table { margin-left: auto; }
.station b { display: block; font-weight: 600; }
.station small { display: block; color: var(--gf-soft); font-size: 13px; }
.station:hover { background: var(--gf-chip); }
.station.on { background: var(--gf-accent); border-color: var(--gf-accent); color: var(--gf-paper); }
.station.on small { color: inherit; opacity: 0.9; }
.station.lit { box-shadow: inset 0 -4px 0 var(--gf-accent); }
.station.on.lit { box-shadow: inset 0 -4px 0 var(--gf-paper); }
`;
// what the map calls them
const PARTS = { tokens: "tokens", embeddings: "embedding", positions: "positions", attention: "block.attention", mlp: "block.mlp", logits: "unembedding", next: "softmax" };

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  applyTheme(document.documentElement, root); // cards, questions and small print: a change of theme runs components, but no page
  const { stations, active, provenance, sentence, words } = component.data;
  const state = memory(root, () => ({ table: false, open: false }));
  document.documentElement.dataset.provenance = provenance;
  const strip = h("ol", { class: "strip" }, stations.map(({ name, title, detail, page }) => {
    const on = active.includes(name);
    return h("li", {},
      h("button", { type: "button", class: on ? "station on" : "station", "aria-current": on ? "step" : null, "data-part": PARTS[name], onclick: () => openPage(page) },
        h("b", {}, title), h("small", {}, detail)));
  }));
  const taken = takeaway({ state, title: words.title, svg: () => drawn([strip], palette), table: () => [words.columns, ...stations.map(({ title, detail }) => [title, detail])] });
  const more = h("div", { class: "taken" });
  const show = () => more.replaceChildren(...(state.open ? [taken.tools, taken.table] : []));
  const take = h("button", { type: "button", class: "take", title: words.take, "aria-label": words.take, "aria-expanded": String(state.open), onclick: () => {
    state.open = !state.open;
    show();
    take.setAttribute("aria-expanded", String(state.open));
  } }, "⤓");
  const nav = h("nav", { class: "line", "aria-label": words.title }, strip, take);
  root.replaceChildren(nav, more);
  show();
  root.querySelector(".on")?.scrollIntoView({ block: "nearest", inline: "center" });
  const bus = join(root, { scope: sentence, parts: true, show: (to) => light(root, to?.part) });
  const at = (e) => { const { part } = e.target.closest?.(".station")?.dataset ?? {}; return part ? { part } : null; };
  nav.onpointerover = (e) => { if (e.pointerType !== "touch") bus.point(at(e)); };
  nav.onpointerleave = () => bus.point(null);
  nav.addEventListener("focusin", (e) => { if (e.target.matches(":focus-visible")) bus.point(at(e)); });
  nav.addEventListener("focusout", () => bus.point(null));
  return () => { bus.leave(); delete document.documentElement.dataset.provenance; };
}

/** The station of a part, or of what it is inside of. */
function light(root, part) {
  root.querySelectorAll(".station").forEach((station) => station.classList.toggle("lit", part !== undefined && within(part, station.dataset.part)));
}

const within = (part, whole) => part === whole || part.startsWith(`${whole}.`);
