import assert from "node:assert/strict";
import test from "node:test";
import { meaningOf } from "../../playground/frontend/shared/glossary.js";
import { termOf } from "../../playground/frontend/shared/terms.js";

test("a term says what it means, however it is written; other words say nothing", () => {
  for (const words of ["primal", "adjoint", "seed", "grad", "reverse mode", "Products", "Saved", "Sees", "Gradient norm"])
    assert.equal(termOf(words)["data-meaning"], meaningOf(words) ?? meaningOf(words.toLowerCase()), words);
  assert.equal(termOf("reverse")["data-meaning"], meaningOf("reverse mode"));
  assert.notEqual(termOf("saved")["data-meaning"], termOf("Saved")["data-meaning"], "of an operation, and of a layer");
  assert.deepEqual(termOf("name"), {});
  assert.equal(termOf("grad").tabindex, "0");
  assert.equal(termOf("grad", true).tabindex, undefined, "who reaches the control is told");
});
