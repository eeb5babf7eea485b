import assert from "node:assert/strict";
import test from "node:test";
import { createFolds } from "../../playground/frontend/layers/folds.js";
import { readContent, weight } from "../../playground/frontend/layers/numbers.js";
import { createRefusals } from "../../playground/frontend/layers/refusals.js";

const block = (path, text, kind = "Residual") => ({ path, text, kind, branches: 1 });
const layer = (path, text) => ({ path, text, kind: text, branches: 0 });

test("a folded block stays folded when it moves and when it changes", () => {
  const folds = createFolds();
  folds.follow([layer([0], "ReLU"), block([1], "Residual(ReLU)"), layer([1, 0, 0], "ReLU"), block([2], "Residual(Tanh)")]);
  folds.toggle([1]);
  assert.deepEqual([folds.isFolded([1]), folds.isHidden([1, 0, 0]), folds.isHidden([1]), folds.isHidden([2, 0, 0])], [true, true, false, false]);
  folds.follow([block([0], "Residual(ReLU)"), block([1], "Residual(Tanh)")]);
  assert.deepEqual([folds.isFolded([0]), folds.isFolded([1])], [true, false]);
  folds.follow([block([0], "Residual(ReLU ReLU)"), block([1], "Residual(Tanh)")]);
  assert.deepEqual([folds.isFolded([0]), folds.isFolded([1])], [true, false]);
  folds.follow([block([0], "Parallel(ReLU, ReLU)", "Parallel")]);
  assert.equal(folds.isFolded([0]), false);
  folds.setAll(true);
  assert.equal(folds.isFolded([0]), true);
  folds.toggle([0]);
  assert.equal(folds.isFolded([0]), false);
});

test("of two equal blocks the one that was folded stays so", () => {
  const folds = createFolds();
  folds.follow([block([0], "Residual(ReLU)"), block([1], "Residual(ReLU)")]);
  folds.toggle([1]);
  folds.follow([block([0], "Residual(ReLU)"), block([1], "Residual(ReLU)"), layer([2], "Tanh")]);
  assert.deepEqual([folds.isFolded([0]), folds.isFolded([1])], [false, true]);
});

test("numbers are read, anything else goes to the server as typed", () => {
  assert.deepEqual(
    ["3", "3, 4", "(3 x 4)"].map((text) => readContent(text, "size")),
    [3, [3, 4], [3, 4]],
  );
  assert.deepEqual(readContent("1×28×28", "shape"), [1, 28, 28]);
  assert.deepEqual(
    ["2", "1, 0, 1, 0"].map((text) => readContent(text, "sides")),
    [2, [1, 0, 1, 0]],
  );
  assert.deepEqual(
    ["1e-3", "100,000", "fast", ""].map((text) => readContent(text, "float")),
    [0.001, "100,000", "fast", ""],
  );
  assert.equal(readContent("same", "size"), "same");
  assert.equal(readContent("gelu", "word"), "gelu");
  assert.equal(readContent("", "pin"), null);
  assert.deepEqual([weight(null), weight(1536)], ["–", "2 kB"]); // bytes that PyTorch does not tell, and some
});

test("a refusal stands until its field is typed anew; one of an argument goes with its layer", () => {
  const refusals = createRefusals();
  const frame = (refused, rows = [layer([0], "ReLU")]) => ({ rows, refused });
  refusals.tried("set-batch", "many");
  refusals.answered(frame({ field: "batch", path: null, message: "a number" }));
  assert.deepEqual(refusals.of("set-batch"), { typed: "many", message: "a number" });
  refusals.tried("arg-0-stride", "0");
  refusals.answered(frame({ field: "stride", path: [0], message: "from 1" }));
  assert.equal(refusals.of("arg-0-stride")?.typed, "0");
  refusals.answered(frame(null, [layer([0], "Tanh"), layer([1], "ReLU")]));
  assert.deepEqual([refusals.of("arg-0-stride"), refusals.of("set-batch")?.typed], [null, "many"]);
  refusals.tried("set-batch", "8");
  assert.equal(refusals.of("set-batch"), null);
});
