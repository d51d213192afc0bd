// One press of Back leads to the page as it was left.
//
// Streamlit takes what belongs to the page that is left out of the address in a step of its own, and names the next page in
// another one. Both are steps of Back, and the first is a page in a state that nobody chose. The second takes its place here.
const AT_MOST = 3000; // milliseconds between the two
let emptied = null; // the address after such a first step, and when that was

const push = history.pushState;
history.pushState = function (state, title, url) {
  const here = new URL(location.href);
  const next = new URL(url, here);
  const moves = next.pathname !== here.pathname;
  const follows = emptied?.href === here.href && performance.now() - emptied.at < AT_MOST;
  const fewer = [...next.searchParams].length < [...here.searchParams].length;
  const kept = [...next.searchParams].every(([name, value]) => here.searchParams.get(name) === value);
  emptied = !moves && fewer && kept ? { href: next.href, at: performance.now() } : null;
  if (moves && follows) history.replaceState(state, title, url);
  else push.call(this, state, title, url);
};
