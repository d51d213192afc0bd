// What a live chart looks like: axes, dots of steps, smoothed and validation lines, reference lines, marks of changes.
import { digits } from "./base.js";
import { bisect, extent, logTicks, roundUp, scale, thin, ticks } from "./live_curve.js";

export const SMALL = { left: 46, right: 10, top: 8, bottom: 24 }, LARGE = { left: 50, right: 14, top: 12, bottom: 42 };
const ROOM = 0.05, MOST_DOTS = 1600, LABEL_ROWS = 3, LABEL_HEIGHT = 17;
const HIGHEST = 2.2; // times the highest line: a loss that explodes shall not flatten everything else
const count = (v) => Math.round(v).toLocaleString("en");

/** The data ranges that are shown: what the reader zoomed to, else everything there is. */
export function ranges(chart) {
  const x = chart.view.x ?? wholeX(chart);
  return { x, y: chart.view.y ?? wholeY(chart, x) };
}

function wholeX({ feeds, logX }) {
  const last = Math.max(0, ...feeds.map(({ feed }) => feed.last));
  const active = feeds.filter(({ feed }) => feed.status?.active), training = active.length > 0;
  const steps = Math.max(0, ...active.map(({ feed }) => feed.status.steps ?? Infinity));
  const end = training ? Math.min(Math.max(last, steps), roundUp(Math.max(20, last * 1.02))) : last * 1.008;
  return [logX ? 1 : 0, Math.max(end, 2)];
}

function wholeY({ feeds, data, logY }, [from, to]) {
  let low = Infinity, high = -Infinity;
  const take = (values) => { if (values) { low = Math.min(low, values[0]); high = Math.max(high, values[1]); } };
  for (const { feed } of feeds) {
    const { step } = feed.columns, values = feed.columns[data.column];
    const first = bisect(step, from), end = bisect(step, to + 1e-9) + (step[bisect(step, to)] === to ? 1 : 0);
    take(extent(values, first, Math.min(end, values.length)));
    if (data.validation) for (const i of feed.evaluations) if (i >= first && i < end) take([feed.columns.val_loss[i], feed.columns.val_loss[i]]);
  }
  if (low === Infinity) [low, high] = [0, 1];
  for (const line of data.lines) if (line.always) take([line.value, line.value]);
  if (logY) {
    low = Math.max(low, high / 1e6, 1e-9);
    return [low / 1.08, Math.max(high, low * 1.2) * 1.08];
  }
  if (data.fromZero) low = Math.min(0, low);
  const limit = HIGHEST * Math.max(0, ...data.lines.map((line) => line.value));
  if (limit) high = Math.min(high, limit);
  const room = (high - low || Math.abs(high) || 1) * ROOM;
  return [data.fromZero ? low : Math.max(0, low - room), high + room];
}

/** Scales for these ranges on a picture of this size. */
export function scales(chart, width, height) {
  const pad = chart.data.compact ? SMALL : LARGE, { x, y } = ranges(chart);
  return { pad, x: scale(x, pad.left, width - pad.right, chart.logX), y: scale(y, height - pad.bottom, pad.top, chart.logY), ranges: { x, y }, width, height };
}

export function draw(pen, chart, at) {
  axes(pen, chart, at);
  const { pad, width, height } = at;
  pen.clip(pad.left, pad.top - 1, width - pad.left - pad.right, height - pad.top - pad.bottom + 2, () => {
    for (const { value, dash } of chart.data.lines) pen.line([pad.left, at.y(value), width - pad.right, at.y(value)], { colour: chart.palette.soft, width: 1.4, dash });
    for (const run of chart.feeds) if (!chart.hidden.has(run.id)) curve(pen, chart, at, run);
    chart.data.lines.forEach((line) => nameOf(line, pen, chart, at)); // over the curves: a curve may lie along it
    chart.marks = marks(pen, chart, at);
    above(pen, chart, at);
    if (chart.drag?.box) pen.box(...chart.drag.box, { colour: chart.palette.accent, alpha: 0.13 });
    if (chart.hover !== null) cursor(pen, chart, at);
  });
}

