// Vectors as rows of small bars: blue above the line, red below. Pointer or arrow keys choose a channel in all rows at once,
// and in whatever else on the page shows the same channels.
import { applyTheme, digits, filled, fitCanvas, h, memory, moved, named, s, stage, takeaway, unpack } from "./base.js";
import { join } from "./bus.js";

const STYLE = `
.rows { display: grid; grid-template-columns: fit-content(42%) minmax(0, 1fr); gap: 6px 14px; align-items: center; }
.name { font-size: 16px; line-height: 1.25; color: var(--gf-soft); overflow-wrap: anywhere; }
.name b { font-weight: 600; unicode-bidi: isolate; white-space: pre-wrap; }
.rule { grid-column: 1 / -1; border-top: 1px solid var(--gf-line); margin: 2px 0; }
canvas { display: block; width: 100%; cursor: crosshair; touch-action: manipulation; }
.words { font-size: 15.5px; margin: 8px 0 2px; }
`;

export default function (component) {
  const root = stage(component, STYLE);
  const palette = applyTheme(root);
  const data = unpack(component.data);
  const { data: values, shape: [, channels] } = data.arrays.values;
  const state = memory(root, () => ({ channel: null, row: 0, table: false }));
  if (state.channel !== null && state.channel >= channels) state.channel = null;
  state.row = Math.min(state.row, data.rows.length - 1);
  const rows = data.rows.map((row, i) => ({ ...row, values: values.subarray(i * channels, (i + 1) * channels), canvas: h("canvas", { "aria-hidden": "true", "data-row": i }) }));
  const picture = { data, rows, channels, palette, font: getComputedStyle(root).fontFamily };
  const words = h("div", { class: "words" });

  const paint = () => rows.forEach((row) => drawRow(picture, row, state.channel));
  const placed = (row, channel) => ({ ...rows[row].place, channel, space: data.space, words: sentence(picture, { row, channel }) });
  const at = (e) => {
    if (!e.target.dataset.row) return null;
    const edge = e.target.getBoundingClientRect();
    state.row = Number(e.target.dataset.row);
    return placed(state.row, Math.min(channels - 1, Math.max(0, Math.floor(((e.clientX - edge.left) / edge.width) * channels))));
  };
  const onkeydown = (e) => {
    const to = moved(e, [state.row, state.channel ?? (e.key === "ArrowRight" ? -1 : 0)], rows.length, channels);
    if (!to) return;
    [state.row, state.channel] = to; // the next key may come before this one is painted
    bus.point(placed(...to));
    e.preventDefault();
  };
  const taken = takeaway({ state, title: data.label, svg: () => vector(picture),
    table: () => [[...named("channel"), ...rows.map(title)], ...Array.from({ length: channels }, (_, c) => [String(c), ...rows.map((row) => row.values[c])])] });
  const grid = h("div", { class: "rows", tabindex: 0, role: "group", "aria-label": data.label, onkeydown, onblur: () => bus.point(null) },
    rows.flatMap((row) => [
      ...(row.rule ? [h("span", { class: "rule" })] : []),
      h("span", { class: "name", style: { color: palette[row.hue] ?? palette.soft } }, row.label, row.token ? " " : "", row.token ? h("b", { dir: "auto" }, row.token) : ""),
      row.canvas]));
  root.replaceChildren(grid, words, h("div", { class: "under" }, taken.tools), taken.table);
  const bus = join(root, {
    scope: data.sentence,
    lock: data.lock,
    show: (place) => {
      state.channel = place?.space === data.space && place.channel < channels ? place.channel : null;
      words.textContent = sentence(picture, state);
      paint();
    },
  });
  bus.watch(grid, at, bus.point);
  state.observer?.disconnect();
  state.observer = new ResizeObserver(paint);
  state.observer.observe(root);
  return () => { state.observer.disconnect(); bus.leave(); };
}

const title = (row) => (row.token ? `${row.label} ${row.token}` : row.label);

/** "channel 12: {0} × {1} = {2}" with the numbers of each row, or "{row}" and "{value}" of the one under the pointer. */
function sentence({ data, rows }, { row, channel }) {
  if (channel === null) return data.hint ?? "";
  return filled(data.words, { channel, row: title(rows[row]), value: digits(rows[row].values[channel]), ...rows.map(({ values }) => digits(values[channel])) });
}

/** Where the bar of one channel stands: from the line in the middle up or down, at least a hairline. */
function bar(row, channel, channels, width) {
  const step = width / channels, gap = step > 4 ? Math.min(2, step * 0.22) : step > 2 ? 0.5 : 0;
  const middle = row.height / 2;
  const size = Math.min(1, Math.abs(row.values[channel]) / row.limit) * (middle - 1);
  return { x: channel * step + gap / 2, width: Math.max(0.6, step - gap), y: row.values[channel] >= 0 ? middle - size : middle, height: Math.max(0.8, size) };
}

function drawRow({ channels, palette }, row, chosen) {
  const width = row.canvas.clientWidth || 300;
  const pen = fitCanvas(row.canvas, width, row.height);
  pen.clearRect(0, 0, width, row.height);
  pen.fillStyle = palette.line;
  pen.fillRect(0, row.height / 2 - 0.5, width, 1);
  if (chosen !== null) {
    pen.fillStyle = palette.mark;
    pen.fillRect((chosen * width) / channels, 0, Math.max(2, width / channels), row.height);
  }
  for (let c = 0; c < channels; c++) {
    const box = bar(row, c, channels, width);
    pen.fillStyle = row.values[c] < 0 ? palette.negative : palette.positive;
    pen.globalAlpha = chosen === null || chosen === c ? 1 : 0.5;
    pen.fillRect(box.x, box.y, box.width, box.height);
  }
  pen.globalAlpha = 1;
}

const NAMES = 220, WIDTH = 760;

/** All rows with their names, to take away. */
function vector({ rows, channels, palette, font }) {
  const height = rows.reduce((sum, row) => sum + row.height + 8, 8);
  const picture = s("svg", { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`, "font-family": font, "font-size": 15 });
  picture.append(s("rect", { width: "100%", height: "100%", fill: palette.card }));
  let top = 8;
  for (const row of rows) {
    picture.append(s("text", { x: 8, y: top + row.height / 2 + 5, fill: palette[row.hue] ?? palette.soft }, title(row)));
    for (let c = 0; c < channels; c++) {
      const box = bar(row, c, channels, WIDTH - NAMES - 8);
      picture.append(s("rect", { x: NAMES + box.x, y: top + box.y, width: box.width, height: box.height, fill: row.values[c] < 0 ? palette.negative : palette.positive }));
    }
    top += row.height + 8;
  }
  return picture;
}
