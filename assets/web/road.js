// The residual stream as a road: each attention and MLP joins from the side, as wide as what it adds, and beside every
// station stands the guess that the model would make there. A click, or Enter, chooses a station. Guessed tokens light up elsewhere too.
import { applyTheme, css, digits, h, inkOn, memory, named, numbered, s, sequential, stage, takeaway, unpack } from "./base.js";
import { join } from "./bus.js";
import { fitted, measure } from "./picture.js";

const STYLE = `
svg { display: block; width: 100%; }
.row { cursor: pointer; }
.gf .row:focus-visible { outline: none; }
.row:is(:hover, .lit, :focus-visible) .back { fill: var(--gf-accent); fill-opacity: 0.07; }
.row:focus-visible .back { stroke: var(--gf-accent); stroke-width: 3; }
.gf .guess.lit rect { stroke: var(--gf-ink); stroke-width: 3; }
`;
const HEAD = 30;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const state = memory(root, () => ({ active: 0, width: 0, frame: 0 }));
  state.active = data.picked;
  const focused = holdsFocus(root); // before this run replaces the rows
  const place = h("div", {});
  const words = h("div", { class: "words", "aria-live": "polite" });
  const picture = { data, palette, font: getComputedStyle(root).fontFamily, code: "monospace" };

  const say = (i) => { words.textContent = data.stations[i].words; };
  const pick = (i) => { component.setStateValue("station", i); };
  const paint = () => {
    const width = Math.max(280, Math.floor(root.clientWidth || 700));
    const held = holdsFocus(root);
    place.replaceChildren((picture.svg = draw(picture, width, state, { say, pick, move })));
    state.width = width;
    light();
    if (held) rows()[state.active]?.focus({ preventScroll: true });
  };
  const rows = () => place.querySelectorAll(".row");
  let entry = null, part = null;
  const light = () => {
    rows().forEach((row, i) => row.classList.toggle("lit", Boolean(part) && belongs(part, i)));
    place.querySelectorAll(".guess").forEach((chip) => chip.classList.toggle("lit", chip.dataset.id === entry));
  };
  const at = (e) => { // the button of the station lies under its chips
    const chip = [...place.querySelectorAll(".guess")].find((each) => inside(each.firstChild.getBoundingClientRect(), e));
    const row = e.target.closest?.(".row"), i = row ? [...rows()].indexOf(row) : -1;
    return chip ? { entry: Number(chip.dataset.id) } : i >= 0 ? partOf(i) : null;
  };
  const move = (i) => {
    state.active = Math.min(data.stations.length - 1, Math.max(0, i));
    rows().forEach((row, j) => row.setAttribute("tabindex", j === state.active ? 0 : -1));
    rows()[state.active].focus();
  };
  const table = () => data.stations.map((x) => [x.title, x.added ?? "", x.share ?? "", x.size, ...x.guesses.flatMap((g) => [g.text, g.probability])]);
  const header = [...named("station", "added", "share", "stream"), ...data.stations[0].guesses.flatMap((_, i) => [numbered("guess_n", i + 1), numbered("probability_n", i + 1)])];
  const taken = takeaway({ state, title: data.label, svg: () => picture.svg, table: () => [header, ...table()] });
  root.replaceChildren(place, words, h("div", { class: "under" }, taken.tools), taken.table);
  say(data.picked);
  state.observer?.disconnect();
  state.observer = new ResizeObserver(() => { if (Math.floor(root.clientWidth) !== state.width) { cancelAnimationFrame(state.frame); state.frame = requestAnimationFrame(paint); } });
  state.observer.observe(root);
  paint();
  if (focused) rows()[state.active]?.focus({ preventScroll: true });
  const bus = join(root, { scope: data.sentence, lock: data.lock, parts: true, show: (to) => {
    entry = to?.entry === undefined ? null : String(to.entry);
    part = to?.part ? to : null;
    light();
  } });
  bus.watch(place, at, bus.point);
  place.addEventListener("focusin", (e) => { if (e.target.matches(":focus-visible")) bus.point(at(e)); });
  place.addEventListener("focusout", () => bus.point(null));
  return () => { state.observer.disconnect(); cancelAnimationFrame(state.frame); bus.leave(); };
}

