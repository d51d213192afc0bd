// The panel to take away: the numbers as a table or file, the picture as SVG or PNG.
import { css, named, s, sequential, takeaway } from "./base.js";
import { drawing } from "./decode_bars.js";
import { probability } from "./decode_numbers.js";
import { REMOVED_BY } from "./sampling.js";

const IN_TABLE = 50, IN_FILE = 1000, IN_PICTURE = 12;

export const download = (state) => takeaway({ state, title: state.data.label, svg: () => picture(state), table: () => [header(state), ...lines(state, IN_FILE)], most: IN_TABLE });

const header = ({ data: { words: { columns: names } } }) => [...named("id"), names.token, names.logit, names.penalised, names.scaled, names.filters, names.own, names.probability];

function lines(state, most) {
  const { choice } = state;
  return Array.from(choice.order.subarray(0, most), (id) => [String(id), state.text(id), choice.logits[id], choice.penalised[id], choice.scaled[id],
    REMOVED_BY[choice.removedBy[id]], state.ownOf(id), choice.probabilities[id]]);
}

/** The candidates as bars over the two long bars, as a drawing of its own. */
function picture(state) {
  const { palette, choice } = state, width = 760, left = 150, step = 28;
  const ids = Array.from(choice.order.subarray(0, IN_PICTURE)), best = Math.max(...ids.map((id) => choice.probabilities[id]), 1e-9);
  const below = drawing(state, width - 40);
  const height = 30 + ids.length * step + 170;
  const svg = s("svg", { width, height, viewBox: `0 0 ${width} ${height}` }, s("rect", { width, height, fill: palette.card }));
  ids.forEach((id, i) => {
    const p = choice.probabilities[id], y = 20 + i * step;
    svg.append(s("text", { x: left - 10, y: y + 15, "text-anchor": "end", "font-size": 16, fill: palette.ink }, state.text(id)),
      s("rect", { x: left, y, width: ((width - left - 110) * p) / best, height: 20, rx: 4, fill: css(sequential(palette)(0.25 + 0.75 * p)) }),
      s("text", { x: width - 20, y: y + 15, "text-anchor": "end", "font-size": 15, fill: palette.ink }, choice.removedBy[id] ? state.data.words.filters[REMOVED_BY[choice.removedBy[id]]] : probability(p)));
  });
  const moved = s("g", { transform: `translate(20 ${40 + ids.length * step})` });
  moved.append(...below.childNodes);
  svg.append(moved);
  return svg;
}
