// @ts-check
// "Why is this gradient this number?": the chain rule in symbols, then in numbers, and the checks beside it.
import { copyButton, el, replace } from "../../shared/dom.js";
import { termOf } from "../../shared/terms.js";
import { typeset } from "../../shared/typeset.js";

/** @typedef {import("../contract.js").Item} Item */
/** @typedef {import("../contract.js").Picture} Picture */

/**
 * The value whose gradient can be explained: the item itself, or the first related one that can.
 * @param {Record<string, Item>} items
 * @param {string} key
 * @returns {string | null}
 */
export function explainable(items, key) {
  const item = items[key];
  if (!item) return null;
  return [key, ...item.related].find((name) => items[name]?.why) ?? null;
}

/** @param {Record<string, Item>} items @param {string} key @returns {number} the step from which on its gradient is explained */
export const knownFrom = (items, key) => items[explainable(items, key) ?? ""]?.why?.since ?? 0;

/** @param {Item} item */
function whyNot(item) {
  if (item.kind === "constant") return `${item.title} is a constant: nothing is differentiated with respect to it.`;
  if (item.kind === "module") return "This stands for several operations at once. Open it, and select one of its values.";
  return `No gradient reaches ${item.title}: either the output does not depend on it in a differentiable way, or it does not require one.`;
}

/**
 * @param {HTMLElement} element
 * @param {Picture} picture
 * @param {string | null} key
 * @param {boolean} standalone
 * @param {number} k numbers that no step has computed yet are not told
 * @param {(k: number) => void} goto
 */
export function showWhy(element, picture, key, standalone, k, goto) {
  if (key === null || !picture.items[key]) {
    replace(element, el("p", { class: "muted" }, "Select a value in the graph, the table or the text: here stands why its gradient is what it is."));
    return;
  }
  const found = explainable(picture.items, key);
  const why = found === null ? null : picture.items[found].why;
  if (found === null || why === null) {
    replace(element, el("p", { class: "muted" }, whyNot(picture.items[key])));
    return;
  }
  const isKnown = why.since <= k;
  const jump = (/** @type {number} */ to) => {
    goto(to);
    const root = element.closest(".workbench");
    if (root instanceof HTMLElement) root.focus({ preventScroll: true }); // the button that had it went
  };
  const formulas = why.lines
    .filter(({ symbolic }) => isKnown || symbolic)
    .map(({ title, latex, text, note }) => {
      const formula = el("div", { class: "formula", "data-latex": latex, tabindex: "0", role: "math", "aria-label": text }, el("code", {}, text));
      return el("div", { class: "why-line" }, el("h3", {}, title), formula, note ? el("p", { class: "in-words" }, note) : null);
    });
  const rows = (isKnown ? why.check : []).map(([label, text]) =>
    el("tr", {}, el("th", { scope: "row" }, el("span", termOf(label), label)), el("td", {}, text)),
  );
  const check = el("table", { class: "check", "aria-label": "The check" }, el("tbody", {}, ...rows));
  const later = el(
    "p",
    { class: "muted", "data-testid": "why-later" },
    "Its numbers are computed at a later step. ",
    el("button", { type: "button", class: "text-button small", onclick: () => jump(why.since) }, `Go to step ${why.since}`),
  );
  const latex = why.lines.map((line) => line.latex).join("\n");
  const head = el(
    "div",
    { class: "panel-head" },
    el("h2", {}, picture.items[found].title),
    isKnown ? copyButton("Copy LaTeX", () => latex, { "data-testid": "copy-latex" }) : null,
  );
  replace(element, head, ...formulas, isKnown ? null : later, rows.length > 0 ? el("div", { class: "check-box" }, check) : null);
  typeset(element, { standalone, displayMode: true });
}
