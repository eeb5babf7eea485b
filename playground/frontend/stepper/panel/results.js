// @ts-check
// What the text gives in the end, in sight at any step: its outputs, and the gradients of its leaves.
import { el, replace } from "../../shared/dom.js";
import { knownFrom } from "./why.js";

/** @typedef {import("../contract.js").Picture} Picture */

/**
 * @param {{onSelect: (key: string, opens?: boolean) => void, open: (tab: "why") => void, reach: (step: number) => void}} actions
 */
export function createResults({ onSelect, open, reach }) {
  const element = el("div", { class: "results", role: "group", "aria-label": "Result and gradients", "data-testid": "results" });
  let shown = "";
  /** @type {HTMLElement[]} */
  let numbers = [];
  /** @type {Picture["items"]} */
  let items = {};
  /** @param {string} key of a gradient: why it is this number, at the first step that knows it */
  function explain(key) {
    onSelect(key, false);
    open("why");
    reach(knownFrom(items, key));
  }
  return {
    element,
    /** @param {Picture} picture */
    show({ results, items: all }) {
      items = all;
      const terms = JSON.stringify(results.map(({ key, term }) => [key, term]));
      if (terms !== shown) {
        numbers = results.map(({ of }) => el("span", { class: of }));
        replace(
          element,
          ...results.map(({ key, term, of }, place) => {
            const asks = of === "grad" ? { onclick: () => explain(key), title: "Why it is this number" } : { onclick: () => onSelect(key) };
            return el("button", { type: "button", ...asks }, `${term} = `, numbers[place]);
          }),
        );
        shown = terms;
      }
      element.hidden = results.length === 0;
      results.forEach(({ text }, place) => {
        if (numbers[place].textContent !== text) numbers[place].textContent = text;
      });
    },
  };
}
