// How a live chart is read and moved: pointer, wheel, pinch, keys.
import { reach } from "./live_draw.js";
import { nearest } from "./live_curve.js";

const NEAR = 7, LEAST = 8; // pixels: to a mark, and of a box that counts as one
const FINEST = 4; // steps that a zoom leaves at least

export function gestures(chart) {
  const { canvas } = chart, fingers = new Map();
  const place = (e) => { const edge = canvas.getBoundingClientRect(); return [e.clientX - edge.left, e.clientY - edge.top]; };

  canvas.onpointerdown = (e) => {
    if (!chart.at || (e.pointerType === "mouse" && e.button)) return;
    fingers.set(e.pointerId, place(e));
    if (e.pointerType === "mouse") {
      canvas.setPointerCapture(e.pointerId);
      chart.drag = { from: place(e), box: null };
    } else if (fingers.size === 2) chart.drag = { pinch: [...fingers.values()], at: chart.at };
    point(chart, ...place(e));
  };
  canvas.onpointermove = (e) => {
    if (!chart.at) return;
    const [x, y] = place(e), old = fingers.get(e.pointerId);
    if (old) fingers.set(e.pointerId, [x, y]);
    if (chart.drag?.pinch && fingers.size === 2) return pinch(chart, [...fingers.values()]);
    if (chart.drag?.from) {
      const box = boxOf(chart, chart.drag.from, [x, y]);
      chart.drag.box = Math.max(box[2], box[3]) >= LEAST ? box : null;
    } else if (old && e.pointerType !== "mouse" && chart.view.x) pan(chart, old[0] - x);
    point(chart, x, y);
  };
  canvas.onpointerup = canvas.onpointercancel = (e) => {
    fingers.delete(e.pointerId);
    const box = chart.drag?.box;
    chart.drag = null;
    if (box && e.type === "pointerup") zoomTo(chart, box);
    chart.soon();
  };
  canvas.onpointerleave = (e) => { if (!fingers.has(e.pointerId)) { chart.hover = chart.pointed = null; chart.soon(); } };
  canvas.ondblclick = chart.reset;
  // the wheel belongs to the page until the chart is asked for: by a click into it, or with Ctrl held (as a touchpad's pinch does)
  canvas.addEventListener("wheel", (e) => {
    if (!chart.at || !(e.ctrlKey || canvas.getRootNode().activeElement === canvas)) return;
    e.preventDefault();
    const [x, y] = place(e);
    zoomBy(chart, Math.exp(Math.max(-60, Math.min(60, e.deltaY)) * 0.006), x, y);
  }, { passive: false });
  canvas.onkeydown = (e) => { if (key(chart, e)) e.preventDefault(); };
  canvas.onblur = () => { chart.words.removeAttribute("aria-live"); };
}

/** Read what is under the pointer: a mark when one is near, else the nearest step. */
function point(chart, x, y) {
  const mark = chart.marks.find((found) => Math.abs(found.x - x) < NEAR);
  chart.pointed = mark && !chart.drag?.box ? mark.change : null;
  const { pad, width } = chart.at;
  const steps = chart.feeds[0]?.feed.columns.step ?? [];
  chart.hover = x < pad.left - 4 || x > width - pad.right + 8 || !steps.length ? null : snapped(chart, chart.at.x.back(x));
  chart.soon();
}

function snapped(chart, value) {
  const longest = chart.feeds.reduce((best, run) => (!chart.hidden.has(run.id) && run.feed.last > best.last ? run.feed : best), chart.feeds[0].feed);
  return longest.length ? longest.columns.step[nearest(longest.columns.step, value)] : null;
}

function boxOf({ at: { pad, width, height } }, [x0, y0], [x1, y1]) {
  const inX = (v) => Math.min(width - pad.right, Math.max(pad.left, v)), inY = (v) => Math.min(height - pad.bottom, Math.max(pad.top, v));
  const [left, right] = [inX(Math.min(x0, x1)), inX(Math.max(x0, x1))], [top, bottom] = [inY(Math.min(y0, y1)), inY(Math.max(y0, y1))];
  if (bottom - top < LEAST) return [left, pad.top, right - left, height - pad.top - pad.bottom]; // a drag along: all heights
  if (right - left < LEAST) return [pad.left, top, width - pad.left - pad.right, bottom - top];
  return [left, top, right - left, bottom - top];
}