/** A station is a part of the model: the map and the strip at the top light up with it. */
const partOf = (i) => (i === 0 ? { part: "embedding" } : { part: i % 2 ? "block.attention" : "block.mlp", layer: (i - 1) >> 1 });

/** Whether what is pointed at is this station, something inside it, or the layer around it. */
function belongs({ part, layer }, i) {
  const own = partOf(i);
  return (layer === undefined || own.layer === undefined || own.layer === layer) && [part, own.part].some((one, j, both) => `${both[1 - j]}.`.startsWith(`${one}.`));
}

const inside = (box, e) => e.clientX >= box.left && e.clientX <= box.right && e.clientY >= box.top && e.clientY <= box.bottom;

const holdsFocus = (root) => Boolean(root.getRootNode().activeElement?.classList.contains("row"));

/** Where everything stands for this width: labels on the left, the road, guesses on the right. */
function layout({ data }, width) {
  const narrow = width < 560, many = data.stations.length > 13;
  const step = many ? 46 : 58, half = many ? 16 : 22;
  const labels = narrow ? 118 : 178;
  const centre = labels + (narrow ? 26 : 56) + half;
  const largest = Math.max(...data.stations.map((x) => Math.max(x.size, x.added ?? 0)), 1e-9);
  return { width, narrow, step, half, labels, centre, guesses: centre + half + (narrow ? 12 : 74), thick: (size) => Math.max(1.5, (size / largest) * half),
    y: (i) => HEAD + (i + 0.5) * step, height: HEAD + data.stations.length * step + 6 };
}

function draw(picture, width, state, act) {
  const { data, palette, font } = picture;
  const box = layout(picture, width);
  const svg = s("svg", { viewBox: `0 0 ${width} ${box.height}`, height: box.height, role: "group", "aria-label": data.label, "font-family": font });
  svg.append(s("rect", { width, height: box.height, fill: palette.card }), ...heads(picture, box));
  const rows = data.stations.map((station, i) => row(picture, box, station, i, state, act));
  svg.append(...rows.map((each) => each.back));
  svg.append(...data.stations.flatMap((station, i) => (i ? [side(picture, box, station, i)] : [])), road(picture, box));
  svg.append(...rows.flatMap((each) => [each.front, each.texts]));
  return svg;
}

function heads({ data, palette }, box) {
  const text = (x, anchor, words) => s("text", { x, y: 16, "font-size": 13, fill: palette.soft, "text-anchor": anchor }, words);
  return [text(box.labels - 8, "end", data.heads[0]), text(box.guesses, "start", box.narrow ? data.heads[3] : data.heads[2]),
    ...(box.narrow ? [] : [text(box.centre, "middle", data.heads[1])])];
}

/** The road: its width is the size of the residual stream, which changes where something joins. */
function road({ data, palette }, box) {
  const widths = data.stations.map((x) => box.thick(x.size));
  const bend = box.step * 0.3;
  const edge = (side) => widths.map((w, i) => {
    const x = box.centre + side * w, y = box.y(i);
    return { x, before: box.centre + side * (widths[i - 1] ?? w), y };
  });
  const left = edge(-1), right = edge(1).reverse();
  const end = box.y(widths.length - 1) + box.step * 0.45;
  const down = left.map((p, i) => (i === 0 ? `M${p.x} ${p.y - bend}` : `L${p.before} ${p.y - bend} C${p.before} ${p.y} ${p.x} ${p.y - bend * 0.4} ${p.x} ${p.y + bend * 0.6}`));
  const up = right.map((p, i) => (i === right.length - 1 ? `L${p.x} ${p.y - bend}` : `L${p.x} ${p.y + bend * 0.6} C${p.x} ${p.y - bend * 0.4} ${p.before} ${p.y} ${p.before} ${p.y - bend}`));
  const lane = `${down.join(" ")} L${left.at(-1).x} ${end} L${box.centre} ${end + 6} L${right[0].x} ${end} ${up.join(" ")} Z`;
  return s("g", { "aria-hidden": "true" }, s("path", { d: lane, fill: palette.soft, "fill-opacity": 0.28 }),
    s("path", { d: lane, fill: "none", stroke: palette.soft, "stroke-width": 1, "stroke-opacity": 0.6 }));
}

