// One press of Back leads to the page as it was left.
//
// When a link to another page is pressed, Streamlit takes what belongs to the page that is left out of the address, names the
// next page, puts in what is kept and takes out what that page does not have: in steps of their own and in any order. Each is a
// step of Back, and in between a page is in a state that nobody chose. Here one press makes one step.
const AT_MOST = 10000; // milliseconds until the next page has its address; the reader's next press or key ends it at once
let press = null; // when a link to another page was pressed, and whether it has had its step

document.addEventListener("click", (e) => {
  const link = e.composedPath().find((element) => element.localName === "a" && element.href);
  if (link && link.origin === location.origin && link.pathname !== location.pathname) press = { at: performance.now(), made: false };
}, true);
for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => { press = null; }, true);

const push = history.pushState;
history.pushState = function (...step) {
  const follows = press !== null && performance.now() - press.at < AT_MOST;
  if (follows && press.made) history.replaceState(...step);
  else push.apply(this, step);
  if (follows) press.made = true;
};