function zoomTo(chart, [x, y, width, height]) {
  const { at } = chart, whole = at.height - at.pad.top - at.pad.bottom, wide = at.width - at.pad.left - at.pad.right;
  chart.zoom(width >= wide ? null : apart([at.x.back(x), at.x.back(x + width)]), height >= whole ? null : [at.y.back(y + height), at.y.back(y)]);
}

/** Ranges around a place of the picture, made `factor` times as wide. */
function zoomBy(chart, factor, x, y) {
  const { at } = chart, side = (scale, a, b, c) => [scale.back(c + (a - c) * factor), scale.back(c + (b - c) * factor)];
  const xs = side(at.x, at.pad.left, at.width - at.pad.right, x), ys = side(at.y, at.height - at.pad.bottom, at.pad.top, y);
  const first = chart.logX ? 1 : 0, last = Math.max(2, ...chart.feeds.map((run) => run.feed.last));
  if (factor > 1 && xs[0] <= first && xs[1] >= last) return chart.reset();
  chart.zoom(apart([Math.max(first, xs[0]), xs[1]]), ys);
}

const apart = ([a, b]) => (b - a >= FINEST ? [a, b] : [(a + b - FINEST) / 2, (a + b + FINEST) / 2]);

function pan(chart, pixels) {
  const { at } = chart, [a, b] = [at.x.back(at.pad.left + pixels), at.x.back(at.width - at.pad.right + pixels)];
  if (a >= (chart.logX ? 1 : 0)) chart.zoom([a, b], null);
}

/** Two fingers: what lay under each stays under it, as far as both axes allow. */
function pinch(chart, now) {
  const { pinch: before, at } = chart.drag;
  const axis = (scale, k, a, b) => {
    const wide = Math.abs(before[1][k] - before[0][k]);
    if (wide < 30) return null;
    const factor = wide / Math.max(10, Math.abs(now[1][k] - now[0][k]));
    const middle = (before[0][k] + before[1][k]) / 2, moved = (now[0][k] + now[1][k]) / 2;
    return [scale.back(middle + (a - moved) * factor), scale.back(middle + (b - moved) * factor)];
  };
  const x = axis(at.x, 0, at.pad.left, at.width - at.pad.right), y = axis(at.y, 1, at.height - at.pad.bottom, at.pad.top);
  chart.zoom(x && apart([Math.max(chart.logX ? 1 : 0, x[0]), x[1]]), y);
}

function key(chart, { key, shiftKey }) {
  const feed = chart.feeds[0]?.feed, at = chart.at;
  if (!feed?.length || !at) return false;
  if (key === "Escape" || key === "0") { chart.hover = chart.pointed = null; chart.reset(); return true; }
  if (key === "+" || key === "-" || key === "=") { zoomBy(chart, key === "-" ? 1.4 : 1 / 1.4, chart.hover === null ? at.width / 2 : at.x(chart.hover), at.height / 2); return true; }
  const direction = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[key];
  if (!direction) return false;
  const { step } = feed.columns, [from, to] = reach(step, at.ranges.x);
  const stride = Math.max(1, Math.round((to - from) / 200)) * (shiftKey ? 10 : 1);
  const now = chart.hover === null ? feed.length - (direction < 0 ? 0 : 1) : nearest(step, chart.hover);
  chart.hover = step[Math.min(feed.length - 1, Math.max(0, Number.isFinite(direction) ? now + direction * stride : direction < 0 ? 0 : feed.length - 1))];
  chart.pointed = feed.changes.find((change) => change.step === chart.hover) ?? null;
  chart.words.setAttribute("aria-live", "polite"); // only while it is read by keys: a live chart would talk without end
  chart.soon();
  return true;
}
