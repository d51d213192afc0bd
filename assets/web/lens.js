// The logit lens: tokens down, stages across, and in each cell the token that would be written there.
import { applyTheme, css, h, inkOn, memory, moved, named, numbered, s, sequential, stage, takeaway, unpack } from "./base.js";
import { join, part } from "./bus.js";
import { fitted } from "./picture.js";

const STYLE = `
.lens { overflow: auto; max-height: 640px; }
.lens thead th { position: sticky; top: 0; z-index: 1; background: var(--gf-card); }
.lens table { border-collapse: separate; border-spacing: 3px; width: 100%; table-layout: fixed; }
.lens th { font-weight: 500; font-size: 14px; color: var(--gf-soft); padding: 2px 4px; text-align: center; overflow: hidden; text-overflow: ellipsis; white-space: pre; }
.lens tbody th { text-align: right; font-size: 15.5px; color: var(--gf-ink); unicode-bidi: isolate; width: 92px; }
.lens :is(th.corner, tbody th) { width: 92px; }
.lens td { padding: 5px 4px; border-radius: 6px; text-align: center; font-size: 15px; overflow: hidden; text-overflow: ellipsis; white-space: pre; cursor: default; unicode-bidi: isolate; border: 2px solid transparent; }
.lens td.same { border-color: var(--gf-accent); }
.lens td.here { outline: 2px solid var(--gf-ink); }
.lens td.made { outline: 2px dashed var(--gf-ink); }
.lens tr.lit th { color: var(--gf-accent); font-weight: 700; }
.lens tr.lit td { border-color: color-mix(in srgb, var(--gf-accent) 40%, transparent); }
.lens tr.lit td.same { border-color: var(--gf-accent); }
.lens tr.on th { font-weight: 700; color: var(--gf-accent); }
.lens td.next { background: none; color: var(--gf-soft); font-style: italic; }
.lens th .brief { display: none; }
@media (max-width: 640px) { .lens th .long { display: none; } .lens th .brief { display: inline; } .lens .next { display: none; } .lens :is(tbody th, th.corner) { width: 66px; } .lens table { min-width: 0 !important; } .lens td { font-size: 14px; padding: 5px 2px; } }
.key { display: flex; gap: 8px 18px; flex-wrap: wrap; justify-content: space-between; align-items: center; font-size: 13.5px; color: var(--gf-soft); margin-top: 4px; }
.key > .tools { margin-left: auto; }
.key i { display: inline-block; width: 90px; height: 10px; border-radius: 5px; border: 1px solid var(--gf-line); vertical-align: -1px; margin: 0 6px; }
.key b { display: inline-block; width: 14px; height: 12px; border: 2px solid var(--gf-accent); border-radius: 3px; vertical-align: -1px; margin-right: 6px; }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ at: [0, 0], table: false }));
  const { data: chances, shape: [rows, stages] } = data.arrays.probabilities;
  const colour = sequential(palette);
  const cells = [];
  state.at = [Math.min(state.at[0], rows - 1), Math.min(state.at[1], stages - 1)];
  const focused = root.getRootNode().activeElement?.tagName === "TD"; // before this run replaces the cells
  const words = h("div", { class: "words" });
  const move = (i, j) => {
    cells[state.at[0]][state.at[1]].setAttribute("tabindex", -1);
    state.at = [Math.min(rows - 1, Math.max(0, i)), Math.min(stages - 1, Math.max(0, j))];
    const cell = cells[state.at[0]][state.at[1]];
    cell.setAttribute("tabindex", 0);
    cell.focus();
  };
  const onkeydown = (e) => {
    const to = moved(e, state.at, rows, stages);
    if (to) move(...to);
    else if (e.key === "Enter") press(placed(...state.at));
    else return;
    e.preventDefault();
  };
  const body = data.rows.map((label, i) => {
    cells.push(data.columns.map((_, j) => {
      const rgb = colour(chances[i * stages + j]);
      return h("td", { tabindex: i === state.at[0] && j === state.at[1] ? 0 : -1, class: `${data.same[i][j] ? "same" : ""} ${i === data.picked && j === data.stage ? "made" : ""}`, "aria-label": data.words[i][j], dir: "auto", "data-i": i, "data-j": j,
        style: { background: css(rgb), color: inkOn(rgb) } }, data.cells[i][j]);
    }));
    return h("tr", { class: i === data.picked ? "on" : "" }, h("th", { scope: "row", dir: "auto", title: label, "data-i": i, "data-j": stages - 1 }, label), cells[i],
      data.next.length ? h("td", { class: "next", dir: "auto" }, data.next[i]) : null);
  });
  const heads = [...data.columns, ...(data.next.length ? [data.nextHead] : [])];
  const table = h("table", { "aria-label": data.label, style: { minWidth: `${92 + 58 * heads.length}px` }, onkeydown },
    h("thead", {}, h("tr", {}, h("th", { class: "corner" }), heads.map((label, j) => h("th", { scope: "col", "aria-label": label, class: j < data.columns.length ? "" : "next" }, h("span", { class: "long" }, label), h("span", { class: "brief" }, data.brief[j] ?? label))))),
    h("tbody", {}, body));
  const taken = takeaway({ state, title: data.label, svg: () => vector(data, chances, stages, palette, root),
    table: () => [[...named("token"), ...data.columns.flatMap((c) => [c, numbered("probability_of", c)])], ...data.rows.map((label, i) => [label, ...data.columns.flatMap((_, j) => [data.cells[i][j], chances[i * stages + j]])])] });
  root.replaceChildren(h("div", { class: "lens" }, table), words,
    h("div", { class: "key" }, h("span", {}, "0", h("i", { style: { background: `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map((t) => css(colour(t))).join(",")})` } }), "1 ", data.keyColour),
      h("span", {}, h("b", {}), data.keyFrame), taken.tools), taken.table);
  const placed = (i, j) => ({ token: i, layer: j - 1, space: data.name, words: data.words[i][j] });
  const bus = join(root, {
    scope: data.sentence,
    lock: data.lock,
    show: (place, held) => {
      const i = place?.query ?? place?.token ?? data.picked ?? 0, j = place?.space === data.name ? place.layer + 1 : data.stage;
      body.forEach((row, n) => row.classList.toggle("lit", Boolean(place) && part(place, n) !== null));
      cells.forEach((line, n) => line.forEach((cell, m) => cell.classList.toggle("here", Boolean(place) && n === i && m === j)));
      table.classList.toggle("held", held);
      words.textContent = data.words[Math.min(Math.max(0, i), rows - 1)][j];
    },
  });
  const press = (to) => { bus.press(to); if (to.layer + 1 !== data.stage) component.setTriggerValue("stage", to.layer + 1); };
  bus.watch(table, (e) => { const cell = e.target.closest?.("[data-i]"); return cell ? placed(+cell.dataset.i, +cell.dataset.j) : null; }, press);
  table.addEventListener("focusin", (e) => { if (e.target.dataset.i) { state.at = [+e.target.dataset.i, +e.target.dataset.j]; if (e.target.matches(":focus-visible")) bus.point(placed(...state.at)); } });
  table.addEventListener("focusout", () => bus.point(null));
  if (focused) cells[state.at[0]][state.at[1]].focus({ preventScroll: true });
  return bus.leave;
}

/** The table as one SVG, to take away. */
function vector(data, chances, stages, palette, root) {
  const font = getComputedStyle(root).fontFamily, wide = 86, step = 32, left = 110, top = 30;
  const width = left + wide * stages + 8, height = top + step * data.rows.length + 8;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "font-family": font, "font-size": 15 });
  svg.append(s("rect", { width: "100%", height: "100%", fill: palette.card }));
  data.columns.forEach((label, j) => svg.append(s("text", { x: left + wide * (j + 0.5), y: 20, "text-anchor": "middle", "font-size": 14, fill: palette.soft }, label)));
  data.rows.forEach((label, i) => {
    svg.append(s("text", { x: left - 8, y: top + step * i + 21, "text-anchor": "end", fill: palette.ink }, fitted(label, `15px ${font}`, left - 16)));
    data.columns.forEach((_, j) => {
      const rgb = sequential(palette)(chances[i * stages + j]);
      svg.append(s("rect", { x: left + wide * j + 2, y: top + step * i + 2, width: wide - 4, height: step - 4, rx: 6, fill: css(rgb), stroke: data.same[i][j] ? palette.accent : "none", "stroke-width": 2 }),
        s("text", { x: left + wide * (j + 0.5), y: top + step * i + 21, "text-anchor": "middle", fill: inkOn(rgb) }, fitted(data.cells[i][j], `15px ${font}`, wide - 14)));
    });
  });
  return svg;
}
