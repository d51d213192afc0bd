// The bus: what is pointed at in one component lights up in all others of the page, in the same frame, without the server.
//
// A *place* says what is pointed at. All fields are optional; positions count from 0:
//   { token }            a token of the sentence, in no special part
//   { query, key }       a pair: a cell of a matrix, a line, a pair of tokens
//   { layer, head }      the head it was seen in
//   { channel, entry }   a channel of a vector; an entry of the vocabulary (its id)
//   { part }             a part of the model, as the map names it ("block.attention.q"); `layer` says of which layer
//   { weights, words }   added by the component that has the numbers (`tell`): the row of attention weights of the query
//                        (Float32Array, not to be changed), and the sentence that says all this in words
//
// A component joins once per run of its function and returns `leave` to Streamlit, which calls it when it is unmounted:
//   const bus = join(root, {
//     scope,            // data.sentence: token positions are linked only among components that show the same sentence.
//                       // Without one the component stands alone: hover, lock and Escape work, nothing is linked.
//     lock,             // data.lock: [token, key or -1] that Python has as locked, or null
//     show(place, held) // paint now (no requestAnimationFrame: this is one); null is "nothing"; `held` is whether it is locked
//     tell(place)       // optional: more about a place, see above
//     parts,            // optional: it knows parts; a place that names only a part is nothing to all others
//     record(lock, place) // optional: report [token, key or -1, n] to Python (`setStateValue`), [-1, -1, n] when it is freed (alone: null)
//   });
//   bus.point(place)    // hover; null when the pointer leaves
//   bus.press(place)    // lock it, or free it when it is locked already
//   bus.free()          // what Escape does anywhere on the page
//   bus.watch(element, at, press) // pointer and touch on an element: `at(event)` gives the place under it
//   return bus.leave;
//
// What holds: while a lock stands, all components hold it; only the one under the pointer follows the pointer, until it leaves.
// Others that want to know of locks (panels that open on one) call `onLock(f)`: f({ scope, place }) on each change; it returns
// a function that ends it. A page script can read `current(scope)`. For tests: `members()` counts who is joined.

const MEMBERS = new Map(); // root -> member
const SCOPES = new Map(); // scope -> { pointed, by, lock, told }
const WATCHERS = new Set();
const FIELDS = ["token", "query", "key", "layer", "head", "channel", "space", "entry", "side", "part"];
let frame = 0, count = 0, live = null, spoken = 0, sentence = "";

export const same = (a, b) => (a && b ? FIELDS.every((name) => (a[name] ?? null) === (b[name] ?? null)) : !a && !b);

/** How many components are joined. */
export const members = () => MEMBERS.size;

/** What is shown in a scope now: the lock, else what is pointed at. */
export const current = (scope) => { const at = SCOPES.get(scope); return at ? at.lock ?? at.pointed : null; };

export function onLock(watcher) {
  WATCHERS.add(watcher);
  return () => WATCHERS.delete(watcher);
}

/** The positions a place is about, for components that mark single tokens: "query", "key", "token" or null for position i. */
export function part(place, i, id = null) {
  if (!place) return null;
  if (place.query === i) return "query";
  if (place.key === i) return "key";
  if (place.token === i) return "token";
  return place.entry !== undefined && place.entry === id && place.token === undefined && place.query === undefined ? "token" : null;
}

export function join(root, { scope, lock, show, tell, record, parts = false }) {
  if (!MEMBERS.size) begin();
  const key = scope ?? root;
  const before = MEMBERS.get(root);
  if (before && before.scope !== key) forget(before);
  const member = { root, scope: key, show, tell, record, parts, keeps: lock !== undefined };
  MEMBERS.set(root, member);
  const at = place(key);
  if (before && at.by === before) at.by = member; // the same component, run again under the pointer
  if (lock !== undefined && String(lock) !== at.told) { // a component that knows of no lock does not free one
    at.told = String(lock);
    at.lock = lock ? full(key, fromLock(lock)) : null;
    tellWatchers(key, at.lock);
    soon();
  } else if (at.lock) at.lock = full(key, at.lock); // numbers may be new
  const current_ = shownTo(member, at);
  show(current_, Boolean(at.lock) && current_ === at.lock);
  return {
    point: (to) => point(member, to),
    press: (to) => press(member, to),
    free: () => hold(member.scope, null),
    watch: (element, seen, pressed) => watch(member, element, seen, pressed),
    say,
    leave: () => { if (MEMBERS.get(root) === member) { MEMBERS.delete(root); forget(member); if (!MEMBERS.size) end(); } },
  };
}

const place = (scope) => { if (!SCOPES.has(scope)) SCOPES.set(scope, { pointed: null, by: null, lock: null, told: "null" }); return SCOPES.get(scope); };

const fromLock = ([token, key]) => (key >= 0 ? { query: token, key } : { token });

