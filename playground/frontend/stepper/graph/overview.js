// @ts-check
// A small map of a picture that is larger than its stage: its boxes, where the step is, and what is in view.
import { el } from "../../shared/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDEST, TALLEST] = [140, 130]; // px
const SHARE = 0.22; // of the stage, at most
const LEAST_SIDE = 34; // of a picture that is very long and narrow
const NEARLY_ALL = 0.98; // of the picture is in view: there is nothing to look for

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @returns {SVGElement}
 */
function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/**
 * @param {(x: number, y: number) => void} onGo called with the point of the picture that was pressed
 */
export function createOverview(onGo) {
  const element = el("div", { class: "overview", "aria-hidden": "true", "data-testid": "overview", hidden: true });
  /** @type {DOMRect | null} */
  let whole = null;
  /** @type {SVGElement} */
  let seen = shape("rect", { class: "seen" });

  /** @param {PointerEvent} event */
  const go = (event) => {
    if (!whole) return;
    const { left, top, width, height } = element.getBoundingClientRect();
    onGo(whole.x + ((event.clientX - left) * whole.width) / width, whole.y + ((event.clientY - top) * whole.height) / height);
  };
  element.addEventListener("pointerdown", (event) => {
    event.stopPropagation(); // the stage would begin to drag
    element.setPointerCapture(event.pointerId);
    go(event);
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && go(event));
  element.addEventListener("click", (event) => event.stopPropagation());

  return {
    element,
    /**
     * Draws the map of another picture; its boxes say the keys of those they stand for, so that a step paints them, too.
     * @param {SVGSVGElement} picture
     */
    show(picture) {
      const { x, y, width, height } = picture.viewBox.baseVal;
      whole = new DOMRect(x, y, width, height);
      const { clientWidth: wide, clientHeight: tall } = element.parentElement ?? document.body;
      const scale = Math.min(Math.min(WIDEST, SHARE * wide) / width, Math.min(TALLEST, SHARE * tall) / height);
      const map = shape("svg", { viewBox: `${x} ${y} ${width} ${height}`, preserveAspectRatio: "none" });
      for (const item of picture.querySelectorAll(/** @type {"g"} */ (".item:not(.edge)"))) {
        const matrix = item.transform.baseVal.consolidate()?.matrix;
        const box = item.querySelector("rect.box");
        if (!matrix || !box) continue;
        const size = { width: box.getAttribute("width") ?? 0, height: box.getAttribute("height") ?? 0 };
        const kinds = [...item.classList].filter((name) => name !== "item").join(" ");
        map.append(shape("rect", { class: kinds, "data-place": item.dataset.key ?? "", x: matrix.e, y: matrix.f, ...size }));
      }
      seen = shape("rect", { class: "seen" });
      map.append(seen);
      element.replaceChildren(map);
      element.style.width = `${Math.max(LEAST_SIDE, width * scale)}px`;
      element.style.height = `${Math.max(LEAST_SIDE, height * scale)}px`;
    },
    /**
     * @param {{x: number, y: number, width: number, height: number}} view what part of the picture is in view
     */
    see(view) {
      if (!whole) return;
      const inView = (/** @type {number} */ from, /** @type {number} */ size, /** @type {number} */ all) => Math.min(all, from + size) - Math.max(0, from);
      const share = (inView(view.x, view.width, whole.width) / whole.width) * (inView(view.y, view.height, whole.height) / whole.height);
      element.hidden = share > NEARLY_ALL;
      if (element.hidden) return;
      const [left, top] = [Math.max(0, view.x), Math.max(0, view.y)];
      seen.setAttribute("x", String(whole.x + left));
      seen.setAttribute("y", String(whole.y + top));
      seen.setAttribute("width", String(Math.max(0, Math.min(whole.width, view.x + view.width) - left)));
      seen.setAttribute("height", String(Math.max(0, Math.min(whole.height, view.y + view.height) - top)));
    },
  };
}
