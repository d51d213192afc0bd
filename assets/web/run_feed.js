// The runs that this page shows, each followed once however many components draw it. A run that is followed steadily keeps one
// event stream open while it trains and the tab can be seen; all others are looked at in turn, a moment each, so that a page
// needs at most two connections (a browser allows six to a host, for all its tabs together).

const FEEDS = new Map();
const GLANCE = 2000, SWEEP = 1000, FIRST_WAIT = 1000, LONGEST_WAIT = 30000, KEPT_PATTERNS = 120, SELDOM = 15000;
const SMOOTH_FROM = 0.8, SMOOTH_SHARE = 0.025; // steps that the smoothed loss looks back, and what this grows by with each step

/** One run's numbers as far as they are known here. */
class Feed {
  constructor(id) {
    this.id = id;
    this.watchers = new Map(); // element -> { draw, steady, gone }
    this.source = null;
    this.frame = this.timer = 0;
    this.looked = 0;
    this.chosen = null; // the sample that the reader looks at; null: the newest
    this.empty();
  }

  empty() {
    this.columns = { step: [], loss: [], learning_rate: [], grad_norm: [], seconds: [], val_loss: [], val_bits_per_byte: [], smooth: [] };
    this.evaluations = []; // rows that have a validation loss
    this.changes = [];
    this.samples = [];
    this.snapshots = [];
    this.status = null;
    this.ended = this.lost = false;
    this.wait = FIRST_WAIT;
    this.before = null;
  }

  get length() { return this.columns.step.length; }
  get last() { return this.length ? this.columns.step[this.length - 1] : 0; }
  get steady() { return [...this.watchers.values()].some((watcher) => watcher.steady); }
  get sample() { return this.samples[this.chosen ?? this.samples.length - 1] ?? null; }

  // The stream

  open() {
    if (this.source || this.ended || document.hidden || !this.watchers.size) return;
    clearTimeout(this.timer);
    const source = (this.source = new EventSource(new URL(`live/${encodeURIComponent(this.id)}?since=${this.last}`, document.baseURI)));
    source.onopen = () => { this.before = { last: this.last, changes: this.changes }; this.changes = []; this.wait = FIRST_WAIT; this.say("lost", false); };
    source.onerror = () => this.failed(source);
    for (const name of ["status", "metrics", "change", "changes", "sample", "snapshots", "end"]) {
      source.addEventListener(name, (message) => { if (this.source === source) { this[`on_${name}`](JSON.parse(message.data)); this.notify(); } });
    }
  }

  close() {
    this.source?.close();
    this.source = null;
    clearTimeout(this.timer);
  }

  /** The browser tries again by itself, unless it was answered with an error. */
  failed(source) {
    if (this.source !== source) return;
    this.say("lost", true);
    if (source.readyState !== EventSource.CLOSED) return;
    this.close();
    this.looked = Date.now();
    if (this.steady) this.timer = setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }

  /** Forget everything and read the run again from its first step. */
  restart() {
    this.close();
    this.empty();
    this.open();
  }

  say(name, value) {
    if (this[name] !== value) { this[name] = value; this.notify(); }
  }

  // Events

  on_status(status) { this.status = status; }

  on_metrics({ columns, rows, reset }) {
    if (reset) this.cut();
    const places = Object.fromEntries(columns.map((name, i) => [name, i]));
    for (const row of rows) if (row[places.step] > this.last || !this.length) this.add((name) => row[places[name]] ?? NaN);
    if (reset) this.samples = this.samples.filter((sample) => sample.step <= this.last);
  }

  add(value) {
    const { columns } = this, i = this.length, step = value("step"), loss = value("loss");
    const before = i ? columns.smooth[i - 1] : loss;
    const weight = i ? 1 - Math.exp(-(step - columns.step[i - 1]) / (SMOOTH_FROM + SMOOTH_SHARE * step)) : 1;
    for (const name of Object.keys(columns)) if (name !== "smooth") columns[name].push(value(name));
    columns.smooth.push(Number.isFinite(loss) && Number.isFinite(before) ? before + weight * (loss - before) : loss);
    if (Number.isFinite(value("val_loss"))) this.evaluations.push(i);
  }

  cut() {
    for (const values of Object.values(this.columns)) values.length = 0;
    this.evaluations = [];
  }

  on_change(change) {
    const text = JSON.stringify(change);
    if (!this.changes.some((known) => JSON.stringify(known) === text)) this.changes.push(change);
  }

