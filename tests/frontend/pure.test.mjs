import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { createDebounce } from "../../playground/frontend/shared/debounce.js";
import { createDraft } from "../../playground/frontend/stepper/draft.js";
import { createHistory } from "../../playground/frontend/shared/history.js";
import { changedBy } from "../../playground/frontend/stepper/standalone.js";
import { commandFor } from "../../playground/frontend/stepper/keys.js";
import { phaseFrom, phaseStarts } from "../../playground/frontend/stepper/graph/phases.js";
import { sliderText } from "../../playground/frontend/stepper/text/leaves.js";
import { endText, rangeOf, widened } from "../../playground/frontend/stepper/text/slider_range.js";
import { createStated, isLiteral } from "../../playground/frontend/stepper/text/stated.js";
import { linkSearch } from "../../playground/frontend/stepper/link.js";
import { itemAtCaret, lineAndColumn, markedPieces, unitPositions } from "../../playground/frontend/stepper/text/text_positions.js";
import { csvText } from "../../playground/frontend/stepper/panel/table.js";
import { isDark } from "../../playground/frontend/shared/theme.js";
import { formatNumber, matrices, shapeOf } from "../../playground/frontend/stepper/panel/values.js";
import { namedAfter } from "../../playground/frontend/stepper/graph/save_picture.js";
import { isGiven } from "../../playground/frontend/shared/welcome.js";
import { headline } from "../../playground/frontend/stepper/headline.js";
import { explainable } from "../../playground/frontend/stepper/panel/why.js";

