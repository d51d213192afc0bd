// The arithmetic of a curve that grows: places, thinning, ranges, round numbers.

/** The first index whose value is at least `value`; values never fall. */
export function bisect(values, value) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

/** The index of the value nearest to this one. */
export function nearest(values, value) {
  const i = bisect(values, value);
  return i > 0 && (i === values.length || value - values[i - 1] <= values[i] - value) ? i - 1 : i;
}

/**
 * Indices in [from, to) to draw: all, or of each of `most` / 2 groups the lowest and the highest, so that no spike is lost.
 * Groups are equally wide on the screen: `place` is where an index stands, rising.
 */
export function thin(values, from, to, most, place = (i) => i) {
  if (to - from <= most) return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  const found = [], groups = Math.max(1, most >> 1), start = place(from), room = (place(to - 1) - start) / groups;
  let i = from;
  for (let group = 1; group <= groups && i < to; group++) {
    const end = group === groups ? to : firstAt(place, i, to, start + group * room);
    let low = -1, high = -1;
    for (; i < end; i++) {
      if (low < 0 ? values[i] === values[i] : values[i] < values[low]) low = i;
      if (high < 0 ? values[i] === values[i] : values[i] > values[high]) high = i;
    }
    if (low >= 0) found.push(Math.min(low, high));
    if (high !== low) found.push(Math.max(low, high));
  }
  return found;
}

/** The first index in [from, to) that stands at this place or after it. */
function firstAt(place, from, to, where) {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (place(middle) < where) from = middle + 1; else to = middle;
  }
  return from;
}

/** [lowest, highest] of values in [from, to), without the highest hundredth: a single spike shall not flatten the rest. */
export function extent(values, from, to) {
  const step = Math.max(1, Math.floor((to - from) / 2000)), found = [];
  for (let i = from; i < to; i += step) if (Number.isFinite(values[i])) found.push(values[i]);
  if (!found.length) return null;
  found.sort((a, b) => a - b);
  return [found[0], found[Math.min(found.length - 1, Math.ceil(found.length * 0.99))]];
}

/** The next round number (1, 1.5, 2, 3, 5, 7 times a power of ten) from this one up. */
export function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-12)));
  return power * ([1, 1.5, 2, 3, 5, 7].find((m) => m * power >= value * (1 - 1e-9)) ?? 10);
}

/** Round numbers between low and high: about `about` of them. */
export function ticks(low, high, about) {
  const rough = (high - low) / about || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((v) => v >= rough * (1 - 1e-9));
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-6; k++) found.push(+(k * step).toPrecision(12));
  return found;
}

/** Powers of ten between low and high, with 2 and 5 between them where there are few. */
export function logTicks(low, high) {
  const found = [], few = Math.log10(high / low) < 3;
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const m of few ? [1, 2, 5] : [1]) {
      const v = +(m * 10 ** power).toPrecision(12);
      if (v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9)) found.push(v);
    }
  }
  return found.length > 2 ? found : ticks(low, high, 6);
}

/** A scale: data between low and high to pixels between a and b, and back. */
export function scale([low, high], a, b, log) {
  const f = log ? Math.log : (v) => v, g = log ? Math.exp : (v) => v;
  const start = f(low), span = f(high) - start || 1;
  const place = (v) => a + ((f(v) - start) / span) * (b - a);
  place.back = (pixel) => g(start + ((pixel - a) / (b - a)) * span);
  return place;
}
