import assert from "node:assert/strict";
import test from "node:test";
import { createStackDraft } from "../../playground/frontend/layers/draft.js";
import { createFolds } from "../../playground/frontend/layers/folds.js";
import { readContent, saysTheSame, weight } from "../../playground/frontend/layers/numbers.js";
import { createRefusals } from "../../playground/frontend/layers/refusals.js";
import { PAUSE, createTyping } from "../../playground/frontend/layers/typing.js";
import { directionOf } from "../../playground/frontend/layers/undo.js";

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

const field = (text) => Object.assign(new EventTarget(), { value: text });
const type = (input, text) => {
  input.value = text;
  input.dispatchEvent(new Event("input"));
};

test("a field is sent when its typing pauses, when it is left, or when another one is typed in", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const typing = createTyping();
  const sent = [];
  const [one, other] = [field("1"), field("2")];
  typing.follow(one, "one", (text) => sent.push(["one", text]));
  typing.follow(other, "other", (text) => sent.push(["other", text]));
  type(one, "12");
  type(one, "128");
  assert.deepEqual([sent, typing.textOf("one"), typing.textOf("other")], [[], "128", null]);
  t.mock.timers.tick(PAUSE);
  assert.deepEqual([sent, typing.textOf("one"), typing.lastIn("one")], [[["one", "128"]], null, "128"]);
  type(one, "3");
  type(other, "4");
  assert.deepEqual(sent.at(-1), ["one", "3"]);
  other.dispatchEvent(new Event("change"));
  t.mock.timers.tick(PAUSE);
  assert.deepEqual(sent.slice(2), [["other", "4"]]);
  type(one, "5");
  assert.deepEqual([typing.drop(), typing.drop()], [true, false]);
  t.mock.timers.tick(PAUSE);
  assert.equal(sent.length, 3);
});

const document_ = (text) => ({ text, batch: 64 });

test("text, fields and the list have one undo", () => {
  const sent = [];
  const draft = createStackDraft((message) => sent.push(message));
  const answer = (text, sequence = sent.length) => draft.accept({ sequence, document: document_(text) });
  const texts = () => sent.map((message) => message.document.text);
  answer("ReLU", 0);
  assert.equal(draft.canUndo(), false);
  draft.change({ fields: { text: "ReLU Tanh" }, kind: "text" });
  answer("ReLU Tanh");
  draft.change({ fields: {}, edit: { name: "remove", path: [0] } });
  answer("Tanh");
  assert.equal(draft.travel("undo", false)?.text, "ReLU Tanh");
  answer("ReLU Tanh");
  assert.equal(draft.travel("undo", true)?.text, "ReLU Tanh", "what is half typed in a field goes first");
  answer("ReLU Tanh");
  assert.equal(draft.travel("undo", false)?.text, "ReLU");
  assert.equal(draft.travel("undo", false), null);
  assert.equal(draft.travel("redo", false)?.text, "ReLU Tanh");
  assert.equal(draft.travel("redo", false)?.text, "Tanh");
  assert.deepEqual(texts(), ["ReLU Tanh", "ReLU Tanh", "ReLU Tanh", "ReLU Tanh", "ReLU", "ReLU Tanh", "Tanh"]);
});

test("an edit waits for the one that is under way, which is undone if nobody has answered it", () => {
  const sent = [];
  const draft = createStackDraft((message) => sent.push(message));
  draft.accept({ sequence: 0, document: document_("Linear(1)") });
  const set = { name: "set", path: [0], argument: "out_features", content: 5 };
  draft.change({ fields: {}, edit: set });
  draft.change({ fields: {}, edit: { ...set } }); // a double click
  draft.change({ fields: { batch: 8 } });
  assert.equal(sent.length, 1);
  draft.goOn();
  assert.equal(sent.length, 1);
  assert.equal(draft.accept({ sequence: 0, document: document_("Linear(1)") }), false);
  assert.equal(draft.accept({ sequence: 1, document: document_("Linear(5)") }), true);
  draft.goOn();
  assert.deepEqual(sent[1].document, { text: "Linear(5)", batch: 8 });
  assert.equal(draft.travel("undo", false)?.text, "Linear(5)");
  assert.equal(sent[2].document.batch, 64);
  draft.change({ fields: {}, edit: set });
  draft.change({ fields: { text: "ReLU" }, kind: "text" });
  assert.equal(sent.at(-1).document.text, "ReLU", "a text is final: it waits for nothing");
});

test("undo and redo by the keys of all systems", () => {
  const pressed = (key, more = {}) => directionOf({ key, ctrlKey: true, metaKey: false, altKey: false, shiftKey: false, ...more });
  assert.deepEqual(
    [pressed("z"), pressed("Z", { shiftKey: true }), pressed("y"), pressed("z", { ctrlKey: false, metaKey: true })],
    ["undo", "redo", "redo", "undo"],
  );
  assert.deepEqual([pressed("z", { ctrlKey: false }), pressed("z", { altKey: true }), pressed("x")], [null, null, null]);
});

test("a number on its way is left as it is typed", () => {
  assert.deepEqual([saysTheSame("0.", "0", "float"), saysTheSame("0.50", "0.5", "float"), saysTheSame("3x3", "3, 3", "size")], [true, true, true]);
  assert.deepEqual([saysTheSame("", "", "pin"), saysTheSame("", "3", "int"), saysTheSame("12", "1", "int")], [true, false, false]);
});