function axes(pen, { palette, data, logX, logY }, { pad, x, y, ranges: range, width, height }) {
  const bottom = height - pad.bottom, small = data.compact ? 12 : 13;
  const ys = logY ? logTicks(...range.y) : ticks(...range.y, data.compact ? 3 : 7);
  for (const v of ys) {
    pen.line([pad.left, y(v), width - pad.right, y(v)], { colour: palette.line });
    pen.text(short(v), pad.left - 7, y(v) + 4, { colour: palette.soft, size: small, align: "right" });
  }
  const wide = width < 420 ? 4 : data.compact ? 4 : 8;
  const xs = logX ? logTicks(...range.x) : ticks(...range.x, wide);
  for (const v of xs) {
    if (x(v) < pad.left - 1 || v !== Math.round(v)) continue;
    pen.line([x(v), bottom, x(v), bottom + 4], { colour: palette.soft });
    const edge = x(v) > width - 24 ? "right" : "center";
    pen.text(count(v), edge === "right" ? width - 2 : x(v), bottom + 17, { colour: palette.soft, size: small, align: edge });
  }
  pen.line([pad.left, bottom, width - pad.right, bottom], { colour: palette.soft });
  if (!data.compact) pen.text(data.words.x_title, (pad.left + width - pad.right) / 2, height - 5, { colour: palette.soft, align: "center" });
}

/** Axis numbers without needless digits. */
function short(v) {
  if (Math.abs(v) >= 1e15) return v.toExponential(0).replace("e+", "e"); // a run that has exploded; trillions have no shorter name
  if (Math.abs(v) >= 1e4) return v.toLocaleString("en", { notation: "compact" });
  return v !== 0 && Math.abs(v) < 1e-3 ? v.toExponential(0).replace("e-", "e−") : String(+v.toPrecision(4));
}

function nameOf(line, pen, { data, palette }, { pad, y, width }) {
  const close = data.lines.some((other) => y(line.value) > y(other.value) && y(line.value) - y(other.value) < LABEL_HEIGHT + 5);
  const below = close || y(line.value) - pad.top < LABEL_HEIGHT; // under its line where another line or the edge is just above
  pen.text(line.label, width - pad.right - 6, y(line.value) + (below ? 15 : -6), { colour: palette.soft, align: "right", halo: palette.card });
}

function curve(pen, chart, at, run) {
  const { data, palette } = chart, { columns, evaluations } = run.feed, { step } = columns;
  const values = columns[data.column], line = data.smooth ? columns.smooth : values;
  const [from, to] = reach(step, at.ranges.x);
  const place = (i) => at.x(Math.max(step[i], chart.logX ? 1 : 0));
  const spots = (indices, of) => {
    const points = [];
    for (const i of indices) if (Number.isFinite(of[i])) points.push(place(i), clampY(at, of[i]));
    return points;
  };
  const most = Math.min(MOST_DOTS, 2 * (at.width - at.pad.left));
  if (data.smooth && run.main) {
    const shown = thin(values, from, to, most, place), few = shown.length < 150, every = (to - from) / most;
    if (every > 1) for (let k = 0; k < most; k++) shown.push(from + Math.floor(k * every)); // not the extremes alone
    pen.dots(spots(shown, values), { colour: run.colour, radius: few ? 2.4 : 1.5, alpha: few ? 0.45 : 0.3 });
  }
  const single = chart.feeds.length === 1, validated = data.validation && evaluations.length;
  pen.line(spots(thin(line, from, to, most, place), line), { colour: run.colour, width: run.main ? 2.4 : 1.9, alpha: !single && validated ? 0.75 : 1, dash: run.dash });
  if (!validated) return;
  const seen = evaluations.filter((i) => i >= from && i < to);
  const of = spots(thin(seen.map((i) => columns.val_loss[i]), 0, seen.length, most).map((k) => seen[k]), columns.val_loss);
  const ink = single ? palette.ink : run.colour;
  pen.line(of, { colour: ink, width: 1.6, dash: [5, 3] });
  if (of.length < 160) pen.dots(of, { colour: ink, radius: of.length < 60 ? 3.2 : 2.2, ring: palette.card });
}

