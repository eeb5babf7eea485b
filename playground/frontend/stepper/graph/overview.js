// @ts-check
// A small map of a picture that is larger than its stage: its boxes, where the step is, and what is in view.
import { el } from "../../shared/dom.js";
import { shape } from "./draw.js";
import { boxesPath } from "./sight.js";

/** @typedef {import("./scene.js").Thing} Thing */
/** @typedef {import("./scene.js").Place} Place */

const [WIDEST, TALLEST] = [140, 130]; // px
const SHARE = 0.22; // of the stage, at most
const LEAST_SIDE = 34; // of a picture that is very long and narrow
const NEARLY_ALL = 0.98; // of the picture is in view: there is nothing to look for

/**
 * @param {(x: number, y: number) => void} onGo called with the point of the picture that was pressed
 */
export function createOverview(onGo) {
  const element = el("div", { class: "overview", "aria-hidden": "true", "data-testid": "overview", hidden: true });
  const seen = el("div", { class: "seen" });
  let [width, height] = [1, 1];
  let marks = shape("svg", {});
  /** @type {Map<string, Iterable<Thing>>} */
  const marked = new Map();

  /** @param {PointerEvent} event */
  const go = (event) => {
    const box = element.getBoundingClientRect();
    onGo(((event.clientX - box.left) * width) / box.width, ((event.clientY - box.top) * height) / box.height);
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
     * Draws the map of another picture, which stays as it is: what changes lies over it.
     * @param {readonly Thing[]} things
     * @param {{width: number, height: number}} size of the picture
     */
    show(things, size) {
      ({ width, height } = size);
      marked.clear();
      const whole = { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" };
      marks = shape("svg", whole);
      const boxes = [shape("path", { d: boxesPath(things, false) }), shape("path", { class: "backward", d: boxesPath(things, true) })];
      element.replaceChildren(shape("svg", whole, ...boxes), marks, seen);
    },
    /**
     * Marks some boxes, and no others in this way.
     * @param {"active" | "selected" | "found"} how
     * @param {Iterable<Thing>} things
     */
    mark(how, things) {
      marked.set(how, things);
      const rects = [...marked].flatMap(([name, some]) =>
        [...some].filter(({ kind }) => kind === "box").map(({ classes, place }) => shape("rect", { class: `${classes} ${name}`, ...place })),
      );
      marks.replaceChildren(...rects);
    },
    /**
     * @param {Place} view what part of the picture is in view
     * @param {{wide: number, tall: number}} room of the stage, which the map takes a share of
     */
    see(view, { wide, tall }) {
      const inView = (/** @type {number} */ from, /** @type {number} */ size, /** @type {number} */ all) => Math.min(all, from + size) - Math.max(0, from);
      const [across, down] = [inView(view.x, view.width, width) / width, inView(view.y, view.height, height) / height];
      element.hidden = across * down > NEARLY_ALL;
      if (element.hidden) return;
      const scale = Math.min(Math.min(WIDEST, SHARE * wide) / width, Math.min(TALLEST, SHARE * tall) / height);
      const [shownWidth, shownHeight] = [width, height].map((side) => Math.max(LEAST_SIDE, side * scale));
      element.style.width = `${shownWidth}px`;
      element.style.height = `${shownHeight}px`;
      const [left, top] = [(Math.max(0, view.x) / width) * shownWidth, (Math.max(0, view.y) / height) * shownHeight];
      seen.style.transform = `translate(${left}px, ${top}px)`;
      seen.style.width = `${Math.max(0, across) * shownWidth}px`;
      seen.style.height = `${Math.max(0, down) * shownHeight}px`;
    },
  };
}
