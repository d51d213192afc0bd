// The time slider under the token cloud.
import { calm, h } from "./base.js";

const MOVE = 400, REST = 550; // milliseconds

/** The time slider: which training step is shown, with play. Movement takes 0.4 s unless the reader wants calm. */
export function timeline(data, state, { draw, say, last }) {
  const said = () => `${data.words.step} ${data.steps[Math.round(state.t)].toLocaleString("en")}`;
  const output = h("output", {}, said());
  const range = h("input", { type: "range", min: 0, max: last, step: 1, value: Math.round(state.t), "aria-label": data.words.time, "aria-valuetext": said(), "data-part": "time",
    oninput: (e) => { stop(); go(+e.target.value); } });
  const play = h("button", { type: "button", class: "play", "data-part": "play", onclick: () => (state.on ? stop() : start()) }, data.words.play);
  const show = (still) => {
    draw(still);
    range.value = Math.round(state.t);
    range.setAttribute("aria-valuetext", said());
    output.textContent = said();
    say();
  };
  const go = (target, then = () => {}) => {
    cancelAnimationFrame(state.playing);
    const from = state.t, began = performance.now();
    state.going = data.steps[target];
    if (calm() || from === target) { state.t = target; state.going = null; show(true); return then(); }
    const tick = (now) => {
      const u = Math.min(1, Math.max(0, (now - began) / MOVE));
      state.t = from + (target - from) * (u * u * (3 - 2 * u));
      if (u < 1) { show(false); state.playing = requestAnimationFrame(tick); return; }
      state.t = target;
      state.going = null;
      show(true);
      then();
    };
    state.playing = requestAnimationFrame(tick);
  };
  const stop = () => { state.on = false; state.going = null; cancelAnimationFrame(state.playing); clearTimeout(state.pause); play.textContent = data.words.play; };
  const next = () => {
    if (!state.on || !range.isConnected) return;
    if (state.t >= last) return stop();
    state.pause = setTimeout(() => state.on && range.isConnected && go(Math.floor(state.t) + 1, next), REST);
  };
  const start = () => { state.on = true; play.textContent = data.words.pause; go(state.t >= last ? 0 : Math.round(state.t), next); };
  state.on = false;
  clearTimeout(state.pause);
  return Object.assign(h("div", { class: "time" }, play, range, output), { go });
}
