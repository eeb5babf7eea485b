// @ts-check
// Terms on the page that say what they mean (tooltips.js); the list behind `?` has them all.
import { meaningOf } from "./glossary.js";

/** What stands on the page -> the term of the glossary that says what it means. @type {Record<string, string>} */
const ALSO_CALLED = {
  forward: "forward pass",
  reverse: "reverse mode",
  requires_grad: "grad",
  ".grad at the end": ".grad",
  saved: "saved tensor",
  "Saved tensors": "saved tensor",
  records: "node",
  "Batch size": "batch",
  Epochs: "epoch",
  Folds: "fold",
};

/**
 * The attributes of an element that shows these words; none where the glossary does not know them.
 * @param {string} words
 * @param {boolean} [isLabel] whether they are the label of a control: who reaches that is told then
 * @returns {{class?: string, "data-meaning"?: string, tabindex?: string, role?: string}}
 */
export function termOf(words, isLabel = false) {
  const meaning = meaningOf(ALSO_CALLED[words] ?? words) ?? meaningOf(words.toLowerCase());
  return meaning ? { class: "term", "data-meaning": meaning, ...(isLabel ? {} : { tabindex: "0", role: "button" }) } : {};
}
