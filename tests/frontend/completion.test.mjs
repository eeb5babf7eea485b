import assert from "node:assert/strict";
import test from "node:test";
import { FUNCTIONS, PREFIXES } from "../../playground/frontend/shared/functions.js";
import { namesIn, suggestionsFor, wordAt, writtenFor } from "../../playground/frontend/stepper/text/completion.js";

/** What is suggested where the bar stands, to who asks for it. */
function suggested(marked, leaves = [], isAsked = true) {
  const caret = marked.indexOf("|");
  const text = marked.slice(0, caret) + marked.slice(caret + 1);
  const word = wordAt(text, caret);
  return word && suggestionsFor(text, word, { functions: FUNCTIONS, prefixes: PREFIXES, leaves }, isAsked);
}
const names = (...given) => suggested(...given)?.map(({ name }) => name) ?? null;

test("functions are suggested by their beginning, the shortest first, with their meaning", () => {
  assert.deepEqual(names("y = si|").slice(0, 3), ["sin", "sinh", "sinc"]);
  assert.match(suggested("y = relu|")[0].meaning, /\w/);
  assert.equal(new Set(names("y = s|")).size, names("y = s|").length);
});

test("names of the text and leaves come before functions, and half a word is none", () => {
  assert.deepEqual(names("scale = 2*w\ny = s|", ["w", "s"])[0], "scale");
  assert.equal(suggested("y = width + w|", ["width", "w"])[0].meaning, "a leaf");
  assert.deepEqual(names("y = qq|", ["qq"]), []);
  assert.deepEqual(names("y = qqq + qq|", ["qqq", "qq"]), ["qqq"]);
});

test("a letter that was only typed is the beginning of a name", () => {
  assert.deepEqual(names("f = sin x|", [], false), []);
  assert.deepEqual(names("scale = 2*w\ny = s|", ["w"], false), ["scale"]);
  assert.deepEqual(names("y = si|", [], false), names("y = si|"));
  assert.ok(names("y = x.s|", [], false).includes("sum") && names("y = x|").includes("xlogy"));
});

test("behind a dot stands what can be called there", () => {
  assert.ok(names("y = x.su|").includes("sum") && !names("y = x.lin|").includes("linear"));
  assert.ok(names("y = F.lin|").includes("linear") && names("y = torch.nn.functional.rel|").includes("relu"));
  assert.ok(names("y = (a + b).su|").includes("sum"));
  assert.ok(!names("y = vi|").includes("view"), "a method is no function");
});

test("nothing is suggested inside of a word, a number or a comment", () => {
  for (const marked of ["y = s|in(x)", "y = 1e|", "y = 2.e|", "y = x # si|"]) assert.equal(names(marked), null, marked);
});

test("the names that a text gives", () => {
  assert.deepEqual(namesIn("a = 3\nb, c = f(a)\nfor i in range(3):\n    d = i == 2\ndef g(t): return f(t, dim=0)"), ["a", "b", "c", "i", "d", "g"]);
});

test("the caret stands inside of the brackets, where something goes in", () => {
  const sin = { name: "sin", signature: "input" };
  assert.deepEqual(writtenFor(sin, "", ""), { written: "sin()", caret: 4 });
  assert.deepEqual(writtenFor(sin, "a + b", ""), { written: "sin(a + b)", caret: 10 });
  assert.deepEqual(writtenFor(sin, "", "(x)"), { written: "sin", caret: 3 });
  assert.deepEqual(writtenFor({ name: "t", signature: "" }, "", ""), { written: "t()", caret: 3 });
  assert.deepEqual(writtenFor({ name: "width", signature: null }, "", ""), { written: "width", caret: 5 });
});
