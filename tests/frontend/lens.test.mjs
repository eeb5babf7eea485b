// What a cell of a lens is made of, forward and backward, and how it is said.
import assert from "node:assert/strict";
import test from "node:test";

import { callOf } from "../../playground/frontend/stepper/call_of.js";
import { backwardSentence, forwardSentence, termTable } from "../../playground/frontend/lens/sentences.js";
import { backwardSum, createUses, forwardSum, isInside, nameOf, placeIn, readLens } from "../../playground/frontend/lens/terms.js";

const packed = (numbers, kind = Float64Array) => Buffer.from(new kind(numbers).buffer).toString("base64");
const axis = (name, size, start = 0, stop = size) => ({ name, size, start, stop });

/** @param {string} key */
const board = (key, name, axes, numbers, gradient = null) => ({
  key,
  item: "value-0",
  name,
  axes,
  numbers: packed(numbers),
  gradient: gradient && packed(gradient),
  copies: [1, 1],
});
const plain = { family: "product", op: 0, title: "", formula: "", written: "", notes: [], factor: null, added: null, rest: null, picks: [], curve: null };

// y = x @ w with x of (2,) and w of (2, 2): two results of two products each, with adjoints 1 and 10
const PRODUCT = {
  ...plain,
  combine: "products",
  count: 2,
  result: board("result", "y", [axis("columns", 2)], [11, 16], [1, 10]),
  operands: [
    board("input", "x", [axis("terms", 2)], [1, 2], [31, 44]),
    board("other", "w", [axis("terms", 2), axis("columns", 2)], [3, 4, 4, 6], [1, 10, 2, 20]),
  ],
  terms: [
    { key: "input", cells: null, base: packed([0, 0], Int32Array), offset: packed([0, 1], Int32Array), local: null },
    { key: "other", cells: null, base: packed([0, 1], Int32Array), offset: packed([0, 2], Int32Array), local: null },
  ],
};

test("a cell of the result is the sum of its products", () => {
  const lens = readLens(PRODUCT);
  const sum = forwardSum(lens, 1);
  assert.deepEqual([sum.terms.map(({ product }) => product), sum.total, sum.recorded], [[4, 12], 16, 16]);
  assert.equal(forwardSentence(lens, 1, sum), "y[1] is the sum of 2 products: 16.");
  assert.deepEqual(termTable(lens, sum, null, 64), {
    heads: ["x", "w", "term", "sum so far"],
    rows: [
      ["x[0] = 1", "w[0, 1] = 4", "4", "4"],
      ["x[1] = 2", "w[1, 1] = 6", "12", "16"],
    ],
  });
});

test("a cell of an argument is sent the sum of adjoint times derivative", () => {
  const lens = readLens(PRODUCT);
  const uses = createUses(lens);
  const [x, w] = lens.boards;
  for (const [own, cell, expected] of [
    [x, 0, 43],
    [x, 1, 64],
    [w, 0, 1],
    [w, 3, 20],
  ])
    assert.equal(backwardSum(lens, uses, own, cell).total, expected, nameOf(own, cell));
  const sum = backwardSum(lens, uses, w, 3);
  assert.equal(backwardSentence(w, 3, sum), "The gradient of w[1, 1] through this call is the sum of 1 term, adjoint times derivative: 20.");
  assert.deepEqual(termTable(lens, sum, w, 64).rows, [["∂/∂y[1] = 10", "x[1] = 2", "20", "20"]]);
});

test("of a long sum the first terms stand alone, and the others together", () => {
  const lens = readLens(PRODUCT);
  assert.deepEqual(termTable(lens, forwardSum(lens, 1), null, 1).rows[1], ["1 term more", "", "12", "16"]);
});

test("a cell that was put there says so; one that came says from where", () => {
  const lens = readLens({
    ...plain,
    combine: "moved",
    count: 1,
    result: board("result", "y", [axis("axis 0", 2)], [3, 7]),
    operands: [board("input", "x", [axis("axis 0", 1)], [7])],
    terms: [{ key: "input", cells: packed([-1, 0], Int32Array), base: null, offset: null, local: null }],
    rest: packed([3, 0]),
  });
  assert.deepEqual([forwardSum(lens, 0).total, forwardSum(lens, 1).total], [3, 7]);
  assert.equal(forwardSentence(lens, 0, forwardSum(lens, 0)), "y[0] = 3 was put there by the call.");
  assert.equal(forwardSentence(lens, 1, forwardSum(lens, 1)), "y[1] is x[0] = 7, as it is.");
});

test("a function is written with its numbers", () => {
  const lens = readLens({
    ...plain,
    combine: "function",
    written: "{0} / {1}",
    count: 1,
    result: board("result", "y", [], [1.5], [2]),
    operands: [board("input", "a", [], [3], [1]), board("other", "b", [], [2], [-1.5])],
    terms: [
      { key: "input", cells: packed([0], Int32Array), base: null, offset: null, local: packed([0.5]) },
      { key: "other", cells: packed([0], Int32Array), base: null, offset: null, local: packed([-0.75]) },
    ],
  });
  assert.equal(forwardSentence(lens, 0, forwardSum(lens, 0)), "y = 3 / 2 = 1.5.");
  const uses = createUses(lens);
  assert.deepEqual(
    lens.boards.map((own) => backwardSum(lens, uses, own, 0).total),
    [1, -1.5],
  );
});

test("a place may lie beyond the tensor: padding", () => {
  const [padded] = readLens({ ...PRODUCT, operands: [board("input", "x", [axis("H", 2, -1, 3), axis("W", 1)], [0, 5, 6, 0]), PRODUCT.operands[1]] }).boards;
  assert.deepEqual(placeIn(padded, 0), [-1, 0]);
  assert.deepEqual(
    [0, 1, 2, 3].map((cell) => isInside(padded, cell)),
    [false, true, true, false],
  );
});

test("the call of an item is its own, that of a use the one that used it", () => {
  const items = { "value-2": { related: ["op-0", "node-3"] }, "use-2-0": { related: ["value-2", "op-0", "op-2"] }, "value-0": { related: ["node-4"] } };
  assert.deepEqual(
    ["value-2", "use-2-0", "op-5", "value-0", null].map((key) => callOf(items, key)),
    ["op-0", "op-2", "op-5", null, null],
  );
});
