// @ts-check
// Results of one batch: the loss, each layer's facts, and one step of the optimizer.
import { el, replace } from "../shared/dom.js";

/**
 * @param {string} label
 * @param {string[]} heads
 * @param {string[][]} rows
 */
function resultTable(label, heads, rows) {
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    el(
      "table",
      { "aria-label": label },
      el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, ...rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((cell) => el("td", {}, cell))))),
    ),
  );
}

/**
 * @param {HTMLElement} results
 * @param {import("./contract.js").StackFrame} frame
 */
export function showResults(results, frame) {
  const found = frame.results;
  if (!found) return replace(results);
  const open = [...results.querySelectorAll("details")].map((details) => details.open);
  const facts = el(
    "details",
    { open: open[0] },
    el("summary", {}, "Each layer on this batch: gradient norm, zeros, dead units, mean"),
    resultTable(
      "Each layer on this batch",
      ["layer", "gradient norm", "activations that are 0", "dead units: 0 for every example", "mean", "deviation"],
      found.facts.map((/** @type {any} */ fact) => [fact.name, fact.gradient_norm ?? "–", fact.zeros ?? "–", fact.dead ?? "–", fact.mean, fact.deviation]),
    ),
  );
  const step = found.step;
  const update = step
    ? el(
        "p",
        { class: "loss", "data-testid": "step-result" },
        `One step of ${step.optimizer}, learning rate ${step.learning_rate}: loss ${step.loss_before} → ${step.loss_after}. The last steps below show it for each parameter.`,
      )
    : null;
  const accuracy = found.accuracy === null ? "" : `, ${found.accuracy} right`;
  replace(results, el("p", { class: "loss", "data-testid": "loss" }, `Loss on this batch: ${found.loss}${accuracy}`), facts, update);
}
