import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  changedSlots,
  classChanges,
  compileTimeline,
  entryAt,
  keepPosition,
  keysAt,
  phaseAt,
  slotText,
} from "../../playground/frontend/stepper/graph/timeline.js";

const { picture } = JSON.parse(readFileSync(new URL("fixture.json", import.meta.url), "utf8"));
const timeline = compileTimeline(picture);

test("the entry that holds is the last one not after k", () => {
  const entries = [
    [2, "a", 0.1],
    [5, "b", 0.2],
  ];
  assert.equal(entryAt(entries, 1), null);
  assert.equal(entryAt(entries, 2)[1], "a");
  assert.equal(entryAt(entries, 4)[1], "a");
  assert.equal(entryAt(entries, 5)[1], "b");
  assert.equal(entryAt(entries, 99)[1], "b");
  assert.equal(entryAt(undefined, 3), null);
  assert.equal(entryAt([], 3), null);
});

test("a slot is empty before its first entry", () => {
  assert.equal(slotText(timeline, "value-6.primal", 4), "");
  assert.equal(slotText(timeline, "value-6.primal", 5), "11.6521");
  assert.equal(slotText(timeline, "no-such.slot", 5), "");
});

test("walking any way gives the same texts and classes as looking", () => {
  const slots = [...timeline.slots.keys()];
  for (const [j, k] of [
    [0, 13],
    [13, 0],
    [3, 4],
    [4, 3],
    [2, 11],
    [11, 2],
    [7, 7],
  ]) {
    const texts = new Map(slots.map((slot) => [slot, slotText(timeline, slot, j)]));
    for (const slot of changedSlots(timeline, j, k)) texts.set(slot, slotText(timeline, slot, k));
    for (const slot of slots) assert.equal(texts.get(slot), slotText(timeline, slot, k), `${slot} from ${j} to ${k}`);
    for (const field of ["active", "flow"]) {
      const keys = new Set(keysAt(timeline, field, j));
      const { add, remove } = classChanges(timeline, field, j, k);
      for (const key of remove) keys.delete(key);
      for (const key of add) keys.add(key);
      assert.deepEqual([...keys].sort(), [...keysAt(timeline, field, k)].sort());
    }
    const seen = (at) =>
      [...timeline.firstVisit]
        .filter(([, first]) => first <= at)
        .map(([key]) => key)
        .sort();
    const visited = new Set(seen(j));
    const { add, remove } = classChanges(timeline, "visited", j, k);
    for (const key of remove) visited.delete(key);
    for (const key of add) visited.add(key);
    assert.deepEqual([...visited].sort(), seen(k));
  }
});

test("one step touches only what changes in it", () => {
  assert.deepEqual([...changedSlots(timeline, 0, 1)], ["value-2.primal"]);
  assert.deepEqual([...changedSlots(timeline, 1, 0)], ["value-2.primal"]);
  assert.equal(changedSlots(timeline, 4, 4).size, 0);
});

test("phases", () => {
  assert.equal(phaseAt(timeline, 0), "initial");
  assert.equal(phaseAt(timeline, 5), "forward");
  assert.equal(phaseAt(timeline, 6), "backward");
});

test("the position is kept, clamped, and stays at the end", () => {
  assert.equal(keepPosition(3, 10, 12), 3);
  assert.equal(keepPosition(9, 10, 4), 4);
  assert.equal(keepPosition(10, 10, 12), 12);
  assert.equal(keepPosition(0, 0, 12), 0);
});
