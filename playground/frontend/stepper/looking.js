// @ts-check
// "Look inside": a call of the trace opened as a lens, in a dialog over the stepper, which keeps its place.
import { el, replace } from "../shared/dom.js";

/** @typedef {import("./contract.js").ElementAnswer} ElementAnswer */
/** @typedef {{element: HTMLElement, stop: () => void, state: () => {direction: string, cell: number}, focus: () => void}} Shown */

/**
 * @param {HTMLElement} root the workbench
 * @param {(question: {key: string, index: string, number: number, picks: Record<string, number>}) => void} send
 */
export function createLooking(root, send) {
  let key = "";
  let number = 0;
  let title = "";
  let drawn = "";
  /** @type {Shown | null} */
  let shown = null;
  /** @type {Element | null} what had the focus before */
  let before = null;
  const heading = el("h2", {});
  const place = el("div", { class: "lens-place", "aria-live": "off" });
  const close = el("button", { type: "button", class: "text-button", "data-testid": "lens-close", onclick: () => dialog.close() }, "Close");
  const dialog = el("dialog", { class: "looking", "aria-label": "Look inside", "data-testid": "looking" }, el("header", {}, heading, close), place);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => event.stopPropagation()); // the stepper behind keeps its place
  dialog.addEventListener("close", () => {
    shown?.stop();
    shown = null;
    key = "";
    if (before instanceof HTMLElement || before instanceof SVGElement) before.focus();
  });

  /** @param {Record<string, number>} picks */
  function ask(picks) {
    number += 1;
    place.setAttribute("aria-busy", "true");
    send({ key, index: "", number, picks });
  }
  /** @param {...(Node | string)} content */
  const say = (...content) => replace(place, el("p", { class: "refusal", role: "status", "data-testid": "lens-refusal" }, ...content));

  return {
    /** @param {string} call "op-3" @param {string} name of it, for the heading */
    open(call, name) {
      if (!dialog.isConnected) root.append(dialog);
      before = /** @type {ShadowRoot | Document} */ (root.getRootNode()).activeElement;
      [key, title, drawn] = [call, name, ""];
      heading.textContent = title;
      replace(place, el("p", { class: "muted" }, "Looking inside …"));
      if (!dialog.open) dialog.showModal();
      ask({});
    },
    /** @param {ElementAnswer | null | undefined} answer */
    async show(answer) {
      if (!answer || !dialog.open || answer.key !== key || answer.number !== number) return;
      const { error, lens } = answer;
      place.removeAttribute("aria-busy");
      if (error) return say(`${error.message}. ${error.hint ? `Instead: ${error.hint}.` : ""}`);
      const source = JSON.stringify(lens);
      if (!lens || source === drawn) return;
      const { createLens, styled } = await import("../lens/view.js");
      await styled(place);
      if (answer.number !== number || !dialog.open) return;
      drawn = source;
      const from = shown?.state() ?? null;
      shown?.stop();
      shown = createLens(lens, ask, from);
      const sheet = place.querySelector("link");
      replace(place, sheet, shown.element);
      shown.focus();
    },
    stop() {
      shown?.stop();
      dialog.remove();
    },
  };
}