  /** All there are now: a run that went back has forgotten some. */
  on_changes({ rows }) { this.changes = rows; }

  /** A sample takes its place by step; the same one, sent again, replaces itself. Old pictures of attention are let go. */
  on_sample(sample) {
    const same = this.samples.findIndex((known) => known.step === sample.step && known.prompt === sample.prompt);
    if (same >= 0) this.samples[same] = { ...this.samples[same], ...sample };
    else {
      let at = this.samples.length;
      while (at && this.samples[at - 1].step > sample.step) at--;
      this.samples.splice(at, 0, sample);
      if (this.chosen !== null && at <= this.chosen) this.chosen++;
    }
    const old = this.samples[this.samples.length - KEPT_PATTERNS];
    if (old?.patterns) delete old.patterns;
  }

  /** Comes last of what was there: by now it is known whether this is still the run that was known before the stream broke. */
  on_snapshots({ steps }) {
    this.snapshots = steps;
    const before = this.before;
    this.before = null;
    if (before?.last) {
      const early = (changes) => JSON.stringify(changes.filter((change) => change.step < before.last));
      if (early(before.changes) !== early(this.changes)) return this.restart();
    }
    if (!this.steady) this.glanced();
  }

  on_end() {
    this.close();
    this.ended = true;
    this.looked = Date.now();
  }

  /** Whether a run that has ended is still there, or trains again: its owner may be somebody else. */
  async revisit() {
    this.looked = Date.now();
    const found = await fetch(new URL(`there/${encodeURIComponent(this.id)}`, document.baseURI)).then((answer) => answer.json()).catch(() => null);
    if (!found || !this.ended || !this.watchers.size) return; // a server that is away says nothing about the run
    if (found.active) this.restart();
    else if (!found.there) { this.status = { ...this.status, state: "gone", message: "" }; this.notify(); }
  }

  glanced() {
    this.close();
    this.looked = Date.now();
    this.ended = !this.status?.active;
    setTimeout(look, 0);
  }

  // Watchers

  /** Draw once with the next picture of the screen, however much came. */
  notify() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      for (const [root, watcher] of this.watchers) if (root.isConnected) watcher.draw(this);
    });
  }

  /** Look at an earlier sample (null: follow the newest); every component of the page shows it. */
  choose(index) {
    this.chosen = index === null || index >= this.samples.length - 1 ? null : Math.max(0, index);
    this.notify();
  }
}

/**
 * Draw a run whenever something of it is new, until the element leaves the page. Returns the feed.
 * `steady`: keep a stream open while it trains; else it is looked at every few seconds. `active`: what the server knows; a run
 * that had ended and trains again is read anew.
 */
export function follow(id, root, draw, { steady = true, active = true } = {}) {
  let feed = FEEDS.get(id);
  if (!feed) FEEDS.set(id, (feed = new Feed(id)));
  feed.watchers.set(root, { draw, steady, gone: false });
  if (feed.ended && active && !feed.status?.active) feed.restart();
  if (steady) feed.open();
  else look();
  start();
  return feed;
}

/** The element no longer draws this run. */
export function leave(id, root) {
  const feed = FEEDS.get(id);
  feed?.watchers.delete(root);
  if (feed && !feed.watchers.size) { feed.close(); FEEDS.delete(id); }
}

/** Look at the run that has waited longest, one at a time. */
function look() {
  if (document.hidden) return;
  const others = [...FEEDS.values()].filter((feed) => !feed.steady && !feed.ended);
  if (others.some((feed) => feed.source)) return;
  const next = others.sort((a, b) => a.looked - b.looked)[0];
  if (next && Date.now() - next.looked >= (next.lost ? next.wait : GLANCE)) next.open();
}

/** Let go of elements that have left the page (not at once: a framework may move one); ask now and then for runs that have ended. */
function sweep() {
  for (const feed of [...FEEDS.values()]) {
    for (const [root, watcher] of [...feed.watchers]) {
      if (!root.isConnected && watcher.gone) leave(feed.id, root);
      else watcher.gone = !root.isConnected;
    }
  }
  for (const feed of FEEDS.values()) if (feed.ended && feed.steady && !document.hidden && Date.now() - feed.looked >= SELDOM) feed.revisit();
  look();
}

function seen() {
  for (const feed of FEEDS.values()) {
    if (document.hidden) feed.close();
    else if (feed.steady) feed.open();
  }
  look();
}

let started = false;
function start() {
  if (started) return;
  started = true;
  setInterval(sweep, SWEEP);
  document.addEventListener("visibilitychange", seen);
}
