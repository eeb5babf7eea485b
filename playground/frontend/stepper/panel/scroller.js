// @ts-check
// A box that scrolls and says so: what is cut at its right edge fades, and a line below it tells of the rest.
import { el } from "../../shared/dom.js";

/**
 * @param {string} label for a screen reader
 * @param {...Node} children
 * @returns {{element: HTMLElement, scroller: HTMLElement}}
 */
export function createScroller(label, ...children) {
  const scroller = el("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": label }, ...children);
  const hint = el("p", { class: "scroll-hint", "aria-hidden": "true" }, "Scroll sideways for the rest →");
  const look = () => scroller.toggleAttribute("data-more", scroller.scrollLeft + scroller.clientWidth < scroller.scrollWidth - 1);
  scroller.addEventListener("scroll", look, { passive: true });
  const observer = new ResizeObserver(look);
  for (const one of [scroller, ...scroller.children]) observer.observe(one);
  return { element: el("div", { class: "scroll-box" }, scroller, hint), scroller };
}
