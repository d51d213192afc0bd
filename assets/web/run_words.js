// What the components of a run say alike.

/** A sentence with its {names} filled in. */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/** The small line under a figure: whose weights, at which step, and whether they are still moving. */
export function origin(data, title, feed, step = feed.last) {
  const state = feed.status?.state;
  const live = { running: data.words.live, paused: data.words.paused }[state] ?? (feed.status && !feed.status.active ? data.words.ended : "");
  return [title, fill(data.words.at_step, { step: Math.round(step).toLocaleString("en") }), live].filter(Boolean).join(" · ");
}

/** Whose numbers a run's figure shows, for the name of a file. */
export const citation = (title, step) => `${title ?? ""} step ${Math.round(step ?? 0)}`;

/** A duration to glance at: 8 s, 1 min 20 s, 12 min. */
export function duration(words, seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return fill(words.seconds, { n: whole });
  if (whole < 600) return fill(words.minutes_seconds, { m: Math.floor(whole / 60), s: whole % 60 });
  return fill(words.minutes, { n: Math.round(whole / 60) });
}
