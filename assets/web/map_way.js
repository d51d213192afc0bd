// One token's way through the map: its vector's length at each stop, and what the model would give if it stopped there.
import { calm, digits, h, s } from "./base.js";
import { stops } from "./map_stops.js";

const PAUSE_MS = 1100;

/** The player's element and button, and mark(), which draws the dot where the token is. */
export function player(state) {
  const { data } = state, { words } = data, way = stops(data, data.token);
  const said = h("div", { class: "said", "aria-live": "polite" }), bars = h("div", {});
  const go = (step) => show(Math.min(way.length - 1, Math.max(0, (state.stop ?? -1) + step)));
  const play = h("button", { type: "button", onclick: () => (state.timer ? halt() : begin()) });
  const back = h("button", { type: "button", "aria-label": words.way_back, onclick: () => { halt(); go(-1); } }, "‹");
  const on = h("button", { type: "button", "aria-label": words.way_next, onclick: () => { halt(); go(1); } }, "›");
  const tokens = h("select", { "aria-label": words.way_token, onchange: () => { halt(); state.bus.press({ token: +tokens.value }); } },
    data.tokens.map((text, i) => h("option", { value: i, selected: i === data.token }, `${i + 1} ${text}`)));
  const element = h("div", { class: "way", role: "group", "aria-label": words.way, hidden: state.stop === null }, said, bars,
    h("div", { class: "bar" }, calm() ? null : play, back, on, h("span", { class: "crumbs push" }, words.way_token, tokens),
      h("button", { type: "button", onclick: () => end() }, words.way_close)));
  const button = h("button", { type: "button", onclick: () => { state.open = []; if (calm()) show(0); else begin(); on.focus({ preventScroll: true }); } }, `▶ ${words.way_play}`);

  clearInterval(state.timer);
  state.timer = 0;
  function begin() {
    if (state.stop === null || state.stop >= way.length - 1) show(0);
    play.textContent = `❚❚ ${words.way_stop}`;
    state.timer = setInterval(() => {
      if (!element.isConnected) { clearInterval(state.timer); return; }
      if (state.stop >= way.length - 1) halt();
      else go(1);
    }, PAUSE_MS);
  }
  function halt() {
    clearInterval(state.timer);
    state.timer = 0;
    play.textContent = `▶ ${words.way_play}`;
  }
  function end() {
    halt();
    state.stop = null;
    element.hidden = true;
    state.render();
  }
  function show(i) {
    state.stop = i;
    const stop = way[i];
    if (stop.layer >= 0 && stop.layer !== state.layer) { state.layer = stop.layer; state.render(); } else mark();
  }
  function mark() {
    element.hidden = state.stop === null;
    if (state.stop === null) return;
    const stop = way[Math.min(state.stop, way.length - 1)], { plan, picture } = state;
    const y = plan.spots[stop.part] ?? plan.road.top;
    picture.querySelectorAll(".at, .dot").forEach((old) => (old.classList.contains("dot") ? old.remove() : old.classList.remove("at")));
    const part = { start: "embedding", end: "softmax" }[stop.part] ?? `block.${stop.part}`;
    const found = [...picture.querySelectorAll(".part")].find((each) => each.dataset.part === part);
    found?.classList.add("at");
    const dot = s("circle", { class: "dot", cx: plan.road.x, cy: y, r: 10, fill: state.palette.accent, stroke: state.palette.card, "stroke-width": 2.5 });
    picture.append(dot);
    if (!calm() && state.dot !== undefined && state.dot < y) dot.animate([{ transform: `translateY(${state.dot - y}px)` }, { transform: "none" }], { duration: 450, easing: "ease-in-out" });
    state.dot = y;
    tell(stop);
    const active = element.getRootNode().activeElement, [first, last] = [state.stop === 0, state.stop === way.length - 1];
    back.disabled = on.disabled = false;
    if (last && active === on) back.focus(); // a button that is disabled loses the focus, and Escape with it
    if (first && active === back) on.focus();
    [back.disabled, on.disabled] = [first, last];
  }
  function tell(stop) {
    const values = { token: data.tokens[data.token], size: digits(stop.size), added: digits(stop.added), layer: String(stop.layer + 1) };
    said.replaceChildren(...words[`way_${stop.part}`].split(/\{(\w+)\}/).map((piece, i) => (i % 2 ? h("b", { dir: "auto" }, values[piece]) : piece)));
    bars.replaceChildren(...stop.guesses.map(([text, p]) => h("div", { class: "guess" }, h("span", { dir: "auto" }, text), h("i", { style: { width: `${100 * p}%` } }), h("span", { class: "num" }, p.toFixed(2)))));
  }
  halt();
  return { element, button, mark, end };
}
