// The candidates: one row each, from the logit on the left to the probability on the right.
import { css, h, sequential } from "./base.js";
import { decimal, probability } from "./decode_numbers.js";
import { REMOVED_BY } from "./sampling.js";

export const SHOWN = 12;

export const ROWS = `
.rows { font-size: 16px; }
.row { display: grid; grid-template-columns: minmax(92px, 1.15fr) 58px 66px 58px 66px minmax(110px, 2.3fr) 62px; gap: 8px; align-items: center; padding: 2px 8px; border-radius: 8px; border: 2px solid transparent; }
.row.head { font-size: 13px; color: var(--gf-soft); align-items: end; padding-bottom: 4px; border-bottom: 1px solid var(--gf-line); border-radius: 0; margin-bottom: 3px; }
.row.head b { display: block; color: var(--gf-ink); font-weight: 600; }
.row > .num { text-align: right; font-size: 15px; }
.row > :nth-child(n+2):nth-child(-n+4) { text-align: right; }
.row .same { color: var(--gf-soft); }
.row .verdict { font-size: 13px; color: var(--gf-value); text-align: center; }
.row.out .verdict { color: var(--gf-negative); }
.row.out > .num, .row.out .pick { color: var(--gf-soft); }
.row.out .pick { text-decoration: line-through; text-decoration-color: var(--gf-negative); }
.row.on { background: var(--gf-chip); }
.row.drawn { border-color: var(--gf-accent); }
.pick { border: 0; text-align: left; background: var(--gf-chip); border-radius: 8px; padding: 2px 9px; cursor: pointer; font-size: 16px; white-space: pre; overflow: hidden; text-overflow: ellipsis; unicode-bidi: isolate; min-width: 0; justify-self: start; max-width: 100%; }
.row.on .pick { background: var(--gf-card); }
.pick:hover { box-shadow: 0 0 0 2px var(--gf-accent); }
.track { position: relative; height: 20px; border-radius: 5px; background: color-mix(in srgb, var(--gf-line) 45%, transparent); }
.fill { position: absolute; inset: 0 auto 0 0; border-radius: 5px; }
.ghost { position: absolute; inset: 0 auto 0 0; border-right: 2px solid var(--gf-ink); opacity: 0.75; }
.rest { font-size: 14px; color: var(--gf-soft); padding: 4px 10px 0; }
.rest b { color: var(--gf-ink); font-weight: 600; }
@container (max-width: 620px) {
  .row { grid-template-columns: minmax(70px, 1fr) 50px 50px minmax(60px, 1.2fr) 50px; gap: 5px; padding: 2px 3px; }
  .row.head { font-size: 12px; }
  .row.head > :nth-child(6) { font-size: 0; }
  .row.head > :nth-child(6) b { font-size: 12px; }
  .row > :nth-child(3), .row > :nth-child(5) { display: none; }
}
`;

export function rows({ hover, choose }) {
  const head = h("div", { class: "row head", "aria-hidden": "true" });
  const lines = Array.from({ length: SHOWN + 1 }, () => line(hover, choose));
  const rest = h("div", { class: "rest" });
  const element = h("div", { class: "rows", role: "group", onmouseleave: () => hover(null) }, head, lines.map((l) => l.row), rest);
  return {
    element,
    show(state) {
      element.setAttribute("aria-label", state.data.label);
      showHead(head, state);
      const { choice } = state, ids = Array.from(choice.order.subarray(0, SHOWN));
      // a drawn token from further down has a line of its own
      const extra = choice.draw.place >= SHOWN ? choice.draw.id : null;
      const best = Math.max(...ids.map((id) => Math.max(choice.probabilities[id], state.ownOf(id))), 1e-9);
      lines.forEach((l, i) => fill(l, i < SHOWN ? ids[i] : extra, state, best));
      showRest(rest, state, ids, extra);
      this.mark(state);
    },
    mark(state) {
      for (const l of lines) {
        l.row.classList.toggle("on", l.id !== null && l.id === state.hover);
        l.row.classList.toggle("drawn", l.id !== null && l.id === state.choice.draw.id);
      }
    },
  };
}

function line(hover, choose) {
  const l = { id: null };
  const cell = () => h("span", { class: "num" });
  l.cells = { logit: cell(), penalised: cell(), scaled: cell(), verdict: h("span", { class: "verdict" }), p: cell() };
  l.pick = h("button", { type: "button", class: "pick", dir: "auto", onclick: () => choose(l.id), onfocus: () => hover(l.id) });
  l.fill = h("span", { class: "fill" });
  l.ghost = h("span", { class: "ghost" });
  l.row = h("div", { class: "row", onmouseenter: () => hover(l.id) }, l.pick, l.cells.logit, l.cells.penalised, l.cells.scaled,
    l.cells.verdict, h("span", { class: "track" }, l.fill, l.ghost), l.cells.p);
  return l;
}

function fill(l, id, state, best) {
  l.id = id ?? null;
  l.row.style.display = l.id === null ? "none" : "";
  if (l.id === null) return;
  const { choice, data: { words }, palette } = state;
  const p = choice.probabilities[id], own = state.ownOf(id), out = choice.removedBy[id];
  const { logit, penalised, scaled, verdict, p: shown } = l.cells;
  l.pick.textContent = state.text(id) || "∅";
  l.pick.title = words.choose.replaceAll("{token}", state.text(id));
  l.pick.setAttribute("aria-label", `${l.pick.title}, ${probability(p)}`);
  logit.textContent = decimal(choice.logits[id]);
  penalised.textContent = decimal(choice.penalised[id]);
  penalised.classList.toggle("same", choice.penalised[id] === choice.logits[id]);
  scaled.textContent = decimal(choice.scaled[id]);
  verdict.textContent = out ? words.filters[REMOVED_BY[out]] : words.kept;
  shown.textContent = out ? "0" : probability(p);
  l.row.classList.toggle("out", out !== 0);
  l.fill.style.width = `${(100 * p) / best}%`;
  l.fill.style.background = css(sequential(palette)(0.25 + 0.75 * p));
  l.ghost.style.width = `${(100 * own) / best}%`;
  l.ghost.title = `${words.own}: ${probability(own)}`;
}

function showHead(head, { data: { words }, values }) {
  const { columns } = words;
  const cell = (title, detail = "") => h("span", {}, h("b", {}, title), detail);
  const T = values.temperature === 0 ? "T = 0" : `÷ ${values.temperature}`;
  head.replaceChildren(cell(columns.token), cell(columns.logit), cell(columns.penalised, values.penalty === 1 ? words.off : `÷ ${values.penalty}`),
    cell(columns.scaled, T), cell(columns.filters), cell(columns.probability, words.ghost), cell(""));
}

function showRest(rest, { choice, data: { words } }, ids, extra) {
  const shown = extra === null ? ids : [...ids, extra];
  const others = choice.order.length - shown.length;
  const kept = choice.count - shown.filter((id) => choice.removedBy[id] === 0).length;
  const mass = Math.max(0, 1 - shown.reduce((sum, id) => sum + choice.probabilities[id], 0));
  rest.textContent = others <= 0 ? "" : (kept ? words.rest : words.rest_none)
    .replaceAll("{others}", others.toLocaleString("en")).replaceAll("{kept}", kept.toLocaleString("en")).replaceAll("{mass}", probability(mass));
}
