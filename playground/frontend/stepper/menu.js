// @ts-check
// A button that opens a short list of choices under it.
import { el } from "../shared/dom.js";

/**
 * @param {string} title
 * @param {string} testId
 * @param {Record<string, string>} [attributes] of the button
 */
export function createMenu(title, testId, attributes = {}) {
  const list = el("div", { class: "choices" });
  const element = el("details", { class: "menu" }, el("summary", { "data-testid": testId, ...attributes }, title), list);
  const close = () => void (element.open = false);
  let offered = "";
  const summary = /** @type {HTMLElement} */ (element.firstElementChild);
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !element.contains(event.relatedTarget)) close();
  });
  return {
    element,
    /** @param {{title: string, testId: string, choose: () => void}[]} choices */
    offer(choices) {
      const names = JSON.stringify(choices.map(({ title, testId }) => [title, testId]));
      if (names === offered) return; // the one that has the focus stays
      offered = names;
      const buttons = choices.map(({ title, testId, choose }) =>
        el("button", { type: "button", "data-testid": testId, onclick: () => (close(), summary.focus(), choose()) }, title),
      );
      list.replaceChildren(...buttons);
    },
  };
}