const toLock = (to) => [to.query ?? to.token, to.query !== undefined ? to.key ?? -1 : -1, ++count];

/** Whether a press on a place is meant for the lock: one that came back from Python no longer says if a token or its row was pressed. */
const alike = (lock, to) => Boolean(lock && to) && same(inPair(lock), inPair(to));

const inPair = ({ token, query = token, entry, ...rest }) => ({ ...rest, query, entry: token === undefined ? entry : null }); // a token's entry says nothing new

/** A place with what the components that have the numbers add to it. */
function full(scope, to) {
  for (const member of MEMBERS.values()) {
    const more = member.scope === scope && member.tell?.(to);
    if (more) return { ...to, ...more };
  }
  return to;
}

/** A scope that nobody shows any more (who knows of no lock does not count) is forgotten: its lock comes back from Python. */
function forget(member) {
  const at = SCOPES.get(member.scope);
  if (at?.by === member) Object.assign(at, { pointed: null, by: null });
  if (![...MEMBERS.values()].some((other) => other !== member && other.keeps && other.scope === member.scope)) SCOPES.delete(member.scope);
  soon();
}

function point(member, to) {
  const at = place(member.scope);
  if (to === null && at.by !== member) return; // another component has it by now
  const wanted = to && full(member.scope, to);
  if (at.by === member && same(wanted, at.pointed)) return;
  at.pointed = wanted;
  at.by = wanted && member;
  say(wanted?.words);
  soon();
}

function press(member, to) {
  const { lock } = place(member.scope), wanted = full(member.scope, to);
  hold(member.scope, alike(lock, wanted) ? null : wanted, member);
}

/** Lock a place in a scope, or free it, and report that to Python through one component that can. */
function hold(scope, to, by = null) {
  const at = place(scope);
  if (!to && !at.lock) return;
  at.lock = to;
  if (!to) Object.assign(at, { pointed: null, by: null });
  const reporter = by?.record ? by : [...MEMBERS.values()].find((member) => member.scope === scope && member.record);
  const about = to && (to.query ?? to.token);
  if (reporter && about !== undefined) reporter.record(to ? toLock(to) : typeof scope === "string" ? [-1, -1, ++count] : null, to);
  tellWatchers(scope, to);
  soon();
}

const tellWatchers = (scope, to) => WATCHERS.forEach((watcher) => watcher({ scope, place: to }));

function shownTo(member, { lock, by, pointed }) {
  if (pointed?.part) return member.parts ? pointed : lock; // no token is meant, so none has to give way to it
  return lock && by !== member ? lock : pointed ?? lock;
}

function soon() {
  if (!frame) frame = requestAnimationFrame(paint);
}

function paint() {
  frame = 0;
  for (const member of MEMBERS.values()) {
    const at = place(member.scope), to = shownTo(member, at);
    if (member.shown === to && member.painted) continue;
    Object.assign(member, { shown: to, painted: true });
    member.show(to, Boolean(to) && to === at.lock);
  }
}

/** Pointer and touch: hover points, a click presses; the first tap of a finger points, the second on the same place presses, and the next one frees. */
function watch(member, element, seen, pressed = (to) => press(member, to)) {
  element.onpointermove = (e) => { if (e.pointerType !== "touch") point(member, seen(e)); };
  element.onpointerleave = (e) => { if (e.pointerType !== "touch") point(member, null); };
  element.onclick = (e) => {
    const to = seen(e);
    if (!to) return;
    const { pointed, lock } = place(member.scope), wanted = full(member.scope, to);
    const again = same(wanted, pointed) || alike(lock, wanted); // the run after a lock may have taken the pointed one away
    if (e.pointerType === "touch" && !again) point(member, to);
    else pressed(to, e);
  };
}

function onkeydown(e) {
  if (e.key !== "Escape" || e.composedPath()[0].closest?.("input, textarea, [role=dialog]")) return;
  for (const [scope, at] of SCOPES) {
    if (at.pointed) Object.assign(at, { pointed: null, by: null });
    hold(scope, null);
  }
  soon();
}

/** Words for readers who listen: at most three times a second, the last ones always. */
export function say(words) {
  if (!words || words === sentence) return;
  sentence = words;
  if (!spoken) spoken = setTimeout(() => { spoken = 0; if (live) live.textContent = sentence; }, 350);
}

function begin() {
  live = document.createElement("div");
  live.id = "gf-live";
  live.setAttribute("aria-live", "polite");
  live.setAttribute("role", "status");
  Object.assign(live.style, { position: "fixed", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)" });
  document.body.append(live);
  document.addEventListener("keydown", onkeydown);
}

function end() {
  document.removeEventListener("keydown", onkeydown);
  cancelAnimationFrame(frame);
  clearTimeout(spoken);
  live?.remove();
  frame = spoken = 0;
  live = null;
  SCOPES.clear();
}