/** The side road of one attention or MLP: from its name into the road, as thick as the size of what it adds. */
function side({ palette }, box, station, i) {
  const y = box.y(i), from = box.labels, to = box.centre - Math.min(box.thick(station.size), box.thick(station.added)) * 0.4;
  const middle = (from + to) / 2;
  return s("path", { d: `M${from} ${y - box.step * 0.04} C${middle} ${y - box.step * 0.04} ${middle} ${y + box.step * 0.04} ${to} ${y + box.step * 0.04}`, fill: "none",
    stroke: station.part === "mlp" ? palette.ink : palette.accent, "stroke-width": 2 * box.thick(station.added), "stroke-opacity": station.part === "mlp" ? 0.55 : 0.8, "aria-hidden": "true" });
}

/** One station: its background, the button over it, and its texts, which the button says in its own sentence. */
function row(picture, box, station, i, state, { say, pick, move }) {
  const { data, palette, font } = picture;
  const y = box.y(i), on = i === data.picked;
  const back = s("rect", { class: "back", x: 1, y: y - box.step / 2 + 1, width: box.width - 2, height: box.step - 2, rx: 8, fill: on ? palette.chip : "transparent" });
  const front = s("g", {
    class: "row", role: "button", tabindex: i === state.active ? 0 : -1, "aria-pressed": String(on), "aria-label": station.words,
    onclick: () => { state.active = i; pick(i); }, onmouseenter: () => say(i), onmouseleave: () => say(data.picked), onfocus: () => say(i),
    onkeydown: (e) => {
      if (e.key === "ArrowDown" || e.key === "ArrowUp") move(i + (e.key === "ArrowDown" ? 1 : -1));
      else if (e.key === "Enter" || e.key === " ") pick(i);
      else return;
      e.preventDefault();
    },
  }, s("rect", { class: "back", x: 1, y: y - box.step / 2 + 1, width: box.width - 2, height: box.step - 2, rx: 8, fill: "transparent", "fill-opacity": 0 }));
  const texts = s("g", { "aria-hidden": "true", "pointer-events": "none" });
  if (on) front.append(s("rect", { x: 1, y: y - box.step / 2 + 6, width: 4, height: box.step - 12, rx: 2, fill: palette.accent }));
  const label = box.narrow ? station.short : station.title;
  const room = box.labels - 20;
  texts.append(s("text", { x: box.labels - 8, y: y - 3, "text-anchor": "end", "font-size": 16, "font-weight": on ? 700 : 500, fill: palette.ink }, fitted(label, `600 16px ${font}`, room)),
    s("text", { x: box.labels - 8, y: y + 15, "text-anchor": "end", "font-size": 13, fill: palette.soft }, fitted(box.narrow ? station.note_short : station.note, `13px ${font}`, room)));
  if (!box.narrow) texts.append(s("text", { x: box.centre + box.half + 10, y: y + 5, "font-size": 13, "font-family": picture.code, fill: palette.soft }, digits(station.size)));
  texts.append(...guesses(picture, box, station, y));
  return { back, front, texts };
}

/** The most probable tokens as chips, as many as there is room for; the model's final answer has a frame. */
function guesses({ palette, font }, box, station, y) {
  const colour = sequential(palette), made = [];
  let x = box.guesses;
  for (const guess of station.guesses) {
    const number = guess.probability >= 0.995 ? "1.0" : guess.probability < 0.005 ? "<.01" : guess.probability.toFixed(2).replace("0.", ".");
    const text = fitted(guess.text, `15px ${font}`, 110);
    const wide = measure(text, `15px ${font}`) + measure(number, "12.5px monospace") + 25;
    if (x + wide > box.width - 4) break;
    const rgb = colour(guess.probability), ink = inkOn(rgb);
    made.push(s("g", { class: "guess", "data-id": guess.id }, s("rect", { x, y: y - 14, width: wide, height: 28, rx: 7, fill: css(rgb), stroke: guess.answer ? palette.accent : "none", "stroke-width": 2 }),
      s("text", { x: x + 8, y: y + 5, "font-size": 15, fill: ink, direction: "auto" }, text),
      s("text", { x: x + wide - 7, y: y + 4.5, "font-size": 12.5, "font-family": "monospace", "text-anchor": "end", fill: ink }, number)));
    x += wide + 6;
  }
  return made;
}
