// From logits to a choice, step by step: the same arithmetic as llm/sampling.py, in the same order, without a page around it.
// All numbers are float64, as there. A test runs both on the same cases.

export const REMOVED_BY = ["", "top_k", "top_p", "min_p", "greedy"];
const GREEDY_BELOW = 1e-30;

export const isGreedy = (settings) => settings.temperature < GREEDY_BELOW;

/**
 * What does not change while a slider moves: float64 logits, their falling order, and the ids already in the text.
 * Sorting 50,000 numbers takes longer than a frame, so it happens once for each set of logits.
 */
export function prepare(logits, seenIds = []) {
  const exact = Float64Array.from(logits);
  const inText = new Uint8Array(exact.length);
  for (const id of seenIds) inText[id] = 1;
  const seen = [...new Set(seenIds)];
  return { logits: exact, inText, seen, order: fallingOf(logits) };
}

/** Ids of float32 values by falling value, ties by id: each value's bits as a whole number with the id behind, sorted as numbers. */
function fallingOf(values) {
  const floats = Float32Array.from(values, (v) => v + 0); // -0 becomes 0
  const bits = new Uint32Array(floats.buffer);
  const room = 2 ** 21; // 32 bits of value and 21 of id are exact in a float64
  const keys = new Float64Array(bits.length);
  for (let id = 0; id < bits.length; id++) keys[id] = (bits[id] >>> 31 ? bits[id] : 0x7fffffff - bits[id]) * room + id;
  keys.sort();
  return Uint32Array.from(keys, (key) => key % room);
}

/**
 * Every stage between prepared logits and the chosen token (llm.sampling.Choice).
 *
 * settings: { temperature, topK, topP, minP, penalty }, null where a filter is off; u: the random number in [0, 1).
 */
export function explainChoice(prepared, settings, u) {
  const { logits } = prepared;
  const penalised = penalise(prepared, settings.penalty);
  const scaled = isGreedy(settings) ? penalised : penalised.map((v) => v / settings.temperature);
  const order = orderOf(prepared, penalised, scaled, settings.penalty);
  const { removedBy, count } = cut(scaled, order, settings);
  const edges = barEdges(scaled, order, count);
  const probabilities = new Float64Array(scaled.length);
  const weights = shares(scaled, order, count);
  for (let i = 0; i < count; i++) probabilities[order[i]] = weights[i];
  const fullProbabilities = softmax(scaled);
  const draw = isGreedy(settings) ? { u: null, low: 0, high: 1, place: 0, id: order[0] } : drawFrom(order, edges, u);
  return { logits, penalised, scaled, fullProbabilities, removedBy, probabilities, order, edges, count, draw };
}

/** Share of the full probabilities that each filter removed, and how many tokens: { top_k: { tokens, mass }, ... }. */
export function removed(choice) {
  const sums = Object.fromEntries(REMOVED_BY.slice(1).map((name) => [name, { tokens: 0, mass: 0 }]));
  for (let i = choice.order.length - 1; i >= choice.count; i--) {
    const id = choice.order[i], sum = sums[REMOVED_BY[choice.removedBy[id]]];
    sum.tokens += 1;
    sum.mass += choice.fullProbabilities[id];
  }
  return sums;
}

