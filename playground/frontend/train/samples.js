// @ts-check
// Ten test examples with the probabilities that the net gives each class, as bars with numbers.
import { el, replace } from "../shared/dom.js";

/** @typedef {import("./contract.js").ShownRun} ShownRun */

/**
 * @param {ShownRun["pictures"][number]} picture
 * @param {number[]} probabilities
 */
function sample(picture, probabilities) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  const name = (/** @type {number} */ index) => picture.classes[index] ?? String(index);
  const isRight = best === picture.index;
  const image = picture.src ? el("img", { src: picture.src, alt: `test example, labelled ${picture.label}`, width: "56", height: "56" }) : null;
  const bars = probabilities.map((p, index) =>
    el("span", { class: index === picture.index ? "bar right" : "bar", style: `--p:${p.toFixed(3)}`, title: `${name(index)}: ${(100 * p).toFixed(1)} %` }),
  );
  const verdict = el("figcaption", { class: isRight ? "good" : "wrong" }, `${isRight ? "✓" : "✗"} ${name(best)} ${(100 * probabilities[best]).toFixed(0)} %`);
  return el(
    "figure",
    { class: "sample" },
    el("span", { class: "label" }, picture.label),
    image,
    el("span", { class: "bars", "aria-hidden": "true" }, ...bars),
    verdict,
  );
}

/**
 * A number that is predicted, beside the one that it should be.
 * @param {ShownRun["pictures"][number]} picture
 * @param {number} predicted
 */
function guess(picture, predicted) {
  const image = picture.src ? el("img", { src: picture.src, alt: `test example, labelled ${picture.label}`, width: "56", height: "56" }) : null;
  return el(
    "figure",
    { class: "sample" },
    el("span", { class: "label" }, picture.label),
    image,
    el("figcaption", {}, String(Number(predicted.toPrecision(4)))),
  );
}

const CLASSES = "Above each its label, below it the class that the net gives most probability; the bars are all classes in order.";
const NUMBERS = "Above each the number that it should be, below it the one that the net predicts.";

export function createSamples() {
  const grid = el("div", { class: "samples", "data-testid": "samples" });
  const note = el("p", { class: "note" });
  const root = el("section", {}, el("h3", {}, "Test examples"), note, grid);
  let drawn = "";
  return {
    root,
    /** @param {ShownRun | undefined} run */
    update(run) {
      root.hidden = !run || run.samples.length === 0 || run.pictures.length === 0;
      if (!run || root.hidden) return;
      const now = run.id + JSON.stringify(run.samples);
      if (now === drawn) return;
      drawn = now;
      const isNumber = run.pictures[0].classes.length === 0;
      note.textContent = isNumber ? NUMBERS : CLASSES;
      const drawOne = (/** @type {ShownRun["pictures"][number]} */ picture, /** @type {number[]} */ found) =>
        isNumber ? guess(picture, found[0]) : sample(picture, found);
      replace(grid, ...run.pictures.map((picture, index) => (run.samples[index] ? drawOne(picture, run.samples[index]) : null)));
    },
  };
}
