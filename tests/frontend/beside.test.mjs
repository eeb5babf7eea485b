import assert from "node:assert/strict";
import test from "node:test";
import { partnerOf, twinOf } from "../../playground/frontend/stepper/beside/pairs.js";
import { pictureOf } from "../../playground/frontend/stepper/fixed_frame.js";

// step 2 of the first has no partner, and neither has the last of the second
const comparison = {
  steps: [
    [0, 0],
    [1, 1],
    [3, 2],
    [4, 4],
  ],
  keys: [
    ["op-0", "op-0"],
    ["op-2", "op-1"],
  ],
};

test("the other one stands at the last step that both have", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((k) => partnerOf(comparison, 0, k)),
    [0, 1, 1, 2, 4],
  );
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((k) => partnerOf(comparison, 1, k)),
    [0, 1, 3, 3, 4],
  );
});

test("at the end both are at their ends", () => {
  const shorter = {
    steps: [
      [0, 0],
      [1, 1],
      [2, 1],
    ],
  };
  assert.equal(partnerOf(shorter, 1, 1), 2);
  assert.equal(partnerOf(shorter, 0, 2), 1);
});

test("while nothing is compared it goes along", () => assert.equal(partnerOf(null, 0, 5), 5));

test("what corresponds is selected with it, and nothing with what has no partner", () => {
  assert.equal(twinOf(comparison, 0, "op-2"), "op-1");
  assert.equal(twinOf(comparison, 1, "op-1"), "op-2");
  assert.equal(twinOf(comparison, 0, "op-1"), null);
  assert.equal(twinOf(comparison, 0, null), null);
  assert.equal(twinOf(null, 0, "op-0"), null);
});

test("the picture beside has the key of its drawing, by which another drawing is known", () => {
  const text = { key: "backward-1", scene: '{"view":[0,0,1,1]}', rest: '{"title":"Backward graph of f"}' };
  assert.deepEqual(pictureOf(text), { key: "backward-1", scene: { view: [0, 0, 1, 1] }, title: "Backward graph of f" });
  assert.equal(pictureOf({ ...text, scene: null }).scene, null);
});