const { picture } = JSON.parse(readFileSync(new URL("fixture.json", import.meta.url), "utf8"));
const key = (name, more = {}) => ({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

test("marks cut the text and cover it wholly", () => {
  const pieces = markedPieces("abcdef", [
    { start: 1, end: 4, name: "a" },
    { start: 3, end: 5, name: "b" },
  ]);
  assert.deepEqual(pieces, [
    { text: "a", names: [] },
    { text: "bc", names: ["a"] },
    { text: "d", names: ["a", "b"] },
    { text: "e", names: ["b"] },
    { text: "f", names: [] },
  ]);
  assert.deepEqual(markedPieces("ab", [{ start: 2, end: 2, name: "x" }]), [
    { text: "ab", names: [] },
    { text: "", names: ["x"] },
  ]);
  assert.deepEqual(markedPieces("", []), []);
  assert.deepEqual(
    markedPieces("ab", [{ start: 1, end: 1, name: "x" }]).map((piece) => piece.text),
    ["a", "b"],
  );
});

test("positions count code points, as Python does", () => {
  const toUnits = unitPositions("𝛼 + β");
  assert.equal(toUnits(1), 2);
  assert.equal(toUnits(4), 5);
  assert.equal(toUnits(99), 6);
  assert.equal(unitPositions("α + β")(4), 4);
  assert.deepEqual(lineAndColumn("a\n𝛼bc", 5), { line: 2, column: 3 });
});

test("a new value of a leaf is written where the text says it", () => {
  const stated = createStated();
  const leaf = (value) => ({ value, dtype: "float32", requires_grad: true });
  const row = (name, stated) => ({ name, stated });
  let draft = { text: "𝛼 = 3; w = [1, 2]\n𝛼*w + b", leaves: { 𝛼: leaf("3"), w: leaf("[1, 2]"), b: leaf("1.0") } };
  stated.accept([row("𝛼", [4, 5]), row("w", [11, 17]), row("b", null)], draft.text);
  draft = stated.write(draft, "𝛼", { value: "3.25" });
  assert.equal(draft.text, "𝛼 = 3.25; w = [1, 2]\n𝛼*w + b");
  draft = stated.write(draft, "w", { value: "[0.5]" });
  draft = stated.write(draft, "𝛼", { value: "" });
  stated.accept([row("𝛼", []), row("w", [])], draft.text); // what the text of that moment cannot say
  draft = stated.write(draft, "𝛼", { value: "-7" });
  draft = stated.write(draft, "b", { value: "2.0" });
  assert.equal(draft.text, "𝛼 = -7; w = [0.5]\n𝛼*w + b");
  assert.deepEqual(draft.leaves, { 𝛼: leaf("-7"), w: leaf("[0.5]"), b: leaf("2.0") });
  assert.equal(stated.write(draft, "w", { value: "randn(3)" }), null);
  const typed = { ...draft, text: "# new\n" + draft.text };
  assert.equal(stated.write(typed, "w", { value: "[1]" }), null);
  assert.deepEqual(["3", "-1e-3", "[[1, -2.], [", "", "pi", "randn(3)", "1, 2"].map(isLiteral), [true, true, true, true, false, false, false]);
});

test("the caret finds the smallest item around it", () => {
  const same = (position) => position;
  assert.equal(itemAtCaret(picture.items, 6, same), "value-2");
  assert.equal(itemAtCaret(picture.items, 9, same), "value-0");
  assert.equal(itemAtCaret(picture.items, 12, same), "value-5");
  assert.equal(itemAtCaret(picture.items, 2, same), null);
});

test("undo and redo; quick edits of one kind are one", () => {
  const history = createHistory("a");
  history.push("ab", "text", 0);
  history.push("abc", "text", 100);
  history.push("abcd", "text", 2000);
  assert.equal(history.undo(), "abc");
  assert.equal(history.undo(), "a");
  assert.equal(history.undo(), null);
  assert.equal(history.redo(), "abc");
  history.push("z", "text", 2100);
  assert.equal(history.canRedo(), false);
  assert.equal(history.undo(), "abc");
});

test("keys keep their meaning where they have one", () => {
  assert.equal(commandFor(key("ArrowRight"), "other"), "forward");
  assert.equal(commandFor(key("ArrowRight"), "item"), "forward");
  assert.equal(commandFor(key("ArrowRight"), "text"), null);
  assert.equal(commandFor(key("ArrowRight"), "tab"), null);
  assert.equal(commandFor(key("]"), "item"), "phase-on");
  assert.equal(commandFor(key("[", { ctrlKey: true, altKey: true }), "other"), "phase-back"); // with AltGr
  assert.equal(commandFor(key("]", { ctrlKey: true }), "other"), null);
  assert.equal(commandFor(key("["), "text"), null);
  assert.equal(commandFor(key("ArrowRight"), "range"), null);
  assert.equal(commandFor(key(" "), "other"), "play");
  assert.equal(commandFor(key(" "), "item"), "select");
  assert.equal(commandFor(key(" "), "button"), null);
  assert.equal(commandFor(key("z", { ctrlKey: true }), "text"), "undo");
  assert.equal(commandFor(key("Z", { ctrlKey: true, shiftKey: true }), "text"), "redo");
  assert.equal(commandFor(key("y", { ctrlKey: true }), "other"), "redo");
  assert.equal(commandFor(key("c", { ctrlKey: true }), "other"), null);
  assert.equal(commandFor(key("?", { shiftKey: true }), "other"), "help");
  assert.equal(commandFor(key("0"), "other"), "fit");
  assert.equal(commandFor(key("Tab"), "text"), null);
});

test("the link keeps how the page is embedded and nothing else", () => {
  assert.equal(
    linkSearch("?old=1&embed=true&embed_options=dark_theme&step=3", "v=1&text=a%2Bb", 7),
    "?v=1&text=a%2Bb&step=7&embed=true&embed_options=dark_theme",
  );
  assert.equal(linkSearch("", "", 0), "?step=0");
});

test("numbers and tensors as tables", () => {
  assert.equal(formatNumber(0.6931471824), "0.693147");
  assert.equal(formatNumber("NaN"), "NaN");
  assert.equal(formatNumber(true), "True");
  assert.equal(formatNumber(1e-12), "1.0000e-12");
  assert.deepEqual(
    shapeOf([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    [2, 3],
  );
  assert.deepEqual(matrices([1, 2]), [{ index: "", rows: [[1, 2]] }]);
  assert.deepEqual(
    matrices([
      [[1], [2]],
      [[3], [4]],
    ]).map(({ index }) => index),
    ["[0, :, :]", "[1, :, :]"],
  );
});

test("CSV quotes what needs it", () => {
  assert.equal(
    csvText([
      ["a", 'b"c'],
      ["1,2", ""],
    ]),
    'a,"b""c"\r\n"1,2",',
  );
});

test("a range is two numbers, the smaller first, and as wide as a value needs it", () => {
  assert.deepEqual(rangeOf("−2", " 5.5"), [-2, 5.5]);
  for (const [low, high] of [
    ["5", "-5"],
    ["1", "1"],
    ["", "1"],
    ["a", "1"],
    ["0", "1e999"],
  ])
    assert.equal(rangeOf(low, high), null);
  assert.deepEqual(widened([0, 1], 7), [0, 7]);
  assert.deepEqual(widened([0, 1], 0.5), [0, 1]);
  assert.equal(widened(null, 7), null);
  assert.equal(endText(-0.30000000000000004), "−0.3");
});

test("slider texts have the decimals of their step", () => {
  assert.equal(sliderText(2, 0.1), "2.0");
  assert.equal(sliderText(0.30000000000000004, 0.1), "0.3");
  assert.equal(sliderText(1.2345, 0.001), "1.234");
  assert.equal(sliderText(3, 1), "3.0");
});

test("an op is explained by its value", () => {
  assert.equal(explainable(picture.items, "value-0"), "value-0");
  assert.equal(explainable(picture.items, "op-1"), "value-3");
  assert.equal(explainable(picture.items, "use-0-0"), null);
});

test("dark and light", () => {
  assert.equal(isDark("rgb(14, 17, 23)"), true);
  assert.equal(isDark("rgba(255, 255, 255, 1)"), false);
});

test("an older answer does not take back what the user has typed since", () => {
  const sent = [];
  const draft = createDraft({ send: (edit) => sent.push(edit), have: () => "k" });
  const frame = (sequence, text) => ({
    picture: null,
    sequence,
    query: "",
    document: { text, leaves: {}, graph: "both", mode: "reverse", tangent: null, second: null, passes: 1, zero_grad: false, rng_seed: 0 },
    leaves: [],
    error: null,
    editable: true,
    step: null,
    theme: null,
    stale: false,
  });
  assert.equal(draft.accept(frame(4, "a")), true);
  draft.change({ text: "ab" }, "text");
  draft.change({ text: "abc" }, "text");
  assert.deepEqual(
    sent.map(({ sequence, text, have }) => [sequence, text, have]),
    [[5, "ab", "k"]],
  );
  assert.equal(draft.accept(frame(5, "ab")), false);
  assert.equal(draft.current().text, "abc");
  assert.equal(draft.accept(frame(6, "abc")), true);
  assert.equal(draft.accept(frame(6, "a preset")), true);
  assert.equal(draft.current().text, "a preset");
  assert.equal(draft.history.undo().text, "abc");
  draft.stop();
});

test("phases begin where the first step of each has been done, and are gone through one by one", () => {
  const steps = ["forward", "forward", "backward", "update", "update"].map((phase) => ({ phase }));
  const starts = phaseStarts(steps);
  assert.deepEqual(starts, [
    { k: 1, phase: "forward" },
    { k: 3, phase: "backward" },
    { k: 4, phase: "update" },
  ]);
  const walk = (k, direction) => phaseFrom(starts, k, steps.length, direction);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((k) => walk(k, 1)),
    [1, 3, 3, 4, 5, 5],
  );
  assert.deepEqual(
    [5, 4, 3, 2, 1, 0].map((k) => walk(k, -1)),
    [4, 3, 1, 1, 0, 0],
  );
  assert.deepEqual(phaseStarts([]), []);
});

test("a mistake shows once the typing has paused, also where the server answers late", (t) => {
  let clock = 0;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => clock);
  const pass = (ms) => {
    for (let passed = 0; passed < ms; passed += 1) {
      clock += 1;
      t.mock.timers.tick(1);
    }
  };
  const shown = [];
  const debounced = createDebounce((problem) => shown.push([clock, problem]));
  debounced.typed();
  pass(10);
  debounced.set("a mistake");
  pass(500);
  debounced.typed(); // and the server has not answered yet when the first pause would be over
  pass(400);
  assert.deepEqual(shown, []);
  pass(400);
  assert.deepEqual(shown, [[1110, "a mistake"]]);
  debounced.set("another");
  debounced.set(null);
  assert.deepEqual(shown.slice(1), [
    [1310, "another"],
    [1310, null],
  ]);
});

test("Temml knows all that the formulas are made of", () => {
  const script = readFileSync(new URL("../../playground/frontend/vendor/temml.min.js", import.meta.url), "utf8");
  const { renderToString } = new Function(`${script}; return temml;`)();
  const lines = Object.values(picture.items).flatMap(({ why }) => why?.lines ?? []);
  const others = [
    String.raw`\overline{\mathrm{loss\_1}} \odot \left(\frac{\partial v_{2}}{\partial \mathrm{a}}\right)^{\top} \; \begin{bmatrix} 1 & -2 \\ \infty & 3 \end{bmatrix}`,
    String.raw`\tfrac{\bar{v}_{22}}{N} \left(\operatorname{softmax}(x) - \mathbf{1}_{\text{target}}\right) \times \textstyle\sum \sqrt{\sigma(x)} \, \Phi(\varphi)`,
    String.raw`\sin \cos \sinh \cosh \log \min \max \alpha \pi \le \ge \sim \hat{x} \bmod 2 \backslash \cdot`,
  ];
  assert.ok(lines.length > 0);
  for (const latex of [...lines.map((line) => line.latex), ...others]) {
    assert.match(renderToString(latex, { displayMode: true, throwOnError: true }), /^<math /, latex);
  }
});

test("a picture is told as changes of another", () => {
  const old = { svg: "<svg/>", steps: [{ active: ["op-0"] }, { active: ["op-1"] }], items: { "op-0": { why: null } }, gone: 1 };
  const change = { svg: ["<svg>"], steps: { 1: { active: { 0: ["node-1"] } } }, items: { "node-1": [{ why: null }] }, gone: null };
  assert.deepEqual(changedBy(old, change), {
    svg: "<svg>",
    steps: [{ active: ["op-0"] }, { active: ["node-1"] }],
    items: { "op-0": { why: null }, "node-1": { why: null } },
  });
  assert.equal(changedBy(old, change).steps[0], old.steps[0]);
  assert.deepEqual(changedBy([1, 2], [[3]]), [3]);
});

test("a saved picture is named after its text", () => {
  assert.equal(namedAfter("f = log(x1) + x1*x2 - sin(x2)", "graph.svg"), "f-log-x1-x1-x2-sin-x2-graph.svg");
  assert.equal(namedAfter("√", "graph.png"), "graph.png");
  assert.equal(namedAfter("a".repeat(10_000), "graph.png"), "graph.png");
});

test("a backward step is headed by what it does, and PyTorch's name comes second", () => {
  const step = { title: "LogBackward0", sentence: "v̄₁ goes to x1, times 1/x1. LogBackward0 does this." };
  assert.deepEqual(headline({ ...step, kind: "node" }), { first: "v̄₁ goes to x1, times 1/x1.", rest: "LogBackward0 does this.", name: "LogBackward0" });
  assert.deepEqual(headline({ title: "v₁ = log(x1)", sentence: "It is computed.", kind: "op" }), { first: "v₁ = log(x1)", rest: "It is computed.", name: "" });
});

test("a link at a step and a page inside another one welcome nobody", () => {
  assert.deepEqual(["", "?v=1&step=0", "?step=3", "?embed=true"].map(isGiven), [false, false, true, true]);
});
