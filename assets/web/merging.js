// Byte-pair merging as in llm/tokenizers/bytelevel.py: one rule, left to right, inside each chunk.

/** All states: { ids, ends, fresh } before each merge and after the last; `fresh` are the places of the newest token. */
export function states(ids, ends, candidates) {
  const found = [{ ids, ends, fresh: [] }];
  for (const [rule] of candidates.slice(0, -1)) found.push(apply(found.at(-1), rule));
  return found;
}

/** The state after one rule [left, right, new]. */
export function apply({ ids, ends }, [left, right, fresh]) {
  const next = { ids: [], ends: [], fresh: [] };
  let at = 0;
  for (const end of ends) {
    while (at < end) {
      if (ids[at] === left && at + 1 < end && ids[at + 1] === right) {
        next.fresh.push(next.ids.length);
        next.ids.push(fresh);
        at += 2;
      } else next.ids.push(ids[at++]);
    }
    next.ends.push(next.ids.length);
  }
  return next;
}

/** Where the rule will strike: the places of its left tokens, as `apply` finds them. */
export function strikes({ ids, ends }, rule) {
  const found = [];
  if (!rule) return found;
  let start = 0;
  for (const end of ends) {
    for (let i = start; i + 1 < end; i++) if (ids[i] === rule[0] && ids[i + 1] === rule[1]) found.push(i++);
    start = end;
  }
  return found;
}
