// @ts-check
// What stands where at step k, and what changes between two steps. Pure: no document, no clock.

/** @typedef {import("../contract.js").Picture} Picture */
/** @typedef {import("../contract.js").Timeline} Timeline */
/** @typedef {import("../contract.js").Entry} Entry */

/**
 * Turns a picture's timelines around: for each k, the slots that change and the keys first visited there.
 * @param {Pick<Picture, "steps" | "slots" | "images">} picture
 * @returns {Timeline}
 */
export function compileTimeline(picture) {
  const last = picture.steps.length;
  const slots = new Map([...Object.entries(picture.slots), ...Object.entries(picture.images)]);
  /** @type {string[][]} */
  const changed = Array.from({ length: last + 1 }, () => []);
  for (const [name, entries] of slots) for (const [k] of entries) changed[k]?.push(name);
  /** @type {Map<string, number>} */
  const firstVisit = new Map();
  /** @type {string[][]} */
  const visited = Array.from({ length: last + 1 }, () => []);
  picture.steps.forEach((step, index) => {
    for (const key of [...step.active, ...step.flow]) {
      if (firstVisit.has(key)) continue;
      firstVisit.set(key, index + 1);
      visited[index + 1].push(key);
    }
  });
  return { last, steps: picture.steps, slots, changed, firstVisit, visited };
}

/**
 * The entry that holds at step k: the one with the largest step not after k.
 * @param {readonly Entry[] | undefined} entries
 * @param {number} k
 * @returns {Entry | null}
 */
export function entryAt(entries, k) {
  if (!entries) return null;
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle][0] <= k) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : entries[low - 1];
}

/**
 * The text of a slot at step k; empty before its first entry.
 * @param {Timeline} timeline
 * @param {string} slot
 * @param {number} k
 */
export function slotText(timeline, slot, k) {
  return entryAt(timeline.slots.get(slot), k)?.[1] ?? "";
}

/**
 * The slots whose text may differ between steps j and k.
 * @param {Timeline} timeline
 * @param {number} j
 * @param {number} k
 * @returns {Set<string>}
 */
export function changedSlots(timeline, j, k) {
  const names = new Set();
  for (let at = Math.min(j, k) + 1; at <= Math.max(j, k); at++) for (const name of timeline.changed[at]) names.add(name);
  return names;
}

/**
 * The keys that are `active` or in `flow` at position k, where steps[k - 1] is the step just done.
 * @param {Timeline} timeline
 * @param {"active" | "flow"} field
 * @param {number} k
 * @returns {string[]}
 */
export function keysAt(timeline, field, k) {
  return k > 0 ? timeline.steps[k - 1][field] : [];
}

/**
 * The keys to add to and take from a class on the way from step j to step k.
 * @param {Timeline} timeline
 * @param {"active" | "flow" | "visited"} field
 * @param {number} j
 * @param {number} k
 * @returns {{add: string[], remove: string[]}}
 */
export function classChanges(timeline, field, j, k) {
  if (field === "visited") {
    const between = timeline.visited.slice(Math.min(j, k) + 1, Math.max(j, k) + 1).flat();
    return k > j ? { add: between, remove: [] } : { add: [], remove: between };
  }
  const before = new Set(keysAt(timeline, field, j));
  const after = new Set(keysAt(timeline, field, k));
  return { add: [...after].filter((key) => !before.has(key)), remove: [...before].filter((key) => !after.has(key)) };
}

/**
 * Where to stand in a new timeline: the same step, and at the end if it was the end.
 * @param {number} k
 * @param {number} oldLast
 * @param {number} newLast
 */
export function keepPosition(k, oldLast, newLast) {
  return oldLast > 0 && k === oldLast ? newLast : Math.min(k, newLast);
}

/**
 * @param {Timeline} timeline
 * @param {number} k
 * @returns {"initial" | "forward" | "backward" | "update"}
 */
export function phaseAt(timeline, k) {
  return k > 0 ? timeline.steps[k - 1].phase : "initial";
}

/** @type {import("../contract.js").StepWords} */
const LATER = { title: "…", sentence: "The words of this step are on their way.", arithmetic: "", spans: [], saved: [] };

/**
 * What is said at a position: the step's words, or those of the start.
 * @param {Picture} picture
 * @param {Timeline} timeline
 * @param {number} k
 */
export function wordsAt(picture, timeline, k) {
  const words = k > 0 ? (picture.steps[k - 1].words ?? LATER) : { ...picture.initial, saved: [], spans: [] };
  const phase = phaseAt(timeline, k);
  return { ...words, kind: k > 0 ? picture.steps[k - 1].kind : undefined, phase: phase === "initial" ? "start" : phase, notes: picture.notes };
}
