// @ts-check
// What the text gives in the end, in sight at any step: its outputs, and the gradients of its leaves.
import { el, replace } from "../../shared/dom.js";

/** @typedef {import("../contract.js").Picture} Picture */

/** @param {{onSelect: (key: string) => void}} actions */
export function createResults({ onSelect }) {
  const element = el("div", { class: "results", role: "group", "aria-label": "Result and gradients", "data-testid": "results" });
  let shown = "";
  /** @type {HTMLElement[]} */
  let numbers = [];
  return {
    element,
    /** @param {Picture} picture */
    show({ results }) {
      const terms = JSON.stringify(results.map(({ key, term }) => [key, term]));
      if (terms !== shown) {
        numbers = results.map(({ of }) => el("span", { class: of }));
        replace(
          element,
          ...results.map(({ key, term }, place) => el("button", { type: "button", onclick: () => onSelect(key) }, `${term} = `, numbers[place])),
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
