import assert from "node:assert/strict";
import test from "node:test";
import { meaningOf } from "../../playground/frontend/shared/glossary.js";
import { termOf } from "../../playground/frontend/shared/terms.js";

test("a term says what it means, however it is written; other words say nothing", () => {
  for (const words of ["primal", "adjoint", "seed", "grad", "reverse mode", "Products", "Saved", "Sees", "Gradient norm"])
    assert.equal(termOf(words).title, meaningOf(words) ?? meaningOf(words.toLowerCase()), words);
  assert.equal(termOf("reverse").title, meaningOf("reverse mode"));
  assert.notEqual(termOf("saved").title, termOf("Saved").title, "of an operation, and of a layer");
  assert.deepEqual(termOf("name"), {});
});