/** Indices of the steps that are shown, with one more on each side so that lines reach the edge. */
export function reach(step, [low, high]) {
  return [Math.max(0, bisect(step, low) - 1), Math.min(step.length, bisect(step, high) + 2)];
}

/** A value that a logarithm has no place for, or far outside, stays near the picture's edge. */
function clampY(at, value) {
  const pixel = at.y(value);
  return Number.isFinite(pixel) ? Math.max(-at.height, Math.min(2 * at.height, pixel)) : 2 * at.height;
}

/** A dashed line where a setting was changed, and beside it which; returns [{ x, change }] for the pointer. */
function marks(pen, chart, at) {
  const main = chart.feeds[0];
  if (!main || !chart.data.marks || chart.hidden.has(main.id)) return [];
  const { palette, data } = chart, ends = Array(LABEL_ROWS).fill(-Infinity), made = [];
  const taken = data.lines.map((line) => at.y(line.value)).filter((y) => y >= at.pad.top && y < at.pad.top + 2 * LABEL_HEIGHT);
  const top = taken.length ? Math.max(...taken) + LABEL_HEIGHT : at.pad.top; // labels stand below a line's own

  for (const change of main.feed.changes) {
    const x = at.x(Math.max(change.step, chart.logX ? 1 : 0));
    if (!(x >= at.pad.left - 1 && x <= at.width - at.pad.right + 1)) continue;
    made.push({ x, change });
    pen.line([x, at.pad.top, x, at.height - at.pad.bottom], { colour: palette.negative, width: 1.4, dash: [3, 3] });
    if (data.compact) continue;
    const words = chart.say(change), wide = chart.measure(words, 13) + 12, left = x + wide > at.width - at.pad.right;
    const start = left ? x - wide : x, row = ends.findIndex((end) => end <= start);
    if (row < 0) { pen.text("…", x + 4, top + LABEL_ROWS * LABEL_HEIGHT, { colour: palette.negative }); continue; }
    ends[row] = start + wide;
    pen.text(words, left ? x - 6 : x + 6, top + 13 + row * LABEL_HEIGHT, { colour: palette.negative, align: left ? "right" : "left", halo: palette.card });
  }
  return made;
}

/** Says so when curves go on above the picture. */
function above(pen, { feeds, hidden, data, palette, view }, at) {
  if (view.y || data.compact) return;
  const highest = Math.max(...feeds.filter((run) => !hidden.has(run.id)).map(({ feed }) => {
    const [from, to] = reach(feed.columns.step, at.ranges.x);
    return extent(feed.columns.smooth, from, to)?.[1] ?? 0;
  }));
  if (highest > at.ranges.y[1]) pen.text(data.words.above.replace("{loss}", digits(highest)), at.width - at.pad.right - 6, at.pad.top + 14, { colour: palette.ink, align: "right", halo: palette.card });
}

function cursor(pen, chart, at) {
  const x = at.x(Math.max(chart.hover, chart.logX ? 1 : 0));
  pen.line([x, at.pad.top, x, at.height - at.pad.bottom], { colour: chart.palette.ink, dash: [2, 3] });
  for (const { run, i, value } of chart.readings()) {
    const step = run.feed.columns.step[i];
    pen.dots([at.x(Math.max(step, chart.logX ? 1 : 0)), clampY(at, value)], { colour: run.colour, radius: 4.5, ring: chart.palette.card });
  }
}

export { count, digits };