/** Repetition penalty (CTRL): logits of tokens in the text divided by it, or multiplied where negative. */
function penalise({ logits, seen }, penalty) {
  if (penalty === 1 || !seen.length) return logits;
  const penalised = logits.slice();
  for (const id of seen) penalised[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
  return penalised;
}

/** Ids by falling value, ties by id. */
function falling(values, ids) {
  return ids.sort((a, b) => values[b] - values[a] || a - b);
}

/** The falling order after the penalty: tokens that are not in the text keep theirs, so the two lists only need merging. */
function orderOf({ order, seen, inText }, penalised, scaled, penalty) {
  let merged = order;
  if (penalty !== 1 && seen.length) {
    const mine = falling(penalised, Uint32Array.from(seen));
    merged = new Uint32Array(order.length);
    let next = 0, place = 0;
    for (const id of order) {
      if (inText[id]) continue;
      while (next < mine.length && before(penalised, mine[next], id)) merged[place++] = mine[next++];
      merged[place++] = id;
    }
    while (next < mine.length) merged[place++] = mine[next++];
  }
  return settleTies(merged, scaled);
}

const before = (values, a, b) => values[a] > values[b] || (values[a] === values[b] && a < b);

/** Division can make two neighbours equal; equal ones stand by id. */
function settleTies(order, scaled) {
  let settled = order;
  for (let i = 1; i < settled.length; i++) {
    for (let j = i; j > 0 && scaled[settled[j]] === scaled[settled[j - 1]] && settled[j] < settled[j - 1]; j--) {
      if (settled === order) settled = order.slice();
      [settled[j], settled[j - 1]] = [settled[j - 1], settled[j]];
    }
  }
  return settled;
}

/** Which filter removes each token. Every filter keeps the first ones of the order, so `count` says what stays. */
function cut(scaled, order, { temperature, topK, topP, minP }) {
  const removedBy = new Uint8Array(scaled.length);
  let count = order.length;
  const keep = (n, filter) => {
    for (let i = n; i < count; i++) removedBy[order[i]] = filter;
    count = n;
  };
  if (temperature < GREEDY_BELOW) keep(1, 4);
  else {
    if (topK !== null) keep(topKCount(scaled, order, count, topK), 1);
    if (topP !== null) keep(topPCount(scaled, order, count, topP), 2);
    if (minP !== null) keep(minPCount(scaled, order, count, minP), 3);
  }
  return { removedBy, count };
}

/** The k best, and those that tie with the last of them. */
function topKCount(scaled, order, count, k) {
  let n = Math.min(k, count);
  while (n < count && scaled[order[n]] === scaled[order[n - 1]]) n++;
  return n;
}

/** The smallest set of best tokens whose probability reaches p. */
function topPCount(scaled, order, count, p) {
  const weights = shares(scaled, order, count);
  let fromHereOn = 0, n = 0; // a token and all that are less probable
  for (let i = count - 1; i >= 0 && !n; i--) {
    fromHereOn += weights[i];
    if (fromHereOn > 1 - p) n = i + 1;
  }
  return Math.max(1, n);
}

/** Tokens with at least this share of the best one's probability. */
function minPCount(scaled, order, count, share) {
  let n = 1;
  while (n < count && Math.exp(scaled[order[n]] - scaled[order[0]]) >= share) n++;
  return n;
}

/** Softmax of the first `count` of the order. */
function shares(scaled, order, count) {
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) weights[i] = Math.exp(scaled[order[i]] - scaled[order[0]]);
  const total = pairwiseSum(weights, 0, count);
  for (let i = 0; i < count; i++) weights[i] /= total;
  return weights;
}

export function softmax(values) {
  let best = -Infinity;
  for (const v of values) if (v > best) best = v;
  const weights = values.map((v) => Math.exp(v - best));
  const total = pairwiseSum(weights, 0, weights.length);
  return weights.map((w) => w / total);
}

/** Right edge of each kept token's part of a bar of length 1. */
function barEdges(scaled, order, count) {
  const edges = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) edges[i] = sum += Math.exp(scaled[order[i]] - scaled[order[0]]);
  for (let i = 0; i < count; i++) edges[i] /= sum;
  return edges;
}

/** The token whose part of the bar contains u. */
function drawFrom(order, edges, u) {
  let low = 0, high = edges.length; // the first edge above u
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= u) low = middle + 1;
    else high = middle;
  }
  return { u, low: low ? edges[low - 1] : 0, high: edges[low], place: low, id: order[low] };
}

/** numpy's order of adding, so that the last digits agree too. */
function pairwiseSum(values, start, n) {
  if (n < 8) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[start + i];
    return sum;
  }
  if (n > 128) {
    const half = (n >> 1) - ((n >> 1) % 8);
    return pairwiseSum(values, start, half) + pairwiseSum(values, start + half, n - half);
  }
  const r = values.slice(start, start + 8);
  let i = 8;
  for (; i < n - (n % 8); i += 8) for (let j = 0; j < 8; j++) r[j] += values[start + i + j];
  let sum = r[0] + r[1] + (r[2] + r[3]) + (r[4] + r[5] + (r[6] + r[7]));
  for (; i < n; i++) sum += values[start + i];
  return sum;
}
