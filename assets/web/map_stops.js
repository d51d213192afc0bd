// What a token's vector is at each stop of its way: its length, and what the model would give if it stopped there. Written into
// the gaps of the map, for the token that is pointed at or else the page's own.
import { apart, digits, filled, s } from "./base.js";
import { fitted } from "./picture.js";

const FONT = "13px sans-serif";

/** The stops of token `t`: the start, each attention and each MLP, and the end, which is the last one once more. */
export function stops({ arrays, names, layers }, t) {
  const { size, added, ids, probabilities } = arrays, count = size.shape[1], kept = ids.shape[2];
  const made = Array.from({ length: count }, (_, i) => {
    const at = t * count + i;
    const guesses = Array.from({ length: kept }, (_, j) => [names[ids.data[at * kept + j]], probabilities.data[at * kept + j]]);
    return { part: i === 0 ? "start" : i % 2 ? "attention" : "mlp", layer: i === 0 ? -1 : (i - 1) >> 1, size: size.data[at], added: added.data[at],
      guesses: guesses.filter(([, p]) => !Number.isNaN(p)) };
  });
  return [...made, { ...made.at(-1), part: "end", layer: layers - 1 }];
}

/** Its texts on the picture, in the gaps that map_layout.js has left for them. */
export function written(state, t) {
  const { data, plan, palette } = state, { words } = data;
  const way = stops(data, t), group = s("g", { class: state.open.length ? "stops dim" : "stops", "aria-hidden": "true", "pointer-events": "none" });
  const line = (place, before, strong) => {
    if (!place) return;
    const room = place.room - 16, cut = fitted(strong, `600 ${FONT}`, room);
    const text = s("text", { x: place.x, y: place.y, class: "small" });
    if (before && room > 230) text.append(`${before} `);
    text.append(s("tspan", { fill: palette.accent, "font-weight": 600, style: "unicode-bidi: isolate" }, cut));
    group.append(text);
  };
  line(plan.labels.tokens, filled(words.stop_token, { place: t + 1 }), data.tokens[t]);
  for (const [i, stop] of way.entries()) {
    const place = plan.labels[stop.part === "start" || stop.part === "end" ? stop.part : i];
    const last = stop.part === "end";
    line(place, last ? words.stop_end : filled(words.stop, { size: digits(stop.size) }), 
      stop.guesses.slice(0, last ? 3 : 1).map(([text, p]) => `${apart(text)} ${digits(p)}`).join(", "));
  }
  return group;
}

/** The way in one sentence. */
export function summed({ data }, t) {
  const way = stops(data, t), end = way.at(-1), [guess, p] = end.guesses[0] ?? [];
  const values = { token: data.tokens[t], start: digits(way[0].size), end: digits(end.size), guess, p: guess === undefined ? "" : digits(p) };
  return filled(data.words[guess === undefined ? "way_short" : "way_words"], values);
}
