// Where the boxes and wires of the map stand: pure arithmetic from the tree, the width and what is open.

export const NARROW = 480; // pixels; below, boxes hold two lines and steps stand under each other
const STATIONS = { attention: "attention", norm1: "attention", mlp: "mlp", norm2: "mlp" };
const GAP = 23, HEAD = 38, LEAF = 50, ROW = 38, PAD = 12;

/** What is drawn: { boxes, wires, pluses, road, spots, labels, width, height }. `labels` are places for a few words about the
 * vector: behind the tokens, the start, each station (by its number: 1 + 2 * layer for attention, one more for the MLP), and the end.
 * `open` is the path of ids, `all` draws every layer. */
export function layout(data, { width, open, layer, all }) {
  const made = { boxes: [], wires: [], pluses: [], spots: {}, labels: {}, road: null, width, height: 0, narrow: width < NARROW };
  const road = made.narrow ? 16 : 24, x = made.narrow ? 40 : 58;
  const label = (name, below) => { made.labels[name] = { x: x + PAD, y: below - 7, room: width - x - 2 * PAD }; };
  let y = 8;
  const stream = { x: road, top: null, bottom: null };
  for (const [part] of data.tree.rows) {
    if (part.id === "block") {
      label("start", y);
      const layers = all ? [...Array(data.layers).keys()] : [layer];
      for (const i of layers) y = block(made, part, { x, y, width: width - x - 6, road, open, layer: i, shut: all && i !== layer, times: all ? 1 : part.times }) + GAP;
    } else {
      const box = place(made, part, { x, y, width: width - x - 6, open, path: [part.id], layer: null });
      join(made, part, box, road, stream);
      y += box.height + GAP;
      if (part.id === "tokens") Object.assign(made.labels, { tokens: { x: x + PAD, y: y - 7, room: (width - x) / 2 - 2 * PAD } }); // up to the arrow
      if (part.id === "softmax") label("end", y);
    }
  }
  made.road = { x: road, top: stream.top ?? 20, bottom: stream.bottom ?? y - 30 };
  made.height = y;
  made.spots.start = made.road.top;
  made.spots.end = made.road.bottom;
  return made;
}

/** A layer: a frame with its parts, or (`shut`) one line. Returns where it ends. */
function block(made, part, { x, y, width, road, open, layer, shut, times }) {
  const frame = { part, key: `block-${layer}`, path: ["block"], layer, x: x - (made.narrow ? 34 : 46), y, width: width + (made.narrow ? 34 : 46) + 4, height: ROW, frame: true, shut, times };
  made.boxes.push(frame);
  if (shut) {
    made.labels[2 * layer + 2] = { x: x + 108, y: y + 25, room: width - 220 };
    return y + ROW;
  }
  let inner = y + HEAD;
  for (const [each] of part.rows) {
    const box = place(made, each, { x, y: inner, width: width - 8, open, path: ["block", each.id], layer });
    join(made, each, box, road, null);
    if (each.adds || each.replaces) {
      const station = STATIONS[each.id]; // a norm behind an addition has the last word
      made.spots[station] = each.adds ? box.y + box.height + 9 : box.y + box.height - 9;
      made.labels[2 * layer + (station === "attention" ? 1 : 2)] = { x: x + PAD, y: box.y + box.height + 16, room: width - 2 * PAD };
    }
    inner += box.height + GAP + (each.adds ? 4 : 0);
  }
  frame.height = inner - y - 2;
  return y + frame.height;
}

const within = (path, open) => path.every((id, i) => open[i] === id);

/** A box, and inside it its parts when it is open. */
function place(made, part, { x, y, width, open, path, layer }) {
  const isOpen = part.rows.length > 0 && within(path, open);
  const box = { part, key: `${layer ?? ""}:${path.join(".")}`, path, layer, x, y, width, height: LEAF, open: isOpen };
  made.boxes.push(box);
  if (!isOpen) return box;
  let inner = y + HEAD + 4;
  part.rows.forEach((row, r) => {
    const apart = made.narrow && row.length > 1 && !part.together[r];
    const columns = apart ? 1 : row.length, between = part.together[r] ? 8 : 20;
    const each = (width - 2 * PAD - between * (columns - 1)) / columns;
    const placed = row.map((child, i) => place(made, child, {
      x: x + PAD + (apart ? 0 : i * (each + between)), y: inner + (apart ? i * (LEAF + GAP) : 0), width: each, open, path: [...path, child.id], layer }));
    placed.forEach((child, i) => { // steps of a row hand on to the next
      const after = placed[i + 1];
      if (!after || part.together[r]) return;
      made.wires.push(apart ? { down: true, x: child.x + child.width / 2, y: child.y + child.height, to: after.y, inside: path } : { right: true, x: child.x + child.width, y: child.y + LEAF / 2, to: after.x, inside: path });
    });
    inner = Math.max(...placed.map((child) => child.y + child.height)) + GAP;
    if (r < part.rows.length - 1) made.wires.push({ down: true, x: x + width / 2, y: inner - GAP, to: inner, inside: path });
  });
  box.height = inner - GAP + PAD - y;
  return box;
}

/** How a box meets the residual stream. */
function join(made, part, box, road, stream) {
  const middle = box.y + Math.min(box.height, LEAF) / 2, wire = (d, tip) => made.wires.push({ d, tip });
  if (part.onwards) made.wires.push({ down: true, x: box.x + box.width / 2, y: box.y + box.height, to: box.y + box.height + GAP });
  if (part.reads || part.leaves) wire(`M ${road} ${middle} H ${box.x - 7}`, [box.x - 7, middle, "right"]);
  if (part.enters) {
    wire(`M ${box.x} ${middle} H ${road}`);
    if (stream && stream.top === null) stream.top = middle;
    else made.pluses.push([road, middle]);
  }
  if (part.replaces) {
    if (!part.reads) wire(`M ${road} ${box.y + 12} H ${box.x - 7}`, [box.x - 7, box.y + 12, "right"]);
    wire(`M ${box.x} ${box.y + box.height - 9} H ${road + 7}`, [road + 7, box.y + box.height - 9, "left"]);
  }
  if (part.adds) {
    const bend = road + Math.max(8, (box.x - road) * 0.45), end = box.y + box.height + 9;
    wire(`M ${box.x} ${box.y + box.height - 12} H ${bend} V ${end} H ${road}`);
    made.pluses.push([road, end]);
  }
  if (part.leaves && stream) stream.bottom = middle;
}
