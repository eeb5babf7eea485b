import assert from "node:assert/strict";
import test from "node:test";
import { layoutOf, put, traces } from "../../playground/frontend/train/charts.js";
import { curve, evenly, smoothed, withNews } from "../../playground/frontend/train/columns.js";
import { trainSearch } from "../../playground/frontend/train/address.js";

const news = (after, steps, more = {}, from = 0) => ({
  after,
  last: steps.at(-1) ?? after,
  columns: { step: steps, loss: steps.map((step) => 1 / step), ...more },
  lines_from: from,
  lines: [],
});
const trace = { run: "A", column: "loss", name: "training", mode: "lines", smooth: true, colour: 0, dash: "solid", symbol: "circle" };
const view = { x: "step", log: false, smoothing: 0 };

test("news are appended once, and a gap is noticed", () => {
  const first = withNews(undefined, news(-1, [1, 2]));
  const second = withNews(first, news(2, [3, 4]));
  assert.deepEqual(second.columns.step, [1, 2, 3, 4]);
  assert.equal(withNews(second, news(2, [3, 4])), second, "told twice");
  assert.equal(withNews(second, news(4, [])), second, "nothing new");
  assert.equal(withNews(second, news(6, [7])), null, "a part is missing");
  assert.equal(withNews(second, news(3, [4, 5])), null, "told from another place");
  assert.equal(withNews(undefined, news(2, [3])), null, "a browser that has nothing");
  assert.deepEqual(withNews(second, news(-1, [1])).columns.step, [1], "everything anew");
});

test("a curve that begins later is empty before", () => {
  const kept = withNews(withNews(undefined, news(-1, [1, 2])), news(2, [3], { "dead:relu1": [0.5] }));
  assert.deepEqual(kept.columns["dead:relu1"], [null, null, 0.5]);
  assert.deepEqual(curve(kept, { ...trace, column: "dead:relu1" }, 1, view), { x: [3], y: [0.5] });
});

test("lines of the console replace those that were told again", () => {
  const kept = withNews({ last: 2, columns: { step: [1, 2] }, lines: [[1], [2]] }, { ...news(2, [3], {}, 1), lines: [[9], [3]] });
  assert.deepEqual(kept.lines, [[1], [9], [3]]);
});

test("smoothing is the running mean, unbiased at the start", () => {
  assert.deepEqual(
    smoothed([1, 1, 1], 0.9).map((y) => Math.round(y * 1e9) / 1e9),
    [1, 1, 1],
  );
  assert.deepEqual(smoothed([1, 5], 0), [1, 5]);
  assert.ok(Math.abs(smoothed([1, 1, 4], 0.5)[2] - 4.75 / 1.75) < 1e-12);
});

test("thinning is even and keeps the last", () => {
  assert.deepEqual(evenly(3, 5), [0, 1, 2]);
  const places = evenly(1999, 500);
  assert.equal(places.length, 500);
  assert.equal(places.at(-1), 1998);
  assert.equal(new Set(places.slice(1).map((place, index) => place - places[index])).size <= 2, true);
});

test("accuracy is in per cent and never on a logarithmic axis", () => {
  const chart = { id: "accuracy", title: "Accuracy", factor: 100, traces: [{ ...trace, column: "accuracy" }] };
  const kept = new Map([["A", { last: 2, columns: { step: [1, 2], accuracy: [0.5, null] }, lines: [] }]]);
  const drawing = { kept, view: { ...view, log: true }, axes: { step: "steps" }, palette: ["#000000"], ink: "#000000", grid: "#cccccc", sentence: "" };
  const [drawn] = traces(chart, drawing);
  assert.deepEqual([drawn.x, drawn.y, drawn.mode], [[1], [50], "markers"]);
  assert.equal(layoutOf(chart, drawing).yaxis.type, "linear");
  assert.equal(layoutOf({ ...chart, id: "loss" }, drawing).yaxis.type, "log");
  assert.deepEqual(traces({ ...chart, traces: [{ ...trace, column: "nothing" }] }, drawing), []);
});

test("zoom is kept while the same axes are drawn", () => {
  const drawing = { view, axes: { step: "steps" }, ink: "", grid: "" };
  const of = (changes) => layoutOf({ id: "loss" }, { ...drawing, view: { ...view, ...changes } }).uirevision;
  assert.equal(of({}), of({ smoothing: 0.5 }));
  assert.notEqual(of({}), of({ x: "seconds" }));
  assert.notEqual(of({}), of({ log: true }));
});

test("the address keeps how the page is embedded", () => {
  assert.equal(trainSearch("?embed=true&run=1", "v=1&run=2"), "?v=1&run=2&embed=true");
  assert.equal(trainSearch("", "v=1"), "?v=1");
});

test("only points that came are put into a chart, all else lays it out anew", () => {
  const told = [];
  const plotly = { react: (...given) => told.push(["react", ...given]), restyle: (...given) => told.push(["restyle", ...given]) };
  const chart = { id: "loss", title: "Loss", factor: 1, traces: [trace] };
  const entry = { plot: "the plot", rules: "" };
  const drawing = { kept: new Map(), view, axes: { step: "steps" }, palette: ["#000000"], ink: "#000000", grid: "#cccccc", sentence: "" };
  const drawn = (steps, more = {}) => {
    const given = { ...drawing, kept: new Map([["A", withNews(undefined, news(-1, steps))]]), ...more };
    put(plotly, entry, traces(chart, given), layoutOf(chart, given), {});
    return told.at(-1);
  };
  assert.equal(drawn([1, 2])[0], "react", "the first time");
  assert.deepEqual(drawn([1, 2, 4]), ["restyle", "the plot", { x: [[1, 2, 4]], y: [[1, 0.5, 0.25]] }]);
  assert.equal(drawn([1, 2, 4], { ink: "#ffffff" })[0], "react", "another theme");
  assert.equal(drawn([1, 2, 4], { ink: "#ffffff" })[0], "restyle");
  assert.equal(drawn([1])[0], "react", "one point is a marker");
  put(plotly, entry, [], layoutOf(chart, drawing), {});
  put(plotly, entry, [], layoutOf(chart, drawing), {});
  assert.deepEqual(
    told.slice(-2).map(([name]) => name),
    ["react", "react"],
    "no curve at all",
  );
});
